//! From what an identity provider said to an [`domain::Identity`].

use std::collections::BTreeMap;

/// Names of the claims or attributes that carry what the gateway needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// Where the e-mail address is.
    pub email: String,
    /// Where the name to show is; without it the e-mail address is shown.
    pub name: Option<String>,
    /// Where the groups are.
    pub groups: Option<String>,
    /// Where the subject is, when it is not the protocol's own (NameID, `sub`).
    pub subject: Option<String>,
}

/// Verified claims or attributes, exactly as signed, unmapped: every value a list of texts.
/// A single text is a list of one; numbers and booleans are their JSON text.
pub type Claims = BTreeMap<String, Vec<String>>;
