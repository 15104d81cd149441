//! Styles, scripts and pictures: our own, built into the program, and the operator's.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use config::{Picture, PictureFormat};
use http::{HeaderValue, Response, header};
use http_body_util::Full;

use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::pages;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A logo that somebody opens by itself is a document of our origin: it may do nothing at all.
const PICTURE_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// One asset.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    bytes: Bytes,
    media_type: &'static str,
    /// Whether its name changes with its content.
    lasting: bool,
}

/// What the operator's file brings: logos and colours. Their names hold a hash of their content.
#[derive(Debug, Default)]
pub(crate) struct Assets(HashMap<String, Asset>);

impl Assets {
    /// Adds a picture; gives its path.
    pub(crate) fn add_picture(&mut self, picture: Picture) -> String {
        let Picture { bytes, format } = picture;
        self.add("logo", format.extension(), bytes.into(), format.media_type())
    }

    /// Adds a stylesheet; gives its path.
    pub(crate) fn add_style(&mut self, text: String) -> String {
        self.add("theme", "css", text.into(), CSS)
    }

    fn add(&mut self, kind: &str, ending: &str, bytes: Bytes, media_type: &'static str) -> String {
        let hash = digest(&SHA256, &bytes);
        let hex: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{kind}-{hex}.{ending}");
        self.0.insert(name.clone(), Asset { bytes, media_type, lasting: true });
        Endpoint::Asset(name).path()
    }

    /// The asset of a name.
    pub(crate) fn find(&self, name: &str) -> Option<Asset> {
        self.0.get(name).cloned().or_else(|| built_in(name))
    }
}

fn built_in(name: &str) -> Option<Asset> {
    let (text, media_type) = match name {
        "style.css" => (include_str!("../assets/style.css"), CSS),
        "sign-in.js" => (include_str!("../assets/sign-in.js"), SCRIPT),
        "second-factor.js" => (include_str!("../assets/second-factor.js"), SCRIPT),
        "refused.js" => (include_str!("../assets/refused.js"), SCRIPT),
        "again.js" => (include_str!("../assets/again.js"), SCRIPT),
        "signed-in.js" => (include_str!("../assets/signed-in.js"), SCRIPT),
        "setting-up.js" => (include_str!("../assets/setting-up.js"), SCRIPT),
        "post.js" => (include_str!("../assets/post.js"), SCRIPT),
        "icon.svg" => (include_str!("../assets/icon.svg"), PictureFormat::Svg.media_type()),
        _ => return None,
    };
    Some(Asset { bytes: Bytes::from_static(text.as_bytes()), media_type, lasting: false })
}

impl Asset {
    /// It as an answer, which anybody may keep for a while.
    pub(crate) fn answer(self) -> Response<Body> {
        let mut response = Response::new(Body::Own(Full::new(self.bytes)));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        let kept = if self.lasting {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=300"
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
        if self.media_type.starts_with("image/") {
            let policy = HeaderValue::from_static(PICTURE_CSP);
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        pages::secure(&mut response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_found_under_its_hash_and_kept_for_long() {
        let mut assets = Assets::default();
        let picture = Picture { bytes: b"<svg/>".to_vec(), format: PictureFormat::Svg };
        let path = assets.add_picture(picture.clone());
        assert_eq!(assets.add_picture(picture), path);
        let Some(Endpoint::Asset(name)) = Endpoint::parse(&path) else { panic!("{path}") };
        let answer = assets.find(&name).unwrap().answer();
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "image/svg+xml");
        assert!(answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], PICTURE_CSP);
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert!(assets.find("style.css").is_some() && assets.find("theme-x.css").is_none());
    }
}
