//! The tables of the records.

use std::ops::Bound;

use domain::Timestamp;
use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::META;
use crate::Entry;
use crate::embedded::engine::{Failed, Rows, RowsMut};

/// Key to entry.
const ENTRIES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");
/// (Group, key).
const GROUPS: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("records-groups");
/// (Deadline in milliseconds, key), for the sweep.
const DEADLINES: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("records-deadlines");

impl Rows for ReadTransaction {
    fn entry(&self, key: &str) -> Result<Option<Vec<u8>>, Failed> {
        entry(&self.open_table(ENTRIES)?, key)
    }

    fn members(&self, group: &str) -> Result<Vec<String>, Failed> {
        members(&self.open_table(GROUPS)?, group)
    }

    fn entries_after(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Failed> {
        entries_after(&self.open_table(ENTRIES)?, after, limit)
    }
}

/// The tables of one write transaction.
pub(super) struct Transaction<'t> {
    transaction: &'t WriteTransaction,
    entries: Table<'t, &'static str, &'static [u8]>,
    groups: Table<'t, (&'static str, &'static str), ()>,
    deadlines: Table<'t, (i64, &'static str), ()>,
}

impl<'t> Transaction<'t> {
    /// Makes the tables that are not there yet.
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            transaction,
            entries: transaction.open_table(ENTRIES)?,
            groups: transaction.open_table(GROUPS)?,
            deadlines: transaction.open_table(DEADLINES)?,
        })
    }
}

impl Rows for Transaction<'_> {
    fn entry(&self, key: &str) -> Result<Option<Vec<u8>>, Failed> {
        entry(&self.entries, key)
    }

    fn members(&self, group: &str) -> Result<Vec<String>, Failed> {
        members(&self.groups, group)
    }

    fn entries_after(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Failed> {
        entries_after(&self.entries, after, limit)
    }
}

impl RowsMut for Transaction<'_> {
    fn insert(&mut self, key: &str, bytes: &[u8]) -> Result<(), Failed> {
        self.entries.insert(key, bytes)?;
        Ok(())
    }

    fn remove(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failed> {
        Ok(self.entries.remove(key)?.map(|bytes| bytes.value().to_vec()))
    }

    fn list(&mut self, key: &str, entry: &Entry) -> Result<(), Failed> {
        self.deadlines.insert((entry.deadline.as_millis(), key), ())?;
        for group in &entry.groups {
            self.groups.insert((group.as_str(), key), ())?;
        }
        Ok(())
    }

    fn unlist(&mut self, key: &str, entry: &Entry) -> Result<(), Failed> {
        self.deadlines.remove((entry.deadline.as_millis(), key))?;
        for group in &entry.groups {
            self.groups.remove((group.as_str(), key))?;
        }
        Ok(())
    }

    fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<String>, Failed> {
        let mut expired = Vec::new();
        for row in self.deadlines.iter()?.take(limit) {
            let (key, _) = row?;
            let (deadline, key) = key.value();
            if now.as_millis() < deadline {
                break;
            }
            expired.push(key.to_owned());
        }
        Ok(expired)
    }

    fn probe(&mut self) -> Result<(), Failed> {
        self.transaction.open_table(META)?.insert("probed", 1)?;
        Ok(())
    }
}

fn entry(
    entries: &impl ReadableTable<&'static str, &'static [u8]>,
    key: &str,
) -> Result<Option<Vec<u8>>, Failed> {
    Ok(entries.get(key)?.map(|bytes| bytes.value().to_vec()))
}

fn members(
    groups: &impl ReadableTable<(&'static str, &'static str), ()>,
    group: &str,
) -> Result<Vec<String>, Failed> {
    let mut keys = Vec::new();
    for row in groups.range((group, "")..)? {
        let (key, _) = row?;
        let (of, key) = key.value();
        if of != group {
            break;
        }
        keys.push(key.to_owned());
    }
    Ok(keys)
}

fn entries_after(
    entries: &impl ReadableTable<&'static str, &'static [u8]>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut found = Vec::new();
    for row in entries.range::<&str>((from, Bound::Unbounded))?.take(limit) {
        let (key, bytes) = row?;
        found.push((key.value().to_owned(), bytes.value().to_vec()));
    }
    Ok(found)
}
