//! The cookie that binds sign-ins to one browser, across tabs.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use domain::Secret;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;

use crate::{base64url, cookies};

/// Name of the cookie.
const NAME: &str = "__Host-vestibule-browser";
/// `SameSite=None`: an identity provider's POST to our ACS comes from another site, and must bring
/// it.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=None";
const DAY: Duration = Duration::from_secs(86_400);

/// A browser, for as long as it keeps a cookie of 128 random bits. Gives access to nothing.
#[derive(Debug, Clone)]
pub struct BrowserBinding {
    bytes: Secret<[u8; 16]>,
}

impl BrowserBinding {
    /// From random bytes.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self { bytes: Secret::new(random) }
    }

    /// The binding of a request; `None` when it has none, or two, or a malformed one.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        cookies::only(headers, NAME).and_then(base64url::decode).map(Self::from_random)
    }

    /// A `Set-Cookie` value that the browser keeps for a day, longer than any attempt.
    pub fn set_cookie(&self) -> HeaderValue {
        self.set_cookie_for(DAY)
    }

    /// The same for a browser that is to be known again later.
    pub fn set_cookie_for(&self, long: Duration) -> HeaderValue {
        let (value, seconds) = (base64url::encode(self.bytes.expose()), long.as_secs());
        let text = format!("{NAME}={value}; Max-Age={seconds}; {ATTRIBUTES}");
        let mut header =
            HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }

    /// What an attempt keeps of it: a SHA-256.
    pub fn hash(&self) -> [u8; 32] {
        let digest = digest(&SHA256, self.bytes.expose());
        std::array::from_fn(|index| digest.as_ref().get(index).copied().unwrap_or_default())
    }

    /// Whether this is the browser with that hash; compares in constant time.
    pub fn is(&self, hash: &[u8; 32]) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn a_browser_is_recognized_and_another_is_not() {
        let browser = BrowserBinding::from_random([7; 16]);
        let hash = browser.hash();
        let set = browser.set_cookie();
        let (pair, attributes) = set.to_str().unwrap().split_once("; ").unwrap();
        assert!(attributes.contains("SameSite=None") && attributes.contains("Secure"));
        assert!(attributes.contains("Max-Age=86400;"));
        let long = browser.set_cookie_for(Duration::from_secs(9));
        assert!(long.to_str().unwrap().contains("Max-Age=9;"));
        let headers = HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())]);
        assert!(BrowserBinding::from_headers(&headers).unwrap().is(&hash));
        assert!(!BrowserBinding::from_random([8; 16]).is(&hash));
        let twice = format!("{pair}; {pair}");
        let headers = HeaderMap::from_iter([(header::COOKIE, twice.parse().unwrap())]);
        assert!(BrowserBinding::from_headers(&headers).is_none());
    }
}
