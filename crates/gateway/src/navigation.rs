//! Whether a browser is going somewhere, or a script is calling.

use http::{HeaderMap, Method, header};

/// Who waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A browser on its way to a page: may be redirected.
    Navigation,
    /// A browser that submits a form: may be sent elsewhere by 303 only.
    FormPost,
    /// A script, an image, a WebSocket, a program: gets JSON and never a redirect.
    Script,
}

/// Fetch Metadata decides where the browser sends it; else `Accept`, as old browsers name HTML.
pub(crate) fn caller(method: &Method, headers: &HeaderMap) -> Caller {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|v| v == value);
    let navigates = match headers.get("sec-fetch-mode") {
        Some(mode) => {
            mode == "navigate" && !is("sec-fetch-dest", "object") && !is("sec-fetch-dest", "embed")
        }
        None => accepts_html(headers) && !headers.contains_key("x-requested-with"),
    };
    if !navigates || headers.contains_key(header::UPGRADE) {
        return Caller::Script;
    }
    match *method {
        Method::GET | Method::HEAD => Caller::Navigation,
        Method::POST => Caller::FormPost,
        _ => Caller::Script,
    }
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(method: Method, pairs: &[(&'static str, &'static str)]) -> Caller {
        let headers = pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        caller(&method, &headers)
    }

    #[test]
    fn navigations_are_told_from_scripts() {
        let html = ("accept", "text/html,*/*;q=0.8");
        assert_eq!(with(Method::GET, &[html]), Caller::Navigation);
        assert_eq!(with(Method::GET, &[html, ("sec-fetch-mode", "navigate")]), Caller::Navigation);
        assert_eq!(with(Method::POST, &[html, ("sec-fetch-mode", "navigate")]), Caller::FormPost);
        assert_eq!(with(Method::GET, &[html, ("sec-fetch-mode", "cors")]), Caller::Script);
        assert_eq!(
            with(Method::GET, &[html, ("x-requested-with", "XMLHttpRequest")]),
            Caller::Script
        );
        assert_eq!(with(Method::GET, &[("accept", "*/*")]), Caller::Script);
        assert_eq!(with(Method::GET, &[]), Caller::Script);
        assert_eq!(with(Method::PUT, &[html]), Caller::Script);
        assert_eq!(with(Method::GET, &[html, ("upgrade", "websocket")]), Caller::Script);
    }
}
