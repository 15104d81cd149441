//! The checks of the response around the assertion (SAML Core §3.2.2, Profiles §4.1.4.3).
//!
//! They run on the message as received, and again on the digested bytes when the response itself
//! is signed. An unsigned response can pass them by lying; it can only refuse itself.

use domain::Timestamp;
use roxmltree::Node;

use crate::protocol::{check_issue_instant, check_issuer};
use crate::xml::{DSIG, SAML, SAMLP, child, children, shown};
use crate::{Expectation, FailedStatus, RequestId, ResponseError};

/// Whether the response itself is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// It is.
    Yes,
    /// At most its assertion is.
    No,
}

impl Signed {
    /// Whether a signature stands in the response.
    pub(crate) fn of(response: Node<'_, '_>) -> Self {
        match children(response, DSIG, "Signature").next() {
            Some(_) => Self::Yes,
            None => Self::No,
        }
    }
}

/// Checks all that a response says about itself.
pub(crate) fn check(
    response: Node<'_, '_>,
    signed: Signed,
    expectation: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), ResponseError> {
    if response.attribute("Version") != Some("2.0") {
        return Err(ResponseError::Version("response"));
    }
    check_destination(response, signed, &expectation.sp.acs)?;
    if let Some(issuer) = child(response, SAML, "Issuer")? {
        check_issuer(issuer, "response", &expectation.idp.entity_id)?;
    }
    let expected = expectation.request.map(RequestId::as_str);
    match (response.attribute("InResponseTo"), expected) {
        (None, None) => {}
        (None, Some(_)) => return Err(ResponseError::Unsolicited),
        (Some(found), Some(expected)) if found == expected => {}
        // SAML Profiles §4.1.5: an answer that nobody asked for names no request.
        (Some(_), _) => return Err(ResponseError::RequestForeign("response")),
    }
    check_status(response)?;
    check_issue_instant(response, "response", expectation.clock_skew, now)
}

/// SAML Bindings §3.5.5.2: a signed response names its destination. Compared byte by byte (B12).
fn check_destination(
    response: Node<'_, '_>,
    signed: Signed,
    acs: &str,
) -> Result<(), ResponseError> {
    match response.attribute("Destination") {
        Some(destination) if destination == acs => Ok(()),
        Some(destination) => Err(ResponseError::DestinationForeign {
            found: shown(destination),
            expected: acs.to_owned(),
        }),
        None if signed == Signed::Yes => Err(ResponseError::DestinationMissing),
        None => Ok(()),
    }
}

/// SAML Core §3.2.2.2: the top code decides, the second one explains.
pub(crate) fn check_status(response: Node<'_, '_>) -> Result<(), ResponseError> {
    let code = |parent| -> Result<Option<Node<'_, '_>>, ResponseError> {
        Ok(child(parent, SAMLP, "StatusCode")?)
    };
    let status = child(response, SAMLP, "Status")?.ok_or(ResponseError::StatusMissing)?;
    let top = code(status)?.ok_or(ResponseError::StatusMissing)?;
    let value = |node: Node<'_, '_>| {
        node.attribute("Value")?
            .strip_prefix("urn:oasis:names:tc:SAML:2.0:status:")
            .map(str::to_owned)
    };
    let second = code(top)?.and_then(value);
    let failed = match (value(top).as_deref(), second.as_deref()) {
        (Some("Success"), None) => return Ok(()),
        // Success that is no success: nothing is known of what the sender meant.
        (Some("Success"), Some(_)) => FailedStatus::Other,
        (_, Some("AuthnFailed")) => FailedStatus::AuthnFailed,
        (_, Some("RequestDenied")) => FailedStatus::RequestDenied,
        (_, Some("UnknownPrincipal")) => FailedStatus::UnknownPrincipal,
        (_, Some("NoPassive")) => FailedStatus::NoPassive,
        (_, Some("NoAuthnContext")) => FailedStatus::NoAuthnContext,
        (_, Some("InvalidNameIDPolicy")) => FailedStatus::InvalidNameIdPolicy,
        (_, Some("RequestUnsupported")) => FailedStatus::RequestUnsupported,
        (Some("VersionMismatch"), _) => FailedStatus::VersionMismatch,
        (Some("Requester"), _) => FailedStatus::Requester,
        (Some("Responder"), _) => FailedStatus::Responder,
        _ => FailedStatus::Other,
    };
    Err(ResponseError::Status(failed))
}
