//! Our cookies among those of a request or response.

use http::{HeaderMap, HeaderValue, header};

/// Every cookie of ours begins with this; nobody else's may. Cookie names are case-sensitive
/// (RFC 6265 §5.2), and `__Host-` keeps sibling domains from setting one.
pub const OURS: &str = "__Host-vestibule";

/// Most bytes of cookies that are looked at; a request with more has none of ours (attacks.md D4).
const MOST_BYTES: usize = 64 * 1024;
/// Most cookies that are looked at.
const MOST_COOKIES: usize = 1000;

/// The value of the one cookie of this name. With two of them, or too many cookies at all, there
/// is none: nobody can say which is right (attacks.md D5).
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let (mut found, mut bytes, mut cookies) = (None, 0, 0);
    // HTTP/2 may split the field (RFC 9113 §8.2.3).
    for field in headers.get_all(header::COOKIE) {
        bytes += field.len();
        if bytes > MOST_BYTES {
            return None;
        }
        for pair in pairs(field.as_bytes()) {
            cookies += 1;
            let value = pair.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
            if cookies > MOST_COOKIES || value.is_some() && found.is_some() {
                return None;
            }
            found = found.or(value);
        }
    }
    found
}

/// A `Cookie` field without ours; `None` when nothing is left of it (attacks.md E24).
pub fn strip_own_cookies(field: &HeaderValue) -> Option<HeaderValue> {
    if !pairs(field.as_bytes()).any(is_ours) {
        return Some(field.clone());
    }
    let kept: Vec<&[u8]> = pairs(field.as_bytes()).filter(|pair| !is_ours(pair)).collect();
    if kept.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok()
}

/// Whether an upstream's `Set-Cookie` field would set a cookie of ours (attacks.md E24).
pub fn sets_own_cookie(field: &HeaderValue) -> bool {
    pairs(field.as_bytes()).next().is_some_and(is_ours)
}

/// Whether a pair has a name of ours. A pair without a name (`=__Host-vestibule=x`) comes back from
/// some browsers as one with that name.
fn is_ours(pair: &[u8]) -> bool {
    let start = pair.iter().position(|byte| !b"= \t".contains(byte)).unwrap_or(pair.len());
    pair.get(start..).is_some_and(|name| name.starts_with(OURS.as_bytes()))
}

fn pairs(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[&str]) -> HeaderMap {
        let field = |f: &&str| (header::COOKIE, HeaderValue::from_str(f).unwrap());
        fields.iter().map(field).collect()
    }

    #[test]
    fn one_cookie_of_the_name_is_found_wherever_it_stands() {
        for fields in
            [&["a=1; n=x; b=2"][..], &["n=x"], &["a=1", "n=x"], &["a; ;n=x;"], &["N=y; n=x"]]
        {
            assert_eq!(only(&headers(fields), "n"), Some(&b"x"[..]), "{fields:?}");
        }
        for fields in [&["nn=x"][..], &["a=n=x"], &["n"], &["n x"], &["N=x"], &["an=x"], &[]] {
            assert_eq!(only(&headers(fields), "n"), None, "{fields:?}");
        }
    }

    /// attacks.md D5.
    #[test]
    fn d5_duplicates_of_our_name_are_no_cookie() {
        assert_eq!(only(&headers(&["n=x; n=x"]), "n"), None);
        assert_eq!(only(&headers(&["n=x", "a=1; n=y"]), "n"), None);
        assert_eq!(only(&headers(&["n=; n=y"]), "n"), None);
    }

    /// attacks.md D4.
    #[test]
    fn d4_crafted_cookie_headers_are_bounded() {
        let many = "a=1; ".repeat(MOST_COOKIES - 1);
        assert!(only(&headers(&[&format!("{many}n=x")]), "n").is_some());
        assert_eq!(only(&headers(&[&format!("{many}a=1; n=x")]), "n"), None);
        assert_eq!(only(&headers(&[&"y".repeat(MOST_BYTES), "n=x"]), "n"), None);
        assert_eq!(only(&headers(&[&";".repeat(1000), "=", "==;=n=x"]), "n"), None);
    }

    /// attacks.md E24.
    #[test]
    fn e24_own_cookies_are_stripped_and_the_rest_is_kept() {
        let strip = |text: &str| {
            strip_own_cookies(&HeaderValue::from_str(text).unwrap())
                .map(|v| v.to_str().unwrap().to_owned())
        };
        assert_eq!(strip("a=1;b=2 ;  c=\"3\"").as_deref(), Some("a=1;b=2 ;  c=\"3\""));
        assert_eq!(strip("a=1; __Host-vestibule=x; b=2").as_deref(), Some("a=1; b=2"));
        assert_eq!(strip("__Host-vestibule-browser=x;a=1").as_deref(), Some("a=1"));
        assert_eq!(strip("=__Host-vestibule=x; a=1").as_deref(), Some("a=1"));
        assert_eq!(strip("__Host-vestibule=x"), None);
        assert_eq!(strip("__host-vestibule=x").as_deref(), Some("__host-vestibule=x"));
    }

    /// attacks.md E24.
    #[test]
    fn e24_upstream_cookies_of_our_names_are_recognized() {
        let sets = |text: &str| sets_own_cookie(&HeaderValue::from_str(text).unwrap());
        for ours in [
            "__Host-vestibule=x; Path=/; Secure",
            "  __Host-vestibule =x",
            "__Host-vestibule-browser=; Max-Age=0",
            "=__Host-vestibule=x",
            "; __Host-vestibule=x",
            "__Host-vestibule",
        ] {
            assert!(sets(ours), "{ours}");
        }
        assert!(!sets("JSESSIONID=x; Path=/__Host-vestibule") && !sets("a=__Host-vestibule"));
    }
}
