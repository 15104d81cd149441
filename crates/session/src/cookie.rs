//! The session cookie: an id and a key.

use domain::Secret;
use http::{HeaderMap, HeaderValue};
use store::StoreError;
use subtle::ConstantTimeEq;

use crate::{base64url, cookies, random};

/// Name of the cookie; `__Host-` demands Secure, Path=/ and no Domain.
const NAME: &str = "__Host-vestibule";
/// Where and when browsers send it: with links from elsewhere, but with no other foreign request.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// What the browser holds of a session: a 128-bit id, and the 128-bit key of its secrets.
#[derive(Debug, Clone)]
pub struct SessionCookie {
    bytes: Secret<[u8; 32]>,
}

impl SessionCookie {
    /// A new one from the system's randomness.
    pub(crate) fn generate() -> Result<Self, StoreError> {
        Ok(Self { bytes: Secret::new(random::bytes()?) })
    }

    /// The session cookie of a request. `None` when there is none, or two, or one that is no
    /// session cookie (attacks.md D2, D4, D5).
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        cookies::only(headers, NAME).and_then(Self::parse)
    }

    /// From the cookie's value: exactly 43 characters of base64url.
    pub fn parse(value: &[u8]) -> Option<Self> {
        base64url::decode(value).map(|bytes| Self { bytes: Secret::new(bytes) })
    }

    /// A `Set-Cookie` value; the cookie goes when the browser does.
    pub fn set_cookie(&self) -> HeaderValue {
        let value = base64url::encode(self.bytes.expose());
        let mut header = HeaderValue::try_from(format!("{NAME}={value}; {ATTRIBUTES}"))
            .unwrap_or_else(|_| Self::clearing());
        header.set_sensitive(true);
        header
    }

    /// A `Set-Cookie` value that takes the cookie away.
    pub fn clearing() -> HeaderValue {
        HeaderValue::from_static(
            "__Host-vestibule=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax",
        )
    }

    /// What the record is found by.
    pub(crate) fn id(&self) -> [u8; 16] {
        std::array::from_fn(|index| self.bytes.expose().get(index).copied().unwrap_or_default())
    }

    /// What the record's secrets are sealed by.
    pub(crate) fn key(&self) -> &[u8] {
        self.bytes.expose().split_at(16).1
    }

    /// Compares in constant time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.bytes.expose().ct_eq(other.bytes.expose()).into()
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn a_cookie_comes_back_as_it_went() {
        let cookie = SessionCookie::generate().unwrap();
        let set = cookie.set_cookie();
        let (pair, attributes) = set.to_str().unwrap().split_once("; ").unwrap();
        assert_eq!(attributes, ATTRIBUTES);
        assert!(pair.len() <= 128 && set.is_sensitive());
        let headers = HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())]);
        assert!(SessionCookie::from_headers(&headers).unwrap().is(&cookie));
        assert!(!SessionCookie::generate().unwrap().is(&cookie));
        assert_eq!(format!("{cookie:?}"), "SessionCookie { bytes: [secret] }");
    }

    /// attacks.md D2.
    #[test]
    fn d2_undecodable_cookies_are_no_session() {
        let good = "A".repeat(43);
        assert!(SessionCookie::parse(good.as_bytes()).is_some());
        for bad in [
            "",
            "A",
            &"A".repeat(42),
            &"A".repeat(44),
            &"A".repeat(10_000),
            &format!("{}B", "A".repeat(42)), // stray bits behind the last byte
            &format!("{}=", "A".repeat(42)),
            &format!("{}+", "A".repeat(42)),
            &format!("{} ", "A".repeat(42)),
            &format!("\"{}\"", "A".repeat(43)),
        ] {
            assert!(SessionCookie::parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
        assert!(SessionCookie::parse(&[0xff; 43]).is_none());
    }
}
