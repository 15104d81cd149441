//! SAML 2.0 as service provider: from bytes to a verified assertion, and our own messages back.
//!
//! Pure: no IO, no clock, no randomness; `now` and random bytes are arguments. It does not keep
//! replay marks and does not know which request ids are open: the caller consumes
//! [`VerifiedAssertion::id`], [`LogoutRequest::id`] and the [`RequestId`], each once. (Signing and
//! the padding of encryption draw on OpenSSL's own source of randomness.)
//!
//! Invariants:
//! - No byte reaches libxml2 before the gate has passed the whole message. The gate has no mode
//!   in which it is lenient; what was decrypted passes it again.
//! - Identity is read only from the canonical bytes that were digested for a signature made with
//!   a key from [`IdpMetadata`], or from what was decrypted out of such bytes. The message as
//!   received is never consulted again. An assertion out of an unsigned response must be signed
//!   itself.
//! - What goes wrong behind a ciphertext is one error.
//! - [`IdpMetadata`] without a usable signing key cannot exist.
//! - A [`VerifiedAssertion`] is the proof that every check of `verify_response` ran; a
//!   [`LogoutMessage`], that a pinned key signed it.
//!
//! Start at [`verify_response`]; `verification` has the steps in order. `gate` holds what a message
//! may look like, `decryption` how ciphertext is replaced by its plaintext, `verifier` the call of
//! samael, `hardening` the only unsafe code, `response` and `protocol` the checks of SAML itself (the
//! audience is checked in `protocol::conditions`). `service_provider`, `authn_request` and `outgoing`
//! are what we say ourselves, `logout` is single logout in both directions.

mod assertion;
mod authn_request;
mod decryption;
mod error;
mod gate;
mod hardening;
mod instant;
mod keys;
mod lexical;
mod logout;
mod metadata;
mod outgoing;
mod protocol;
mod refusal;
mod request_id;
mod request_settings;
mod response;
mod service_provider;
mod verification;
mod verifier;
mod xml;

use std::time::Duration;

use domain::Timestamp;

pub use assertion::{NameId, VerifiedAssertion};
pub use authn_request::AuthnRequest;
pub use error::{FailedStatus, ResponseError};
pub use hardening::harden;
pub use keys::{KeyError, ServiceKeys};
pub use logout::{
    IncomingLogout, LogoutCall, LogoutError, LogoutExpectation, LogoutMessage, LogoutOutcome,
    LogoutRequest, LogoutResponse, read_logout,
};
pub use metadata::{
    Binding, IdpMetadata, LogoutEndpoint, MetadataError, ParseOptions, SigningCertificate,
};
pub use outgoing::{Outgoing, RequestError};
pub use request_id::{RequestId, RequestIdError};
pub use request_settings::{LoginHint, RequestBinding, RequestSigning, SamlRequest, SignedPart};
pub use service_provider::ServiceProvider;

/// What a response must answer to.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The identity provider that was asked.
    pub idp: &'a IdpMetadata,
    /// We, as that identity provider knows us.
    pub sp: &'a ServiceProvider,
    /// The request that was sent; `None`: nobody asked, and the response must not say otherwise
    /// (SAML Profiles §4.1.5). Whether such a response is taken at all is the caller's to know.
    pub request: Option<&'a RequestId>,
    /// Tolerated difference of clocks, in both directions.
    pub clock_skew: Duration,
    /// Until when this identity provider may sign with SHA-1; `None`: never (attacks.md A15).
    pub sha1_until: Option<Timestamp>,
    /// Until when this identity provider may encrypt with AES-CBC; `None`: never (attacks.md A22).
    pub cbc_until: Option<Timestamp>,
    /// What must be signed.
    pub signed: SignedPart,
    /// Whether an assertion in plain is refused.
    pub encryption_required: bool,
    /// Acceptable `AuthnContextClassRef`s; empty: any (attacks.md B24).
    pub authn_context: &'a [String],
    /// Since when the customer must have proved who they are, as `ForceAuthn` asked; `None`: any
    /// time. The request may have lost it on its way, so the answer is what counts.
    pub authenticated_since: Option<Timestamp>,
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
    let xml = gate::decode(saml_response_base64)?;
    verification::verify(&xml, expectation, now)
}
