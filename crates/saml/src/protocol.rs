//! The checks of the assertion itself (SAML Core §2.5, Profiles §4.1.4.3), on digested bytes.

use std::time::Duration;

use domain::Timestamp;
use roxmltree::Node;

use crate::xml::{SAML, child, children, is, shown, text};
use crate::{Expectation, ResponseError, instant};

/// How old a message may be: a customer types a password before it, never after it.
pub(crate) const OLDEST: Duration = Duration::from_secs(600);
/// The longest validity: it bounds how long a replay mark must be kept.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

const ENTITY_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// Checks all that an assertion says about itself, its conditions and its subject.
pub(crate) fn check(
    assertion: Node<'_, '_>,
    expectation: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), ResponseError> {
    if assertion.attribute("Version") != Some("2.0") {
        return Err(ResponseError::Version("assertion"));
    }
    let issuer = child(assertion, SAML, "Issuer")?.ok_or(ResponseError::IssuerMissing)?;
    check_issuer(issuer, "assertion", &expectation.idp.entity_id)?;
    check_issue_instant(assertion, "assertion", expectation.clock_skew, now)?;
    conditions(assertion, expectation, now)?;
    let subject = child(assertion, SAML, "Subject")?.ok_or(ResponseError::NameIdMissing)?;
    confirmation(subject, expectation, now)
}

/// B13: the issuer is the identity provider that was asked (SAML Core §8.3.6 for the format).
pub(crate) fn check_issuer(
    issuer: Node<'_, '_>,
    part: &'static str,
    expected: &str,
) -> Result<(), ResponseError> {
    let found = text(issuer).unwrap_or_default();
    let formatted = issuer.attribute("Format").is_none_or(|format| format == ENTITY_FORMAT);
    if found == expected && formatted {
        return Ok(());
    }
    Err(ResponseError::IssuerForeign { part, found: shown(&found), expected: expected.to_owned() })
}

/// Neither from the future nor stale.
pub(crate) fn check_issue_instant(
    element: Node<'_, '_>,
    part: &'static str,
    clock_skew: Duration,
    now: Timestamp,
) -> Result<(), ResponseError> {
    let issued = required_moment(element, "IssueInstant")?;
    if issued > now.plus(clock_skew) {
        return Err(ResponseError::IssuedInFuture(part));
    }
    if now >= issued.plus(OLDEST).plus(clock_skew) {
        return Err(ResponseError::IssuedLongAgo(part));
    }
    Ok(())
}

/// SAML Core §2.5.1.
fn conditions(
    assertion: Node<'_, '_>,
    expectation: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), ResponseError> {
    let skew = expectation.clock_skew;
    let conditions =
        child(assertion, SAML, "Conditions")?.ok_or(ResponseError::ConditionsMissing)?;
    if moment(conditions, "NotBefore")?.is_some_and(|from| now.plus(skew) < from) {
        return Err(ResponseError::NotYetValid);
    }
    let until = required_moment(conditions, "NotOnOrAfter")?;
    if now >= until.plus(skew) {
        return Err(ResponseError::Expired);
    }
    if until > now.plus(LONGEST) {
        return Err(ResponseError::ValidTooLong);
    }
    let known = ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];
    for condition in conditions.children().filter(Node::is_element) {
        // SAML Core §2.5.1.1: a condition that is not understood leaves the assertion undecided.
        if !known.iter().any(|name| is(condition, SAML, name)) {
            return Err(ResponseError::ConditionUnknown(shown(condition.tag_name().name())));
        }
    }
    audience(conditions, &expectation.sp.entity_id)
}

/// SAML Core §2.5.1.4: each restriction must contain our entity id, one audience of it suffices.
fn audience(conditions: Node<'_, '_>, entity_id: &str) -> Result<(), ResponseError> {
    let mut restrictions = children(conditions, SAML, "AudienceRestriction").peekable();
    if restrictions.peek().is_none() {
        return Err(ResponseError::AudienceMissing);
    }
    for restriction in restrictions {
        let named: Vec<_> = children(restriction, SAML, "Audience").filter_map(text).collect();
        if !named.iter().any(|audience| audience == entity_id) {
            return Err(ResponseError::AudienceForeign {
                found: shown(&named.join(", ")),
                expected: entity_id.to_owned(),
            });
        }
    }
    Ok(())
}

/// SAML Profiles §4.1.4.3: at least one bearer confirmation holds.
fn confirmation(
    subject: Node<'_, '_>,
    expectation: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), ResponseError> {
    let mut outcome = Err(ResponseError::NotBearer);
    for confirmation in children(subject, SAML, "SubjectConfirmation") {
        if confirmation.attribute("Method") != Some(BEARER) {
            continue;
        }
        match (bearer(confirmation, expectation, now), &outcome) {
            (Ok(()), _) => return Ok(()),
            // The first bearer confirmation is the one that the message is about.
            (Err(error), Err(ResponseError::NotBearer)) => outcome = Err(error),
            (Err(_), _) => {}
        }
    }
    outcome
}

/// SAML Profiles §4.1.4.2, the bearer bullet.
fn bearer(
    confirmation: Node<'_, '_>,
    expectation: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), ResponseError> {
    let data = child(confirmation, SAML, "SubjectConfirmationData")?
        .ok_or(ResponseError::Confirmation("it is missing"))?;
    let recipient =
        data.attribute("Recipient").ok_or(ResponseError::Confirmation("no Recipient"))?;
    if recipient != expectation.sp.acs {
        let expected = expectation.sp.acs.clone();
        return Err(ResponseError::RecipientForeign { found: shown(recipient), expected });
    }
    if data.attribute("NotBefore").is_some() {
        return Err(ResponseError::Confirmation("it has a NotBefore"));
    }
    let until =
        moment(data, "NotOnOrAfter")?.ok_or(ResponseError::Confirmation("no NotOnOrAfter"))?;
    if now >= until.plus(expectation.clock_skew) {
        return Err(ResponseError::ConfirmationExpired);
    }
    match (data.attribute("InResponseTo"), expectation.request) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(ResponseError::Confirmation("no InResponseTo")),
        (Some(found), Some(expected)) if found == expected.as_str() => Ok(()),
        (Some(_), _) => Err(ResponseError::RequestForeign("assertion")),
    }
}

/// A moment in an attribute; an unreadable one is an error, a missing one is not.
pub(crate) fn moment(
    element: Node<'_, '_>,
    name: &'static str,
) -> Result<Option<Timestamp>, ResponseError> {
    let parse = |text| instant::parse(text).ok_or(ResponseError::Moment(name));
    element.attribute(name).map(parse).transpose()
}

/// A moment in an attribute that must be there.
pub(crate) fn required_moment(
    element: Node<'_, '_>,
    name: &'static str,
) -> Result<Timestamp, ResponseError> {
    moment(element, name)?.ok_or(ResponseError::Moment(name))
}
