//! A store in memory: enough for what is tested here, and quick enough for a million guesses.

use std::collections::HashMap;
use std::sync::Mutex;

use domain::Timestamp;
use store::{Area, Change, Entry, Store, StoreError};
use tokio::sync::broadcast;

#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<(Area, String), Entry>>);

impl Memory {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<(Area, String), Entry>) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    /// Everything in it, as a thief would have it.
    pub(super) fn dump(&self) -> Vec<u8> {
        self.with(|entries| {
            let all = entries.iter().map(|((_, key), entry)| {
                [key.as_bytes(), &entry.value, entry.groups.concat().as_bytes()].concat()
            });
            all.collect::<Vec<_>>().concat()
        })
    }

    /// Puts nonsense in the place of every record whose key begins so.
    pub(super) fn spoil(&self, prefix: &str) {
        self.with(|entries| {
            for ((_, key), entry) in entries.iter_mut() {
                if key.starts_with(prefix) {
                    entry.value = b"nonsense".to_vec();
                }
            }
        });
    }
}

fn live(entry: &Entry, now: Timestamp) -> bool {
    now < entry.deadline
}

#[async_trait::async_trait]
impl Store for Memory {
    async fn get(&self, a: Area, key: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.with(|e| {
            e.get(&(a, key.to_owned())).filter(|e| live(e, now)).map(|e| e.value.clone())
        }))
    }

    async fn put(&self, a: Area, key: &str, entry: Entry, _: Timestamp) -> Result<(), StoreError> {
        self.with(|e| e.insert((a, key.to_owned()), entry));
        Ok(())
    }

    async fn put_if_absent(
        &self,
        a: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.with(|e| {
            let key = (a, key.to_owned());
            let free = e.get(&key).is_none_or(|e| !live(e, now));
            if free {
                e.insert(key, entry);
            }
            free
        }))
    }

    async fn take(
        &self,
        a: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let taken = self.with(|e| e.remove(&(a, key.to_owned())));
        Ok(taken.filter(|e| live(e, now)).map(|e| e.value))
    }

    async fn replace_if(
        &self,
        a: Area,
        key: &str,
        expected: &[u8],
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.with(|e| match e.get_mut(&(a, key.to_owned())) {
            Some(old) if live(old, now) && old.value == expected => {
                *old = entry;
                true
            }
            _ => false,
        }))
    }

    async fn remove(&self, a: Area, key: &str) -> Result<(), StoreError> {
        self.with(|e| e.remove(&(a, key.to_owned())));
        Ok(())
    }

    async fn group(
        &self,
        a: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let group = group.to_owned();
        Ok(self.with(|e| {
            let found = e
                .iter()
                .filter(|((area, _), e)| *area == a && live(e, now) && e.groups.contains(&group));
            found.map(|((_, key), e)| (key.clone(), e.value.clone())).collect()
        }))
    }

    async fn remove_group(
        &self,
        a: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let found = self.group(a, group, now).await?;
        self.with(|e| found.iter().for_each(|(key, _)| drop(e.remove(&(a, key.clone())))));
        Ok(found.len())
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        broadcast::Sender::new(1).subscribe()
    }

    async fn probe(&self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}
