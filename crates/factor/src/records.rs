//! Where the records lie, and how they are changed.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{PersonKey, Timestamp};
use session::{Context, Sealer};
use store::{Area, Entry, Store, StoreError};
use zeroize::Zeroizing;

use crate::FactorError;
use crate::record::PersonRecord;

/// What is sealed here.
const PURPOSE: &str = "factor record";
/// The records, for whoever seals all of a store anew.
pub const SEALED: session::Kind = ("factor/", &[PURPOSE]);
/// Resets that wait are found under this.
const RESETS: &str = "factor-resets";
/// One person's record is written by few at once; an attacker's guesses do not write it.
const CONTESTED: usize = 16;

/// All records.
pub(crate) struct Records {
    pub(crate) store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
}

/// What a change comes to.
pub(crate) enum Change<T> {
    /// The record is to be written.
    Write(T),
    /// Nothing is to be written.
    Leave(T),
}

impl Records {
    pub(crate) fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        Self { store, sealer }
    }

    /// A person's record; an empty one where there is none.
    ///
    /// # Errors
    /// When the store fails, or the record cannot be read.
    pub(crate) async fn read(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<PersonRecord, StoreError> {
        let key = key(person);
        match self.store.get(Area::Records, &key, now).await? {
            None => Ok(PersonRecord::empty(person)),
            Some(sealed) => self.unseal(&key, &sealed),
        }
    }

    /// Changes a record, however many others do so at once: `change` is asked again when somebody
    /// was quicker.
    pub(crate) async fn change<T>(
        &self,
        person: &PersonKey,
        now: Timestamp,
        mut change: impl FnMut(&mut PersonRecord) -> Result<Change<T>, FactorError> + Send,
    ) -> Result<T, FactorError> {
        let key = key(person);
        for _ in 0..CONTESTED {
            let old = self.store.get(Area::Records, &key, now).await?;
            let mut record = match &old {
                None => PersonRecord::empty(person),
                Some(sealed) => self.unseal(&key, sealed)?,
            };
            let result = match change(&mut record)? {
                Change::Leave(result) => return Ok(result),
                Change::Write(result) => result,
            };
            let new = self.entry(&key, &record)?;
            let written = match &old {
                None => self.store.put_if_absent(Area::Records, &key, new, now).await?,
                Some(old) => self.store.replace_if(Area::Records, &key, old, new, now).await?,
            };
            if written {
                return Ok(result);
            }
        }
        Err(StoreError::Unavailable("too many changes to one person's factors".to_owned()).into())
    }

    /// Puts a record in the place of whatever is there, readable or not.
    pub(crate) async fn replace(
        &self,
        record: &PersonRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = key(&record.person);
        self.store.put(Area::Records, &key, self.entry(&key, record)?, now).await
    }

    /// The records of which a reset waits. One that cannot be read is left out.
    pub(crate) async fn waiting(&self, now: Timestamp) -> Result<Vec<PersonRecord>, StoreError> {
        let found = self.store.group(Area::Records, RESETS, now).await?;
        Ok(found.iter().filter_map(|(key, sealed)| self.unseal(key, sealed).ok()).collect())
    }

    fn unseal(&self, key: &str, sealed: &[u8]) -> Result<PersonRecord, StoreError> {
        let unreadable = |why: String| {
            StoreError::Unavailable(format!("a factor's record cannot be read: {why}"))
        };
        let context = Context { purpose: PURPOSE, id: key };
        let plain = self.sealer.open(context, sealed).map_err(|why| unreadable(why.to_string()))?;
        // serde's message would quote what it met.
        serde_json::from_slice(&plain).map_err(|_| unreadable("its shape is unknown".to_owned()))
    }

    fn entry(&self, key: &str, record: &PersonRecord) -> Result<Entry, StoreError> {
        let plain = Zeroizing::new(serde_json::to_vec(record).map_err(|_| {
            StoreError::Unavailable("a factor's record could not be written".to_owned())
        })?);
        let value = self.sealer.seal(Context { purpose: PURPOSE, id: key }, &plain)?;
        let groups = record.reset_due.map(|_| RESETS.to_owned()).into_iter().collect();
        Ok(Entry { value, deadline: Timestamp::MAX, groups })
    }
}

/// A plain hash, not an HMAC: with other sealing keys the record must be found and be an error,
/// not be "not enrolled".
fn key(person: &PersonKey) -> String {
    format!("factor/{}", hash(person))
}

/// Names a person; the length in front keeps (a, bc) from being (ab, c).
pub(crate) fn hash(person: &PersonKey) -> String {
    let (idp, subject) = (person.idp.as_str(), person.subject.as_str());
    let named = format!("{} {idp} {subject}", idp.len());
    URL_SAFE_NO_PAD.encode(digest(&SHA256, named.as_bytes()))
}
