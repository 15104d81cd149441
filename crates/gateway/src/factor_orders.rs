//! `vestibule factor status` and `factor reset`.

use domain::{AuditEvent, EmailAddress, PersonKey, SiteName, Timestamp};
use serde::{Deserialize, Serialize};
use session::Mark;

use crate::gateway::Gateway;
use crate::mail::Letter;
use crate::{events, factor_notices};

/// Whose factor an operator means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorOf {
    /// A person, as the audit log names them.
    Person(PersonKey),
    /// Whoever signed in last with an address.
    Email {
        /// The address.
        email: EmailAddress,
        /// Where; may be left out when there is one site.
        site: Option<SiteName>,
    },
}

/// What a person has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorReport {
    /// Who.
    pub person: PersonKey,
    /// Since when there is an authenticator app.
    pub enrolled: Option<Timestamp>,
    /// Recovery codes that are still good.
    pub recovery_codes: usize,
    /// Browsers that are trusted.
    pub trusted_browsers: usize,
    /// When a reset that somebody asked for takes place.
    pub reset_due: Option<Timestamp>,
    /// After a reset: who enrols must have signed in at the identity provider since then.
    pub fresh_sign_in_after: Option<Timestamp>,
}

/// What a person has.
///
/// # Errors
/// In words for the operator.
pub(crate) async fn status(gateway: &Gateway, of: &FactorOf) -> Result<FactorReport, String> {
    let now = gateway.clock.now();
    let person = person(gateway, of, now).await?;
    let status = gateway.factors.status(&person, now).await.map_err(|error| error.to_string())?;
    Ok(FactorReport {
        person,
        enrolled: status.totp,
        recovery_codes: status.recovery_codes_left,
        trusted_browsers: status.trusted_browsers,
        reset_due: status.reset_due,
        fresh_sign_in_after: status.fresh_sign_in_after,
    })
}

/// What a reset did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorReset {
    /// Whose factor it was.
    pub person: PersonKey,
    /// Whether there was one.
    pub enrolled: bool,
    /// How many sessions ended.
    pub sessions: usize,
}

/// Resets a person's factor: recorded first, then the sessions, then the factor.
///
/// # Errors
/// In words for the operator; then do it again.
pub(crate) async fn reset(
    gateway: &Gateway,
    of: &FactorOf,
    reason: &str,
) -> Result<FactorReset, String> {
    if reason.trim().is_empty() || reason.chars().count() > 500 {
        return Err("say why in --reason, in at most 500 characters".to_owned());
    }
    let now = gateway.clock.now();
    let person = person(gateway, of, now).await?;
    let status = gateway.factors.status(&person, now).await.map_err(|error| error.to_string())?;
    let enrolled = status.enrolled();
    if !enrolled && gateway.provider(&person.idp).is_none() {
        let theirs = gateway.sessions.list_of(&Mark::Person(person.clone()), now).await;
        if theirs.map_err(|error| error.to_string())?.is_empty() {
            let idp = &person.idp;
            return Err(format!(
                "the file has no identity provider `{idp}`, and {person} has neither a second factor nor a session"
            ));
        }
    }
    let event = AuditEvent::FactorReset { person: person.clone(), reason: Some(reason.to_owned()) };
    events::record_order(gateway, event).await?;
    let revoked = gateway.sessions.revoke(&Mark::Person(person.clone()), now).await;
    let sessions = revoked.map_err(|error| error.to_string())?;
    gateway.factors.reset(&person, now).await.map_err(|error| error.to_string())?;
    factor_notices::write_to(gateway, &person, Letter::ResetDone, now).await;
    Ok(FactorReset { person, enrolled, sessions })
}

async fn person(gateway: &Gateway, of: &FactorOf, now: Timestamp) -> Result<PersonKey, String> {
    let (email, site) = match of {
        FactorOf::Person(person) => return Ok(person.clone()),
        FactorOf::Email { email, site } => (email, site),
    };
    let site = &gateway.site_named(site.as_ref())?.settings.name;
    let known = gateway.people.find(site, email, now).await.map_err(|error| error.to_string())?;
    known.map(|known| known.identity.person).ok_or_else(|| {
        format!("nobody has signed in to {site} as {email}; name the person as IDP/SUBJECT, as the audit log does")
    })
}
