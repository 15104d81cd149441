//! A message of single logout on its way in.

use std::time::Duration;

use domain::Timestamp;

use super::query::{Fields, decoded};
use super::{LogoutError, LogoutMessage, read};
use crate::verification::Exceptions;
use crate::xml::{DSIG, SAMLP, SOAP, children, is};
use crate::{Binding, IdpMetadata, ServiceProvider, gate, verifier};

/// A message of single logout as it arrived, nothing decoded.
#[derive(Debug, Clone, Copy)]
pub enum IncomingLogout<'a> {
    /// HTTP-Redirect.
    Redirect {
        /// What stands behind the `?`, byte by byte.
        raw_query: &'a str,
    },
    /// HTTP-POST.
    Post {
        /// The body, `application/x-www-form-urlencoded`, byte by byte.
        raw_form: &'a str,
    },
    /// SOAP.
    Soap {
        /// The envelope.
        body: &'a str,
    },
}

/// Whose message it must be.
#[derive(Debug, Clone, Copy)]
pub struct LogoutExpectation<'a> {
    /// The identity provider at whose address of ours it arrived.
    pub idp: &'a IdpMetadata,
    /// We, as that identity provider knows us.
    pub sp: &'a ServiceProvider,
    /// Tolerated difference of clocks, in both directions.
    pub clock_skew: Duration,
    /// Until when this identity provider may sign with SHA-1; `None`: never.
    pub sha1_until: Option<Timestamp>,
    /// Until when this identity provider may encrypt with AES-CBC; `None`: never.
    pub cbc_until: Option<Timestamp>,
}

/// Verifies a LogoutRequest or LogoutResponse. It is always signed (attacks.md B20), names its
/// issuer, our endpoint and its time; names that are encrypted are decrypted.
///
/// # Errors
/// One variant for each cause; see [`LogoutError::refusal`].
pub fn read_logout(
    incoming: &IncomingLogout<'_>,
    expectation: &LogoutExpectation<'_>,
    now: Timestamp,
) -> Result<LogoutMessage, LogoutError> {
    let exceptions = Exceptions::at(now, expectation.sha1_until, expectation.cbc_until);
    let arrived = match incoming {
        IncomingLogout::Redirect { raw_query } => by_redirect(raw_query, expectation, exceptions)?,
        IncomingLogout::Post { raw_form } => by_post(raw_form, expectation, exceptions)?,
        IncomingLogout::Soap { body } => by_soap(body, expectation, exceptions)?,
    };
    read::message(arrived, expectation, exceptions.cbc, now)
}

/// A message whose signature was verified.
pub(super) struct Arrived {
    /// The message itself: as signed in the query, or the digested bytes.
    pub(super) xml: String,
    pub(super) relay_state: Option<String>,
    pub(super) binding: Binding,
}

fn by_redirect(
    raw_query: &str,
    expectation: &LogoutExpectation<'_>,
    exceptions: Exceptions,
) -> Result<Arrived, LogoutError> {
    let fields = Fields::read(raw_query)?;
    let (name, value) = fields.message()?;
    fields.verify(expectation.idp, exceptions.sha1)?;
    let xml = fields.inflated(value)?;
    let document = gate::parse_logout(&xml)?;
    let root = document.root_element();
    if root.descendants().any(|node| is(node, DSIG, "Signature")) {
        return Err(LogoutError::SignatureInside);
    }
    fits_field(root.tag_name().name(), name)?;
    drop(document);
    Ok(Arrived { xml, relay_state: fields.relay_state()?, binding: Binding::Redirect })
}

fn by_post(
    raw_form: &str,
    expectation: &LogoutExpectation<'_>,
    exceptions: Exceptions,
) -> Result<Arrived, LogoutError> {
    let fields = Fields::read(raw_form)?;
    let (name, value) = fields.message()?;
    let value = decoded(value).ok_or(LogoutError::FieldEncoding("SAMLRequest"))?;
    let received = gate::decode(&value)?;
    let xml = digested(&received, expectation, exceptions)?;
    fits_field(gate::parse_logout(&xml)?.root_element().tag_name().name(), name)?;
    Ok(Arrived { xml, relay_state: fields.relay_state()?, binding: Binding::Post })
}

/// SAML Bindings §3.2.2: the message is the one child of the body.
fn by_soap(
    body: &str,
    expectation: &LogoutExpectation<'_>,
    exceptions: Exceptions,
) -> Result<Arrived, LogoutError> {
    if body.len() > 256 * 1024 {
        return Err(crate::ResponseError::TooLarge(body.len()).into());
    }
    let document = gate::parse_envelope(body)?;
    let root = document.root_element();
    if !is(root, SOAP, "Envelope") {
        return Err(LogoutError::Envelope("the root is no Envelope"));
    }
    let mut bodies = children(root, SOAP, "Body");
    let (Some(only), None) = (bodies.next(), bodies.next()) else {
        return Err(LogoutError::Envelope("not one Body"));
    };
    let mut messages = only.children().filter(roxmltree::Node::is_element);
    let (Some(message), None) = (messages.next(), messages.next()) else {
        return Err(LogoutError::Envelope("not one message"));
    };
    if !is(message, SAMLP, "LogoutRequest") && !is(message, SAMLP, "LogoutResponse") {
        return Err(LogoutError::Envelope("another message"));
    }
    let xml = digested(&verifier::alone(message), expectation, exceptions)?;
    Ok(Arrived { xml, relay_state: None, binding: Binding::Soap })
}

/// The digested bytes of a message that is signed inside.
fn digested(
    xml: &str,
    expectation: &LogoutExpectation<'_>,
    exceptions: Exceptions,
) -> Result<String, LogoutError> {
    let document = gate::parse_logout(xml)?;
    let root = document.root_element();
    if !root.descendants().any(|node| is(node, DSIG, "Signature")) {
        return Err(LogoutError::Unsigned);
    }
    let signatures = gate::root_signature(root, exceptions.sha1)?;
    let id = root.attribute("ID").map(str::to_owned);
    let keys = expectation.idp.signing_keys();
    let bytes = verifier::digested_bytes(xml, &signatures, keys)?;
    if gate::parse_logout(&bytes)?.root_element().attribute("ID") != id.as_deref() {
        return Err(crate::ResponseError::SignedContent("another element").into());
    }
    Ok(bytes)
}

/// A request is not sent as a response, nor the other way round.
fn fits_field(root: &str, field: &str) -> Result<(), LogoutError> {
    let fits = matches!(
        (root, field),
        ("LogoutRequest", "SAMLRequest") | ("LogoutResponse", "SAMLResponse")
    );
    fits.then_some(()).ok_or(LogoutError::NoMessage)
}
