//! What can be wrong with an OpenID provider, one thing at a time.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::groups::Overage;

/// One flaw of a sign-in. Everything else about it stays right, signatures included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OidcFlaw {
    // The redirect back.
    /// `error=access_denied`.
    AccessDenied,
    /// `error=server_error` with markup in `error_description`.
    ErrorWithMarkup,
    /// `iss` is another issuer (RFC 9207).
    WrongIssParameter,
    /// No `iss`, though discovery promises it.
    NoIssParameter,
    /// `state` is another one.
    ForeignState,
    /// No `state`.
    NoState,
    /// `state` twice.
    DuplicateState,
    /// `code` twice.
    DuplicateCode,
    /// Neither `code` nor `error`.
    NoCode,
    // The token endpoint.
    /// 500 and a text.
    TokenServerError,
    /// 200 and no JSON.
    TokenNotJson,
    /// 400 `invalid_grant`.
    TokenInvalidGrant,
    /// 20 MB of JSON.
    TokenHuge,
    /// A redirect to another machine.
    TokenRedirect,
    /// An answer without `id_token`.
    NoIdToken,
    // The ID token.
    /// `nonce` is another one.
    WrongNonce,
    /// No `nonce`.
    NoNonce,
    /// `iss` is another issuer.
    WrongIssuer,
    /// `aud` is another client.
    WrongAudience,
    /// `aud` is a list with another client, without `azp`.
    ExtraAudience,
    /// `azp` is another client.
    WrongAuthorizedParty,
    /// No `sub`.
    NoSubject,
    /// `sub` is empty.
    EmptySubject,
    /// Expired an hour ago.
    Expired,
    /// No `exp`.
    NoExpiry,
    /// `exp` is 1e300.
    AbsurdExpiry,
    /// `exp` is -1.
    NegativeExpiry,
    /// No `iat`.
    NoIssuedAt,
    /// `iat` is a day ahead.
    IssuedTomorrow,
    /// `iat` is ten years ago.
    IssuedLongAgo,
    /// `nbf` is an hour ahead.
    NotYetValid,
    /// `at_hash` is of another access token.
    WrongAccessTokenHash,
    /// No `email`.
    NoEmail,
    /// `email_verified` is false.
    EmailUnverified,
    /// Not wrong: `email_verified` is the text "true", as some providers write it.
    EmailVerifiedAsText,
    /// The address is of a domain for which this provider may not speak.
    ForeignDomainEmail,
    /// The address has two `@`.
    TwoAtEmail,
    /// `email` is a list.
    EmailList,
    /// Unsigned, `alg` none.
    AlgorithmNone,
    /// No `alg`.
    NoAlgorithm,
    /// HS256 keyed with the public key's PEM.
    HmacWithPublicKey,
    /// HS256 keyed with the client's secret.
    HmacWithSecret,
    /// One bit of the signature changed.
    BadSignature,
    /// A claim changed after signing.
    Tampered,
    /// Signed with a key that JWKS lacks, under the right `kid`.
    ForeignKey,
    /// Signed with a key that JWKS lacks, which the header carries as `jwk`.
    KeyInHeader,
    /// `kid` that JWKS lacks.
    UnknownKeyId,
    /// Not wrong while JWKS has one key: no `kid`.
    NoKeyId,
    /// `crit` names something unheard of.
    CriticalHeader,
    /// Two parts instead of three.
    TwoParts,
    /// `typ` is `at+jwt`: an access token in place of the ID token.
    OtherType,
    // Only wrong where something was asked for, or where the provider has tenants.
    /// `acr` is another one.
    OtherAcr,
    /// No `acr`.
    NoAcr,
    /// `auth_time` was yesterday.
    StaleAuthTime,
    /// No `auth_time`.
    NoAuthTime,
    /// `c_hash` is of another code.
    WrongCodeHash,
    /// Not wrong: `c_hash` is of the code.
    RightCodeHash,
    /// `tid` is another tenant than the issuer's.
    OtherTenantClaim,
    /// No `tid`.
    NoTenant,
    /// A JWE with compressed content in place of the ID token.
    CompressedEncrypted,
    // Userinfo.
    /// 500 and a text.
    UserinfoServerError,
    /// 200 and no JSON.
    UserinfoNotJson,
    /// No `sub`.
    UserinfoNoSubject,
    /// 20 MB.
    UserinfoHuge,
    /// A redirect to another machine.
    UserinfoRedirect,
    /// Not wrong: 401, as for a token that is not good for this.
    UserinfoRefused,
    /// `sub` of somebody else.
    UserinfoOfOther,
    /// A JSON array.
    UserinfoArray,
}

