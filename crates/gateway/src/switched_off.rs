//! Identity providers that an operator has switched off while the gateways run.
//!
//! A record of the store says so, which every gateway asks before it sends anybody there and before
//! it lets anybody in from there: no file changes, and it holds everywhere at once.

use audit::{AuditLog, Record};
use domain::{AuditEvent, Blame, IdpName, Notice, ReferenceCode, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Area, Entry, Store};

use crate::gateway::Gateway;
use crate::random;
use crate::request::store_refusal;

/// To which position an identity provider is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// It signs nobody in.
    Off,
    /// What the file says holds again.
    On,
}

/// Refuses what goes to an identity provider that is switched off, or comes from it.
pub(crate) async fn refuse_switched_off(
    gateway: &Gateway,
    idp: &IdpName,
    now: Timestamp,
) -> Result<(), Refusal> {
    let found = gateway.store.get(Area::Records, &key(idp), now).await;
    if found.map_err(|error| store_refusal(&error))?.is_none() {
        return Ok(());
    }
    Err(Refusal::new(
        "idp-disabled",
        Blame::Operator,
        Notice::ProviderNotInUse,
        format!("identity provider `{idp}` was disabled by an operator"),
        format!("`vestibule idp enable {idp}` when it may sign in people again"),
    ))
}

/// An order to switch one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn<'a> {
    pub(crate) idp: &'a IdpName,
    /// Whether there is one of this name.
    pub(crate) known: bool,
    pub(crate) to: Switch,
}

/// Switches one; recorded first. One that is no longer in the file may be switched on again.
///
/// # Errors
/// In words for the operator.
pub(crate) async fn switch(
    store: &dyn Store,
    audit: &AuditLog,
    Turn { idp, known, to }: Turn<'_>,
    now: Timestamp,
) -> Result<ReferenceCode, String> {
    let noted =
        store.get(Area::Records, &key(idp), now).await.map_err(|error| error.to_string())?;
    if !known && (to == Switch::Off || noted.is_none()) {
        return Err(format!("there is no identity provider `{idp}`"));
    }
    let reference = random::reference();
    let event = AuditEvent::IdpSwitched { idp: idp.clone(), enabled: to == Switch::On };
    tracing::warn!(%reference, %idp, ?to, "an identity provider is switched by order");
    let record = Record::new(now, reference, None, event);
    audit.record(&record).await.map_err(|error| error.to_string())?;
    let done = match to {
        Switch::Off => {
            let entry = Entry { value: vec![], deadline: Timestamp::MAX, groups: vec![] };
            store.put(Area::Records, &key(idp), entry, now).await
        }
        Switch::On => store.remove(Area::Records, &key(idp)).await,
    };
    done.map(|()| reference).map_err(|error| error.to_string())
}

fn key(idp: &IdpName) -> String {
    format!("idp-disabled/{idp}")
}
