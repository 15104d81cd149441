//! The tables of each area and every change to them; callers commit.

use domain::Timestamp;
use redb::{
    ReadTransaction, ReadableTable, StorageError, Table, TableDefinition, WriteTransaction,
};

use super::file::META;
use super::record;
use crate::{Area, Change, Entry};

/// Names of one area's tables.
struct Names {
    /// Key to entry, encoded by [`record`].
    entries: TableDefinition<'static, &'static str, &'static [u8]>,
    /// (Group, key).
    groups: TableDefinition<'static, (&'static str, &'static str), ()>,
    /// (Deadline in milliseconds, key), for the sweep.
    deadlines: TableDefinition<'static, (i64, &'static str), ()>,
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
pub(super) fn create(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    Tables::open(transaction).map(drop)
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

/// The tables of one write transaction, and what changed in it.
pub(super) struct Tables<'t> {
    transaction: &'t WriteTransaction,
    sessions: AreaTables<'t>,
    records: AreaTables<'t>,
    changed: Vec<Change>,
    written: bool,
}

struct AreaTables<'t> {
    entries: Table<'t, &'static str, &'static [u8]>,
    groups: Table<'t, (&'static str, &'static str), ()>,
    deadlines: Table<'t, (i64, &'static str), ()>,
}

impl<'t> AreaTables<'t> {
    fn open(transaction: &'t WriteTransaction, names: &Names) -> Result<Self, redb::Error> {
        Ok(Self {
            entries: transaction.open_table(names.entries)?,
            groups: transaction.open_table(names.groups)?,
            deadlines: transaction.open_table(names.deadlines)?,
        })
    }
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        let sessions = AreaTables::open(transaction, &SESSIONS)?;
        let records = AreaTables::open(transaction, &RECORDS)?;
        Ok(Self { transaction, sessions, records, changed: Vec::new(), written: false })
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

    pub(super) fn write(
        &mut self,
        area: Area,
        key: &str,
        entry: &Entry,
    ) -> Result<(), redb::Error> {
        self.remove_row(area, key)?;
        let bytes =
            record::encode(entry).ok_or_else(|| damaged("an entry's groups are too long"))?;
        let tables = self.area(area);
        tables.entries.insert(key, bytes.as_slice())?;
        tables.deadlines.insert((entry.deadline.as_millis(), key), ())?;
        for group in &entry.groups {
            tables.groups.insert((group.as_str(), key), ())?;
        }
        self.note(area, key);
        Ok(())
    }

    pub(super) fn write_if_absent(
        &mut self,
        area: Area,
        key: &str,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<bool, redb::Error> {
        if self.live(area, key, now)?.is_some() {
            return Ok(false);
        }
        self.write(area, key, entry)?;
        Ok(true)
    }

    pub(super) fn replace_if(
        &mut self,
        area: Area,
        key: &str,
        expected: &[u8],
        entry: &Entry,
        now: Timestamp,
    ) -> Result<bool, redb::Error> {
        if self.live(area, key, now)?.as_deref() != Some(expected) {
            return Ok(false);
        }
        self.write(area, key, entry)?;
        Ok(true)
    }

    pub(super) fn take(
        &mut self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, redb::Error> {
        let removed = self.erase(area, key)?;
        Ok(removed.filter(|entry| now < entry.deadline).map(|entry| entry.value))
    }

    /// Removes whatever is under `key`, live or not.
    pub(super) fn erase(&mut self, area: Area, key: &str) -> Result<Option<Entry>, redb::Error> {
        let removed = self.remove_row(area, key)?;
        if removed.is_some() {
            self.note(area, key);
        }
        Ok(removed)
    }

    pub(super) fn erase_group(
        &mut self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, redb::Error> {
        let mut live = 0;
        for key in members(&self.area(area).groups, group)? {
            let removed = self.erase(area, &key)?;
            live += usize::from(removed.is_some_and(|entry| now < entry.deadline));
        }
        Ok(live)
    }

    /// Removes at most `limit` expired entries. They were invisible already: nobody is told.
    pub(super) fn sweep(
        &mut self,
        area: Area,
        now: Timestamp,
        limit: usize,
    ) -> Result<usize, redb::Error> {
        let mut expired = Vec::new();
        for row in self.area(area).deadlines.iter()?.take(limit) {
            let (key, _) = row?;
            let (deadline, key) = key.value();
            if now.as_millis() < deadline {
                break;
            }
            expired.push(key.to_owned());
        }
        for key in &expired {
            self.remove_row(area, key)?;
        }
        self.written |= !expired.is_empty();
        Ok(expired.len())
    }

    fn remove_row(&mut self, area: Area, key: &str) -> Result<Option<Entry>, redb::Error> {
        let tables = self.area(area);
        let Some(bytes) = tables.entries.remove(key)?.map(|b| b.value().to_vec()) else {
            return Ok(None);
        };
        let entry = record::decode(&bytes).ok_or_else(|| damaged("an entry cannot be read"))?;
        tables.deadlines.remove((entry.deadline.as_millis(), key))?;
        for group in &entry.groups {
            tables.groups.remove((group.as_str(), key))?;
        }
        Ok(Some(entry))
    }

    fn live(
        &mut self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, redb::Error> {
        let Some(bytes) = self.area(area).entries.get(key)? else { return Ok(None) };
        live(bytes.value(), now)
    }

    fn note(&mut self, area: Area, key: &str) {
        self.written = true;
        self.changed.push(Change { area, key: key.to_owned() });
    }

    fn area(&mut self, area: Area) -> &mut AreaTables<'t> {
        match area {
            Area::Sessions => &mut self.sessions,
            Area::Records => &mut self.records,
        }
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
