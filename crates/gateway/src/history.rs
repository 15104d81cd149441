//! The last sign-ins of each person, for the person.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::{PersonKey, Timestamp};
use serde::{Deserialize, Serialize};
use session::{Context, Sealer};
use store::{Area, Entry, Store, StoreError};

const PURPOSE: &str = "sign-ins";
const KIND: &str = "sign-ins/";
/// How many are kept.
const MOST: usize = 10;
/// How long.
const KEPT: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// Two sign-ins of one person at one moment are rare, more are none of this person's.
const CONTESTED: usize = 4;

/// One sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignIn {
    pub(crate) at: Timestamp,
    pub(crate) client: IpAddr,
    /// What the browser called itself.
    pub(crate) device: String,
}

/// The last sign-ins of everybody. They lie beside the sessions: losing them harms nobody, and
/// writing them must not hold up a sign-in.
pub(crate) struct History {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
}

impl History {
    pub(crate) fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        Self { store, sealer }
    }

    /// Notes a sign-in. What cannot be noted is not in the list, and nothing else happens.
    pub(crate) async fn note(&self, person: &PersonKey, sign_in: SignIn) {
        if let Err(error) = self.try_note(person, sign_in).await {
            tracing::debug!(%error, "a sign-in is not in its person's list");
        }
    }

    /// The last sign-ins, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn of(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Vec<SignIn>, StoreError> {
        let key = self.key(person)?;
        let sealed = self.store.get(Area::Sessions, &key, now).await?;
        Ok(sealed.map(|sealed| self.unseal(&key, &sealed)).unwrap_or_default())
    }

    async fn try_note(&self, person: &PersonKey, sign_in: SignIn) -> Result<(), StoreError> {
        let (key, now) = (self.key(person)?, sign_in.at);
        for _ in 0..CONTESTED {
            let old = self.store.get(Area::Sessions, &key, now).await?;
            let mut list = vec![sign_in.clone()];
            list.extend(old.as_deref().map(|old| self.unseal(&key, old)).unwrap_or_default());
            list.truncate(MOST);
            let plain = serde_json::to_vec(&list)
                .map_err(|_| StoreError::Unavailable("a list could not be written".to_owned()))?;
            let value = self.sealer.seal(Context { purpose: PURPOSE, id: &key }, &plain)?;
            let entry = Entry { value, deadline: now.plus(KEPT), groups: Vec::new() };
            let written = match &old {
                None => self.store.put_if_absent(Area::Sessions, &key, entry, now).await?,
                Some(old) => self.store.replace_if(Area::Sessions, &key, old, entry, now).await?,
            };
            if written {
                break;
            }
        }
        Ok(())
    }

    /// A list that cannot be read is as good as none.
    fn unseal(&self, key: &str, sealed: &[u8]) -> Vec<SignIn> {
        let plain = self.sealer.open(Context { purpose: PURPOSE, id: key }, sealed).ok();
        plain.and_then(|plain| serde_json::from_slice(&plain).ok()).unwrap_or_default()
    }

    fn key(&self, person: &PersonKey) -> Result<String, StoreError> {
        let (idp, subject) = (person.idp.as_str(), person.subject.as_str());
        self.sealer.name(KIND, &[idp.as_bytes(), subject.as_bytes()])
    }
}
