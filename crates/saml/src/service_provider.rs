//! What we say: our own metadata and authentication requests.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use flate2::Compression;
use flate2::read::DeflateEncoder;
use url::Url;

use crate::xml::{METADATA, SAML, SAMLP, escape};
use crate::{IdpMetadata, RequestId};

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// The name ids that are understood, best first.
const NAME_ID_FORMATS: [&str; 3] = [
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
];

/// We, as one identity provider knows us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Our entity id: `https://{host}/.vestibule/saml/{idp}/metadata`.
    pub entity_id: String,
    /// Our assertion consumer service: `https://{host}/.vestibule/saml/{idp}/acs`.
    pub acs: String,
}

impl ServiceProvider {
    /// Our metadata (SAML Metadata §2.4.4), for the operator of the identity provider. Carries no
    /// date, so it may be imported by hand and stays good.
    pub fn metadata(&self) -> String {
        let (entity_id, acs) = (escape(&self.entity_id), escape(&self.acs));
        let formats: String = NAME_ID_FORMATS
            .iter()
            .map(|format| format!("    <md:NameIDFormat>{format}</md:NameIDFormat>\n"))
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{entity_id}\">\n\
             \x20 <md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" \
             protocolSupportEnumeration=\"{SAMLP}\">\n\
             {formats}\
             \x20   <md:AssertionConsumerService Binding=\"{POST}\" Location=\"{acs}\" index=\"0\" \
             isDefault=\"true\"/>\n\
             \x20 </md:SPSSODescriptor>\n\
             </md:EntityDescriptor>\n"
        )
    }

    /// Where to send the browser: an authentication request by HTTP-Redirect (SAML Bindings §3.4).
    ///
    /// `relay_state` comes back with the answer; empty: none. `login_hint` goes into the query,
    /// where identity providers that know it prefill their page: a `Subject` in the request would
    /// demand that very name of them (SAML Core §3.4.1.4), and Microsoft Entra ID refuses one.
    pub fn authn_request(
        &self,
        idp: &IdpMetadata,
        id: &RequestId,
        relay_state: &str,
        login_hint: Option<&str>,
        now: Timestamp,
    ) -> Url {
        let mut url = idp.sso_redirect.clone();
        let message = deflate(&self.request_xml(idp, id, now));
        let mut query = url.query_pairs_mut();
        query.append_pair("SAMLRequest", &STANDARD.encode(message));
        if !relay_state.is_empty() {
            query.append_pair("RelayState", relay_state);
        }
        if let Some(hint) = login_hint {
            query.append_pair("login_hint", hint);
        }
        drop(query);
        url
    }

    /// SAML Core §3.4.1; without a format, the identity provider chooses the name id.
    fn request_xml(&self, idp: &IdpMetadata, id: &RequestId, now: Timestamp) -> String {
        let (entity_id, acs) = (escape(&self.entity_id), escape(&self.acs));
        let destination = escape(idp.sso_redirect.as_str());
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"{id}\" \
             Version=\"2.0\" IssueInstant=\"{now}\" Destination=\"{destination}\" \
             AssertionConsumerServiceURL=\"{acs}\" ProtocolBinding=\"{POST}\">\
             <saml:Issuer>{entity_id}</saml:Issuer>\
             <samlp:NameIDPolicy AllowCreate=\"true\"/>\
             </samlp:AuthnRequest>"
        )
    }
}

/// RFC 1951 without a zlib header (SAML Bindings §3.4.4.1).
fn deflate(text: &str) -> Vec<u8> {
    let mut compressed = Vec::new();
    let mut encoder = DeflateEncoder::new(text.as_bytes(), Compression::default());
    // Reads from memory into memory: cannot fail.
    let outcome = encoder.read_to_end(&mut compressed);
    debug_assert!(outcome.is_ok(), "compressing memory failed");
    compressed
}
