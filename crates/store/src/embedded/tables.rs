//! The entries of one area and every change to them; the engine keeps what they come to.

use domain::Timestamp;

use super::engine::{Failed, Rows, RowsMut};
use super::record;
use crate::{Area, Change, Entry, Page};

/// Entries in one page.
const PAGE: usize = 500;

/// A live entry's value.
pub(super) fn read(rows: &dyn Rows, key: &str, now: Timestamp) -> Result<Option<Vec<u8>>, Failed> {
    rows.entry(key)?.map_or(Ok(None), |bytes| live(&bytes, now))
}

/// All live entries of a group.
pub(super) fn read_group(
    rows: &dyn Rows,
    group: &str,
    now: Timestamp,
) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let mut found = Vec::new();
    for key in rows.members(group)? {
        if let Some(value) = read(rows, &key, now)? {
            found.push((key, value));
        }
    }
    Ok(found)
}

/// Entries after a key, in the order of keys.
pub(super) fn page(rows: &dyn Rows, after: Option<&str>) -> Result<Page, Failed> {
    let mut page = Page::default();
    for (key, bytes) in rows.entries_after(after, PAGE)? {
        page.entries.push((key, decode(&bytes)?));
    }
    if page.entries.len() == PAGE {
        page.next = page.entries.last().map(|(key, _)| key.clone());
    }
    Ok(page)
}

/// An area's rows under change, and what changed.
pub(super) struct Tables<'t> {
    rows: &'t mut dyn RowsMut,
    area: Area,
    changed: Vec<Change>,
    written: bool,
}

impl<'t> Tables<'t> {
    pub(super) fn new(rows: &'t mut dyn RowsMut, area: Area) -> Self {
        Self { rows, area, changed: Vec::new(), written: false }
    }

    /// What changed, and whether there is anything to keep at all.
    pub(super) fn into_changes(self) -> (Vec<Change>, bool) {
        (self.changed, self.written)
    }

    /// Writes without changing any entry.
    pub(super) fn probe(&mut self) -> Result<(), Failed> {
        self.written = true;
        self.rows.probe()
    }

    pub(super) fn write(&mut self, key: &str, entry: &Entry) -> Result<(), Failed> {
        self.remove_row(key)?;
        let bytes = record::encode(entry);
        let bytes = bytes.ok_or_else(|| Failed::new("an entry's groups are too long"))?;
        self.rows.insert(key, &bytes)?;
        self.rows.list(key, entry)?;
        self.note(key);
        Ok(())
    }

    pub(super) fn write_if_absent(
        &mut self,
        key: &str,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<bool, Failed> {
        if read(self.rows, key, now)?.is_some() {
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
    ) -> Result<bool, Failed> {
        if read(self.rows, key, now)?.as_deref() != Some(expected) {
            return Ok(false);
        }
        self.write(key, entry)?;
        Ok(true)
    }

    pub(super) fn take(&mut self, key: &str, now: Timestamp) -> Result<Option<Vec<u8>>, Failed> {
        let removed = self.erase(key)?;
        Ok(removed.filter(|entry| now < entry.deadline).map(|entry| entry.value))
    }

    /// Removes whatever is under `key`, live or not.
    pub(super) fn erase(&mut self, key: &str) -> Result<Option<Entry>, Failed> {
        let removed = self.remove_row(key)?;
        if removed.is_some() {
            self.note(key);
        }
        Ok(removed)
    }

    pub(super) fn erase_group(&mut self, group: &str, now: Timestamp) -> Result<usize, Failed> {
        let mut live = 0;
        for key in self.rows.members(group)? {
            let removed = self.erase(&key)?;
            live += usize::from(removed.is_some_and(|entry| now < entry.deadline));
        }
        Ok(live)
    }

    /// Removes at most `limit` expired entries. They were invisible already: nobody is told.
    pub(super) fn sweep(&mut self, now: Timestamp, limit: usize) -> Result<usize, Failed> {
        let expired = self.rows.expired(now, limit)?;
        for key in &expired {
            self.remove_row(key)?;
        }
        self.written |= !expired.is_empty();
        Ok(expired.len())
    }

    fn remove_row(&mut self, key: &str) -> Result<Option<Entry>, Failed> {
        let Some(bytes) = self.rows.remove(key)? else { return Ok(None) };
        let entry = decode(&bytes)?;
        self.rows.unlist(key, &entry)?;
        Ok(Some(entry))
    }

    fn note(&mut self, key: &str) {
        self.written = true;
        self.changed.push(Change { area: self.area, key: key.to_owned() });
    }
}

fn live(bytes: &[u8], now: Timestamp) -> Result<Option<Vec<u8>>, Failed> {
    let deadline = record::deadline(bytes).ok_or_else(unreadable)?;
    if now >= deadline {
        return Ok(None);
    }
    Ok(Some(decode(bytes)?.value))
}

fn decode(bytes: &[u8]) -> Result<Entry, Failed> {
    record::decode(bytes).ok_or_else(unreadable)
}

fn unreadable() -> Failed {
    Failed::new("an entry cannot be read")
}
