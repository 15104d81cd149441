//! The id of an authentication request.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is no request id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a request id is an underscore and 40 lower-case hex digits")]
pub struct RequestIdError;

/// The id of one authentication request: an underscore and 160 random bits in hex.
///
/// An `xs:ID` must not start with a digit, hence the underscore; SAML Core §1.3.4 asks for at
/// least 128 random bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

impl RequestId {
    /// Makes the id from random bytes.
    pub fn from_random(random: [u8; 20]) -> Self {
        let mut text = String::with_capacity(41);
        text.push('_');
        for byte in random {
            text.push_str(&format!("{byte:02x}"));
        }
        Self(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = RequestIdError;

    fn try_from(text: String) -> Result<Self, RequestIdError> {
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let ok =
            text.strip_prefix('_').is_some_and(|hex| hex.len() == 40 && hex.bytes().all(is_hex));
        ok.then_some(Self(text)).ok_or(RequestIdError)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_storage_and_other_texts_do_not() {
        let id = RequestId::from_random([0xa5; 20]);
        assert_eq!(id.as_str(), format!("_{}", "a5".repeat(20)));
        let stored = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<RequestId>(&stored).unwrap(), id);
        for bad in
            ["\"\"", "\"_\"", "\"_A5\"", &stored.replace('_', "x"), &stored.replace('a', "A")]
        {
            assert!(serde_json::from_str::<RequestId>(bad).is_err(), "{bad}");
        }
    }
}
