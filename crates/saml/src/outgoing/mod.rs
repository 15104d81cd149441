//! How messages of ours travel.

mod canonical;
mod signature;

use std::cell::RefCell;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Blame, Notice, Refusal};
use flate2::{Compress, Compression, FlushCompress, Status};
use url::Url;
use url::form_urlencoded::byte_serialize;

pub(crate) use canonical::{Element, Prefix};
pub(crate) use signature::{enveloped, key_info};

use crate::keys::ServiceKey;

/// A message of ours on its way through the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// HTTP-Redirect (SAML Bindings §3.4).
    Redirect(Url),
    /// HTTP-POST (SAML Bindings §3.5): a page that posts these fields to the address by itself.
    Post {
        /// Where to.
        action: Url,
        /// Names and values of the hidden fields.
        fields: Vec<(&'static str, String)>,
    },
}

/// Why no message was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It must be signed, and there is no key.
    #[error("the message to the identity provider must be signed, and `keys.saml` has no key")]
    NoKey,
    /// The metadata has no endpoint for the way that the operator wants.
    #[error("the identity provider's metadata has no {0} endpoint")]
    NoEndpoint(&'static str),
    /// OpenSSL could not sign.
    #[error("the message could not be signed")]
    Signing,
}

impl RequestError {
    /// The refusal that the gateway shows, logs and keeps.
    pub fn refusal(self) -> Refusal {
        let (cause, blame, remedy) = match self {
            Self::NoKey => (
                "saml-request-key-missing",
                Blame::Operator,
                "put a key under `keys.saml`; `vestibule keys init` makes one",
            ),
            Self::NoEndpoint(_) => (
                "saml-request-endpoint-missing",
                Blame::Operator,
                "choose the other `binding` for this provider, or enable the one that is missing there",
            ),
            Self::Signing => (
                "saml-request-signing-failed",
                Blame::Us,
                "make a new key with `vestibule keys stage saml`; report this if it comes back",
            ),
        };
        Refusal::new(cause, blame, Notice::TryAgainLater, self.to_string(), remedy)
    }
}

/// Request or answer: the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Request,
    Response,
}

impl Field {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// By HTTP-Redirect. The signature covers the query's bytes as they are sent, in the order of SAML
/// Bindings §3.4.4.1; `extra` is no part of the protocol and stands behind it.
pub(crate) fn redirect(
    endpoint: &Url,
    field: Field,
    message: &Element,
    relay_state: &str,
    key: Option<&ServiceKey>,
    extra: Option<(&str, &str)>,
) -> Result<Outgoing, RequestError> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let packed = STANDARD.encode(deflate(&message.canonical()));
    let mut query = format!("{}={}", field.name(), encoded(&packed));
    if !relay_state.is_empty() {
        query.push_str(&format!("&RelayState={}", encoded(relay_state)));
    }
    if let Some(key) = key {
        query.push_str(&format!("&SigAlg={}", encoded(key.algorithm())));
        let signature = key.sign(query.as_bytes()).map_err(|_| RequestError::Signing)?;
        query.push_str(&format!("&Signature={}", encoded(&STANDARD.encode(signature))));
    }
    if let Some((name, value)) = extra {
        query.push_str(&format!("&{name}={}", encoded(value)));
    }
    let mut url = endpoint.clone();
    match endpoint.query().filter(|own| !own.is_empty()) {
        Some(own) => url.set_query(Some(&format!("{own}&{query}"))),
        None => url.set_query(Some(&query)),
    }
    Ok(Outgoing::Redirect(url))
}

/// By HTTP-POST, signed inside the message.
pub(crate) fn post(
    endpoint: &Url,
    field: Field,
    message: Element,
    id: &str,
    relay_state: &str,
    key: Option<&ServiceKey>,
) -> Result<Outgoing, RequestError> {
    let message = signed(message, id, key)?;
    let mut fields = vec![(field.name(), STANDARD.encode(message.canonical()))];
    if !relay_state.is_empty() {
        fields.push(("RelayState", relay_state.to_owned()));
    }
    Ok(Outgoing::Post { action: endpoint.clone(), fields })
}

/// In a SOAP 1.1 envelope (SAML Bindings §3.2.2), signed inside the message.
pub(crate) fn envelope(
    message: Element,
    id: &str,
    key: &ServiceKey,
) -> Result<String, RequestError> {
    let body = Element::new(Prefix::Soap, "Body").child(signed(message, id, Some(key))?);
    Ok(Element::new(Prefix::Soap, "Envelope").child(body).canonical())
}

fn signed(message: Element, id: &str, key: Option<&ServiceKey>) -> Result<Element, RequestError> {
    match key {
        Some(key) => enveloped(message, id, key).map_err(|_| RequestError::Signing),
        None => Ok(message),
    }
}

/// RFC 1951 without a zlib header (SAML Bindings §3.4.4.1).
fn deflate(text: &str) -> Vec<u8> {
    thread_local! {
        /// Its tables are 300 KiB: making them anew costs more than packing a message, and packing
        /// it harder saves six bytes.
        static PACKER: RefCell<Compress> =
            RefCell::new(Compress::new(Compression::fast(), false));
    }
    PACKER.with_borrow_mut(|packer| {
        packer.reset();
        // What cannot be packed becomes longer by five bytes for each 64 KiB.
        let mut packed = Vec::with_capacity(text.len() + text.len() / 1024 + 64);
        let outcome = packer.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Finish);
        debug_assert!(matches!(outcome, Ok(Status::StreamEnd)), "packing memory failed");
        packed
    })
}
