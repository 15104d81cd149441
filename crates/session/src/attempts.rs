//! Sign-ins under way, kept under a handle that travels with the browser.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use domain::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Area, Entry, Store, StoreError};

use crate::stored::not_written;
use crate::{Context, Sealer, base64url};

const ATTEMPT: &str = "attempt/";

/// A text that is no handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an attempt's handle has 22 characters of base64url")]
pub struct AttemptHandleError;

/// Names an attempt: 128 random bits, 22 characters. Also RelayState and OAuth `state`; knowing it
/// is not enough, as the attempt is bound to a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptHandle([u8; 16]);

impl AttemptHandle {
    /// From random bytes.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(random)
    }
}

impl fmt::Display for AttemptHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl FromStr for AttemptHandle {
    type Err = AttemptHandleError;

    fn from_str(text: &str) -> Result<Self, AttemptHandleError> {
        base64url::decode(text.as_bytes()).map(Self).ok_or(AttemptHandleError)
    }
}

/// Attempts of any shape, sealed in the store.
pub struct Attempts {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
}

impl Attempts {
    /// Attempts in `store`.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        Self { store, sealer }
    }

    /// Keeps an attempt until `deadline`, replacing what is there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put(
        &self,
        handle: &AttemptHandle,
        attempt: &impl Serialize,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = self.sealer.name(ATTEMPT, &[&handle.0]);
        let entry = self.entry(&key, attempt, deadline)?;
        self.store.put(Area::Sessions, &key, entry, now).await
    }

    /// Reads and removes an attempt in one step: of any number of callers one gets it
    /// (attacks.md B7, C1). `None`: there is none, or it cannot be read.
    ///
    /// # Errors
    /// When the store fails; the attempt must then be taken as used.
    pub async fn take<T: DeserializeOwned>(
        &self,
        handle: &AttemptHandle,
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let key = self.sealer.name(ATTEMPT, &[&handle.0]);
        let sealed = self.store.take(Area::Sessions, &key, now).await?;
        Ok(sealed.and_then(|sealed| self.read(&key, &sealed)))
    }

    /// Reads an attempt and leaves it there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn peek<T: DeserializeOwned>(
        &self,
        handle: &AttemptHandle,
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let key = self.sealer.name(ATTEMPT, &[&handle.0]);
        let sealed = self.store.get(Area::Sessions, &key, now).await?;
        Ok(sealed.and_then(|sealed| self.read(&key, &sealed)))
    }

    /// Changes an attempt that is still there, and never brings back one that was taken. Says
    /// whether it was there; `change` may run again when somebody else changed it meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn update<T: Serialize + DeserializeOwned>(
        &self,
        handle: &AttemptHandle,
        deadline: Timestamp,
        now: Timestamp,
        change: impl Fn(T) -> T + Send,
    ) -> Result<bool, StoreError> {
        let key = self.sealer.name(ATTEMPT, &[&handle.0]);
        while let Some(sealed) = self.store.get(Area::Sessions, &key, now).await? {
            let Some(attempt) = self.read(&key, &sealed) else { return Ok(false) };
            let entry = self.entry(&key, &change(attempt), deadline)?;
            if self.store.replace_if(Area::Sessions, &key, &sealed, entry, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn entry(
        &self,
        key: &str,
        attempt: &impl Serialize,
        deadline: Timestamp,
    ) -> Result<Entry, StoreError> {
        let plain = serde_json::to_vec(attempt).map_err(not_written)?;
        let value = self.sealer.seal(context(key), &plain)?;
        Ok(Entry { value, deadline, groups: Vec::new() })
    }

    fn read<T: DeserializeOwned>(&self, key: &str, sealed: &[u8]) -> Option<T> {
        let plain = self.sealer.open(context(key), sealed);
        let plain =
            plain.inspect_err(|reason| tracing::debug!(%reason, "an attempt cannot be read"));
        serde_json::from_slice(&plain.ok()?).ok()
    }
}

fn context(key: &str) -> Context<'_> {
    Context { purpose: "attempt", id: key }
}
