//! The store in one crash-safe file of one process.

mod file;
mod record;
mod slot;
mod tables;
mod worker;

use std::path::Path;
use std::sync::Arc;

use domain::Timestamp;
use redb::{Database, ReadableDatabase};
use tokio::sync::broadcast;

use crate::{Area, Change, Entry, Store, StoreError};
use slot::Slot;
use tables::Tables;
use worker::{Readers, Writer};

/// How many changes a slow follower may be behind before it has missed some.
const FEED: usize = 4096;
/// Most expired entries that one [`Store::sweep`] transaction removes.
const SWEEP_BATCH: usize = 1000;

/// The store in one crash-safe file, `vestibule.redb`; one process at a time.
///
/// One thread writes: operations that arrive together share one transaction and one `fsync`, and
/// are answered after it. A few threads read. Waiting is bounded; a wait that is too long is
/// [`StoreError::Unavailable`]. After a failure of the disk the file is opened again by itself.
pub struct EmbeddedStore {
    writer: Writer,
    readers: Readers,
    changes: broadcast::Sender<Change>,
}

impl EmbeddedStore {
    /// Opens the store in `folder`; makes folder (mode 0700) and file (mode 0600) if missing.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it, [`StoreError::Damaged`] when the file is
    /// not a whole store (it is left as it is), [`StoreError::Open`] when the system refuses.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let slot = Arc::new(Slot::open(folder)?);
        let (changes, _) = broadcast::channel(FEED);
        Ok(Self {
            writer: Writer::start(Arc::clone(&slot), changes.clone())?,
            readers: Readers::start(&slot)?,
            changes,
        })
    }
}

#[async_trait::async_trait]
impl Store for EmbeddedStore {
    async fn get(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_owned();
        self.readers
            .run(move |db: &Database| tables::read(&db.begin_read()?, area, &key, now))
            .await
    }

    async fn put(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.writer.run(move |t: &mut Tables<'_>| t.write(area, &key, &entry)).await
    }

    async fn put_if_absent(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = key.to_owned();
        self.writer.run(move |t: &mut Tables<'_>| t.write_if_absent(area, &key, &entry, now)).await
    }

    async fn take(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_owned();
        self.writer.run(move |t: &mut Tables<'_>| t.take(area, &key, now)).await
    }

    async fn replace_if(
        &self,
        area: Area,
        key: &str,
        expected: &[u8],
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (key, expected) = (key.to_owned(), expected.to_vec());
        self.writer
            .run(move |t: &mut Tables<'_>| t.replace_if(area, &key, &expected, &entry, now))
            .await
    }

    async fn remove(&self, area: Area, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.writer.run(move |t: &mut Tables<'_>| t.erase(area, &key).map(drop)).await
    }

    async fn group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let group = group.to_owned();
        self.readers
            .run(move |db: &Database| tables::read_group(&db.begin_read()?, area, &group, now))
            .await
    }

    async fn remove_group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let group = group.to_owned();
        self.writer.run(move |t: &mut Tables<'_>| t.erase_group(area, &group, now)).await
    }

    /// In bounded transactions, so that other writers wait for none of them for long.
    async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut removed = 0;
        for area in [Area::Sessions, Area::Records] {
            loop {
                let batch = self.writer.run(move |t| t.sweep(area, now, SWEEP_BATCH)).await?;
                removed += batch;
                if batch < SWEEP_BATCH {
                    break;
                }
            }
        }
        Ok(removed)
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        self.get(Area::Records, "probe", now).await?;
        self.writer.run(|t: &mut Tables<'_>| t.probe()).await
    }
}
