//! The store sealed anew with the key in use, whoever wrote it: so that former keys can go.

use std::sync::Arc;

use audit::{AuditLog, Record};
use domain::{AuditEvent, Timestamp};
use session::{Kinds, Resealed, Sealer, reseal};
use store::Store;

use crate::gateway::Gateway;
use crate::{history, mail, random};

/// What lies sealed in the store beside sessions and vaults.
const KINDS: Kinds = &[factor::SEALED, provisioning::SEALED, history::SEALED, mail::SEALED];

/// Seals everything anew.
///
/// # Errors
/// In words: the store failed, or not everything is sealed with the key in use.
pub(crate) async fn all(
    sealer: &Arc<Sealer>,
    store: &Arc<dyn Store>,
    now: Timestamp,
) -> Result<Resealed, String> {
    let done = reseal(sealer, store, KINDS, now).await.map_err(|error| error.to_string())?;
    if done.left > 0 {
        let left = done.left;
        return Err(format!("{left} records change too often to be sealed anew; try again"));
    }
    Ok(done)
}

/// The same by order, which is recorded.
///
/// # Errors
/// As [`all`], and when it cannot be recorded.
pub(crate) async fn by_order(
    sealer: &Arc<Sealer>,
    store: &Arc<dyn Store>,
    audit: &AuditLog,
    now: Timestamp,
) -> Result<Resealed, String> {
    let done = all(sealer, store, now).await?;
    let event = AuditEvent::StoreResealed { anew: done.anew, unreadable: done.unreadable };
    let record = Record::new(now, random::reference(), None, event);
    audit.record(&record).await.map_err(|error| error.to_string())?;
    Ok(done)
}

/// The same when keys have changed, or there are several at start; what remains is said.
pub(crate) async fn after_change(gateway: &Gateway) {
    if !gateway.sealer.has_former_keys() {
        return;
    }
    match all(&gateway.sealer, &gateway.store, gateway.clock.now()).await {
        Ok(Resealed { anew, unreadable, .. }) => {
            tracing::info!(anew, unreadable, "the store is sealed with the key in use");
        }
        Err(error) => tracing::warn!(error, "a former sealing key is still needed: keep it"),
    }
}
