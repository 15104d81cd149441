//! Groups: index sets that may hold too much and never too little.

use std::collections::BTreeSet;

use domain::Timestamp;
use futures_util::future::{join_all, try_join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::link::Durability;
use super::{RedisStore, blob, reply, script};
use crate::{Area, Entry, StoreError};

/// How many members of a group are read or removed at once.
const AT_ONCE: usize = 64;

impl RedisStore {
    pub(super) async fn read(&self, area: Area, key: &str) -> Result<Option<Entry>, StoreError> {
        let (link, _) = self.link(area);
        let at = link.keys().entry(area, key);
        let answer = link.run(&at, script::read(&at), Durability::Plain).await?;
        reply::bytes(answer)?.map(|bytes| blob::decode(&bytes)).transpose()
    }

    /// Enters all indexes; answers when the first was entered, by Redis's clock in seconds.
    pub(super) async fn join(
        &self,
        area: Area,
        key: &str,
        groups: &[String],
        life: i64,
    ) -> Result<Option<i64>, StoreError> {
        let (link, durability) = self.link(area);
        let entered = groups.iter().map(|group| async move {
            let at = link.keys().group(area, group);
            let answer = link.run(&at, script::join(&at, key, life), durability).await?;
            Ok::<i64, StoreError>(reply::number(&answer)?)
        });
        Ok(try_join_all(entered).await?.into_iter().min())
    }

    /// Tidies up: what fails dangles until somebody meets it or Redis expires it.
    pub(super) async fn leave(&self, area: Area, key: &str, groups: &[String]) {
        let (link, _) = self.link(area);
        let left = groups.iter().map(|group| async move {
            let at = link.keys().group(area, group);
            link.run(&at, script::leave(&at, key), Durability::Plain).await
        });
        join_all(left).await;
    }

    pub(super) async fn read_group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let found = self.members(area, group).await?;
        let live = found.into_iter().filter(|(_, entry)| now < entry.deadline);
        Ok(live.map(|(key, entry)| (key, entry.value)).collect())
    }

    pub(super) async fn erase_group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let found = self.members(area, group).await?;
        let erased = stream::iter(found).map(|(key, entry)| async move {
            let removed = self.remove_from(area, group, &key, &entry).await?;
            Ok::<bool, StoreError>(removed && now < entry.deadline)
        });
        let counted: Vec<bool> = erased.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(counted.into_iter().filter(|live| *live).count())
    }

    /// Removes an entry that is in the group, also if somebody rewrites it meanwhile.
    async fn remove_from(
        &self,
        area: Area,
        group: &str,
        key: &str,
        read: &Entry,
    ) -> Result<bool, StoreError> {
        let (link, durability) = self.link(area);
        let at = link.keys().entry(area, key);
        let mut entry = read.clone();
        loop {
            let command = script::remove_if(&at, &blob::encode(&entry)?);
            let removed = reply::number(&link.run(&at, command, durability).await?)?;
            if removed == 1 {
                self.leave(area, key, &entry.groups).await;
                return Ok(true);
            }
            match self.read(area, key).await? {
                Some(now) if now.groups.iter().any(|g| g == group) => entry = now,
                _ => return Ok(false),
            }
        }
    }

    /// All entries that say they are in the group, live or not.
    async fn members(&self, area: Area, group: &str) -> Result<Vec<(String, Entry)>, StoreError> {
        let (link, _) = self.link(area);
        let at = link.keys().group(area, group);
        let (mut cursor, mut keys) = (0, BTreeSet::new());
        loop {
            let answer = link.run(&at, script::members(&at, cursor), Durability::Plain).await?;
            let (next, page) = reply::page(answer)?;
            keys.extend(page);
            if next == 0 {
                break;
            }
            cursor = next;
        }
        let entries = stream::iter(keys).map(|key| async move {
            match self.read(area, &key).await? {
                Some(entry) if entry.groups.iter().any(|g| g == group) => Ok(Some((key, entry))),
                _ => {
                    self.leave(area, &key, &[group.to_owned()]).await;
                    Ok::<_, StoreError>(None)
                }
            }
        });
        let entries = entries.buffer_unordered(AT_ONCE).try_filter_map(|found| async { Ok(found) });
        entries.try_collect().await
    }
}
