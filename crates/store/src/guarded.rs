//! A store whose records are used only while they are known to be the right ones.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use tokio::sync::broadcast::{self, error::TryRecvError};

use crate::{Area, AreaId, Change, Entry, Page, Store, StoreError};

/// A store that others can empty, or exchange, behind our back. Its records are looked at again
/// whenever they may have been: then every use of them fails until they are the right ones again.
pub struct GuardedStore {
    inner: Arc<dyn Store>,
    id: AreaId,
    sure: AtomicBool,
    /// Closed: the store was out of sight, or was emptied.
    feed: Mutex<broadcast::Receiver<Change>>,
}

impl GuardedStore {
    /// Only records of `id` are used.
    pub fn new(inner: Arc<dyn Store>, id: AreaId) -> Self {
        let feed = Mutex::new(inner.changes());
        Self { inner, id, sure: AtomicBool::new(false), feed }
    }

    async fn allow(&self, area: Area, now: Timestamp) -> Result<(), StoreError> {
        if area == Area::Sessions || (self.in_sight() && self.sure.load(Ordering::Acquire)) {
            return Ok(());
        }
        self.sure.store(false, Ordering::Release);
        // Before looking, so that what happens meanwhile is not missed.
        *self.feed.lock().unwrap_or_else(PoisonError::into_inner) = self.inner.changes();
        AreaId::check(&*self.inner, Some(&self.id), now).await?;
        self.sure.store(true, Ordering::Release);
        Ok(())
    }

    fn in_sight(&self) -> bool {
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match feed.try_recv() {
                Ok(change) if AreaId::concerns(&change) => return false,
                Ok(_) => {}
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => return false,
            }
        }
    }

    /// After a failure nothing is known.
    fn noted<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if answer.is_err() {
            self.sure.store(false, Ordering::Release);
        }
        answer
    }
}

#[async_trait::async_trait]
impl Store for GuardedStore {
    async fn get(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.get(area, key, now).await)
    }

    async fn get_each(
        &self,
        area: Area,
        keys: &[String],
        now: Timestamp,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.get_each(area, keys, now).await)
    }

    async fn put(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.put(area, key, entry, now).await)
    }

    async fn put_if_absent(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.put_if_absent(area, key, entry, now).await)
    }

    async fn put_each_if_absent(
        &self,
        area: Area,
        entries: Vec<(String, Entry)>,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.put_each_if_absent(area, entries, now).await)
    }

    async fn take(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.take(area, key, now).await)
    }

    async fn replace_if(
        &self,
        area: Area,
        key: &str,
        expected: &[u8],
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.replace_if(area, key, expected, entry, now).await)
    }

    /// Removing needs no look: there is less of it in wrong records than in right ones.
    async fn remove(&self, area: Area, key: &str) -> Result<(), StoreError> {
        self.noted(self.inner.remove(area, key).await)
    }

    async fn group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.group(area, group, now).await)
    }

    async fn remove_group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.allow(area, now).await?;
        self.noted(self.inner.remove_group(area, group, now).await)
    }

    async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.inner.sweep(now).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes()
    }

    async fn page(&self, area: Area, after: Option<String>) -> Result<Page, StoreError> {
        self.inner.page(area, after).await
    }

    /// Fails while the records are not the right ones: then the gateway is not ready.
    async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        self.allow(Area::Records, now).await?;
        self.noted(self.inner.probe(now).await)
    }
}
