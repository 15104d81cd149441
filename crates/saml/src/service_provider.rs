//! We, and our metadata.

use std::sync::Arc;

use crate::keys::ServiceKey;
use crate::outgoing::{Element, Prefix, key_info};
use crate::xml::{POST, REDIRECT, SAMLP, SOAP_BINDING};
use crate::{RequestSigning, ServiceKeys};

/// The name ids that are understood, best first.
const NAME_ID_FORMATS: [&str; 3] = [
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
];

/// How to encrypt to us, best first (attacks.md A22: no RSA 1.5, no CBC).
const ENCRYPTION_METHODS: [&str; 4] = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
];

/// We, as one identity provider knows us.
#[derive(Debug, Clone)]
pub struct ServiceProvider {
    /// Our entity id: `https://{host}/.vestibule/saml/{idp}/metadata`.
    pub entity_id: String,
    /// Our assertion consumer service: `https://{host}/.vestibule/saml/{idp}/acs`.
    pub acs: String,
    /// Our single logout service, where there is one.
    pub slo: Option<String>,
    /// Our keys.
    pub keys: Arc<ServiceKeys>,
}

impl ServiceProvider {
    /// Our metadata (SAML Metadata §2.4.4), for the operator of the identity provider. Carries no
    /// date, so it may be imported by hand and stays good. It promises signed requests only when
    /// `requests` says that they always are.
    pub fn metadata(&self, requests: RequestSigning) -> String {
        let always = requests == RequestSigning::Always && !self.keys.is_empty();
        let formats = NAME_ID_FORMATS
            .iter()
            .map(|format| Element::new(Prefix::Md, "NameIDFormat").text(*format));
        let acs = Element::new(Prefix::Md, "AssertionConsumerService")
            .attribute("Binding", POST)
            .attribute("Location", self.acs.as_str())
            .attribute("index", "0")
            .attribute("isDefault", "true");
        let role = Element::new(Prefix::Md, "SPSSODescriptor")
            .attribute("AuthnRequestsSigned", if always { "true" } else { "false" })
            .attribute("WantAssertionsSigned", "true")
            .attribute("protocolSupportEnumeration", SAMLP)
            .children(self.keys.iter().flat_map(key_descriptors))
            .children(self.logout_services())
            .children(formats)
            .child(acs);
        let entity = Element::new(Prefix::Md, "EntityDescriptor")
            .attribute("entityID", self.entity_id.as_str())
            .child(role);
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", entity.canonical())
    }

    fn logout_services(&self) -> impl Iterator<Item = Element> {
        // Every message of single logout is signed: without a key we take no part in it.
        let location = self.slo.as_deref().filter(|_| !self.keys.is_empty());
        let service = |location: &str, binding: &str| {
            Element::new(Prefix::Md, "SingleLogoutService")
                .attribute("Binding", binding)
                .attribute("Location", location)
        };
        location.into_iter().flat_map(move |location| {
            [REDIRECT, POST, SOAP_BINDING].map(|binding| service(location, binding))
        })
    }
}

/// One descriptor for signing, and one for encryption where the key can decrypt: nobody can
/// encrypt to a key for ECDSA here.
fn key_descriptors(key: &ServiceKey) -> impl Iterator<Item = Element> {
    let descriptor = |purpose: &str| {
        Element::new(Prefix::Md, "KeyDescriptor")
            .attribute("use", purpose)
            .child(key_info(key.certificate()))
    };
    let methods = ENCRYPTION_METHODS.iter().map(|algorithm| {
        Element::new(Prefix::Md, "EncryptionMethod").attribute("Algorithm", *algorithm)
    });
    let encryption = key.decrypts().map(|_| descriptor("encryption").children(methods));
    [descriptor("signing")].into_iter().chain(encryption)
}
