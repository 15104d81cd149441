//! Our cookie among those of a request. `proxy` keeps ours away from the upstream.

use http::{HeaderMap, header};

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
            if cookies > MOST_COOKIES {
                return None;
            }
            let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
            let (written, value) = pair.split_at(at);
            if written.trim_ascii_end() != name.as_bytes() {
                continue;
            }
            // Some readers take the space before `=` away, others take it for a part of the name.
            if written.len() != name.len() || found.is_some() {
                return None;
            }
            found = value.get(1..);
        }
    }
    found
}

fn pairs(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

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
        for fields in
            [&["nn=x"][..], &["a=n=x"], &["n"], &["n x"], &["n =x"], &["N=x"], &["an=x"], &[]]
        {
            assert_eq!(only(&headers(fields), "n"), None, "{fields:?}");
        }
    }

    /// attacks.md D5.
    #[test]
    fn d5_duplicates_of_our_name_are_no_cookie() {
        assert_eq!(only(&headers(&["n=x; n=x"]), "n"), None);
        assert_eq!(only(&headers(&["n=x", "a=1; n=y"]), "n"), None);
        assert_eq!(only(&headers(&["n=; n=y"]), "n"), None);
        assert_eq!(only(&headers(&["n=x; n =y"]), "n"), None);
        assert_eq!(only(&headers(&["n\t=y; n=x"]), "n"), None);
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
}
