//! The rows of the sessions: one keyspace, ordered by the first byte of their keys.
//!
//! `e` key: the entry. `g` length of the group (2, big-endian), group, key: nothing. `d` deadline (8,
//! ordered), key: nothing. `f`: the format.

use std::collections::BTreeMap;
use std::ops::Bound;

use domain::Timestamp;
use fjall::{Database, Guard, Keyspace, Readable, Snapshot};

use super::FORMAT;
use crate::Entry;
use crate::embedded::engine::{Failed, Rows, RowsMut};

/// Where the format stands.
pub(super) const FORMAT_ROW: &[u8] = b"f";
/// Longest key of fjall.
const LONGEST: usize = 65_535;

/// What is written at one moment.
pub(super) struct Now<'d> {
    keyspace: &'d Keyspace,
    snapshot: Snapshot,
}

impl<'d> Now<'d> {
    pub(super) fn of(database: &Database, keyspace: &'d Keyspace) -> Self {
        Self { keyspace, snapshot: database.snapshot() }
    }

    /// Keys with this prefix, the prefix cut off.
    fn behind(&self, prefix: Vec<u8>) -> impl Iterator<Item = Result<String, Failed>> {
        let cut = prefix.len();
        self.snapshot.prefix(self.keyspace, prefix).map(move |row| text(&row.key()?, cut))
    }
}

impl Rows for Now<'_> {
    fn entry(&self, key: &str) -> Result<Option<Vec<u8>>, Failed> {
        Ok(self.snapshot.get(self.keyspace, entry_row(key))?.map(|bytes| bytes.to_vec()))
    }

    fn members(&self, group: &str) -> Result<Vec<String>, Failed> {
        self.behind(group_row(group, "")?).collect()
    }

    fn entries_after(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Failed> {
        let from =
            after.map_or(Bound::Included(entry_row("")), |key| Bound::Excluded(entry_row(key)));
        let range = (from, Bound::Excluded(FORMAT_ROW.to_vec()));
        let rows = self.snapshot.range(self.keyspace, range).take(limit).map(Guard::into_inner);
        rows.map(|row| row.map(|(key, bytes)| Ok((text(&key, 1)?, bytes.to_vec())))?).collect()
    }
}

/// One operation's changes: rows that are written, or removed where there is no value.
pub(super) struct Changes<'d> {
    now: Now<'d>,
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'d> Changes<'d> {
    pub(super) fn on(now: Now<'d>) -> Self {
        Self { now, rows: BTreeMap::new() }
    }

    /// Writes all of them, or none; gives their size. They are the system's only after a `persist`.
    pub(super) fn commit(self, database: &Database) -> Result<usize, Failed> {
        let (mut batch, mut size) = (database.batch().durability(None), 0);
        for (key, value) in self.rows {
            size += key.len() + value.as_ref().map_or(0, Vec::len);
            match value {
                Some(value) => batch.insert(self.now.keyspace, key, value),
                None => batch.remove(self.now.keyspace, key),
            }
        }
        batch.commit()?;
        Ok(size)
    }

    fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), Failed> {
        if key.len() > LONGEST {
            return Err(Failed::new("a key is too long"));
        }
        self.rows.insert(key, value);
        Ok(())
    }

    fn index(&mut self, key: &str, entry: &Entry, there: Option<&[u8]>) -> Result<(), Failed> {
        self.set(deadline_row(entry.deadline, key), there.map(<[u8]>::to_vec))?;
        for group in &entry.groups {
            self.set(group_row(group, key)?, there.map(<[u8]>::to_vec))?;
        }
        Ok(())
    }
}

impl Rows for Changes<'_> {
    fn entry(&self, key: &str) -> Result<Option<Vec<u8>>, Failed> {
        match self.rows.get(&entry_row(key)) {
            Some(changed) => Ok(changed.clone()),
            None => self.now.entry(key),
        }
    }

    fn members(&self, group: &str) -> Result<Vec<String>, Failed> {
        self.now.members(group)
    }

    fn entries_after(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Failed> {
        self.now.entries_after(after, limit)
    }
}

impl RowsMut for Changes<'_> {
    fn insert(&mut self, key: &str, bytes: &[u8]) -> Result<(), Failed> {
        self.set(entry_row(key), Some(bytes.to_vec()))
    }

    fn remove(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failed> {
        let there = self.entry(key)?;
        if there.is_some() {
            self.set(entry_row(key), None)?;
        }
        Ok(there)
    }

    fn list(&mut self, key: &str, entry: &Entry) -> Result<(), Failed> {
        self.index(key, entry, Some(&[]))
    }

    fn unlist(&mut self, key: &str, entry: &Entry) -> Result<(), Failed> {
        self.index(key, entry, None)
    }

    fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<String>, Failed> {
        let last = deadline_row(now, "");
        let mut expired = Vec::new();
        for row in self.now.snapshot.prefix(self.now.keyspace, b"d").take(limit) {
            let row = row.key()?;
            if row.get(..last.len()) > Some(&last) {
                break;
            }
            expired.push(text(&row, last.len())?);
        }
        Ok(expired)
    }

    fn probe(&mut self) -> Result<(), Failed> {
        self.set(FORMAT_ROW.to_vec(), Some(vec![FORMAT]))
    }
}

fn entry_row(key: &str) -> Vec<u8> {
    [b"e", key.as_bytes()].concat()
}

fn group_row(group: &str, key: &str) -> Result<Vec<u8>, Failed> {
    let length = u16::try_from(group.len()).map_err(|_| Failed::new("a group is too long"))?;
    Ok([b"g", &length.to_be_bytes()[..], group.as_bytes(), key.as_bytes()].concat())
}

/// Deadlines before 1970 come first, too.
fn deadline_row(deadline: Timestamp, key: &str) -> Vec<u8> {
    let ordered = deadline.as_millis().cast_unsigned() ^ (1 << 63);
    [b"d", &ordered.to_be_bytes()[..], key.as_bytes()].concat()
}

fn text(row: &[u8], cut: usize) -> Result<String, Failed> {
    Ok(std::str::from_utf8(row.get(cut..).unwrap_or_default())?.to_owned())
}
