//! Why a logout token was not taken.

use openidconnect::SignatureVerificationError;

use crate::jws::JwsError;

/// Why a logout token was not taken. Holds nothing that the token says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogoutTokenError {
    /// Larger than any honest token.
    #[error("the logout token is larger than is read")]
    Oversized,
    /// Not three parts of base64url, the first two of them JSON objects.
    #[error("the logout token is not a signed JWT")]
    Malformed,
    /// A JSON member is named twice.
    #[error("the logout token names a member twice")]
    DuplicateMember,
    /// The header's algorithm is not one that the file accepts.
    #[error("the logout token is signed with an algorithm that is not accepted, or not at all")]
    Algorithm,
    /// Another kind of JWT, nested, or with critical headers.
    #[error("the token is of another kind than a logout token")]
    Kind,
    /// No key of the provider fits; a fresh key set may have one.
    #[error("the logout token is signed with a key that the provider has not published")]
    KeyUnknown,
    /// No key id, and several keys fit.
    #[error("the logout token does not say which of several keys signed it")]
    KeyAmbiguous,
    /// The signature does not fit.
    #[error("the signature of the logout token is wrong")]
    Signature,
    /// A claim of OpenID Connect Back-Channel Logout 1.0 §2.4 is missing.
    #[error("the logout token has no claim {0:?}")]
    ClaimMissing(&'static str),
    /// A claim is of another type, empty or overlong.
    #[error("the claim {0:?} of the logout token is not usable")]
    ClaimType(&'static str),
    /// Another issuer.
    #[error("the logout token is of another issuer")]
    Issuer,
    /// Not for us, or not for us alone.
    #[error("the logout token is not meant for this client")]
    Audience,
    /// `exp` has passed.
    #[error("the logout token has expired")]
    Expired,
    /// `iat` lies ahead.
    #[error("the logout token was issued in the future")]
    IssuedAhead,
    /// `iat` is long ago.
    #[error("the logout token was issued too long ago")]
    IssuedLongAgo,
    /// `events` does not name a back-channel logout.
    #[error("the logout token is about another event than a logout")]
    Event,
    /// `nonce` is there.
    #[error("the logout token has a nonce, as only ID tokens may")]
    Nonce,
    /// Neither `sub` nor `sid`.
    #[error("the logout token names neither a person nor a session")]
    Nobody,
}

impl LogoutTokenError {
    /// Whether the provider may have changed its keys since they were fetched, so that verifying
    /// once more with fresh ones may help: not every provider names its keys, or names a new one
    /// anew.
    pub fn suggests_new_keys(&self) -> bool {
        matches!(self, Self::KeyUnknown | Self::Signature)
    }
}

impl From<JwsError> for LogoutTokenError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Oversized => Self::Oversized,
            JwsError::Malformed => Self::Malformed,
            JwsError::DuplicateMember => Self::DuplicateMember,
            JwsError::Algorithm => Self::Algorithm,
        }
    }
}

impl From<SignatureVerificationError> for LogoutTokenError {
    fn from(error: SignatureVerificationError) -> Self {
        match error {
            SignatureVerificationError::NoMatchingKey => Self::KeyUnknown,
            SignatureVerificationError::AmbiguousKeyId(_) => Self::KeyAmbiguous,
            _ => Self::Signature,
        }
    }
}
