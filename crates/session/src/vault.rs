//! Small records that must not be lost, sealed in the store.

use std::sync::Arc;

use domain::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Area, Entry, Store, StoreError};

use crate::stored::not_written;
use crate::{Context, Sealer};

/// Records of any shape in the store's records area. Names are HMACs and values are sealed: whoever
/// reads the store learns neither whom a record is about nor what it says.
pub struct Vault {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
}

impl Vault {
    /// Records in `store`.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        Self { store, sealer }
    }

    /// Keeps a record until `deadline`, replacing what is there. `kind` ends in a slash and names
    /// the shape, `parts` the one record.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put(
        &self,
        kind: &'static str,
        parts: &[&str],
        record: &impl Serialize,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = self.sealer.name(kind, &bytes(parts));
        let plain = serde_json::to_vec(record).map_err(not_written)?;
        let value = self.sealer.seal(Context { purpose: kind, id: &key }, &plain)?;
        let entry = Entry { value, deadline, groups: Vec::new() };
        self.store.put(Area::Records, &key, entry, now).await
    }

    /// Reads a record. `None`: there is none, or it cannot be read; such a record stays.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        parts: &[&str],
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let key = self.sealer.name(kind, &bytes(parts));
        let Some(sealed) = self.store.get(Area::Records, &key, now).await? else {
            return Ok(None);
        };
        match self.sealer.open(Context { purpose: kind, id: &key }, &sealed) {
            Ok(plain) => Ok(serde_json::from_slice(&plain).ok()),
            Err(reason) => {
                tracing::warn!(kind, %reason, "a record cannot be read");
                Ok(None)
            }
        }
    }
}

fn bytes<'a>(parts: &[&'a str]) -> Vec<&'a [u8]> {
    parts.iter().map(|part| part.as_bytes()).collect()
}
