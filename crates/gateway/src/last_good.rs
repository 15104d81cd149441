//! The last good metadata and keys of identity providers, kept across restarts.
//!
//! Without it, a gateway that starts while an identity provider is down would sign nobody in. What
//! is kept is sealed, and goes through every check again when it is read.

use std::time::Duration;

use domain::{IdpName, Timestamp};
use federation::Document;
use serde::{Deserialize, Serialize};

use crate::gateway::Gateway;

const KIND: &str = "last-good/";

/// An identity provider that was down for longer has to be fetched anew.
const KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// What is older is written again at a start, so that it lasts from there.
const RENEWED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A document as text: metadata, discovery documents and key sets all are.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    text: String,
    fetched: Timestamp,
    /// From where. Whoever moves an identity provider in the file must not meet the old one again.
    #[serde(default)]
    source: String,
}

/// Puts back what was good before the gateway stopped. What cannot be used is fetched anew.
pub(crate) async fn restore(gateway: &Gateway) {
    let now = gateway.clock.now();
    for (idp, _) in gateway.providers.iter().filter(|(_, provider)| provider.enabled) {
        match gateway.vault.get::<Kept>(KIND, &[idp.as_str()], now).await {
            Ok(Some(kept)) => put_back(gateway, idp, kept, now).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%idp, %error, "the last good metadata cannot be read"),
        }
    }
}

async fn put_back(gateway: &Gateway, idp: &IdpName, kept: Kept, now: Timestamp) {
    let Kept { text, fetched, source } = kept;
    if gateway.federation.source(idp) != Some(source.as_str()) {
        return tracing::info!(%idp, "the last good metadata came from elsewhere than the file says");
    }
    let document = Document { bytes: text.into_bytes(), fetched };
    match gateway.federation.restore(idp, document, now).await {
        Ok(()) if fetched.plus(RENEWED) < now => keep(gateway, idp, now).await,
        Ok(()) => {}
        Err(error) => {
            tracing::info!(%idp, %error, "the last good metadata cannot be used any more");
        }
    }
}

/// Keeps what was just fetched.
pub(crate) async fn keep(gateway: &Gateway, idp: &IdpName, now: Timestamp) {
    let Some(Document { bytes, fetched }) = gateway.federation.last_good(idp) else { return };
    let (Ok(text), Some(source)) = (String::from_utf8(bytes), gateway.federation.source(idp))
    else {
        return;
    };
    let document = Kept { text, fetched, source: source.to_owned() };
    let kept = gateway.vault.put(KIND, &[idp.as_str()], &document, now.plus(KEPT), now).await;
    if let Err(error) = kept {
        tracing::warn!(%idp, %error, "the last good metadata could not be kept");
    }
}
