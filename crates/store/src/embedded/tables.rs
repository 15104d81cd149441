//! The tables of one area and every change to them; callers commit.

use std::ops::Bound;

use domain::Timestamp;
use redb::{
    ReadTransaction, ReadableTable, StorageError, Table, TableDefinition, WriteTransaction,
};

use super::file::META;
use super::record;
use crate::{Area, Change, Entry, Page};

/// Entries in one page.
const PAGE: usize = 500;

/// Key to entry, encoded by [`record`].
type Entries = TableDefinition<'static, &'static str, &'static [u8]>;
/// (Group, key).
type Groups = TableDefinition<'static, (&'static str, &'static str), ()>;
/// (Deadline in milliseconds, key), for the sweep.
type Deadlines = TableDefinition<'static, (i64, &'static str), ()>;

/// Names of one area's tables.
struct Names {
    entries: Entries,
    groups: Groups,
    deadlines: Deadlines,
}

const SESSIONS: Names = Names {
    entries: TableDefinition::new("sessions"),
    groups: TableDefinition::new("sessions-groups"),
    deadlines: TableDefinition::new("sessions-deadlines"),
};

const RECORDS: Names = Names {
    entries: TableDefinition::new("records"),
    groups: TableDefinition::new("records-groups"),
    deadlines: TableDefinition::new("records-deadlines"),
};

fn names(area: Area) -> &'static Names {
    match area {
        Area::Sessions => &SESSIONS,
        Area::Records => &RECORDS,
    }
}

/// Makes all tables, so that reading never meets a missing one.
pub(super) fn create(transaction: &WriteTransaction, area: Area) -> Result<(), redb::Error> {
    Tables::open(transaction, area).map(drop)
}

/// A live entry's value.
pub(super) fn read(
    transaction: &ReadTransaction,
    area: Area,
    key: &str,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, redb::Error> {
    let table = transaction.open_table(names(area).entries)?;
    let Some(bytes) = table.get(key)? else { return Ok(None) };
    live(bytes.value(), now)
}

/// All live entries of a group.
pub(super) fn read_group(
    transaction: &ReadTransaction,
    area: Area,
    group: &str,
    now: Timestamp,
) -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
    let entries = transaction.open_table(names(area).entries)?;
    let groups = transaction.open_table(names(area).groups)?;
    let mut found = Vec::new();
    for key in members(&groups, group)? {
        let Some(bytes) = entries.get(key.as_str())? else { continue };
        if let Some(value) = live(bytes.value(), now)? {
            found.push((key, value));
        }
    }
    Ok(found)
}

/// Entries after a key, in the order of keys.
pub(super) fn page(
    transaction: &ReadTransaction,
    area: Area,
    after: Option<&str>,
) -> Result<Page, redb::Error> {
    let table = transaction.open_table(names(area).entries)?;
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut page = Page::default();
    for row in table.range::<&str>((from, Bound::Unbounded))?.take(PAGE) {
        let (key, bytes) = row?;
        let entry = record::decode(bytes.value());
        let entry = entry.ok_or_else(|| damaged("an entry cannot be read"))?;
        page.entries.push((key.value().to_owned(), entry));
    }
    if page.entries.len() == PAGE {
        page.next = page.entries.last().map(|(key, _)| key.clone());
    }
    Ok(page)
}

