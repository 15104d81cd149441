//! Small texts that several fakes need: escaping, HTML pages, base64, random ids.

use aws_lc_rs::rand::fill;
use axum::response::Html;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Canonical XML 1.0 §2.3: text nodes.
pub(crate) fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
}

/// Canonical XML 1.0 §2.3: attribute values. Good for HTML attributes in double quotes too.
pub(crate) fn xml_attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\t', "&#x9;")
        .replace('\n', "&#xA;")
        .replace('\r', "&#xD;")
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// 128 random bits in hex.
pub(crate) fn random_hex() -> String {
    let mut bytes = [0u8; 16];
    fill(&mut bytes).expect("random bytes");
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A page with one heading, in the looks that all fakes share.
pub(crate) fn page(title: &str, body: &str) -> Html<String> {
    let title = xml_text(title);
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    ))
}

const STYLE: &str = "body{margin:0;background:#f4f5f7;color:#172b4d;\
font:16px/1.5 system-ui,sans-serif}main{max-width:44rem;margin:3rem auto;padding:2rem;\
background:#fff;border-radius:8px;box-shadow:0 1px 3px #0003}h1{margin-top:0;font-size:1.5rem}\
a{color:#0052cc}button{font:inherit;margin:.25rem .5rem .25rem 0;padding:.5rem 1rem;border:0;\
border-radius:4px;background:#0052cc;color:#fff;cursor:pointer}button.quiet{background:#e4e7ec;\
color:#172b4d}input,textarea{font:inherit;width:100%;padding:.4rem;margin:.2rem 0 1rem;\
box-sizing:border-box}input[type=checkbox]{width:auto}header{background:#172b4d;color:#fff;\
padding:.5rem 2rem;display:flex;gap:1rem;align-items:center}header a{margin-right:auto}:target{background:#fff7d6}header a{color:#fff}\
.note{color:#505f79}table+form{margin-top:1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;\
padding:.4rem;border-bottom:1px solid #dfe1e6}";
