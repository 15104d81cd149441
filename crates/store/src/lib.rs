//! The narrow waist: bytes, deadlines, atomic take, put-if-absent, compare-and-swap, change feed.
//!
//! Everything that must outlive a request is kept behind [`Store`], which knows neither sessions
//! nor factors nor secrets: callers seal what they put here. A backend needs no more than expiry,
//! an atomic take, a put-if-absent and small atomic scripts, so that Redis can be one.
//!
//! Invariants: an entry is invisible at exactly `now >= deadline`; an error never means "absent";
//! an acknowledged write survives `kill -9`; areas never see each other's keys. `now` is always
//! the caller's: nothing here reads a clock to decide.
//!
//! Start at [`Store`], then [`EmbeddedStore`] (one folder, one process), [`RedisStore`] (any number of
//! processes), [`fault`] (the double that fails on demand) and [`conformance`] (what every backend is held to).

mod area_id;
pub mod backup;
pub mod conformance;
mod embedded;
mod error;
pub mod fault;
mod guarded;
mod redis;

use domain::Timestamp;
use futures_util::future::try_join_all;
use tokio::sync::broadcast;

pub use crate::redis::{RedisAddress, RedisLogin, RedisSettings, RedisStore, RedisTls, Topology};
pub use area_id::{AreaId, AreaProblem, NoAreaId};
pub use embedded::EmbeddedStore;
pub use error::StoreError;
pub use fault::FaultyStore;
pub use guarded::GuardedStore;

/// What is lost when a part of the store is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// Sessions, attempts, parked requests: losing them means signing in again.
    Sessions,
    /// Factors, links, ledger, outbox, replay and not-before marks: never lost.
    Records,
}

/// A value with its deadline and the groups under which it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bytes, sealed by the caller where they are worth it.
    pub value: Vec<u8>,
    /// From exactly this moment on the entry is invisible.
    pub deadline: Timestamp,
    /// Names under which [`Store::group`] finds the entry; may be empty.
    pub groups: Vec<String>,
}

/// Some of an area's entries, live or not.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Keys and entries.
    pub entries: Vec<(String, Entry)>,
    /// What to ask for the next page with; `None`: this was the last.
    pub next: Option<String>,
}

/// An entry was written or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// In which area.
    pub area: Area,
    /// Under which key.
    pub key: String,
}

/// The entries whose changes are told, by the beginnings of their keys, of which none is the
/// beginning of another one. Telling costs every process that is there something.
#[derive(Debug, Clone, Copy)]
pub struct Followed(pub &'static [(Area, &'static str)]);

impl Followed {
    /// All entries.
    pub const ALL: Self = Self(&[(Area::Sessions, ""), (Area::Records, "")]);

    pub(crate) fn has(self, change: &Change) -> bool {
        self.0.iter().any(|(area, begin)| change.area == *area && change.key.starts_with(begin))
    }
}

/// Bytes under keys, with deadlines.
///
/// Every error means that the outcome is unknown: a write may or may not have happened. Dropping a
/// returned future has the same meaning.
#[async_trait::async_trait]
pub trait Store: Send + Sync + 'static {
    /// Reads a live entry's value.
    async fn get(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Reads the values of several live entries, in the order of their keys: one wait, no snapshot.
    async fn get_each(
        &self,
        area: Area,
        keys: &[String],
        now: Timestamp,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        try_join_all(keys.iter().map(|key| self.get(area, key, now))).await
    }

    /// Writes an entry, whatever was there.
    async fn put(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Writes an entry if no live one is there; `true` when it is now ours.
    async fn put_if_absent(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Does so with several entries under different keys: one wait, but a step for each of them.
    async fn put_each_if_absent(
        &self,
        area: Area,
        entries: Vec<(String, Entry)>,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        let written = entries
            .into_iter()
            .map(|(key, entry)| async move { self.put_if_absent(area, &key, entry, now).await });
        try_join_all(written).await
    }

    /// Reads and removes a live entry in one step: of any number of callers one gets it.
    async fn take(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces a live entry if its value is still `expected`; `true` when it was.
    async fn replace_if(
        &self,
        area: Area,
        key: &str,
        expected: &[u8],
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Removes an entry; fine when there is none.
    async fn remove(&self, area: Area, key: &str) -> Result<(), StoreError>;

    /// Reads all live entries of a group as (key, value), in no promised order.
    async fn group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// Removes all entries of a group and says how many of them were live.
    async fn remove_group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError>;

    /// Removes what has expired and says how much, where the backend does not do so by itself.
    /// Works in bounded steps; to be called now and then in the background.
    async fn sweep(&self, _now: Timestamp) -> Result<usize, StoreError> {
        Ok(0)
    }

    /// Reads an area page by page, in no promised order: what is there from the first page to the
    /// last comes once at least.
    async fn page(&self, _area: Area, _after: Option<String>) -> Result<Page, StoreError> {
        Err(StoreError::Unavailable("this store cannot be read page by page".to_owned()))
    }

    /// Follows changes of the entries that are [`Followed`] from now on. A receiver that lags or is closed has missed some.
    fn changes(&self) -> broadcast::Receiver<Change>;

    /// Checks that the store reads and writes; changes no entry.
    async fn probe(&self, now: Timestamp) -> Result<(), StoreError>;
}
