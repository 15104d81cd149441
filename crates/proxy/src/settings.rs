//! What the operator says about an upstream.

use rustls_pki_types::CertificateDer;
use url::Url;

/// One upstream: a scheme, a host and a port; no path.
#[derive(Debug, Clone)]
pub struct UpstreamSettings {
    /// `https://host[:port]` or `http://host[:port]`.
    pub url: Url,
    /// Certificate authorities to trust instead of the system's; empty: the system's.
    pub certificate_authorities: Vec<CertificateDer<'static>>,
    /// `aud` of the identity assertion.
    pub audience: String,
    /// Plain headers beside the signed assertion.
    pub identity_headers: Vec<IdentityHeader>,
}

/// One plain identity header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityHeader {
    /// Its name.
    pub name: http::HeaderName,
    /// What it carries.
    pub value: IdentityValue,
}

/// What a plain identity header carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityValue {
    /// The e-mail address.
    Email,
    /// The name to show, percent-encoded where it is not printable ASCII.
    Name,
    /// The person, as `idp/subject`, percent-encoded where it is not printable ASCII.
    Person,
    /// The id of the JSM account.
    Account,
}
