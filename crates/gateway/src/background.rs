//! What happens without a request: fresh metadata, swept records, reread certificates.

use std::sync::Arc;
use std::time::Duration;

use domain::AuditEvent;
use federation::RefreshOutcome;
use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::expiry::Expiry;
use crate::gateway::Gateway;
use crate::keys::KeyWatch;
use crate::tls::Certificates;
use crate::{events, factor_rounds, last_good, parking, reseal};

/// How often to look for what is due.
const ROUND: Duration = Duration::from_secs(60);

/// Certificate files come in pairs: wait for the second.
const SETTLE: Duration = Duration::from_millis(500);

/// Refreshes metadata and sweeps the store, at start and then each minute.
pub(crate) async fn rounds(gateway: Arc<Gateway>) {
    last_good::restore(&gateway).await;
    reseal::after_change(&gateway).await;
    let mut expiry = Expiry::default();
    let mut keys = KeyWatch::new(&gateway.key_files);
    loop {
        let now = gateway.clock.now();
        for outcome in gateway.federation.refresh_due(now).await {
            let event = match outcome {
                RefreshOutcome::Refreshed(idp) => {
                    last_good::keep(&gateway, &idp, now).await;
                    AuditEvent::MetadataRefreshed { idp }
                }
                RefreshOutcome::Failed(idp, error) => {
                    AuditEvent::MetadataRejected { idp, refusal: error.refusal() }
                }
            };
            events::record_own(&gateway, event).await;
        }
        factor_rounds::resets(&gateway, now).await;
        expiry.look(&gateway, now).await;
        keys.look(&gateway).await;
        parking::expire(&gateway, now).await;
        if let Err(error) = gateway.store.sweep(now).await {
            tracing::warn!(%error, "expired records were not swept");
        }
        gateway.clock.sleep_until(now.plus(ROUND)).await;
    }
}

/// Rereads certificates when something changes in their folders.
pub(crate) async fn reload_certificates(gateway: Arc<Gateway>, certificates: Arc<Certificates>) {
    let (changed, mut changes) = mpsc::channel(1);
    let watcher = notify::recommended_watcher(move |_| {
        // One waiting note is enough.
        let _ = changed.try_send(());
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => return tracing::warn!(%error, "certificates are not reread by themselves"),
    };
    for folder in certificates.folders() {
        if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
            tracing::warn!(%error, folder = %folder.display(), "certificates here are not reread by themselves");
        }
    }
    while changes.recv().await.is_some() {
        tokio::time::sleep(SETTLE).await;
        let _ = changes.try_recv();
        match certificates.reload() {
            Ok(Some(count)) => {
                events::record_own(&gateway, AuditEvent::CertificatesReloaded { count }).await
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the old certificates stay"),
        }
    }
}
