//! The last sign-ins of each person, for the person.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{PersonKey, Timestamp};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use session::{Context, Sealer};
use store::{Area, Entry, Store, StoreError};
use tokio::sync::Notify;

const PURPOSE: &str = "sign-ins";
const KIND: &str = "sign-ins/";
/// For whoever seals all of a store anew.
pub(crate) const SEALED: session::Kind = (KIND, &[PURPOSE]);
/// How many are kept.
const MOST: usize = 10;
/// How long.
const KEPT: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// Two replicas that write for one person at one moment are rare.
const CONTESTED: usize = 4;

/// How long a note waits for others: those that meet are one write.
const PAUSE: Duration = Duration::from_secs(1);
/// Notes that may wait.
const WAITING: usize = 4096;

/// One sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignIn {
    pub(crate) at: Timestamp,
    pub(crate) client: IpAddr,
    /// What the browser called itself.
    pub(crate) device: String,
}

/// The last sign-ins of everybody. They lie beside the sessions: losing them harms nobody, and
/// writing them holds up no sign-in.
pub(crate) struct History {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    waiting: Mutex<HashMap<PersonKey, Vec<SignIn>>>,
    some: Notify,
    /// Held while writing, so that whoever reads waits for it.
    writing: tokio::sync::Mutex<()>,
}

impl History {
    pub(crate) fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        let (waiting, some) = (Mutex::default(), Notify::new());
        Self { store, sealer, waiting, some, writing: tokio::sync::Mutex::default() }
    }

    /// Notes a sign-in, to be written within a second or when somebody reads. What cannot be noted
    /// is not in the list, and nothing else happens.
    pub(crate) fn note(&self, person: PersonKey, sign_in: SignIn) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING {
            waiting.entry(person).or_default().push(sign_in);
        }
        self.some.notify_one();
    }

    /// Writes what was noted, for as long as the gateway runs.
    pub(crate) async fn rounds(&self) {
        loop {
            self.some.notified().await;
            tokio::time::sleep(PAUSE).await;
            self.write().await;
        }
    }

    /// Writes what was noted until now.
    pub(crate) async fn write(&self) {
        let _turn = self.writing.lock().await;
        let noted =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let written = noted.iter().map(|(person, noted)| self.add(person, noted));
        for error in join_all(written).await.into_iter().filter_map(Result::err) {
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
        self.write().await;
        let key = self.key(person);
        let sealed = self.store.get(Area::Sessions, &key, now).await?;
        Ok(sealed.map(|sealed| self.unseal(&key, &sealed)).unwrap_or_default())
    }

    /// Adds sign-ins, the oldest first.
    async fn add(&self, person: &PersonKey, sign_ins: &[SignIn]) -> Result<(), StoreError> {
        let Some(now) = sign_ins.last().map(|newest| newest.at) else { return Ok(()) };
        let key = self.key(person);
        for _ in 0..CONTESTED {
            let old = self.store.get(Area::Sessions, &key, now).await?;
            let mut list: Vec<_> = sign_ins.iter().rev().cloned().collect();
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

    fn key(&self, person: &PersonKey) -> String {
        let (idp, subject) = (person.idp.as_str(), person.subject.as_str());
        self.sealer.name(KIND, &[idp.as_bytes(), subject.as_bytes()])
    }
}
