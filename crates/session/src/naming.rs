//! The key that names records: it lies in the store, so that sealing keys come and go and every
//! record is still found.
//!
//! The first gateway of a store derives it from its sealing key and leaves it there, sealed. It
//! never changes: it keeps names from telling whom they mean, and opens nothing.

use std::sync::atomic::Ordering;

use aws_lc_rs::hmac;
use domain::Timestamp;
use store::{Area, Entry, Store, StoreError};
use zeroize::Zeroizing;

use crate::sealer::lengths_in_front;
use crate::{Context, Sealer, Unreadable, base64url};

/// Its record.
pub(crate) const NAMING: &str = "naming-key";
pub(crate) const PURPOSE: &str = "naming key";

/// Why names cannot be made as the store's records have them.
#[derive(Debug, thiserror::Error)]
pub enum NamesError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What lies there cannot be read.
    #[error(
        "the store was written with sealing keys that `keys.sealing` does not list ({0}); put the \
         key that was in use back, second in the list or as NAME.old, and `vestibule sessions \
         reseal` before you retire it"
    )]
    Unreadable(Unreadable),
}

/// A key that names records.
pub(crate) struct Naming {
    secret: Zeroizing<Vec<u8>>,
    key: hmac::Key,
}

impl Naming {
    /// As the first gateway makes it.
    pub(crate) fn derived(sealing: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, sealing);
        Self::from(Zeroizing::new(hmac::sign(&key, b"vestibule naming").as_ref().to_vec()))
    }

    /// An HMAC of `parts` behind `kind`.
    pub(crate) fn name(&self, kind: &str, parts: &[&[u8]]) -> String {
        let mut mac = hmac::Context::with_key(&self.key);
        mac.update(kind.as_bytes());
        mac.update(&lengths_in_front(parts));
        format!("{kind}{}", base64url::encode(mac.sign().as_ref()))
    }
}

impl From<Zeroizing<Vec<u8>>> for Naming {
    fn from(secret: Zeroizing<Vec<u8>>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Self { secret, key }
    }
}

impl Sealer {
    /// Names records from now on as those in `store` are named; leaves its own key there if there
    /// is none. To be called before anything is read, and when records may have been exchanged.
    ///
    /// # Errors
    /// When the store fails, or its key is sealed with one that is not ours: then nothing would be
    /// found that is there.
    pub async fn adopt_names(&self, store: &dyn Store, now: Timestamp) -> Result<(), NamesError> {
        let context = Context { purpose: PURPOSE, id: NAMING };
        loop {
            if let Some(sealed) = store.get(Area::Records, NAMING, now).await? {
                let secret = self.open(context, &sealed).map_err(NamesError::Unreadable)?;
                self.name_with(secret.into());
                self.adopted.store(true, Ordering::Release);
                return Ok(());
            }
            let value = self.seal(context, &self.naming().secret)?;
            let entry = Entry { value, deadline: Timestamp::MAX, groups: Vec::new() };
            if store.put_if_absent(Area::Records, NAMING, entry, now).await? {
                self.adopted.store(true, Ordering::Release);
                return Ok(());
            }
        }
    }

    /// The same again, for one that has adopted names: the store's records may have been exchanged.
    pub(crate) async fn adopt_names_again(&self, store: &dyn Store, now: Timestamp) {
        if !self.adopted.load(Ordering::Acquire) {
            return;
        }
        if let Err(error) = self.adopt_names(store, now).await {
            tracing::warn!(%error, "it is not known how records are named");
        }
    }
}
