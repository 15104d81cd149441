//! Flaws in what a response says; they are signed like anything else.

use super::draft::{Attribute, BEARER, Draft, PERSISTENT};
use super::flaw::Flaw;
use super::{EVIL_ENTITY, Sign};
use crate::people::Person;

const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
const NO_PASSIVE: &str = "urn:oasis:names:tc:SAML:2.0:status:NoPassive";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";
const AUTHN_FAILED: &str = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";
const EVIL_ACS: &str = "https://evil.example/acs";
const EVIL_REQUEST: &str = "_0000000000000000000000000000000000000bad";

/// Puts `flaw` into `draft`, where it belongs there.
pub(crate) fn apply(flaw: Flaw, draft: &mut Draft, forged: &Person) {
    audience_and_endpoints(flaw, draft);
    times(flaw, draft);
    status_and_request(flaw, draft);
    subject(flaw, draft, forged);
    attributes(flaw, draft, forged);
}

/// Which parts must be signed for `flaw` to be what it is.
pub(crate) fn signed_part(flaw: Flaw) -> Option<Sign> {
    match flaw {
        Flaw::NoDestination
        | Flaw::WrongDestination
        | Flaw::DestinationOfOtherCase
        | Flaw::ForeignResponseIssuer
        | Flaw::StatusAuthnFailed
        | Flaw::StatusNoPassive
        | Flaw::StatusResponderWithAssertion
        | Flaw::NoStatus
        | Flaw::NoAssertion
        | Flaw::InclusiveCanonicalization
        | Flaw::EmptyReference
        | Flaw::ManyReferences => Some(Sign::Response),
        Flaw::Huge | Flaw::EntityExpansion | Flaw::ExternalEntity | Flaw::Utf7 => {
            Some(Sign::Assertion)
        }
        Flaw::ManyAttributes | Flaw::ManyNamespaces | Flaw::Deep => Some(Sign::Assertion),
        Flaw::ManyPrefixes | Flaw::NulByte => Some(Sign::Assertion),
        Flaw::DuplicateId | Flaw::IdVariants | Flaw::OtherRoot => Some(Sign::Assertion),
        _ => None,
    }
}

fn audience_and_endpoints(flaw: Flaw, draft: &mut Draft) {
    let destination = draft.destination.clone().unwrap_or_default();
    let (Some(conditions), Some(confirmation)) = (&mut draft.conditions, &mut draft.confirmation)
    else {
        return;
    };
    let foreign = || vec![EVIL_ENTITY.to_owned()];
    match flaw {
        Flaw::WrongAudience => conditions.restrictions = vec![foreign()],
        Flaw::NoAudience => conditions.restrictions.clear(),
        Flaw::TwoAudienceRestrictions => conditions.restrictions.push(foreign()),
        Flaw::WrongRecipient => confirmation.recipient = Some(EVIL_ACS.to_owned()),
        Flaw::NoRecipient => confirmation.recipient = None,
        Flaw::WrongDestination => draft.destination = Some(EVIL_ACS.to_owned()),
        Flaw::DestinationOfOtherCase => draft.destination = Some(upper_case_host(&destination)),
        Flaw::NoDestination => draft.destination = None,
        Flaw::ForeignResponseIssuer => draft.response_issuer = Some(EVIL_ENTITY.to_owned()),
        Flaw::ForeignAssertionIssuer => EVIL_ENTITY.clone_into(&mut draft.assertion_issuer),
        _ => {}
    }
}

fn upper_case_host(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_uppercase() };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    format!("{scheme}://{}/{path}", host.to_uppercase())
}

fn times(flaw: Flaw, draft: &mut Draft) {
    const HOUR: i64 = 3600;
    let now = draft.issued;
    let (Some(conditions), Some(confirmation)) = (&mut draft.conditions, &mut draft.confirmation)
    else {
        return;
    };
    match flaw {
        Flaw::Expired => {
            conditions.not_before = Some(now - 2 * HOUR);
            conditions.not_on_or_after = Some(now - HOUR);
        }
        Flaw::ConfirmationExpired => confirmation.not_on_or_after = Some(now - HOUR),
        Flaw::NotYetValid => {
            conditions.not_before = Some(now + HOUR);
            conditions.not_on_or_after = Some(now + 2 * HOUR);
        }
        Flaw::NoConditionsEnd => conditions.not_on_or_after = None,
        Flaw::NoConfirmationEnd => confirmation.not_on_or_after = None,
        Flaw::TenYears => {
            conditions.not_on_or_after = Some(now + 87_600 * HOUR);
            confirmation.not_on_or_after = Some(now + 87_600 * HOUR);
        }
        Flaw::IssuedTomorrow => draft.issued = now + 24 * HOUR,
        Flaw::NoConditions => draft.conditions = None,
        _ => {}
    }
}

