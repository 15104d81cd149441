//! The gateway's cookies stay between browser and gateway (invariant 7).

use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

/// Every cookie of the gateway has a name that begins so.
const OWN_PREFIX: &[u8] = b"__Host-vestibule";

/// Whether `pair` (`name=value`, attributes may follow) is one of ours, or would be taken for one:
/// browsers send a cookie without a name, `=__Host-vestibule=x`, as `__Host-vestibule=x`.
fn is_own(pair: &[u8]) -> bool {
    let skipped = |b: &&u8| b.is_ascii_whitespace() || **b == b'=';
    let name = pair.get(pair.iter().take_while(skipped).count()..).unwrap_or_default();
    name.get(..OWN_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(OWN_PREFIX))
}

fn pairs(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|b| *b == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

/// Takes our cookies out of a request and joins the rest into one field, as HTTP/1.1 wants it
/// (RFC 9113 §8.2.3: HTTP/2 may split them).
pub(crate) fn strip_request(headers: &mut HeaderMap) {
    let mut fields = headers.get_all(COOKIE).iter();
    let (Some(first), second) = (fields.next(), fields.next()) else { return };
    if second.is_none() && !pairs(first).any(is_own) {
        return;
    }
    let mut kept = Vec::with_capacity(first.len());
    for pair in headers.get_all(COOKIE).iter().flat_map(pairs).filter(|pair| !is_own(pair)) {
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    headers.remove(COOKIE);
    if kept.is_empty() {
        return;
    }
    // Made of pieces of valid values, so it is one; if not, no cookie is the safe answer.
    if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(kept)) {
        headers.insert(COOKIE, value);
    }
}

/// Takes cookies of our names out of an answer.
pub(crate) fn strip_response(headers: &mut HeaderMap) {
    if !headers.get_all(SET_COOKIE).iter().any(|value| is_own(value.as_bytes())) {
        return;
    }
    let foreign = |value: &&HeaderValue| !is_own(value.as_bytes());
    let kept: Vec<_> = headers.get_all(SET_COOKIE).iter().filter(foreign).cloned().collect();
    headers.remove(SET_COOKIE);
    for value in kept {
        headers.append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(fields: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(COOKIE, field.parse().unwrap());
        }
        strip_request(&mut headers);
        assert!(headers.get_all(COOKIE).iter().count() <= 1);
        headers.get(COOKIE).map(|v| v.to_str().unwrap().to_owned())
    }

    #[test]
    fn e24_own_cookies_are_taken_out_wherever_they_stand() {
        assert_eq!(sent(&["a=1; __Host-vestibule=s; b=2"]).as_deref(), Some("a=1; b=2"));
        assert_eq!(sent(&["__Host-vestibule=s;b=2"]).as_deref(), Some("b=2"));
        assert_eq!(sent(&["__Host-vestibule=s", "a=1", "b=2"]).as_deref(), Some("a=1; b=2"));
        assert_eq!(sent(&["a=1;  =__host-vestibule-browser=s"]).as_deref(), Some("a=1"));
        assert_eq!(sent(&["__Host-vestibule=s; __Host-vestibule-browser=b"]), None);
        assert_eq!(sent(&[]), None);
    }

    #[test]
    fn foreign_cookies_pass_unchanged() {
        for cookies in ["a=1; b=2", "a=1;b=2", "__Host-other=1", "x=__Host-vestibule"] {
            assert_eq!(sent(&[cookies]).as_deref(), Some(cookies));
        }
    }

    #[test]
    fn e24_upstream_cannot_set_a_cookie_of_our_name() {
        let mut headers = HeaderMap::new();
        for value in [
            "JSESSIONID=1; Path=/",
            "__Host-vestibule=evil; Path=/; Secure",
            " =__Host-vestibule=evil",
            "__HOST-VESTIBULE-browser=evil",
            "atl.xsrf.token=2",
        ] {
            headers.append(SET_COOKIE, value.parse().unwrap());
        }
        strip_response(&mut headers);
        let left: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(left, ["JSESSIONID=1; Path=/", "atl.xsrf.token=2"]);
    }
}
