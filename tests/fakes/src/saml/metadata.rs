//! Metadata of the fake SAML identity provider, right or wrong in one way.

use super::draft::PROTOCOL_NS;
use super::{Core, EVIL_ENTITY};
use crate::clock::date_time;
use crate::keys::SigningKey;
use crate::text::xml_attribute;

/// What is wrong with metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetadataFlaw {
    /// The entity id is another one.
    ForeignEntity,
    /// No KeyDescriptor.
    NoKey,
    /// The only key is for encryption.
    EncryptionKeyOnly,
    /// A KeyDescriptor whose certificate is no certificate.
    BrokenCertificate,
    /// `validUntil` has passed.
    Expired,
    /// The single sign-on service is on http on another machine.
    PlainHttpEndpoint,
    /// The single sign-on service speaks HTTP-POST only.
    PostOnly,
    /// The entity is a service provider.
    OtherRole,
    /// A DOCTYPE.
    Doctype,
    /// A page, as a portal shows instead of metadata.
    Html,
    /// Nothing.
    Empty,
    /// 50 MB.
    Huge,
    /// 500 and a text.
    ServerError,
    /// Not wrong: KeyDescriptor without `use`, which means any use (SAML Metadata §2.4.1.1).
    NoUse,
}

/// Metadata as published now.
pub(super) fn text(core: &Core) -> String {
    let state = core.state();
    let flaw = state.metadata_flaw;
    let own = state.publishes_key.then_some(&state.key);
    let keys: String =
        own.into_iter().chain(&state.also_published).map(|key| key_descriptor(key, flaw)).collect();
    drop(state);
    let entity = match flaw {
        Some(MetadataFlaw::ForeignEntity) => EVIL_ENTITY,
        _ => &core.entity_id,
    };
    let document = entity_descriptor(core, entity, &keys, flaw);
    match flaw {
        Some(MetadataFlaw::Doctype) => format!("<!DOCTYPE md:EntityDescriptor>{document}"),
        Some(MetadataFlaw::Html) => "<!doctype html><title>Sign in</title>".to_owned(),
        Some(MetadataFlaw::Empty) => String::new(),
        Some(MetadataFlaw::Huge) => document + &" ".repeat(50 * 1024 * 1024),
        _ => document,
    }
}

fn entity_descriptor(core: &Core, entity: &str, keys: &str, flaw: Option<MetadataFlaw>) -> String {
    let now = core.options.clock.now();
    let until = match flaw {
        Some(MetadataFlaw::Expired) => now - 86_400,
        _ => now + 30 * 86_400,
    };
    let role = match flaw {
        Some(MetadataFlaw::OtherRole) => "SPSSODescriptor",
        _ => "IDPSSODescriptor",
    };
    let binding = match flaw {
        Some(MetadataFlaw::PostOnly) => "HTTP-POST",
        _ => "HTTP-Redirect",
    };
    let location = match flaw {
        Some(MetadataFlaw::PlainHttpEndpoint) => "http://idp.evil.example/sso",
        _ => &core.sso_url,
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{}\" validUntil=\"{}\">\n  \
         <md:{role} WantAuthnRequestsSigned=\"false\" protocolSupportEnumeration=\"{PROTOCOL_NS}\">\
         {keys}\n    \
         <md:NameIDFormat>{}</md:NameIDFormat>\n    \
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" \
         Location=\"{}\"/>\n  </md:{role}>\n</md:EntityDescriptor>\n",
        xml_attribute(entity),
        date_time(until),
        super::draft::PERSISTENT,
        xml_attribute(location),
    )
}

fn key_descriptor(key: &SigningKey, flaw: Option<MetadataFlaw>) -> String {
    let usage = match flaw {
        Some(MetadataFlaw::NoKey) => return String::new(),
        Some(MetadataFlaw::EncryptionKeyOnly) => " use=\"encryption\"",
        Some(MetadataFlaw::NoUse) => "",
        _ => " use=\"signing\"",
    };
    let certificate = match flaw {
        Some(MetadataFlaw::BrokenCertificate) => "bm8gY2VydGlmaWNhdGU=".to_owned(),
        _ => key.certificate_base64(),
    };
    format!(
        "\n    <md:KeyDescriptor{usage}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}
