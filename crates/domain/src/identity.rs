//! Who somebody is, after verification and mapping.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{EmailAddress, IdpName, Timestamp};

/// Why a text is no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a subject has 1 to 255 characters and no control characters")]
pub struct SubjectError;

/// What an identity provider calls somebody, for ever: OpenID Connect `sub` or a SAML NameID.
/// Compared byte by byte (OpenID Connect Core §2: case sensitive).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject(String);

impl Subject {
    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let fits = !text.trim().is_empty() && text.chars().count() <= 255;
        (fits && !text.chars().any(char::is_control))
            .then(|| Self(text.to_owned()))
            .ok_or(SubjectError)
    }
}

impl TryFrom<String> for Subject {
    type Error = SubjectError;
    fn try_from(text: String) -> Result<Self, SubjectError> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0
    }
}

/// A person, for ever: never an e-mail address, which changes hands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonKey {
    /// The identity provider that knows the person.
    pub idp: IdpName,
    /// What that identity provider calls the person.
    pub subject: Subject,
}

impl fmt::Display for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.idp, self.subject.0)
    }
}

/// A session at the identity provider, in that provider's own words: what a message about sign-out
/// names, in both directions (SAML Core §3.7, OpenID Connect Back-Channel Logout §2.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpSession {
    /// SAML NameID, transient ones included, or OpenID Connect `sub`.
    pub subject: String,
    /// `Format` of the NameID.
    pub format: Option<String>,
    /// `NameQualifier` of the NameID.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier` of the NameID.
    pub sp_name_qualifier: Option<String>,
    /// SAML `SessionIndex` or OpenID Connect `sid`.
    pub id: Option<String>,
}

/// A verified and mapped identity: the one form in which all protocols end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Who it is.
    pub person: PersonKey,
    /// The address by which JSM knows the customer.
    pub email: EmailAddress,
    /// Name to show; never empty.
    pub display_name: String,
    /// Groups as the identity provider names them; `None` when it said nothing, which is not the
    /// same as none.
    pub groups: Option<Vec<String>>,
    /// Claims that a rule of the operator reads, exactly as signed; one that did not come is absent,
    /// which is not the same as empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, Vec<String>>,
    /// What the identity provider itself needs to know the customer's session there again.
    pub idp_session: Option<Box<IdpSession>>,
    /// The identity provider's limit on our session (SAML `SessionNotOnOrAfter`).
    pub session_deadline: Option<Timestamp>,
}

/// The id of an account in JSM: Cloud's `accountId`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsmAccount(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_overlong_and_control_subjects_are_refused() {
        for bad in ["", "  ", "a\0b", "a\nb", &"x".repeat(256)] {
            assert!(bad.parse::<Subject>().is_err(), "{bad:?}");
        }
        assert_ne!("A".parse::<Subject>(), "a".parse::<Subject>());
    }
}
