//! Customers in JSM, beside sign-ins: the outbox is worked off, and operators look into it.

use std::sync::Arc;
use std::time::Duration;

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