/// The tables of one write transaction, and what changed in it.
pub(super) struct Tables<'t> {
    transaction: &'t WriteTransaction,
    area: Area,
    entries: Table<'t, &'static str, &'static [u8]>,
    groups: Table<'t, (&'static str, &'static str), ()>,
    deadlines: Table<'t, (i64, &'static str), ()>,
    changed: Vec<Change>,
    written: bool,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, area: Area) -> Result<Self, redb::Error> {
        let names = names(area);
        Ok(Self {
            transaction,
            area,
            entries: transaction.open_table(names.entries)?,
            groups: transaction.open_table(names.groups)?,
            deadlines: transaction.open_table(names.deadlines)?,
            changed: Vec::new(),
            written: false,
        })
    }

    /// What changed, and whether there is anything to commit at all.
    pub(super) fn into_changes(self) -> (Vec<Change>, bool) {
        (self.changed, self.written)
    }

    /// Writes to the disk without changing any entry.
    pub(super) fn probe(&mut self) -> Result<(), redb::Error> {
        self.transaction.open_table(META)?.insert("probed", 1)?;
        self.written = true;
        Ok(())
    }

    pub(super) fn write(&mut self, key: &str, entry: &Entry) -> Result<(), redb::Error> {
        self.remove_row(key)?;
        let bytes =
            record::encode(entry).ok_or_else(|| damaged("an entry's groups are too long"))?;
        self.entries.insert(key, bytes.as_slice())?;
        self.deadlines.insert((entry.deadline.as_millis(), key), ())?;
        for group in &entry.groups {
            self.groups.insert((group.as_str(), key), ())?;
        }
        self.note(key);
        Ok(())
    }

    pub(super) fn write_if_absent(
        &mut self,
        key: &str,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<bool, redb::Error> {
        if self.live(key, now)?.is_some() {
            return Ok(false);
        }
        self.write(key, entry)?;
        Ok(true)
    }

    pub(super) fn replace_if(
        &mut self,
        key: &str,
        expected: &[u8],
        entry: &Entry,
        now: Timestamp,
    ) -> Result<bool, redb::Error> {
        if self.live(key, now)?.as_deref() != Some(expected) {
            return Ok(false);
        }
        self.write(key, entry)?;
        Ok(true)
    }

    pub(super) fn take(
        &mut self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, redb::Error> {
        let removed = self.erase(key)?;
        Ok(removed.filter(|entry| now < entry.deadline).map(|entry| entry.value))
    }

    /// Removes whatever is under `key`, live or not.
    pub(super) fn erase(&mut self, key: &str) -> Result<Option<Entry>, redb::Error> {
        let removed = self.remove_row(key)?;
        if removed.is_some() {
            self.note(key);
        }
        Ok(removed)
    }

    pub(super) fn erase_group(
        &mut self,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, redb::Error> {
        let mut live = 0;
        for key in members(&self.groups, group)? {
            let removed = self.erase(&key)?;
            live += usize::from(removed.is_some_and(|entry| now < entry.deadline));
        }
        Ok(live)
    }

    /// Removes at most `limit` expired entries. They were invisible already: nobody is told.
    pub(super) fn sweep(&mut self, now: Timestamp, limit: usize) -> Result<usize, redb::Error> {
        let mut expired = Vec::new();
        for row in self.deadlines.iter()?.take(limit) {
            let (key, _) = row?;
            let (deadline, key) = key.value();
            if now.as_millis() < deadline {
                break;
            }
            expired.push(key.to_owned());
        }
        for key in &expired {
            self.remove_row(key)?;
        }
        self.written |= !expired.is_empty();
        Ok(expired.len())
    }

    fn remove_row(&mut self, key: &str) -> Result<Option<Entry>, redb::Error> {
        let Some(bytes) = self.entries.remove(key)?.map(|b| b.value().to_vec()) else {
            return Ok(None);
        };
        let entry = record::decode(&bytes).ok_or_else(|| damaged("an entry cannot be read"))?;
        self.deadlines.remove((entry.deadline.as_millis(), key))?;
        for group in &entry.groups {
            self.groups.remove((group.as_str(), key))?;
        }
        Ok(Some(entry))
    }

    fn live(&mut self, key: &str, now: Timestamp) -> Result<Option<Vec<u8>>, redb::Error> {
        let Some(bytes) = self.entries.get(key)? else { return Ok(None) };
        live(bytes.value(), now)
    }

    fn note(&mut self, key: &str) {
        self.written = true;
        self.changed.push(Change { area: self.area, key: key.to_owned() });
    }
}

fn live(bytes: &[u8], now: Timestamp) -> Result<Option<Vec<u8>>, redb::Error> {
    let deadline = record::deadline(bytes).ok_or_else(|| damaged("an entry cannot be read"))?;
    if now >= deadline {
        return Ok(None);
    }
    let entry = record::decode(bytes).ok_or_else(|| damaged("an entry cannot be read"))?;
    Ok(Some(entry.value))
}

fn members(
    groups: &impl ReadableTable<(&'static str, &'static str), ()>,
    group: &str,
) -> Result<Vec<String>, redb::Error> {
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

fn damaged(what: &str) -> redb::Error {
    StorageError::Corrupted(what.to_owned()).into()
}
