//! What an identity provider keeps of a service provider whose metadata it was given.

use openssl::x509::X509;

use super::redirect::Binding;
use super::request::BadRequest;

const METADATA_NS: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const DSIG_NS: &str = "http://www.w3.org/2000/09/xmldsig#";
const BINDINGS: &str = "urn:oasis:names:tc:SAML:2.0:bindings:";

/// A registered service provider.
#[derive(Debug, Clone)]
pub struct ServiceProvider {
    /// `entityID`.
    pub entity_id: String,
    /// Every AssertionConsumerService on HTTP-POST.
    pub acs: Vec<String>,
    /// Every SingleLogoutService, and where its answers go.
    pub logout: Vec<LogoutEndpoint>,
    /// `AuthnRequestsSigned`.
    pub signs_requests: bool,
    /// `WantAssertionsSigned`.
    pub wants_signed_assertions: bool,
    pub(super) signing: Vec<X509>,
    pub(super) encryption: Vec<X509>,
}

/// A SingleLogoutService.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutEndpoint {
    /// How messages travel there.
    pub binding: Binding,
    /// Where requests go.
    pub location: String,
    /// Where answers go.
    pub response_location: String,
}

impl ServiceProvider {
    /// Reads an EntityDescriptor with one SPSSODescriptor.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn read(metadata: &str) -> Result<Self, BadRequest> {
        let document =
            roxmltree::Document::parse(metadata).map_err(|e| BadRequest(e.to_string()))?;
        let root = document.root_element();
        if !root.has_tag_name((METADATA_NS, "EntityDescriptor")) {
            return Err("the metadata is no EntityDescriptor".into());
        }
        let role = root.children().find(|n| n.has_tag_name((METADATA_NS, "SPSSODescriptor")));
        let role = role.ok_or("there is no SPSSODescriptor")?;
        let flag = |name: &str| matches!(role.attribute(name), Some("true" | "1"));
        let provider = Self {
            entity_id: root.attribute("entityID").ok_or("entityID is missing")?.to_owned(),
            acs: consumers(role),
            logout: logout_endpoints(role),
            signs_requests: flag("AuthnRequestsSigned"),
            wants_signed_assertions: flag("WantAssertionsSigned"),
            signing: certificates(role, "signing")?,
            encryption: certificates(role, "encryption")?,
        };
        if provider.acs.is_empty() {
            return Err("there is no AssertionConsumerService on HTTP-POST".into());
        }
        Ok(provider)
    }

    /// How many keys it signs with.
    pub fn signing_keys(&self) -> usize {
        self.signing.len()
    }

    /// How many keys one may encrypt to.
    pub fn encryption_keys(&self) -> usize {
        self.encryption.len()
    }

    pub(super) fn logout_on(&self, binding: Binding) -> Option<&LogoutEndpoint> {
        self.logout.iter().find(|endpoint| endpoint.binding == binding)
    }
}

fn consumers(role: roxmltree::Node<'_, '_>) -> Vec<String> {
    let all = role.children().filter(|n| n.has_tag_name((METADATA_NS, "AssertionConsumerService")));
    all.filter(|n| binding(*n) == Some(Binding::Post))
        .filter_map(|n| n.attribute("Location"))
        .map(str::to_owned)
        .collect()
}

fn logout_endpoints(role: roxmltree::Node<'_, '_>) -> Vec<LogoutEndpoint> {
    let all = role.children().filter(|n| n.has_tag_name((METADATA_NS, "SingleLogoutService")));
    all.filter_map(|n| {
        let location = n.attribute("Location")?.to_owned();
        // SAML Metadata §2.2.2: ResponseLocation, where it differs.
        let response_location = n.attribute("ResponseLocation").unwrap_or(&location).to_owned();
        Some(LogoutEndpoint { binding: binding(n)?, location, response_location })
    })
    .collect()
}

fn binding(endpoint: roxmltree::Node<'_, '_>) -> Option<Binding> {
    match endpoint.attribute("Binding")?.strip_prefix(BINDINGS)? {
        "HTTP-Redirect" => Some(Binding::Redirect),
        "HTTP-POST" => Some(Binding::Post),
        "SOAP" => Some(Binding::Soap),
        _ => None,
    }
}

/// SAML Metadata §2.4.1.1: a KeyDescriptor without `use` is good for both.
fn certificates(role: roxmltree::Node<'_, '_>, usage: &str) -> Result<Vec<X509>, BadRequest> {
    let keys = role.children().filter(|n| n.has_tag_name((METADATA_NS, "KeyDescriptor")));
    let keys = keys.filter(|n| n.attribute("use").is_none_or(|found| found == usage));
    let texts = keys
        .flat_map(|n| n.descendants().filter(|d| d.has_tag_name((DSIG_NS, "X509Certificate"))))
        .filter_map(|n| n.text());
    texts.map(certificate).collect()
}

fn certificate(text: &str) -> Result<X509, BadRequest> {
    let text: String = text.split_whitespace().collect();
    let der = crate::text::from_base64(&text).ok_or("a certificate is not base64")?;
    X509::from_der(&der).map_err(|_| "a certificate does not parse".into())
}
