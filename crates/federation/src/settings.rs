//! What the operator says about identity providers.

use std::path::PathBuf;
use std::time::Duration;

use domain::{DomainPattern, IdpName, Timestamp};
use oidc::ClientAuthentication;
use saml::{SamlRequest, SignedPart};
use url::Url;

/// One identity provider.
#[derive(Debug, Clone)]
pub struct IdpSettings {
    /// Its name in the file and in our URLs.
    pub name: IdpName,
    /// Its name for people.
    pub label: String,
    /// The only domains that it may speak for (invariant 3).
    pub domains: Vec<DomainPattern>,
    /// `false` signs nobody in, a response that is still under way included (attacks.md B15).
    pub enabled: bool,
    /// Whether to see that it answers before people are sent there; `None`: when its sign-in page is
    /// on a host that the gateway calls anyhow.
    pub probe: Option<bool>,
    /// How to speak to it.
    pub protocol: Protocol,
}

/// The protocol of one identity provider.
#[derive(Debug, Clone)]
pub enum Protocol {
    /// SAML 2.0.
    Saml(SamlSettings),
    /// OpenID Connect.
    Oidc(OidcSettings),
    /// OAuth 2.0 without ID token (RFC 6749): the userinfo endpoint says who it is.
    OAuth2(OAuth2Settings),
}

/// A SAML identity provider.
#[derive(Debug, Clone)]
pub struct SamlSettings {
    /// Where its metadata is.
    pub metadata: MetadataSource,
    /// The entity id that the metadata must have, when the operator pins it. Must be said when the
    /// metadata is a federation's, with many entities.
    pub entity_id: Option<String>,
    /// Certificates (DER) of whoever signs the metadata; with some, metadata without a valid
    /// signature by one of them is refused (SAML Metadata §3).
    pub metadata_signers: Vec<Vec<u8>>,
    /// Tolerated difference of clocks; 60 s unless said otherwise.
    pub clock_skew: Duration,
    /// Until when RSA-SHA1 signatures are accepted; `None`: never (attacks.md A15).
    pub sha1_until: Option<Timestamp>,
    /// Until when AES-CBC encryption is accepted; `None`: never (attacks.md A22).
    pub cbc_until: Option<Timestamp>,
    /// What must be signed.
    pub signed: SignedPart,
    /// Whether a plain assertion is refused.
    pub encryption_required: bool,
    /// Whether responses that nobody asked for are taken (attacks.md B4).
    pub idp_initiated: bool,
    /// How we ask.
    pub request: SamlRequest,
    /// Whether we take part in single logout with it, if its metadata has an endpoint for it.
    pub single_logout: bool,
}

/// Where metadata comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataSource {
    /// A file, absolute or resolved against the configuration's folder.
    File(PathBuf),
    /// https, or http toward loopback.
    Url(Url),
}

/// One of the companies behind a multi-tenant issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// As the claim `tid` has it.
    pub id: String,
    /// The domains that it may speak for, among those of its identity provider; empty: all of
    /// them.
    pub domains: Vec<DomainPattern>,
}

/// An OpenID provider.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// The issuer identifier, compared as an exact string (OpenID Connect Discovery §4.3). With
    /// `tenants`, it holds `{tenantid}` once.
    pub issuer: String,
    /// Tenants whose people may sign in through a multi-tenant issuer such as Entra's; empty: the
    /// issuer is an ordinary one.
    pub tenants: Vec<Tenant>,
    /// Our client id there.
    pub client_id: String,
    /// How we prove at the token endpoint who we are.
    pub client_authentication: ClientAuthentication,
    /// Scopes to ask for; `openid` is always among them.
    pub scopes: Vec<String>,
    /// JWS algorithms accepted for ID tokens, such as `RS256`; never empty, never HS* or none.
    pub algorithms: Vec<String>,
    /// Audiences that an ID token may have beside our client id.
    pub trusted_audiences: Vec<String>,
    /// Acceptable `acr` values, in order of preference; empty: any. A token with another one is
    /// refused.
    pub acr_values: Vec<String>,
    /// How long ago the customer may have signed in at the provider; checked by `auth_time`.
    pub max_age: Option<Duration>,
    /// `prompt` of the request.
    pub prompt: Option<String>,
    /// Whether the userinfo endpoint is asked too; its claims fill in what the ID token lacks.
    pub userinfo: bool,
    /// What to do when the token says that there are too many groups to list.
    pub group_overage: GroupOverage,
    /// Tolerated difference of clocks; 60 s unless said otherwise.
    pub clock_skew: Duration,
    /// Whether signing out here signs out there, and the other way round.
    pub single_logout: bool,
}

/// What to do when a provider sends a reference in place of groups (Entra's `hasgroups` and
/// `_claim_names`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupOverage {
    /// Fetch them from where the token says, if that is the provider's own; else as `Keep`.
    #[default]
    Fetch,
    /// Go on without: the groups are unknown, and nothing is taken away because of it.
    Keep,
    /// Refuse the sign-in.
    Deny,
}

/// An OAuth 2.0 provider without OpenID Connect.
#[derive(Debug, Clone)]
pub struct OAuth2Settings {
    /// RFC 6749 §3.1.
    pub authorization_endpoint: Url,
    /// RFC 6749 §3.2.
    pub token_endpoint: Url,
    /// Says who a token is of, as a JSON object.
    pub userinfo_endpoint: Url,
    /// Lists the addresses of that person, as GitHub does: objects with `email`, `primary` and
    /// `verified`. Their primary one becomes the claims `email` and `email_verified`.
    pub emails_endpoint: Option<Url>,
    /// Our client id there.
    pub client_id: String,
    /// How we prove who we are; never `PrivateKeyJwt`.
    pub client_authentication: ClientAuthentication,
    /// Scopes to ask for.
    pub scopes: Vec<String>,
    /// Path of the claim that says that the address was verified.
    pub email_verified: String,
    /// Whether an address is taken that the provider does not say it has verified: the operator
    /// accepts that risk by name.
    pub accept_unverified_email: bool,
}