impl OidcFlaw {
    /// Every flaw of what is said in the ID token, for tests that want them all.
    pub const ID_TOKEN: &'static [Self] = &[
        Self::WrongNonce,
        Self::NoNonce,
        Self::WrongIssuer,
        Self::WrongAudience,
        Self::ExtraAudience,
        Self::WrongAuthorizedParty,
        Self::NoSubject,
        Self::EmptySubject,
        Self::Expired,
        Self::NoExpiry,
        Self::AbsurdExpiry,
        Self::NegativeExpiry,
        Self::NoIssuedAt,
        Self::IssuedTomorrow,
        Self::IssuedLongAgo,
        Self::NotYetValid,
        Self::WrongAccessTokenHash,
        Self::NoEmail,
        Self::EmailUnverified,
        Self::ForeignDomainEmail,
        Self::TwoAtEmail,
        Self::EmailList,
        Self::AlgorithmNone,
        Self::NoAlgorithm,
        Self::HmacWithPublicKey,
        Self::HmacWithSecret,
        Self::BadSignature,
        Self::Tampered,
        Self::ForeignKey,
        Self::KeyInHeader,
        Self::UnknownKeyId,
        Self::CriticalHeader,
        Self::TwoParts,
        Self::OtherType,
    ];
}

/// What is wrong with what a provider publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublishFlaw {
    /// Discovery names another issuer.
    ForeignIssuer,
    /// Discovery is a page.
    DiscoveryHtml,
    /// Discovery answers 500.
    DiscoveryServerError,
    /// Discovery is 20 MB.
    DiscoveryHuge,
    /// Discovery redirects to another machine.
    DiscoveryRedirect,
    /// Discovery names endpoints on http on another machine.
    PlainHttpEndpoints,
    /// JWKS is empty.
    NoKeys,
    /// JWKS answers 500.
    KeysServerError,
    /// The only key in JWKS is for encryption.
    EncryptionKeyOnly,
}

/// A change of the ID token's claims before it is signed.
pub type ClaimsMutation = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// How to answer a sign-in; the default is honest.
#[derive(Clone, Default)]
pub struct OidcAnswer {
    /// What is wrong.
    pub flaw: Option<OidcFlaw>,
    /// Applied to the claims before they are signed.
    pub claims: Option<ClaimsMutation>,
    /// Where the person's data are.
    pub claims_in: ClaimsIn,
    /// The groups are elsewhere.
    pub overage: Option<Overage>,
    /// The tenant that signs the person in; `None`: the provider's first.
    pub tenant: Option<String>,
}

/// Where `email`, `email_verified`, `name` and `groups` are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ClaimsIn {
    /// In the ID token and at the userinfo endpoint.
    #[default]
    Both,
    /// At the userinfo endpoint alone.
    Userinfo,
    /// In the ID token alone.
    IdToken,
}

impl OidcAnswer {
    /// Honest but for a change of the claims before they are signed.
    pub fn changed(by: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self { claims: Some(Arc::new(by)), ..Self::default() }
    }
}

impl From<OidcFlaw> for OidcAnswer {
    fn from(flaw: OidcFlaw) -> Self {
        Self { flaw: Some(flaw), ..Self::default() }
    }
}

impl From<Overage> for OidcAnswer {
    fn from(overage: Overage) -> Self {
        Self { overage: Some(overage), ..Self::default() }
    }
}

impl From<ClaimsIn> for OidcAnswer {
    fn from(claims_in: ClaimsIn) -> Self {
        Self { claims_in, ..Self::default() }
    }
}

impl fmt::Debug for OidcAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcAnswer").field("flaw", &self.flaw).finish_non_exhaustive()
    }
}
