//! Why an ID token was not taken.

use openidconnect::{ClaimsVerificationError, SignatureVerificationError};

use crate::jws::JwsError;

/// Why an ID token was not taken. Holds nothing that the token says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Larger than any honest token.
    #[error("the ID token is larger than is read")]
    Oversized,
    /// Not three parts of base64url, the first two of them JSON objects.
    #[error("the ID token is not a signed JWT")]
    Malformed,
    /// A JSON member is named twice.
    #[error("the ID token names a member twice")]
    DuplicateMember,
    /// A claim of OpenID Connect Core §2 is missing.
    #[error("the ID token has no claim {0:?}")]
    ClaimMissing(&'static str),
    /// A standard claim has another type than OpenID Connect Core §5.1 gives it.
    #[error("a standard claim of the ID token has a wrong type")]
    ClaimType,
    /// The header's algorithm is not one that the file accepts.
    #[error("the ID token is signed with an algorithm that is not accepted, or not at all")]
    Algorithm,
    /// Another kind of JWT (a logout token, an access token), nested, or with critical headers.
    #[error("the token is of another kind than an ID token")]
    Kind,
    /// Another issuer.
    #[error("the ID token is of another issuer")]
    Issuer,
    /// Of a tenant that the operator does not list.
    #[error("the ID token is of a tenant that is not among the tenants in the file")]
    Tenant,
    /// Not for us, or not for us alone.
    #[error("the ID token is not meant for this client alone")]
    Audience,
    /// `azp` is another client, or missing beside several audiences.
    #[error("the ID token was issued to another client")]
    AuthorizedParty,
    /// No key of the provider fits; a fresh key set may have one.
    #[error("the ID token is signed with a key that the provider has not published")]
    KeyUnknown,
    /// No key id, and several keys fit.
    #[error("the ID token does not say which of several keys signed it")]
    KeyAmbiguous,
    /// The key that fits is broken.
    #[error("the provider's key cannot be used")]
    KeyUnusable,
    /// The signature does not fit.
    #[error("the signature of the ID token is wrong")]
    Signature,
    /// `exp`, `iat` or `nbf` is not a time between 1970 and 9999.
    #[error("the claim {0:?} of the ID token is not a time")]
    Time(&'static str),
    /// `exp` has passed.
    #[error("the ID token has expired")]
    Expired,
    /// `nbf` lies ahead.
    #[error("the ID token is not yet valid")]
    NotYetValid,
    /// `iat` lies ahead.
    #[error("the ID token was issued in the future")]
    IssuedAhead,
    /// `iat` is longer ago than a code lives.
    #[error("the ID token was issued too long ago")]
    IssuedLongAgo,
    /// `acr` is not one of the acceptable ones.
    #[error(
        "the customer did not sign in at the provider in one of the ways that the file asks for"
    )]
    AuthenticationContext,
    /// `auth_time` lies ahead.
    #[error("the customer signed in at the provider in the future")]
    SignedInAhead,
    /// `auth_time` is longer ago than the file allows.
    #[error("the customer signed in at the provider longer ago than max_age allows")]
    SignedInLongAgo,
    /// No `nonce`.
    #[error("the ID token has no nonce")]
    NonceMissing,
    /// Another `nonce`.
    #[error("the ID token belongs to another sign-in")]
    NonceWrong,
    /// `at_hash` does not fit the access token.
    #[error("the ID token belongs to another access token")]
    AccessTokenHash,
    /// `c_hash` does not fit the code.
    #[error("the ID token belongs to another code")]
    CodeHash,
    /// `sub` is empty, overlong or has control characters.
    #[error("the subject of the ID token is not usable")]
    Subject,
}

impl IdTokenError {
    /// Whether the provider may have changed its keys since they were fetched, so that verifying
    /// once more with fresh ones may help: not every provider names its keys, or names a new one
    /// anew.
    pub fn suggests_new_keys(&self) -> bool {
        matches!(self, Self::KeyUnknown | Self::Signature)
    }
}

impl From<JwsError> for IdTokenError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Oversized => Self::Oversized,
            JwsError::Malformed => Self::Malformed,
            JwsError::DuplicateMember => Self::DuplicateMember,
            JwsError::Algorithm => Self::Algorithm,
        }
    }
}

/// Of the library's errors only the kind is kept: their texts quote the token.
impl From<ClaimsVerificationError> for IdTokenError {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            ClaimsVerificationError::Expired(_) => Self::Expired,
            ClaimsVerificationError::InvalidAudience(_) => Self::Audience,
            ClaimsVerificationError::InvalidIssuer(_) => Self::Issuer,
            ClaimsVerificationError::InvalidNonce(_) => Self::NonceWrong,
            ClaimsVerificationError::InvalidSubject(_) => Self::Subject,
            ClaimsVerificationError::Unsupported(_) => Self::Kind,
            ClaimsVerificationError::SignatureVerification(error) => error.into(),
            _ => Self::Malformed,
        }
    }
}

impl From<SignatureVerificationError> for IdTokenError {
    fn from(error: SignatureVerificationError) -> Self {
        match error {
            SignatureVerificationError::NoMatchingKey => Self::KeyUnknown,
            SignatureVerificationError::AmbiguousKeyId(_) => Self::KeyAmbiguous,
            SignatureVerificationError::InvalidKey(_) => Self::KeyUnusable,
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::NoSignature
            | SignatureVerificationError::UnsupportedAlg(_) => Self::Algorithm,
            _ => Self::Signature,
        }
    }
}
