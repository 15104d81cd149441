//! E-mail addresses and domain names, parsed strictly.

use std::fmt;
use std::str::FromStr;

use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use serde::{Deserialize, Serialize};

/// Why a text is no usable address or domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not exactly one `@`, or nothing before or after it.
    #[error("an address has exactly one @ with text on both sides")]
    Shape,
    /// A character outside RFC 5321's unquoted local part (letters, digits and a few signs).
    #[error("the part before the @ has a character that is not accepted")]
    LocalPart,
    /// Not a host name: empty or overlong labels, strange characters, no dot.
    #[error("this is not a domain name")]
    Domain,
    /// Letters of several scripts in one label, as names have that are made to be mistaken.
    #[error("a part of this domain mixes letters of several scripts")]
    MixedScripts,
}

/// A domain name in lower-case A-labels (RFC 5890), without a trailing dot, with at least one dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DomainName {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| AddressError::Domain)?;
        // UTS 46 maps look-alike dots and letters; what is typed in ASCII must stay what it is.
        if text.is_ascii() && !ascii.eq_ignore_ascii_case(text) {
            return Err(AddressError::Domain);
        }
        let numeric_end =
            ascii.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
        if !ascii.contains('.') || ascii.len() > 253 || numeric_end {
            return Err(AddressError::Domain);
        }
        let (shown, decoded) = idna::domain_to_unicode(&ascii);
        decoded.map_err(|_| AddressError::Domain)?;
        if !says_the_same(text, &ascii, &shown) {
            return Err(AddressError::Domain);
        }
        if !shown.split('.').all(is_of_one_script) {
            return Err(AddressError::MixedScripts);
        }
        Ok(Self(ascii))
    }
}

/// Whether `text` is the domain that it became, label by label, case aside. UTS 46 also maps full-width
/// letters and ideographic dots, and drops what cannot be seen; who writes so means to deceive.
fn says_the_same(text: &str, ascii: &str, shown: &str) -> bool {
    let text = text.to_lowercase();
    let labels = text.split('.').count() == ascii.split('.').count();
    let mut pairs = text.split('.').zip(ascii.split('.').zip(shown.split('.')));
    labels && pairs.all(|(said, (ascii, shown))| said == ascii || said == shown)
}

/// Scripts that are written together (UTS 39 §5.2, highly restrictive), Latin among each.
const TOGETHER: [&[Script]; 3] = [
    &[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana],
    &[Script::Latin, Script::Han, Script::Bopomofo],
    &[Script::Latin, Script::Han, Script::Hangul],
];

/// Whether the letters of a label are of one script, or of scripts that are written together. Digits
/// and hyphens have none.
fn is_of_one_script(label: &str) -> bool {
    let of = CodePointMapData::<Script>::new();
    let mut scripts: Vec<Script> = label.chars().map(|c| of.get(c)).collect();
    scripts.retain(|script| !matches!(*script, Script::Common | Script::Inherited));
    scripts.dedup();
    let one = scripts.iter().all(|script| Some(script) == scripts.first());
    one || TOGETHER.iter().any(|together| scripts.iter().all(|script| together.contains(script)))
}

/// An e-mail address: unquoted local part, domain in A-labels, all in lower case.
///
/// Lower-casing the local part is what every identity provider and JSM do in practice; two
/// addresses that differ by case only are one account in JSM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    text: String,
    at: usize,
}

impl EmailAddress {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part after the `@`.
    pub fn domain(&self) -> DomainName {
        DomainName(self.text.split_at(self.at + 1).1.to_owned())
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.text.split_at(self.at).0
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.split_once('@').ok_or(AddressError::Shape)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(AddressError::Shape);
        }
        let dotted = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        if local.len() > 64 || dotted || !local.bytes().all(is_local_byte) {
            return Err(AddressError::LocalPart);
        }
        let domain = domain.parse::<DomainName>()?;
        let local = local.to_ascii_lowercase();
        Ok(Self { at: local.len(), text: format!("{local}@{}", domain.as_str()) })
    }
}

/// RFC 5321 §4.1.2 `atext` and the dot. No quoted strings, no non-ASCII: JSM takes neither, and
/// both are where address tricks live.
fn is_local_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// A domain, or with `*.` all its subdomains at any depth but not the domain itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainPattern {
    domain: DomainName,
    subdomains: bool,
}

impl DomainPattern {
    /// Whether `domain` is meant by this pattern; compared at label boundaries.
    pub fn matches(&self, domain: &DomainName) -> bool {
        if !self.subdomains {
            return self.domain == *domain;
        }
        domain
            .0
            .strip_suffix(&self.domain.0)
            .is_some_and(|front| front.len() > 1 && front.ends_with('.'))
    }

    /// The name without the `*.`.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// Whether this is a `*.` pattern.
    pub fn is_wildcard(&self) -> bool {
        self.subdomains
    }
}

impl FromStr for DomainPattern {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (domain, subdomains) = match text.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        Ok(Self { domain: domain.parse()?, subdomains })
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.subdomains { "*." } else { "" }, self.domain)
    }
}

impl TryFrom<String> for DomainName {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl TryFrom<String> for DomainPattern {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.text
    }
}

impl From<DomainPattern> for String {
    fn from(pattern: DomainPattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests;
