//! What the operator says about identity providers.

use std::path::PathBuf;
use std::time::Duration;

use domain::{DomainPattern, IdpName, Secret, Timestamp};
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
    /// How to speak to it.
    pub protocol: Protocol,
}

/// The protocol of one identity provider. Later protocols are further variants.
#[derive(Debug, Clone)]
pub enum Protocol {
    /// SAML 2.0.
    Saml(SamlSettings),
    /// OpenID Connect.
    Oidc(OidcSettings),
}

/// A SAML identity provider.
#[derive(Debug, Clone)]
pub struct SamlSettings {
    /// Where its metadata is.
    pub metadata: MetadataSource,
    /// The entity id that the metadata must have, when the operator pins it.
    pub entity_id: Option<String>,
    /// Tolerated difference of clocks; 60 s unless said otherwise.
    pub clock_skew: Duration,
    /// Until when RSA-SHA1 signatures are accepted; `None`: never (attacks.md A15).
    pub sha1_until: Option<Timestamp>,
}

/// Where metadata comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataSource {
    /// A file, absolute or resolved against the configuration's folder.
    File(PathBuf),
    /// https, or http toward loopback.
    Url(Url),
}

/// An OpenID provider.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// The issuer identifier, compared as an exact string (OpenID Connect Discovery §4.3).
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// Our secret there; `None`: a public client, PKCE only.
    pub client_secret: Option<Secret<String>>,
    /// Scopes to ask for; `openid` is always among them.
    pub scopes: Vec<String>,
    /// JWS algorithms accepted for ID tokens, such as `RS256`; never empty, never HS* or none.
    pub algorithms: Vec<String>,
    /// Tolerated difference of clocks; 60 s unless said otherwise.
    pub clock_skew: Duration,
}