fn status_and_request(flaw: Flaw, draft: &mut Draft) {
    match flaw {
        Flaw::StatusAuthnFailed | Flaw::StatusNoPassive => {
            let inner = if flaw == Flaw::StatusNoPassive { NO_PASSIVE } else { AUTHN_FAILED };
            draft.status = vec![RESPONDER.to_owned(), inner.to_owned()];
            draft.has_assertion = false;
        }
        Flaw::WeakAuthnContext => draft.authn_context = Some(UNSPECIFIED.to_owned()),
        Flaw::NoAuthnStatement => draft.authn_context = None,
        Flaw::StatusResponderWithAssertion => draft.status = vec![RESPONDER.to_owned()],
        Flaw::NoStatus => draft.status.clear(),
        Flaw::NoAssertion => draft.has_assertion = false,
        Flaw::WrongInResponseTo => answer_to(draft, Some(EVIL_REQUEST), Some(EVIL_REQUEST)),
        Flaw::WrongConfirmationInResponseTo => {
            let right = draft.in_response_to.clone();
            answer_to(draft, right.as_deref(), Some(EVIL_REQUEST));
        }
        Flaw::NoInResponseTo => answer_to(draft, None, None),
        Flaw::DuplicateId => draft.response_id.clone_from(&draft.assertion_id),
        _ => {}
    }
}

fn answer_to(draft: &mut Draft, response: Option<&str>, confirmation: Option<&str>) {
    draft.in_response_to = response.map(str::to_owned);
    if let Some(data) = &mut draft.confirmation {
        data.in_response_to = confirmation.map(str::to_owned);
    }
}

fn subject(flaw: Flaw, draft: &mut Draft, forged: &Person) {
    let email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned();
    let transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient".to_owned();
    match (flaw, &mut draft.confirmation) {
        (Flaw::NotBearer, Some(confirmation)) => {
            confirmation.method = BEARER.replace("bearer", "holder-of-key");
        }
        (Flaw::NoConfirmation, _) => draft.confirmation = None,
        (Flaw::EmptyNameId, _) => draft.name_id = Some((PERSISTENT.to_owned(), String::new())),
        (Flaw::NoNameId, _) => draft.name_id = None,
        (Flaw::TransientNameId, _) => {
            draft.name_id = Some((transient, crate::text::random_hex()));
        }
        (Flaw::CommentInNameId | Flaw::InstructionInNameId, _) => {
            draft.name_id = Some((email, format!("{}.evil.example", forged.email)));
        }
        _ => {}
    }
}

fn attributes(flaw: Flaw, draft: &mut Draft, forged: &Person) {
    match flaw {
        Flaw::NoAttributes => return draft.attributes.clear(),
        Flaw::AttributeWithoutName => draft.attributes.push(Attribute {
            name: None,
            friendly_name: None,
            values: vec!["nameless".to_owned()],
        }),
        Flaw::NoEmail => return draft.attributes.retain(|a| !is_email(a)),
        _ => {}
    }
    let Some(email) = draft.attributes.iter_mut().find(|a| is_email(a)) else { return };
    let own = email.values.first().cloned().unwrap_or_default();
    let (local, domain) = own.split_once('@').unwrap_or((own.as_str(), ""));
    email.values = match flaw {
        Flaw::TwoEmails => vec![own.clone(), forged.email.clone()],
        Flaw::ForeignDomainEmail => vec![format!("{local}@foreign.example")],
        Flaw::TwoAtEmail => vec![format!("{own}@evil.example")],
        Flaw::LineBreakEmail => vec![format!("{local}\n@{domain}")],
        Flaw::HomoglyphEmail => vec![format!("{local}@{}", domain.replacen('a', "а", 1))],
        Flaw::CommentInNameId | Flaw::InstructionInNameId => {
            vec![format!("{}.evil.example", forged.email)]
        }
        _ => return,
    };
}

fn is_email(attribute: &Attribute) -> bool {
    attribute.values.iter().any(|v| v.contains('@'))
}
