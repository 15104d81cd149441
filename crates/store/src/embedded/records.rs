//! The records: one file of redb, each commit synced to the disk.

mod rows;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageError, TableDefinition};

use super::engine::{Done, Engine, Failed, Rows, Write, at, make_folder};
use super::tables::Tables;
use crate::{Area, StoreError};
use rows::Transaction;

/// Name of the file in the operator's folder.
const RECORDS: &str = "vestibule.redb";
/// Memory for the file's pages.
const PAGE_CACHE: usize = 16 * 1024 * 1024;
/// What this program can read.
const FORMAT: u64 = 1;
/// Facts about the file itself.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The records' open file.
pub(super) struct Records(Database);

impl Engine for Records {
    const AREA: Area = Area::Records;
    const GATHER: Duration = Duration::from_millis(6);

    /// Never replaced by a new file, whatever is found.
    fn open(folder: &Path) -> Result<Self, StoreError> {
        make_folder(folder).map_err(at(folder))?;
        let file = folder.join(RECORDS);
        if !file.try_exists().map_err(at(&file))?
            && let Some(database) = create(folder, &file)?
        {
            return Ok(Self(database));
        }
        fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(at(&file))?;
        let database = guarded(&file, |builder| builder.open(&file))?;
        check_format(&database).map_err(|reason| StoreError::Damaged { file, reason })?;
        Ok(Self(database))
    }

    fn read(&self, job: &mut dyn FnMut(&dyn Rows)) -> Result<(), Failed> {
        job(&self.0.begin_read()?);
        Ok(())
    }

    /// One transaction for the whole batch.
    fn write(&self, batch: Vec<Write>, done: &mut Done) -> Result<(), Failed> {
        let transaction = self.0.begin_write()?;
        let mut rows = Transaction::open(&transaction)?;
        let mut tables = Tables::new(&mut rows, Self::AREA);
        for job in batch {
            done.finishes.push(job(&mut tables)?);
        }
        let (changed, written) = tables.into_changes();
        done.changed = changed;
        drop(rows);
        if !written {
            return Ok(transaction.abort()?);
        }
        Ok(transaction.commit()?)
    }
}

/// Makes the file whole under another name and then links it into place: a crash half-way leaves no
/// half file, and of two processes that start together one file stays; `None` for the other.
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
    fill(&database).map_err(|e| failed(io::Error::other(e)))?;
    let linked = fs::hard_link(&unfinished, file);
    fs::remove_file(&unfinished).map_err(failed)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        other => other.map_err(failed)?,
    }
    File::open(folder).and_then(|f| f.sync_all()).map_err(failed)?;
    Ok(Some(database))
}

/// With all tables, so that reading never meets a missing one.
fn fill(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert("format", FORMAT)?;
    Transaction::open(&transaction)?;
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
