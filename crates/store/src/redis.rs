//! The store in Redis: any number of processes, on one node, behind Sentinel, or in a cluster.

mod advice;
mod blob;
mod dial;
mod feed;
mod groups;
mod keys;
mod link;
mod node;
mod own;
mod pages;
mod reply;
mod scouts;
mod script;
mod settings;
mod slot;

use std::sync::Arc;

use domain::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::broadcast;

use crate::{Area, Change, Entry, Followed, Page, Store, StoreError};
use dial::Dialer;
use feed::Feed;
use link::{Durability, Link};
use script::If;
pub use settings::{RedisAddress, RedisLogin, RedisSettings, RedisTls, Topology};

/// By Redis's clock: a write that belongs to no group may be late.
const WHENEVER: i64 = 9_999_999_999;

/// The store in Redis, for any number of processes.
///
/// Redis's own expiry only tidies up; an entry carries its deadline and is judged by the caller's
/// `now`. A key of Redis is one entry or one group's index; a script touches one key, so that all
/// of it works in a cluster. A group's index is written before the entry and proves nothing: the
/// entry itself says which groups it is in.
///
/// Waiting is bounded: each call has a deadline, and while Redis is known to be away every call
/// fails at once. Records are acknowledged once replicas have them, where there are some.
pub struct RedisStore {
    sessions: Arc<Link>,
    records: Arc<Link>,
    feed: Arc<Feed>,
}

impl RedisStore {
    /// Begins to connect and returns at once. To be called within a runtime that outlasts the
    /// store. `records` is a Redis of their own, if they have one.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when TLS cannot be spoken like that.
    pub fn open(
        sessions: RedisSettings,
        records: Option<RedisSettings>,
        followed: Followed,
    ) -> Result<Self, StoreError> {
        let none = |_| StoreError::Unavailable("there is no runtime to connect in".to_owned());
        let runtime = Handle::try_current().map_err(none)?;
        let feed = Arc::new(Feed::of(followed));
        let start = |name, settings: RedisSettings| {
            let dialer = Dialer::new(&settings, runtime.clone())?;
            let link = Link::start(name, settings, dialer, Arc::clone(&feed));
            Ok::<_, StoreError>(Arc::new(link))
        };
        let records = records.map(|own| start("store.records.redis", own)).transpose()?;
        let sessions = start("store.redis", sessions)?;
        let records = records.unwrap_or_else(|| Arc::clone(&sessions));
        Ok(Self { sessions, records, feed })
    }

    fn link(&self, area: Area) -> (&Link, Durability) {
        match area {
            Area::Sessions => (&self.sessions, Durability::Plain),
            Area::Records => (&self.records, Durability::Replicated),
        }
    }

    /// Enters the groups, writes the entry, leaves the groups that it is no longer in.
    async fn write(
        &self,
        area: Area,
        key: &str,
        entry: &Entry,
        now: Timestamp,
        condition: If<'_>,
    ) -> Result<bool, StoreError> {
        let (link, durability) = self.link(area);
        let life = script::life(entry.deadline, now);
        let latest = match self.join(area, key, &entry.groups, life).await? {
            Some(entered) => entered + script::GUARD,
            None => WHENEVER,
        };
        let blob = blob::encode(entry)?;
        let at = link.keys().entry(area, key);
        let command = script::write(&at, &blob, (life, now), latest, condition);
        let answer = link.run(&at, command, durability).await?;
        let (outcome, old) = reply::written(answer)?;
        if outcome < 0 {
            return Err(StoreError::Unavailable("the write came too late".to_owned()));
        }
        if outcome == 1 && !old.is_empty() {
            let left = blob::decode(&old)?.groups;
            let left: Vec<String> =
                left.into_iter().filter(|g| !entry.groups.contains(g)).collect();
            self.leave(area, key, &left).await;
        }
        Ok(outcome == 1)
    }

    async fn take_whole(&self, area: Area, key: &str) -> Result<Option<Entry>, StoreError> {
        let (link, durability) = self.link(area);
        let at = link.keys().entry(area, key);
        let answer = link.run(&at, script::take(&at), durability).await?;
        let Some(blob) = reply::bytes(answer)? else { return Ok(None) };
        let entry = blob::decode(&blob)?;
        self.leave(area, key, &entry.groups).await;
        Ok(Some(entry))
    }
}

#[async_trait::async_trait]
impl Store for RedisStore {
    async fn get(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let entry = self.read(area, key).await?;
        Ok(entry.filter(|entry| now < entry.deadline).map(|entry| entry.value))
    }

    async fn put(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(area, key, &entry, now, If::Always).await.map(drop)
    }

    async fn put_if_absent(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(area, key, &entry, now, If::Absent).await
    }

    async fn take(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let entry = self.take_whole(area, key).await?;
        Ok(entry.filter(|entry| now < entry.deadline).map(|entry| entry.value))
    }

    async fn replace_if(
        &self,
        area: Area,
        key: &str,
        expected: &[u8],
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(area, key, &entry, now, If::Equal(expected)).await
    }

    async fn remove(&self, area: Area, key: &str) -> Result<(), StoreError> {
        self.take_whole(area, key).await.map(drop)
    }

    async fn group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.read_group(area, group, now).await
    }

    async fn remove_group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.erase_group(area, group, now).await
    }

    async fn page(&self, area: Area, after: Option<String>) -> Result<Page, StoreError> {
        self.read_page(area, after).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.feed.subscribe()
    }

    /// Writes and removes a key of its own in both areas, with records' durability.
    async fn probe(&self, _: Timestamp) -> Result<(), StoreError> {
        for area in [Area::Sessions, Area::Records] {
            let (link, durability) = self.link(area);
            let at = link.keys().probe(area);
            link.run(&at, script::probe(&at), durability).await?;
        }
        Ok(())
    }
}
