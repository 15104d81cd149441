//! Customers in JSM, beside sign-ins: the outbox is worked off, and operators look into it.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditEvent, JsmName};
use provisioning::{
    Act, Drift, DriftOrder, Order, Provisioner, ProvisioningError, Queue, Row, RowOutcome,
};

use crate::events;
use crate::gateway::Gateway;

/// How often to look for what is due.
const ROUND: Duration = Duration::from_secs(2);

/// Works off the outbox of every JSM.
pub(crate) async fn rounds(gateway: Arc<Gateway>) {
    if gateway.provisioners.is_empty() {
        return;
    }
    loop {
        let now = gateway.clock.now();
        for (jsm, provisioner) in &gateway.provisioners {
            match provisioner.drain(now).await {
                Ok(drained) => {
                    for event in drained.events {
                        events::record_own(&gateway, event).await;
                    }
                }
                Err(error) => tracing::warn!(%jsm, %error, "the outbox was not worked off"),
            }
        }
        gateway.clock.sleep_until(now.plus(ROUND)).await;
    }
}

/// What waits in each JSM.
pub(crate) async fn queues(gateway: &Gateway) -> Result<Vec<(JsmName, Queue)>, String> {
    let mut queues = Vec::new();
    for (jsm, provisioner) in &gateway.provisioners {
        let queue = provisioner.queue(gateway.clock.now()).await;
        queues.push((jsm.clone(), queue.map_err(|error| in_words(&error))?));
    }
    queues.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(queues)
}

/// Lets removals go on that the brake stopped.
pub(crate) async fn release(gateway: &Gateway, jsm: Option<&JsmName>) -> Result<JsmName, String> {
    let (jsm, provisioner) = one(gateway, jsm)?;
    let now = gateway.clock.now();
    // What cannot be recorded is not ordered.
    events::record_order(gateway, AuditEvent::RemovalsReleased { jsm: jsm.clone() }).await?;
    provisioner.release(now).await.map_err(|error| in_words(&error))?;
    Ok(jsm.clone())
}

/// Compares a JSM with the ledger.
pub(crate) async fn drift(
    gateway: &Gateway,
    jsm: Option<&JsmName>,
    order: DriftOrder,
) -> Result<Vec<Drift>, String> {
    let (_, provisioner) = one(gateway, jsm)?;
    let found = provisioner.drift(order, gateway.clock.now()).await;
    let (found, events) = found.map_err(|error| in_words(&error))?;
    record(gateway, events).await;
    Ok(found)
}

/// Does some rows of a file of customers.
pub(crate) async fn customers(
    gateway: &Gateway,
    jsm: Option<&JsmName>,
    (order, act): (&Order, Act),
    rows: Vec<Row>,
) -> Result<Vec<RowOutcome>, String> {
    let (_, provisioner) = one(gateway, jsm)?;
    let mut outcomes = provisioner.bulk_rows(order, act, rows).await;
    for outcome in &mut outcomes {
        record(gateway, std::mem::take(&mut outcome.events)).await;
    }
    Ok(outcomes)
}

/// Ends taking a file back.
pub(crate) async fn undone(
    gateway: &Gateway,
    jsm: Option<&JsmName>,
    order: &Order,
    organizations: &[String],
) -> Result<Vec<RowOutcome>, String> {
    let (_, provisioner) = one(gateway, jsm)?;
    let outcome = provisioner.bulk_end_undo(order, organizations).await;
    let mut outcome = outcome.map_err(|error| in_words(&error))?;
    record(gateway, std::mem::take(&mut outcome.events)).await;
    Ok(vec![outcome])
}

async fn record(gateway: &Gateway, events: Vec<AuditEvent>) {
    for event in events {
        events::record_own(gateway, event).await;
    }
}

/// The JSM of a name, or the only one.
pub(crate) fn one<'a>(
    gateway: &'a Gateway,
    name: Option<&JsmName>,
) -> Result<(&'a JsmName, &'a Provisioner), String> {
    let mut meant =
        gateway.provisioners.iter().filter(|(jsm, _)| name.is_none_or(|name| name == *jsm));
    match (meant.next(), meant.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err("the file has no such JSM".to_owned()),
        (Some(_), Some(_)) => Err("the file has several JSMs; say which with --jsm".to_owned()),
    }
}

pub(crate) fn in_words(error: &ProvisioningError) -> String {
    let refusal = error.refusal();
    format!("{}: {}; {}", refusal.cause, refusal.explanation, refusal.remedy)
}
