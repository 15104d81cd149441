//! Names from the operator's file and from the `Host` header.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A name that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Names in the file are used in URLs and keys of the store.
    #[error("a name has 1 to 40 letters a-z, digits and hyphens, and starts with a letter")]
    Slug,
    /// Not a host name of RFC 1123.
    #[error("this is not a host name")]
    Host,
}

fn is_slug(text: &str) -> bool {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(ok)
}

/// The name of an identity provider in the operator's file; also a segment of our URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdpName(String);

/// The name of a site in the operator's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteName(String);

/// The name of a JSM in the operator's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JsmName(String);

/// A host name as compared everywhere: lower case, no port, no trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl FromStr for IdpName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        is_slug(text).then(|| Self(text.to_owned())).ok_or(NameError::Slug)
    }
}

impl FromStr for SiteName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        is_slug(text).then(|| Self(text.to_owned())).ok_or(NameError::Slug)
    }
}

impl FromStr for JsmName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        is_slug(text).then(|| Self(text.to_owned())).ok_or(NameError::Slug)
    }
}

impl FromStr for HostName {
    type Err = NameError;

    /// Takes a host without port; upper case and one trailing dot are folded away.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let ok = text.len() <= 253 && text.split('.').all(label);
        ok.then_some(Self(text)).ok_or(NameError::Host)
    }
}

impl IdpName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SiteName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsmName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl HostName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for JsmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for IdpName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl TryFrom<String> for SiteName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl TryFrom<String> for JsmName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl TryFrom<String> for HostName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<IdpName> for String {
    fn from(name: IdpName) -> Self {
        name.0
    }
}

impl From<SiteName> for String {
    fn from(name: SiteName) -> Self {
        name.0
    }
}

impl From<JsmName> for String {
    fn from(name: JsmName) -> Self {
        name.0
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_and_hosts_keep_their_rules() {
        assert!("acme-2".parse::<IdpName>().is_ok());
        for bad in ["", "Acme", "2acme", "a/b", "a.b", &"a".repeat(41)] {
            assert!(bad.parse::<IdpName>().is_err(), "{bad:?}");
        }
        assert_eq!("Help.Example.COM.".parse::<HostName>().unwrap().as_str(), "help.example.com");
        for bad in ["", ".", "a..b", "-a.b", "a_b", "a:80", "a/b", "ä.b"] {
            assert!(bad.parse::<HostName>().is_err(), "{bad:?}");
        }
    }
}
