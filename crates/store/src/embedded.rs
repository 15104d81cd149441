//! The store in a crash-safe folder of one process.

mod engine;
mod record;
mod records;
mod sessions;
mod slot;
mod tables;
mod worker;

use std::path::Path;
use std::sync::Arc;

use domain::Timestamp;
use tokio::sync::broadcast;

use crate::{Area, Change, Entry, Followed, Page, Store, StoreError};
use engine::{Engine, Rows};
use records::Records;
use sessions::Sessions;
use slot::Slot;
use tables::Tables;
use worker::{Reader, Writer};

/// How many changes a slow follower may be behind before it has missed some.
const BEHIND: usize = 4096;
/// Most expired entries that [`Store::sweep`] removes in one step.
const SWEEP_BATCH: usize = 1000;

/// The store in a crash-safe folder of one process: `vestibule.redb` with the records and the folder
/// `sessions`.
///
/// A killed process loses nothing that it acknowledged. Records also survive a machine that loses
/// its power: each commit is synced to the disk. Sessions are synced once a second while something is
/// written; what such a machine loses of them means signing in again.
///
/// One thread for each area writes: operations that arrive together are one batch and are answered
/// after it. Another one reads. Waiting is bounded; a wait that is too long is
/// [`StoreError::Unavailable`]. After a failure of the disk an area is opened again by itself.
pub struct EmbeddedStore {
    sessions: Part,
    records: Part,
    feed: Feed,
}

/// Where changes are told.
#[derive(Clone)]
struct Feed {
    followed: Followed,
    changes: broadcast::Sender<Change>,
}

impl Feed {
    fn tell(&self, change: Change) {
        if self.followed.has(&change) {
            let _nobody_follows = self.changes.send(change);
        }
    }
}

/// One area.
struct Part {
    writer: Writer,
    reader: Reader,
}

impl Part {
    fn open<E: Engine>(folder: &Path, feed: Feed) -> Result<Self, StoreError> {
        let slot = Arc::new(Slot::<E>::open(folder)?);
        let writer = Writer::start(Arc::clone(&slot), feed)?;
        Ok(Self { writer, reader: Reader::start(slot)? })
    }
}

impl EmbeddedStore {
    /// Opens the store in `folder`; makes what is missing, for this user alone (mode 0700 or 0600).
    /// Sessions that cannot be read are put aside, records are not.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it, [`StoreError::Damaged`] when the records
    /// are not a whole store (the file is left as it is), [`StoreError::Open`] when the system
    /// refuses.
    pub fn open(folder: &Path, followed: Followed) -> Result<Self, StoreError> {
        let feed = Feed { followed, changes: broadcast::channel(BEHIND).0 };
        let records = Part::open::<Records>(folder, feed.clone())?;
        let sessions = Part::open::<Sessions>(folder, feed.clone())?;
        Ok(Self { sessions, records, feed })
    }

    fn part(&self, area: Area) -> &Part {
        match area {
            Area::Sessions => &self.sessions,
            Area::Records => &self.records,
        }
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
        self.part(area).reader.run(move |rows: &dyn Rows| tables::read(rows, &key, now)).await
    }

    async fn get_each(
        &self,
        area: Area,
        keys: &[String],
        now: Timestamp,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let keys = keys.to_vec();
        let read =
            move |rows: &dyn Rows| keys.iter().map(|key| tables::read(rows, key, now)).collect();
        self.part(area).reader.run(read).await
    }

    async fn put(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.part(area).writer.run(move |t: &mut Tables<'_>| t.write(&key, &entry)).await
    }

    async fn put_if_absent(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = key.to_owned();
        self.part(area)
            .writer
            .run(move |t: &mut Tables<'_>| t.write_if_absent(&key, &entry, now))
            .await
    }

    async fn put_each_if_absent(
        &self,
        area: Area,
        entries: Vec<(String, Entry)>,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        let write = move |t: &mut Tables<'_>| {
            entries.iter().map(|(key, entry)| t.write_if_absent(key, entry, now)).collect()
        };
        self.part(area).writer.run(write).await
    }

    async fn take(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_owned();
        self.part(area).writer.run(move |t: &mut Tables<'_>| t.take(&key, now)).await
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
        self.part(area)
            .writer
            .run(move |t: &mut Tables<'_>| t.replace_if(&key, &expected, &entry, now))
            .await
    }

    async fn remove(&self, area: Area, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.part(area).writer.run(move |t: &mut Tables<'_>| t.erase(&key).map(drop)).await
    }

    async fn group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let group = group.to_owned();
        self.part(area)
            .reader
            .run(move |rows: &dyn Rows| tables::read_group(rows, &group, now))
            .await
    }

    async fn remove_group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let group = group.to_owned();
        self.part(area).writer.run(move |t: &mut Tables<'_>| t.erase_group(&group, now)).await
    }

    /// In bounded steps, so that other writers wait for none of them for long.
    async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut removed = 0;
        for area in [Area::Sessions, Area::Records] {
            loop {
                let batch = self.part(area).writer.run(move |t| t.sweep(now, SWEEP_BATCH)).await?;
                removed += batch;
                if batch < SWEEP_BATCH {
                    break;
                }
            }
        }
        Ok(removed)
    }

    async fn page(&self, area: Area, after: Option<String>) -> Result<Page, StoreError> {
        let read = move |rows: &dyn Rows| tables::page(rows, after.as_deref());
        self.part(area).reader.run(read).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.feed.changes.subscribe()
    }

    async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        self.get(Area::Records, "probe", now).await?;
        self.sessions.writer.run(|t: &mut Tables<'_>| t.probe()).await?;
        self.records.writer.run(|t: &mut Tables<'_>| t.probe()).await
    }
}
