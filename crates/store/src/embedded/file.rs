//! Making and opening the file of an area.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageError, TableDefinition};

use super::lazy_file::LazyFile;
use super::tables;
use crate::{Area, StoreError};

/// Name of the records' file in the operator's folder.
const RECORDS: &str = "vestibule.redb";
/// Name of the sessions' file there.
const SESSIONS: &str = "sessions.redb";
/// Memory for a file's pages; the hot path has its own cache of opened sessions.
const PAGE_CACHE: usize = 16 * 1024 * 1024;
/// What this program can read.
const FORMAT: u64 = 1;
/// Facts about the file itself.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// Opens an area's file in `folder`, or makes both.
pub(super) fn open(folder: &Path, area: Area) -> Result<Database, StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
    match area {
        Area::Records => open_records(folder),
        Area::Sessions => open_sessions(folder),
    }
}

/// Never replaced by a new file, whatever is found.
fn open_records(folder: &Path) -> Result<Database, StoreError> {
    let file = folder.join(RECORDS);
    if !file.try_exists().map_err(at(&file))?
        && let Some(database) = create(folder, &file)?
    {
        return Ok(database);
    }
    fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(at(&file))?;
    let database = guarded(&file, |builder| builder.open(&file))?;
    check_format(&database).map_err(|reason| StoreError::Damaged { file, reason })?;
    Ok(database)
}

/// A machine that lost its power may leave a file that is not whole: it is put aside.
fn open_sessions(folder: &Path) -> Result<Database, StoreError> {
    let file = folder.join(SESSIONS);
    match open_lazy(&file) {
        Err(StoreError::Damaged { reason, .. }) => {
            tracing::warn!(file = %file.display(), reason, "sessions cannot be read and are put aside; everybody signs in again");
            fs::rename(&file, file.with_extension("redb.damaged")).map_err(at(&file))?;
            open_lazy(&file)
        }
        other => other,
    }
}

fn open_lazy(file: &Path) -> Result<Database, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let opened = options.open(file).map_err(at(file))?;
    opened.set_permissions(Permissions::from_mode(0o600)).map_err(at(file))?;
    let fresh = opened.metadata().map_err(at(file))?.len() == 0;
    let database = guarded(file, |builder| builder.create_with_backend(LazyFile::new(opened)?))?;
    let filled = if fresh {
        fill(&database, Area::Sessions).map_err(|error| error.to_string())
    } else {
        check_format(&database)
    };
    filled.map_err(|reason| StoreError::Damaged { file: file.to_owned(), reason })?;
    Ok(database)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Open { path, source }
}

/// Makes the records' file whole under another name and then links it into place: a crash half-way
/// leaves no half file, and of two processes that start together one file stays; `None` for the
/// other.
fn create(folder: &Path, file: &Path) -> Result<Option<Database>, StoreError> {
    let unfinished = folder.join(format!("{RECORDS}.{}.new", std::process::id()));
    let failed = |source| StoreError::Open { path: file.to_owned(), source };
    let _leftover = fs::remove_file(&unfinished);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(failed)?;
    let database = guarded(&unfinished, |builder| builder.create(&unfinished))?;
    fill(&database, Area::Records).map_err(|e| failed(io::Error::other(e)))?;
    let linked = fs::hard_link(&unfinished, file);
    fs::remove_file(&unfinished).map_err(failed)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        other => other.map_err(failed)?,
    }
    File::open(folder).and_then(|f| f.sync_all()).map_err(failed)?;
    Ok(Some(database))
}

fn fill(database: &Database, area: Area) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert("format", FORMAT)?;
    tables::create(&transaction, area)?;
    transaction.commit()?;
    Ok(())
}

fn check_format(database: &Database) -> Result<(), String> {
    let read = || -> Result<Option<u64>, redb::Error> {
        Ok(database.begin_read()?.open_table(META)?.get("format")?.map(|v| v.value()))
    };
    match read() {
        Ok(Some(FORMAT)) => Ok(()),
        Ok(Some(other)) => Err(format!("format {other}, this program reads format {FORMAT}")),
        Ok(None) => Err("it does not say its format".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Opens with every page's checksum checked: redb trusts a file that was closed well, and may
/// panic later on one that was altered since.
fn guarded(
    file: &Path,
    open: impl FnOnce(&Builder) -> Result<Database, DatabaseError>,
) -> Result<Database, StoreError> {
    let mut builder = Builder::new();
    builder.set_cache_size(PAGE_CACHE).set_check_integrity_on_open(true);
    let file: PathBuf = file.to_owned();
    match catch_unwind(AssertUnwindSafe(|| open(&builder))) {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(DatabaseError::DatabaseAlreadyOpen)) => Err(StoreError::InUse { file }),
        Ok(Err(DatabaseError::Storage(StorageError::Io(source)))) if !is_content(&source) => {
            Err(StoreError::Open { path: file, source })
        }
        Ok(Err(error)) => Err(StoreError::Damaged { file, reason: error.to_string() }),
        Err(_) => Err(StoreError::Damaged { file, reason: "reading it failed".to_owned() }),
    }
}

/// redb reports a foreign or cut file as one of these kinds of IO error.
fn is_content(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}
