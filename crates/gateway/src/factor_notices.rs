//! Facts about second factors: each is recorded, and its person is told by mail where that matters.

use std::time::Duration;

use domain::{AuditEvent, Identity, PersonKey, Refusal, Timestamp};

use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::events;
use crate::gateway::Gateway;
use crate::mail::{Addressee, Letter};

const CONTACT: &str = "factor-contact/";
/// As long as factors are kept by people who come at all.
const KEPT: Duration = Duration::from_secs(5 * 366 * 24 * 60 * 60);

/// Records a fact that somebody's request caused, and writes to them.
///
/// # Errors
/// When it cannot be recorded: what grants something must then not happen.
pub(crate) async fn tell(
    gateway: &Gateway,
    visit: &Visit,
    identity: &Identity,
    event: AuditEvent,
) -> Result<(), Refusal> {
    let letter = Letter::about(&event);
    events::record(gateway, &visit.context, event).await?;
    if let Some(letter) = letter {
        let to = addressee(visit, identity);
        let now = visit.context.now;
        remember(gateway, &identity.person, &to, now).await;
        write(gateway, &letter, &to, now).await;
    }
    Ok(())
}

/// Writes to somebody who is not there, at the address of the last letter that they caused.
pub(crate) async fn write_to(
    gateway: &Gateway,
    person: &PersonKey,
    letter: Letter,
    now: Timestamp,
) {
    match gateway.vault.get::<Addressee>(CONTACT, &parts(person), now).await {
        Ok(Some(to)) => write(gateway, &letter, &to, now).await,
        Ok(None) => tracing::warn!("there is no address for a notice about a second factor"),
        Err(error) => tracing::warn!(%error, "a notice about a second factor was not written"),
    }
}

fn addressee(visit: &Visit, identity: &Identity) -> Addressee {
    let site = &visit.site.settings;
    Addressee {
        email: identity.email.clone(),
        name: identity.display_name.clone(),
        language: visit.context.language().tag().to_owned(),
        site: site.label.clone(),
        url: Endpoint::Account.url(&site.public_url),
    }
}

async fn remember(gateway: &Gateway, person: &PersonKey, to: &Addressee, now: Timestamp) {
    let put = gateway.vault.put(CONTACT, &parts(person), to, now.plus(KEPT), now).await;
    if let Err(error) = put {
        tracing::warn!(%error, "the address for notices about a second factor was not kept");
    }
}

/// A letter that cannot be kept stops nobody: the fact is in the audit log.
async fn write(gateway: &Gateway, letter: &Letter, to: &Addressee, now: Timestamp) {
    let Some(mail) = &gateway.mail else { return };
    if let Err(error) = mail.write(letter, to, now).await {
        tracing::warn!(%error, "a notice about a second factor was not written");
    }
}

fn parts(person: &PersonKey) -> [&str; 2] {
    [person.idp.as_str(), person.subject.as_str()]
}
