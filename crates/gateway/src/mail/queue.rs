//! Letters that wait, sealed in the store.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use session::{Context, Sealer};
use store::{Area, Entry, Store, StoreError};

use super::{Addressee, Letter};
use crate::random;

const PURPOSE: &str = "mail";
/// For whoever seals all of a store anew.
pub(crate) const SEALED: session::Kind = ("mail/", &[PURPOSE]);
const GROUP: &str = "mail";
/// How long a letter is worth sending.
const KEPT: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// The first pause between two tries, twice as long each time.
const PAUSE: Duration = Duration::from_secs(2 * 60);
const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 60 * 60);

/// What lies in the store.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    letter: Letter,
    to: Addressee,
    /// When it was written.
    written: Timestamp,
    /// How often it was tried.
    tries: u32,
    /// When it may be tried: a replica that tries it moves this on first.
    next: Timestamp,
}

/// A letter that waits.
pub(super) struct Waiting {
    pub(super) letter: Letter,
    pub(super) to: Addressee,
    key: String,
    sealed: Vec<u8>,
    written: Timestamp,
    tries: u32,
}

/// All letters that wait.
pub(super) struct Queue {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
}

impl Queue {
    pub(super) fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        Self { store, sealer }
    }

    pub(super) async fn add(
        &self,
        letter: &Letter,
        to: &Addressee,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let random: [u8; 16] =
            random::bytes().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let key = format!("mail/{name}");
        let record =
            Record { letter: letter.clone(), to: to.clone(), written: now, tries: 0, next: now };
        self.store.put(Area::Records, &key, self.entry(&key, &record)?, now).await
    }

    /// The letters whose time has come. One that cannot be read is left to expire.
    pub(super) async fn due(&self, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
        let found = self.store.group(Area::Records, GROUP, now).await?;
        Ok(found.into_iter().filter_map(|(key, sealed)| self.waiting(key, sealed, now)).collect())
    }

    /// Takes a letter for a while; `None`: another replica has it.
    pub(super) async fn lease(
        &self,
        waiting: &Waiting,
        now: Timestamp,
    ) -> Result<Option<Waiting>, StoreError> {
        let tries = waiting.tries.saturating_add(1);
        let doubled = 2_u32.checked_pow(waiting.tries).unwrap_or(u32::MAX);
        let pause = PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
        let record = Record {
            letter: waiting.letter.clone(),
            to: waiting.to.clone(),
            written: waiting.written,
            tries,
            next: now.plus(pause),
        };
        let entry = self.entry(&waiting.key, &record)?;
        let sealed = entry.value.clone();
        let key = waiting.key.clone();
        let ours = self.store.replace_if(Area::Records, &key, &waiting.sealed, entry, now).await?;
        let Record { letter, to, written, .. } = record;
        Ok(ours.then_some(Waiting { letter, to, key, sealed, written, tries }))
    }

    /// Forgets a letter.
    pub(super) async fn done(&self, waiting: &Waiting) -> Result<(), StoreError> {
        self.store.remove(Area::Records, &waiting.key).await
    }

    fn waiting(&self, key: String, sealed: Vec<u8>, now: Timestamp) -> Option<Waiting> {
        let plain = self.sealer.open(Context { purpose: PURPOSE, id: &key }, &sealed).ok()?;
        let record: Record = serde_json::from_slice(&plain).ok()?;
        let Record { letter, to, written, tries, next } = record;
        (next <= now).then_some(Waiting { letter, to, key, sealed, written, tries })
    }

    fn entry(&self, key: &str, record: &Record) -> Result<Entry, StoreError> {
        let plain = serde_json::to_vec(record)
            .map_err(|_| StoreError::Unavailable("a letter could not be written".to_owned()))?;
        let value = self.sealer.seal(Context { purpose: PURPOSE, id: key }, &plain)?;
        let deadline = record.written.plus(KEPT);
        Ok(Entry { value, deadline, groups: vec![GROUP.to_owned()] })
    }
}
