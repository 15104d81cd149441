//! Metadata of the fake SAML identity provider, right or wrong in one way.

use super::draft::PROTOCOL_NS;
use super::redirect::Binding;
use super::signature::{DSIG_NS, Reference, Shape, place};
use super::{Core, EVIL_ENTITY};
use crate::clock::date_time;
use crate::keys::SigningKey;
use crate::text::xml_attribute;

const METADATA_NS: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

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
    /// Not wrong: the single sign-on service speaks HTTP-POST only.
    PostOnly,
    /// Not wrong: the single sign-on service speaks HTTP-Redirect only.
    RedirectOnly,
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

/// How metadata is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MetadataSignature {
    /// Not at all.
    #[default]
    None,
    /// With the publisher's key, which signs nothing else
    /// ([`SamlIdp::publisher`](super::SamlIdp::publisher)).
    Good,
    /// With the key that signs responses.
    ResponseKey,
    /// With a key that nobody knows.
    ForeignKey,
    /// With the publisher's key; then the single sign-on service was changed.
    Tampered,
    /// With the publisher's key, over an entity in the Extensions of another root.
    Wrapped,
}

/// The entities of a federation's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Federation {
    /// How many others stand before ours, and as many behind.
    pub others: usize,
    /// Our own is listed, under its entity id.
    pub lists_us: bool,
    /// The others are in an EntitiesDescriptor of their own inside the first, ours too.
    pub nested: bool,
}

/// Metadata as published now.
pub(super) fn text(core: &Core) -> String {
    let state = core.state();
    let (flaw, signature, federation) =
        (state.metadata_flaw, state.metadata_signature, state.federation);
    let own = state.publishes_key.then_some(&state.key);
    let staged = state.staged.as_ref();
    let all = own.into_iter().chain(staged).chain(&state.also_published);
    let keys: String = all.map(|key| key_descriptor(key, flaw)).collect();
    let response_key = state.key.clone();
    drop(state);
    let entity = match flaw {
        Some(MetadataFlaw::ForeignEntity) => EVIL_ENTITY,
        _ => &core.entity_id,
    };
    let entity = entity_descriptor(core, entity, &keys, flaw);
    let document = federation.map_or(entity.clone(), |f| f.around(core, &entity));
    let document = signed(core, document, signature, &response_key);
    let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{document}\n");
    match flaw {
        Some(MetadataFlaw::Doctype) => format!("<!DOCTYPE md:EntityDescriptor>{document}"),
        Some(MetadataFlaw::Html) => "<!doctype html><title>Sign in</title>".to_owned(),
        Some(MetadataFlaw::Empty) => String::new(),
        Some(MetadataFlaw::Huge) => document + &" ".repeat(50 * 1024 * 1024),
        _ => document,
    }
}

impl Federation {
    /// `ours` among others of the same shape, which have other ids, endpoints and keys.
    fn around(self, core: &Core, ours: &str) -> String {
        let other = |n: usize| {
            let key = key_descriptor(&core.foreign_key, None);
            let text =
                entity_descriptor(core, &format!("https://other{n}.example/idp"), &key, None);
            text.replace(&core.url, &format!("https://other{n}.example"))
        };
        let before: String = (0..self.others).map(other).collect();
        let behind: String = (self.others..2 * self.others).map(other).collect();
        let ours = if self.lists_us { ours } else { "" };
        let content = format!("{before}{ours}{behind}");
        let until = date_time(core.options.clock.now() + 30 * 86_400);
        if self.nested {
            let inner = content.replace(&format!(" xmlns:md=\"{METADATA_NS}\""), "");
            let inner =
                format!("<md:EntitiesDescriptor Name=\"members\">{inner}</md:EntitiesDescriptor>");
            return entities(&until, &inner);
        }
        entities(&until, &content.replace(&format!(" xmlns:md=\"{METADATA_NS}\""), ""))
    }
}

fn entities(until: &str, content: &str) -> String {
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"{METADATA_NS}\" ID=\"_f{}\" \
         Name=\"https://federation.example\" validUntil=\"{until}\">{content}\
         </md:EntitiesDescriptor>",
        id_of("federation")
    )
}

/// The same id for the same entity, whenever it is asked for.
fn id_of(entity: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, entity.as_bytes());
    hash.as_ref().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// SAML Metadata §3: an enveloped signature, first in the root.
fn signed(
    core: &Core,
    document: String,
    signature: MetadataSignature,
    response_key: &SigningKey,
) -> String {
    let key = match signature {
        MetadataSignature::None => return document,
        MetadataSignature::ResponseKey => response_key,
        MetadataSignature::ForeignKey => &core.foreign_key,
        _ => &core.publisher,
    };
    let id = document.split(" ID=\"").nth(1).and_then(|rest| rest.split('"').next());
    let reference = Reference {
        uri: format!("#{}", id.unwrap_or_default()),
        content: document.clone().into_bytes(),
    };
    let made = Shape::honest(key, key.algorithm()).sign(&[reference]);
    let whole = place(&document, &made);
    match signature {
        MetadataSignature::Tampered => whole.replace(&core.sso_url, "http://127.0.0.1:9/sso"),
        MetadataSignature::Wrapped => {
            let forged_key = key_descriptor(&core.foreign_key, None);
            let forged = entity_descriptor(core, &core.entity_id, &forged_key, None);
            let extensions = format!("<md:Extensions>{whole}</md:Extensions>");
            place(&forged, &format!("{made}{extensions}"))
        }
        _ => whole,
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
    let sso = match flaw {
        Some(MetadataFlaw::PlainHttpEndpoint) => "http://idp.evil.example/sso",
        _ => &core.sso_url,
    };
    let bindings: &[&str] = match flaw {
        Some(MetadataFlaw::PostOnly) => &["HTTP-POST"],
        Some(MetadataFlaw::RedirectOnly) => &["HTTP-Redirect"],
        _ => &["HTTP-Redirect", "HTTP-POST"],
    };
    let sso: String = bindings.iter().map(|b| service("SingleSignOnService", b, sso)).collect();
    let wants = core.state().wants_signed_requests;
    format!(
        "<md:EntityDescriptor xmlns:md=\"{METADATA_NS}\" ID=\"_m{}\" entityID=\"{}\" \
         validUntil=\"{}\"><md:{role} WantAuthnRequestsSigned=\"{wants}\" \
         protocolSupportEnumeration=\"{PROTOCOL_NS}\">{keys}{}<md:NameIDFormat>{}\
         </md:NameIDFormat>{sso}</md:{role}></md:EntityDescriptor>",
        id_of(entity),
        xml_attribute(entity),
        date_time(until),
        logout_services(core),
        super::draft::PERSISTENT,
    )
}

fn logout_services(core: &Core) -> String {
    let bindings = core.state().logout_bindings.clone();
    let one = |binding: &Binding| {
        let (name, url) = match binding {
            Binding::Redirect => ("HTTP-Redirect", core.slo_url.clone()),
            Binding::Post => ("HTTP-POST", core.slo_url.clone()),
            Binding::Soap => ("SOAP", core.soap_url.clone()),
        };
        service("SingleLogoutService", name, &url)
    };
    bindings.iter().map(one).collect()
}

fn service(element: &str, binding: &str, location: &str) -> String {
    format!(
        "<md:{element} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" \
         Location=\"{}\"></md:{element}>",
        xml_attribute(location)
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
        "<md:KeyDescriptor{usage}><ds:KeyInfo xmlns:ds=\"{DSIG_NS}\"><ds:X509Data><ds:X509Certificate>{certificate}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}
