//! What goes on about second factors without a request: alarms about guessing, resets that are due.

use std::sync::Arc;

use domain::{AuditEvent, PersonKey, Timestamp};
use factor::FactorError;
use session::Mark;
use tokio::sync::broadcast::error::RecvError;

use crate::gateway::Gateway;
use crate::mail::Letter;
use crate::{events, factor_notices};

/// Records alarms until the gateway ends.
pub(crate) async fn alarms(gateway: Arc<Gateway>) {
    let mut alarms = gateway.factors.alarms();
    loop {
        match alarms.recv().await {
            Ok(alarm) => events::record_own(&gateway, alarm).await,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "alarms about guessing are not in the audit log");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Carries out the resets whose delay is over.
pub(crate) async fn resets(gateway: &Gateway, now: Timestamp) {
    let due = match gateway.factors.due_resets(now).await {
        Ok(due) => due,
        Err(error) => return tracing::warn!(%error, "resets of second factors wait"),
    };
    for person in due {
        match reset(gateway, &person, now).await {
            Ok(true) => {
                factor_notices::write_to(gateway, &person, Letter::ResetDone, now).await;
                let event = AuditEvent::FactorReset { person, reason: None };
                events::record_own(gateway, event).await;
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a reset of a second factor waits"),
        }
    }
}

/// Sessions first: should the rest fail, it is tried again, and nobody goes on with an old session.
async fn reset(gateway: &Gateway, person: &PersonKey, now: Timestamp) -> Result<bool, FactorError> {
    gateway.sessions.revoke(&Mark::Person(person.clone()), now).await?;
    gateway.factors.carry_out_reset(person, now).await
}
