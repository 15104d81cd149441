//! Making and opening the sessions' folder.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fjall::compaction::Leveled;
use fjall::config::PinningPolicy;
use fjall::{Database, KeyspaceCreateOptions, LsmError, Readable};

use super::rows::FORMAT_ROW;
use super::{FORMAT, Sessions, versions};
use crate::StoreError;
use crate::embedded::engine::{at, make_folder};

/// Name of the folder in the operator's.
const SESSIONS: &str = "sessions";
/// Name of one that could not be read.
const ASIDE: &str = "sessions.damaged";
/// Counts, in the folder, the processes that died while they opened it.
const OPENING: &str = "opening";
/// So many may. fjall believes some lengths before it checks them, and who asks for more memory than
/// there is dies.
const DEATHS: u64 = 2;
/// Memory for what was read; the hot path has its own cache of opened sessions.
const CACHE: u64 = 2 * 1024 * 1024;
/// The least that fjall takes. A journal is begun anew after 64 MB.
const JOURNALS: u64 = 64 * 1024 * 1024;
/// Open files.
const FILES: usize = 64;
/// Size of a table that was merged.
const TABLE: u64 = 8 * 1024 * 1024;
/// What lay here before there was a folder; its sessions are in a form that is not read.
const BEFORE: [&str; 2] = ["sessions.redb", "sessions.redb.damaged"];

pub(super) fn open(folder: &Path) -> Result<Sessions, StoreError> {
    let path = folder.join(SESSIONS);
    make_folder(folder).map_err(at(folder))?;
    for before in BEFORE {
        let _not_there = fs::remove_file(folder.join(before));
    }
    match open_at(&path) {
        Err(StoreError::Damaged { reason, .. }) => {
            tracing::warn!(folder = %path.display(), reason, "sessions cannot be read and are put aside; everybody signs in again");
            put_aside(&path, &folder.join(ASIDE)).map_err(at(&path))?;
            open_at(&path)
        }
        other => other,
    }
}

fn put_aside(path: &Path, aside: &Path) -> io::Result<()> {
    match fs::remove_dir_all(aside) {
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => fs::remove_file(aside)?,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(path, aside)
}

fn open_at(path: &Path) -> Result<Sessions, StoreError> {
    let damaged = |reason: String| StoreError::Damaged { file: path.to_owned(), reason };
    if path.is_file() {
        return Err(damaged("it is no folder".to_owned()));
    }
    make_folder(path).map_err(at(path))?;
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(at(path))?;
    let opening = path.join(OPENING);
    if begun(&opening).map_err(at(&opening))? >= DEATHS {
        return Err(damaged(format!("{DEATHS} processes died when they opened it")));
    }
    let opened = open_whole(path);
    fs::remove_file(&opening).map_err(at(&opening))?;
    opened
}

/// Adds a byte and says how many there were.
fn begun(opening: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().append(true).create(true).open(opening)?;
    let before = file.metadata()?.len();
    file.write_all(b".")?;
    Ok(before)
}

/// Opens with every row read, so that every checksum is compared, and one written.
fn open_whole(path: &Path) -> Result<Sessions, StoreError> {
    let failed = |error| failure(path, error);
    let database = unpanicked(path, || {
        versions::check(path).map_err(fjall::Error::from).map_err(failed)?;
        let database = Database::builder(path)
            .cache_size(CACHE)
            .max_cached_files(Some(FILES))
            .max_journaling_size(JOURNALS)
            .worker_threads(1)
            .open();
        database.map_err(failed)
    })?;
    // A database that panicked may panic again when it is closed, which would end the process.
    let unclosed = ManuallyDrop::new(database.clone());
    let sessions = unpanicked(path, || Ok(check_rows(database, path)))?;
    drop(ManuallyDrop::into_inner(unclosed));
    sessions
}

fn unpanicked<T>(
    path: &Path,
    open: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let reason = "reading it failed".to_owned();
    let damaged = StoreError::Damaged { file: path.to_owned(), reason };
    catch_unwind(AssertUnwindSafe(open)).unwrap_or(Err(damaged))
}

fn check_rows(database: Database, path: &Path) -> Result<Sessions, StoreError> {
    let failed = |error| failure(path, error);
    let keyspace = database.keyspace("sessions", options).map_err(failed)?;
    let count = database.snapshot().len(&keyspace).map_err(failed)?;
    let format = database.snapshot().get(&keyspace, FORMAT_ROW).map_err(failed)?;
    if count > 0 && format.as_deref() != Some(&[FORMAT]) {
        let reason = format!("it is not of format {FORMAT}");
        return Err(StoreError::Damaged { file: path.to_owned(), reason });
    }
    keyspace.insert(FORMAT_ROW, [FORMAT]).map_err(failed)?;
    Ok(Sessions {
        keyspace,
        database,
        in_memory: AtomicUsize::new(0),
        synced: Mutex::new(Instant::now()),
    })
}

/// Memory is emptied by [`Sessions::empty_memory_now_and_then`]; all filters are read at the start.
fn options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(u64::MAX)
        .compaction_strategy(Arc::new(Leveled::default().with_table_target_size(TABLE)))
        .filter_block_pinning_policy(PinningPolicy::all(true))
}

fn failure(path: &Path, error: fjall::Error) -> StoreError {
    let file = path.to_owned();
    match error {
        fjall::Error::Locked => StoreError::InUse { file },
        fjall::Error::Io(source) | fjall::Error::Storage(LsmError::Io(source))
            if is_system(&source) =>
        {
            StoreError::Open { path: file, source }
        }
        other => StoreError::Damaged { file, reason: other.to_string() },
    }
}

/// Not made by what is in the folder.
fn is_system(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, InvalidInput, IsADirectory, NotADirectory, NotFound};
    let content = [AlreadyExists, InvalidInput, IsADirectory, NotADirectory, NotFound];
    error.raw_os_error().is_some() && !content.contains(&error.kind())
}
