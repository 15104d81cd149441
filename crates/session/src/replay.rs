//! Marks of what may be used once: assertion ids, token ids.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use domain::Timestamp;
use store::{Area, Entry, Store, StoreError};

use crate::base64url;
use crate::sealer::lengths_in_front;

/// What was used, for as long as it could be used again.
pub struct ReplayMarks {
    store: Arc<dyn Store>,
}

impl ReplayMarks {
    /// Marks in `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Marks something as used until `until`; `true`: for the first time (attacks.md B1, B2).
    /// `kind` and `parts` together name it, such as an identity provider and an assertion's id.
    /// What has no future any more counts as used.
    ///
    /// # Errors
    /// When the store fails: then it must not be accepted (attacks.md B3). As the mark may be set
    /// all the same, trying again does not help either: the customer starts anew.
    pub async fn mark(
        &self,
        kind: &str,
        parts: &[&str],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if now >= until {
            return Ok(false);
        }
        let named: Vec<&[u8]> = [kind].iter().chain(parts).map(|part| part.as_bytes()).collect();
        // A plain hash, not an HMAC: a rotated key must not let anything be used again.
        let hash = digest(&SHA256, &lengths_in_front(&named));
        let key = format!("used/{}", base64url::encode(hash.as_ref()));
        let entry = Entry { value: Vec::new(), deadline: until, groups: Vec::new() };
        self.store.put_if_absent(Area::Records, &key, entry, now).await
    }
}
