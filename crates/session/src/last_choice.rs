//! The cookie that remembers where somebody signed in the last time.

use domain::IdpName;
use http::{HeaderMap, HeaderValue};

use crate::cookies;

/// Name of the cookie.
const NAME: &str = "__Host-vestibule-choice";
/// Half a year. It says nothing but a name of the operator's file, and proves nothing.
const ATTRIBUTES: &str = "Max-Age=15552000; Path=/; Secure; HttpOnly; SameSite=Lax";

/// The identity provider of the last time, as the browser says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastChoice(IdpName);

impl LastChoice {
    /// The choice of `idp`.
    pub fn new(idp: IdpName) -> Self {
        Self(idp)
    }

    /// The choice that a request brings. Anybody can write it: hold it against the file.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = std::str::from_utf8(cookies::only(headers, NAME)?).ok()?;
        value.parse().ok().map(Self)
    }

    /// Which one.
    pub fn idp(&self) -> &IdpName {
        &self.0
    }

    /// A `Set-Cookie` value.
    pub fn set_cookie(&self) -> HeaderValue {
        let text = format!("{NAME}={}; {ATTRIBUTES}", self.0);
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn a_choice_is_read_back_and_nonsense_is_none() {
        let choice = LastChoice::new("acme".parse().unwrap());
        let set = choice.set_cookie();
        let (pair, attributes) = set.to_str().unwrap().split_once("; ").unwrap();
        assert!(attributes.contains("SameSite=Lax") && attributes.contains("Secure"));
        let read = |pair: &str| {
            LastChoice::from_headers(&HeaderMap::from_iter([(
                header::COOKIE,
                pair.parse().unwrap(),
            )]))
        };
        assert_eq!(read(pair), Some(choice));
        for nonsense in ["=", "=../x", "=ACME", "=a; __Host-vestibule-choice=b", "=acme%00"] {
            assert_eq!(read(&format!("{NAME}{nonsense}")), None, "{nonsense}");
        }
    }
}
