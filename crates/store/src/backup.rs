//! The records in one file: as they lie in the store, sealed bytes and all.
//!
//! `VESTIBULE-RECORDS 1\n`, then the entries, then their number and the SHA-256 of all before it.
//! Numbers are big-endian. An entry is `E`, then key, deadline (8), count of groups (4), groups and
//! value, each text with its length (4) before it.

use std::io::{self, Read, Write};

use aws_lc_rs::digest::{Context, SHA256};
use domain::Timestamp;

use crate::area_id::MARK;
use crate::{Area, Entry, Store, StoreError};

const HEAD: &[u8] = b"VESTIBULE-RECORDS 1\n";
/// More than any record has.
const LONGEST: u32 = 64 * 1024 * 1024;

/// Why there is no backup, or it cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file cannot be written or read.
    #[error("the file cannot be written or read")]
    File(#[from] io::Error),
    /// The file is no backup, or not a whole one.
    #[error("this is no whole backup of Vestibule: {0}; nothing was restored")]
    Damaged(&'static str),
    /// There are records in the store already.
    #[error("the store has {0} records already; say --replace to remove them first")]
    NotEmpty(usize),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes all records to `to` and says how many there were. Each is whole; several that belong
/// together may differ by what happened meanwhile.
///
/// # Errors
/// When the file or the store fails; the file is of no use then.
pub async fn backup(store: &dyn Store, to: &mut (dyn Write + Send)) -> Result<u64, BackupError> {
    let (mut digest, mut count, mut after) = (Context::new(&SHA256), 0_u64, None);
    let mut piece = HEAD.to_vec();
    loop {
        let page = store.page(Area::Records, after).await?;
        for (key, entry) in &page.entries {
            encode(&mut piece, key, entry)?;
            count += 1;
        }
        digest.update(&piece);
        to.write_all(&piece)?;
        piece.clear();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    piece.push(b'.');
    piece.extend(count.to_be_bytes());
    digest.update(&piece);
    piece.extend(digest.finish().as_ref());
    to.write_all(&piece)?;
    to.flush()?;
    Ok(count)
}

/// What becomes of records that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    /// Nothing is restored then.
    Refuse,
    /// They are removed first.
    Replace,
}

/// Reads a backup whole, checks it, and writes its entries; says how many.
///
/// # Errors
/// Nothing is written unless the file is whole. When the store fails half-way: again.
pub async fn restore(
    store: &dyn Store,
    from: &mut (dyn Read + Send),
    present: Present,
    now: Timestamp,
) -> Result<u64, BackupError> {
    let entries = decode(from)?;
    let there = keys(store).await?;
    if present == Present::Refuse && !there.is_empty() {
        return Err(BackupError::NotEmpty(there.len()));
    }
    for key in there {
        store.remove(Area::Records, &key).await?;
    }
    let count = entries.len() as u64;
    // The marks of the area come last: a half restored one is not used.
    let (marks, others): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| key.starts_with(MARK));
    for (key, entry) in others.into_iter().chain(marks) {
        store.put(Area::Records, &key, entry, now).await?;
    }
    Ok(count)
}

async fn keys(store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = store.page(Area::Records, after).await?;
        keys.extend(page.entries.into_iter().map(|(key, _)| key));
        after = page.next;
        if after.is_none() {
            return Ok(keys);
        }
    }
}

fn encode(to: &mut Vec<u8>, key: &str, entry: &Entry) -> Result<(), BackupError> {
    to.push(b'E');
    text(to, key.as_bytes())?;
    to.extend(entry.deadline.as_millis().to_be_bytes());
    let groups = u32::try_from(entry.groups.len()).map_err(io::Error::other)?;
    to.extend(groups.to_be_bytes());
    for group in &entry.groups {
        text(to, group.as_bytes())?;
    }
    text(to, &entry.value)
}

fn text(to: &mut Vec<u8>, bytes: &[u8]) -> Result<(), BackupError> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or_else(|| io::Error::other("a record is too long"))?;
    to.extend(length.to_be_bytes());
    to.extend(bytes);
    Ok(())
}

/// Reads pieces and digests them.
struct Digested<'r> {
    from: &'r mut (dyn Read + Send),
    digest: Context,
}

impl Digested<'_> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes).map_err(cut)?;
        self.digest.update(&bytes);
        Ok(bytes)
    }

    fn text(&mut self) -> Result<Vec<u8>, BackupError> {
        let length = u32::from_be_bytes(self.bytes()?);
        if length > LONGEST {
            return Err(BackupError::Damaged("a length is impossible"));
        }
        let mut bytes = Vec::new();
        let read = self.from.take(u64::from(length)).read_to_end(&mut bytes)?;
        if u32::try_from(read) != Ok(length) {
            return Err(BackupError::Damaged("it ends too early"));
        }
        self.digest.update(&bytes);
        Ok(bytes)
    }

    fn name(&mut self) -> Result<String, BackupError> {
        String::from_utf8(self.text()?).map_err(|_| BackupError::Damaged("a name is no text"))
    }
}

fn cut(error: io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::Damaged("it ends too early"),
        _ => BackupError::File(error),
    }
}

fn decode(from: &mut (dyn Read + Send)) -> Result<Vec<(String, Entry)>, BackupError> {
    let mut from = Digested { from, digest: Context::new(&SHA256) };
    let head: [u8; HEAD.len()] = from.bytes()?;
    if head != HEAD {
        return Err(BackupError::Damaged("it begins otherwise, or is of another version"));
    }
    let mut entries = Vec::new();
    loop {
        match from.bytes::<1>()? {
            [b'E'] => entries.push(entry(&mut from)?),
            [b'.'] => break,
            _ => return Err(BackupError::Damaged("something else stands where a record belongs")),
        }
    }
    let count = u64::from_be_bytes(from.bytes()?);
    let Digested { from, digest } = from;
    let mut said = [0; 32];
    from.read_exact(&mut said).map_err(cut)?;
    if digest.finish().as_ref() != said || count != entries.len() as u64 {
        return Err(BackupError::Damaged("its checksum is wrong"));
    }
    if from.read(&mut [0])? != 0 {
        return Err(BackupError::Damaged("something stands behind its end"));
    }
    Ok(entries)
}

fn entry(from: &mut Digested<'_>) -> Result<(String, Entry), BackupError> {
    let key = from.name()?;
    let deadline = Timestamp::from_millis(i64::from_be_bytes(from.bytes()?));
    let count = u32::from_be_bytes(from.bytes()?);
    let groups = (0..count).map(|_| from.name()).collect::<Result<_, _>>()?;
    Ok((key, Entry { value: from.text()?, deadline, groups }))
}
