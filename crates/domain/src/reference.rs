//! The code on a refusal page, in the log and in the audit record.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Letters and digits that are not mistaken for each other when read out on the phone.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A reference code such as `K7F3-92QX`: 40 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReferenceCode([u8; 8]);

impl ReferenceCode {
    /// From random bytes; only the low five bits of each are used.
    pub fn from_random(random: [u8; 8]) -> Self {
        Self(random.map(|byte| ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'2')))
    }
}

impl fmt::Display for ReferenceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i] = self.0;
        let text = [a, b, c, d, b'-', e, g, h, i];
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// A text that is no reference code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a reference code looks like K7F3-92QX")]
pub struct ReferenceCodeError;

impl FromStr for ReferenceCode {
    type Err = ReferenceCodeError;

    /// Takes lower case and a missing hyphen too: people type these.
    fn from_str(text: &str) -> Result<Self, ReferenceCodeError> {
        let plain = text.trim().replace('-', "").to_ascii_uppercase();
        let bytes: [u8; 8] = plain.as_bytes().try_into().map_err(|_| ReferenceCodeError)?;
        bytes.iter().all(|b| ALPHABET.contains(b)).then_some(Self(bytes)).ok_or(ReferenceCodeError)
    }
}

impl TryFrom<String> for ReferenceCode {
    type Error = ReferenceCodeError;
    fn try_from(text: String) -> Result<Self, ReferenceCodeError> {
        text.parse()
    }
}

impl From<ReferenceCode> for String {
    fn from(code: ReferenceCode) -> Self {
        code.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_being_typed() {
        let code = ReferenceCode::from_random([0, 31, 255, 7, 8, 9, 10, 200]);
        let shown = code.to_string();
        assert_eq!(shown.len(), 9);
        assert_eq!(shown.to_lowercase().replace('-', " ").replace(' ', "").parse(), Ok(code));
        assert!("K7F3-92Q".parse::<ReferenceCode>().is_err());
        assert!("K7F3-92QI".parse::<ReferenceCode>().is_err());
    }
}
