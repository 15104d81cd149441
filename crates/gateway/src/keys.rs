//! Our own keys, replaced while the gateway runs.
//!
//! A key is *staged* (published and accepted, not yet used), *activated* (used; the one before it
//! is still published and accepted) and at last the old one is *retired*. Each step changes files;
//! here they are read again. Nothing that was signed or sealed before a step is lost by it.

use config::{KeyFiles, key_sibling};
use domain::AuditEvent;
use proxy::AssertionSigner;
use saml::ServiceKeys;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::gateway::Gateway;
use crate::{events, reseal};

/// How many keys of each kind are accepted.
pub(crate) struct Counts {
    pub(crate) sealing: usize,
    pub(crate) assertion: usize,
    pub(crate) saml: usize,
}

/// Reads the operator's file again, for its keys alone, and goes on with them.
///
/// # Errors
/// What is wrong with the file or a key, in words; the old keys then stay, all of them.
pub(crate) async fn reload(gateway: &Gateway) -> Result<Counts, String> {
    let file = gateway.file.clone();
    let read = tokio::task::spawn_blocking(move || config::load(&file).map_err(|p| p.to_string()));
    let keys = read.await.map_err(|_| "reading was cut off".to_owned())??.keys;
    // Everything is made before anything is replaced.
    let signer = AssertionSigner::new(&keys.assertion).map_err(|error| error.to_string())?;
    let saml_keys = ServiceKeys::new(&keys.saml).map_err(|error| error.to_string())?;
    gateway.sealer.replace(&keys.sealing).map_err(|error| error.to_string())?;
    gateway.signer.store(signer.into());
    gateway.saml_keys.store(saml_keys.into());
    let (sealing, assertion, saml) = (keys.sealing.len(), keys.assertion.len(), keys.saml.len());
    events::record_own(gateway, AuditEvent::KeysReloaded { sealing, assertion, saml }).await;
    reseal::after_change(gateway).await;
    Ok(Counts { sealing, assertion, saml })
}

/// Sees that key files have changed: on a replica that was given the files from elsewhere, nobody
/// says so.
#[derive(Debug)]
pub(crate) struct KeyWatch {
    /// The files as they were when their keys were last taken over.
    taken: Vec<Seen>,
    /// Why they could not be taken over since.
    said: Option<String>,
}

/// A file, and what it was like.
type Seen = (PathBuf, Option<(SystemTime, u64)>);

impl KeyWatch {
    pub(crate) fn new(files: &KeyFiles) -> Self {
        let active = [&files.sealing, &files.assertion, &files.saml].into_iter().flatten();
        let all = active
            .flat_map(|file| [file.clone(), key_sibling(file, "next"), key_sibling(file, "old")]);
        Self { taken: all.map(|path| (path.clone(), look(&path))).collect(), said: None }
    }

    /// Goes on with the keys as they are now, if a file is another one than before. While they
    /// cannot be used (the operator's file is read, too, and may be half-edited in that minute), the
    /// old ones stay, and the next look tries again; each reason is said once.
    pub(crate) async fn look(&mut self, gateway: &Gateway) {
        let now: Vec<Seen> =
            self.taken.iter().map(|(path, _)| (path.clone(), look(path))).collect();
        if now == self.taken {
            self.said = None;
            return;
        }
        let Err(reason) = reload(gateway).await else {
            *self = Self { taken: now, said: None };
            return;
        };
        if self.said.as_ref() != Some(&reason) {
            let still = "key files have changed and cannot be used: the old keys stay, and this is \
                         tried again each minute";
            tracing::warn!(reason, "{still}");
            self.said = Some(reason);
        }
    }
}

fn look(path: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}
