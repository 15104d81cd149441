//! The second factor: what was passed, and what an identity provider says of its own.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What stood for the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// A code of an authenticator (RFC 6238).
    Totp,
    /// One of the ten codes for a lost phone.
    RecoveryCode,
    /// A browser in which the person passed a factor before and that they trust.
    TrustedBrowser,
    /// The identity provider's own factor, from one that the operator trusts for it.
    IdentityProvider,
    /// Nothing yet: a rule lets the person put it off.
    None,
}

impl FactorKind {
    /// Its name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::TrustedBrowser => "trusted_browser",
            Self::IdentityProvider => "identity_provider",
            Self::None => "none",
        }
    }
}

/// A factor that was passed, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorUse {
    /// What stood for it.
    pub kind: FactorKind,
    /// When; [`Timestamp::EPOCH`] when nobody says, which is fresh for no rule.
    pub at: Timestamp,
}

/// How somebody was authenticated, exactly as the identity provider signed it. Only what stands in
/// the signed part itself: neither userinfo nor attributes of the customer's choosing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// `amr` (RFC 8176): every method that was used.
    pub methods: Vec<String>,
    /// `acr` (OpenID Connect Core §2) or `AuthnContextClassRef` (SAML Core §2.7.2.2).
    pub class: Option<String>,
    /// `auth_time` or `AuthnInstant`, which may be long ago; `None`: it does not say.
    pub at: Option<Timestamp>,
}
