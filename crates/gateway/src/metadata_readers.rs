//! Which identity providers have read our metadata since its keys changed.
//!
//! Each site is a service provider of its own, with metadata of its own: what an identity provider
//! has read of one says nothing about another.
//!
//! Metadata is public, so a note says that somebody read it, and from where; that it was the
//! identity provider is the operator's to see by the address.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use domain::{IdpName, SiteName, Timestamp};
use serde::{Deserialize, Serialize};
use store::StoreError;

use crate::gateway::{Gateway, Protocol};
use crate::own::OwnRequest;

const KIND: &str = "metadata-read/";
/// Whoever has read nothing for so long has read nothing.
const REMEMBERED: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Readers of the same keys are noted no more often: anybody can read.
const NEWS: Duration = Duration::from_secs(3600);

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub client: IpAddr,
    /// Fingerprints of the certificates that were in it.
    pub keys: Vec<String>,
}

/// Our published SAML keys, and who has read which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKeys {
    /// Fingerprints: SHA-256 of the certificate, its first eight bytes in hex. The first signs.
    pub keys: Vec<String>,
    /// The last reading for each site of each SAML identity provider in use.
    pub readings: Vec<(IdpName, SiteName, Option<Reading>)>,
}

/// Notes that our metadata for an identity provider was read. A failure costs the note alone.
pub(crate) async fn note(gateway: &Gateway, request: &OwnRequest, idp: &IdpName) {
    let context = &request.visit.context;
    let site = &request.visit.site.settings.name;
    let reading = Reading { at: context.now, client: context.client, keys: fingerprints(gateway) };
    if reading.keys.is_empty() {
        return;
    }
    let noted = async {
        let before = last(gateway, (idp, site), reading.at).await?;
        let old =
            |before: &Reading| before.keys != reading.keys || reading.at >= before.at.plus(NEWS);
        if before.as_ref().is_none_or(old) {
            let until = reading.at.plus(REMEMBERED);
            let key = [idp.as_str(), site.as_str()];
            gateway.vault.put(KIND, &key, &reading, until, reading.at).await?;
        }
        Ok::<_, StoreError>(())
    };
    if let Err(error) = noted.await {
        tracing::warn!(%idp, %site, %error, "who reads our metadata could not be noted");
    }
}

/// What is published now and what was read last.
///
/// # Errors
/// In words for the operator.
pub(crate) async fn published(gateway: &Gateway) -> Result<PublishedKeys, String> {
    let now = gateway.clock.now();
    let mut readings = Vec::new();
    let saml = |provider: &crate::gateway::Provider| {
        provider.enabled && provider.protocol == Protocol::Saml
    };
    let sites = site_names(gateway);
    for (idp, provider) in gateway.providers.iter().filter(|(_, provider)| saml(provider)) {
        for site in sites.iter().filter(|site| provider.is_at(site)) {
            let reading = last(gateway, (idp, site), now).await;
            let reading = reading.map_err(|error| error.to_string())?;
            readings.push((idp.clone(), (*site).clone(), reading));
        }
    }
    Ok(PublishedKeys { keys: fingerprints(gateway), readings })
}

/// Every site once, in the order of the names.
fn site_names(gateway: &Gateway) -> BTreeSet<&SiteName> {
    gateway.sites.values().map(|site| &site.settings.name).collect()
}

async fn last(
    gateway: &Gateway,
    (idp, site): (&IdpName, &SiteName),
    now: Timestamp,
) -> Result<Option<Reading>, StoreError> {
    gateway.vault.get(KIND, &[idp.as_str(), site.as_str()], now).await
}

fn fingerprints(gateway: &Gateway) -> Vec<String> {
    let keys = gateway.saml_keys.load();
    let print = |certificate: &[u8]| {
        let hash = digest(&SHA256, certificate);
        hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    };
    keys.certificates().map(print).collect()
}
