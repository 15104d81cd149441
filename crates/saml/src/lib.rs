//! SAML 2.0 as service provider: from bytes to a verified assertion.
//!
//! Pure: no IO, no clock, no randomness; `now` and random bytes are arguments. It does not keep
//! replay marks and does not know which request ids are open: the caller consumes
//! [`VerifiedAssertion::id`] and the [`RequestId`], each once.
//!
//! Invariants:
//! - No byte reaches libxml2 before the gate has passed the whole message. The gate has no mode
//!   in which it is lenient.
//! - Identity is read only from the canonical bytes that were digested for a signature made with
//!   a key from [`IdpMetadata`]. The message as received is never consulted again.
//! - [`IdpMetadata`] without a usable signing key cannot exist.
//! - A [`VerifiedAssertion`] is the proof that every check of `verify_response` ran.
//!
//! Start at [`verify_response`]; it names the steps in order. `gate` holds what a message may look
//! like, `verifier` the call of samael, `hardening` the only unsafe code, `response` and `protocol`
//! the checks of SAML itself (the audience is checked in `protocol::conditions`).

mod assertion;
mod error;
mod gate;
mod hardening;
mod instant;
mod lexical;
mod metadata;
mod protocol;
mod refusal;
mod request_id;
mod response;
mod service_provider;
mod verifier;
mod xml;

use std::time::Duration;

use domain::Timestamp;

pub use assertion::{NameId, VerifiedAssertion};
pub use error::{FailedStatus, ResponseError};
pub use hardening::harden;
pub use metadata::{IdpMetadata, MetadataError, SigningCertificate};
pub use request_id::{RequestId, RequestIdError};
pub use service_provider::ServiceProvider;

/// What a response must answer to.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The identity provider that was asked.
    pub idp: &'a IdpMetadata,
    /// We, as that identity provider knows us.
    pub sp: &'a ServiceProvider,
    /// The request that was sent.
    pub request: &'a RequestId,
    /// Tolerated difference of clocks, in both directions.
    pub clock_skew: Duration,
    /// Until when this identity provider may sign with SHA-1; `None`: never (attacks.md A15).
    pub sha1_until: Option<Timestamp>,
}

/// Verifies the `SAMLResponse` form field of an HTTP-POST (SAML Bindings §3.5).
///
/// Costs up to a few milliseconds of CPU; call it away from the data path.
///
/// # Errors
/// One variant for each cause; see [`ResponseError::refusal`].
pub fn verify_response(
    saml_response_base64: &str,
    expectation: &Expectation<'_>,
    now: Timestamp,
) -> Result<VerifiedAssertion, ResponseError> {
    let sha1 = match expectation.sha1_until {
        Some(until) if now < until => gate::Sha1::Tolerated,
        _ => gate::Sha1::Refused,
    };
    let xml = gate::decode(saml_response_base64)?;
    let document = gate::parse(&xml)?;
    let root = document.root_element();
    let signed = response::Signed::of(root);
    response::check(root, signed, expectation, now)?;
    let covered = gate::covered_part(root, sha1)?;

    let canonical = verifier::digested_bytes(&xml, &covered, expectation.idp)?;
    let document = gate::parse_canonical(&canonical)?;
    let assertion = verifier::assertion_in(&document, &covered)?;
    if signed == response::Signed::Yes {
        response::check(document.root_element(), signed, expectation, now)?;
    }
    protocol::check(assertion, expectation, now)?;
    assertion::read(assertion, &covered, expectation, now)
}
