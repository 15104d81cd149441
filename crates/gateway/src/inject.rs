//! Puts our script into the upstream's pages, where the operator's file asks for it.
//!
//! The page streams through; once the script stands in it, every further byte passes as it came.
//! What cannot be rewritten safely (compressed, no HTML, an encoding in which `<` is not `<`) passes
//! as it came, too.

mod rewriting;

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, HeaderName, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use proxy::ForwardBody;
use session::OpenSession;

use crate::body::Body;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::navigation::Caller;
use crate::parking;

pub(crate) use rewriting::Rewriting;

/// Digests of a body that will no longer be that body.
pub(crate) const DIGESTS: [HeaderName; 3] = [
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
];

/// A page that is to have the script.
pub(crate) struct Injecting {
    tag: String,
}

impl Injecting {
    /// Prepares a request whose answer is to have the script: what is compressed, or a part, could
    /// not be rewritten. `None`: this answer stays as it is.
    pub(crate) fn prepare<B>(
        visit: &Visit,
        session: Option<&OpenSession>,
        request: &mut Request<B>,
    ) -> Option<Self> {
        let wanted = visit.site.settings.inject_script
            && request.method() == Method::GET
            && visit.context.caller == Caller::Navigation;
        let person = session.and_then(parking::tag).filter(|_| wanted)?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.remove(RANGE);
        headers.remove("if-range");
        let path = Endpoint::Asset("again.js".to_owned()).path();
        Some(Self { tag: format!("<script src=\"{path}\" data-person=\"{person}\"></script>") })
    }

    /// The answer with the script, if it is a page.
    pub(crate) fn into(self, response: Response<ForwardBody>) -> Response<Body> {
        if !is_page(&response) {
            return response.map(Body::Forwarded);
        }
        let (mut parts, body) = response.into_parts();
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.remove(ACCEPT_RANGES);
        for digest in &DIGESTS {
            parts.headers.remove(digest);
        }
        let body = Rewriting::new(body, self.tag);
        Response::from_parts(parts, Body::Rewritten(Box::new(body)))
    }
}

fn is_page(response: &Response<ForwardBody>) -> bool {
    let headers = response.headers();
    response.status().is_success()
        && response.status() != StatusCode::PARTIAL_CONTENT
        && !headers.contains_key(CONTENT_ENCODING)
        && is_html(headers)
        && allows_own_script(headers)
}

/// `text/html` in an encoding that leaves ASCII alone.
fn is_html(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let parameters = parameters.to_ascii_lowercase();
    let wide = ["utf-16", "utf-32", "ucs-2", "iso-2022", "utf-7", "hz-gb"];
    kind.trim().eq_ignore_ascii_case("text/html") && !wide.iter().any(|w| parameters.contains(w))
}

/// Whether the page's own policies let a script of its origin run. Where they do not, ours would
/// only cause a report.
fn allows_own_script(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONTENT_SECURITY_POLICY).iter();
    let mut policies = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    policies.all(|policy| {
        let policy = String::from_utf8_lossy(policy).to_ascii_lowercase();
        let directives: Vec<Vec<&str>> =
            policy.split(';').map(|one| one.split_ascii_whitespace().collect()).collect();
        let named = |name: &str| directives.iter().find(|one| one.first() == Some(&name));
        let sandboxed = named("sandbox").is_some_and(|one| !one.contains(&"allow-scripts"));
        let scripts = ["script-src-elem", "script-src", "default-src"].into_iter().find_map(named);
        let allowed = scripts.is_none_or(|one| {
            let any = |source: &&str| ["'self'", "*", "https:"].contains(source);
            // With `strict-dynamic` only a nonce or a hash counts (CSP3 §8.2).
            one.iter().any(any) && !one.contains(&"'strict-dynamic'")
        });
        allowed && !sandboxed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|v| (name.clone(), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn only_html_whose_bytes_can_be_read_is_a_page() {
        for yes in ["text/html", "Text/HTML; charset=utf-8", "text/html;charset=windows-1252"] {
            assert!(is_html(&with(CONTENT_TYPE, &[yes])), "{yes}");
        }
        for no in ["text/htmlx", "application/json", "text/html; charset=UTF-16LE", "image/svg+xml"]
        {
            assert!(!is_html(&with(CONTENT_TYPE, &[no])), "{no}");
        }
        assert!(!is_html(&HeaderMap::new()));
    }

    #[test]
    fn a_policy_that_forbids_our_script_is_left_alone() {
        let allows = |values| allows_own_script(&with(CONTENT_SECURITY_POLICY, values));
        for yes in [
            &[][..],
            &["img-src 'none'"],
            &["default-src 'self'"],
            &["default-src 'none'; script-src 'self' 'nonce-x'"],
            &["script-src https:"],
            &["script-src *", "default-src 'self'"],
            &["sandbox allow-scripts allow-forms"],
        ] {
            assert!(allows(yes), "{yes:?}");
        }
        for no in [
            &["default-src 'none'"][..],
            &["script-src 'nonce-x'"],
            &["script-src 'self' 'strict-dynamic' 'nonce-x'"],
            &["script-src-elem 'none'; script-src 'self'"],
            &["script-src 'self'", "script-src 'none'"],
            &["script-src 'self', script-src 'none'"],
            &["sandbox allow-forms"],
        ] {
            assert!(!allows(no), "{no:?}");
        }
    }
}
