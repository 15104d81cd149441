//! Own style, script and picture, built into the program.

/// One asset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    pub(crate) text: &'static str,
    pub(crate) media_type: &'static str,
}

/// The asset of a name.
pub(crate) fn find(name: &str) -> Option<Asset> {
    let (text, media_type) = match name {
        "style.css" => (include_str!("../assets/style.css"), "text/css; charset=utf-8"),
        "sign-in.js" => (include_str!("../assets/sign-in.js"), "text/javascript; charset=utf-8"),
        "refused.js" => (include_str!("../assets/refused.js"), "text/javascript; charset=utf-8"),
        "post.js" => (include_str!("../assets/post.js"), "text/javascript; charset=utf-8"),
        "icon.svg" => (include_str!("../assets/icon.svg"), "image/svg+xml"),
        _ => return None,
    };
    Some(Asset { text, media_type })
}
