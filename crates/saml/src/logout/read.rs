//! What a verified message of single logout says.

use domain::Timestamp;
use roxmltree::Node;

use super::incoming::Arrived;
use super::{LogoutError, LogoutExpectation, LogoutMessage, LogoutRequest, LogoutResponse};
use crate::decryption::{self, Cbc};
use crate::protocol::{OLDEST, check_issue_instant, check_issuer, moment};
use crate::response::check_status;
use crate::xml::{SAML, SAMLP, child, children, is, shown, text};
use crate::{Binding, NameId, ResponseError, gate};

/// Sessions that one request may name.
const MOST_SESSIONS: usize = 100;

/// Checks the message and reads it.
pub(super) fn message(
    arrived: Arrived,
    expectation: &LogoutExpectation<'_>,
    cbc: Cbc,
    now: Timestamp,
) -> Result<LogoutMessage, LogoutError> {
    let Arrived { xml, relay_state, binding } = arrived;
    let xml = decryption::names_and_attributes(xml, &expectation.sp.keys, cbc)?.xml;
    let document = gate::parse_logout(&xml)?;
    let root = document.root_element();
    check(root, binding, expectation, now)?;
    if is(root, SAMLP, "LogoutResponse") {
        let in_response_to = root.attribute("InResponseTo").ok_or(LogoutError::Unsolicited)?;
        return Ok(LogoutMessage::Response(LogoutResponse {
            in_response_to: in_response_to.to_owned(),
            success: succeeded(root)?,
            relay_state,
        }));
    }
    let expires = expires(root, expectation, now)?;
    let name = child(root, SAML, "NameID").map_err(ResponseError::from)?;
    let indexes = children(root, SAMLP, "SessionIndex").map(text).collect::<Option<Vec<_>>>();
    let session_indexes = indexes.ok_or(ResponseError::Structure("a SessionIndex is no text"))?;
    if session_indexes.len() > MOST_SESSIONS {
        return Err(LogoutError::TooManySessions);
    }
    Ok(LogoutMessage::Request(LogoutRequest {
        id: root.attribute("ID").ok_or(ResponseError::Ids("an element has no ID"))?.to_owned(),
        name_id: NameId::read(name.ok_or(ResponseError::NameIdMissing)?)?,
        session_indexes,
        relay_state,
        expires,
        binding,
    }))
}

/// What both kinds have in common.
fn check(
    root: Node<'_, '_>,
    binding: Binding,
    expectation: &LogoutExpectation<'_>,
    now: Timestamp,
) -> Result<(), LogoutError> {
    let part = if is(root, SAMLP, "LogoutRequest") { "logout request" } else { "logout response" };
    if root.attribute("Version") != Some("2.0") {
        return Err(ResponseError::Version(part).into());
    }
    let ours = expectation.sp.slo.as_deref().ok_or(LogoutError::NotOffered)?;
    match root.attribute("Destination") {
        Some(destination) if destination == ours => {}
        // SAML Bindings §3.2.2 demands none of a message that no browser carries.
        None if binding == Binding::Soap => {}
        None => return Err(ResponseError::DestinationMissing.into()),
        Some(other) => {
            let (found, expected) = (shown(other), ours.to_owned());
            return Err(ResponseError::DestinationForeign { found, expected }.into());
        }
    }
    let issuer = child(root, SAML, "Issuer").map_err(ResponseError::from)?;
    let issuer = issuer.ok_or(ResponseError::IssuerMissing)?;
    check_issuer(issuer, part, &expectation.idp.entity_id)?;
    Ok(check_issue_instant(root, part, expectation.clock_skew, now)?)
}

/// When a request is over: by its own word, or because it is old.
fn expires(
    root: Node<'_, '_>,
    expectation: &LogoutExpectation<'_>,
    now: Timestamp,
) -> Result<Timestamp, LogoutError> {
    let issued = moment(root, "IssueInstant")?.ok_or(ResponseError::Moment("IssueInstant"))?;
    let old = issued.plus(OLDEST).plus(expectation.clock_skew);
    let Some(end) = moment(root, "NotOnOrAfter")? else { return Ok(old) };
    let end = end.plus(expectation.clock_skew);
    if now >= end {
        return Err(LogoutError::Expired);
    }
    Ok(old.min(end))
}

/// SAML Core §3.7.3.2: anything but plain success means that sessions may live on elsewhere.
fn succeeded(root: Node<'_, '_>) -> Result<bool, LogoutError> {
    match check_status(root) {
        Ok(()) => Ok(true),
        Err(ResponseError::Status(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}
