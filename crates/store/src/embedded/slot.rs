//! The open database, opened again when its storage has failed.

use std::path::Path;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redb::Database;

use super::file;
use crate::{Area, StoreError};

/// Opening checks the whole file: it is not tried again sooner.
const PAUSE: Duration = Duration::from_secs(1);

/// After an IO error (a full disk, say) redb answers nothing until it is opened anew. This does
/// that, so that the store works again once the disk does, without a restart.
pub(super) struct Slot {
    folder: PathBuf,
    area: Area,
    /// The database, or why there is none.
    database: RwLock<Result<Database, String>>,
    tried: Mutex<Option<Instant>>,
}

impl Slot {
    pub(super) fn open(folder: &Path, area: Area) -> Result<Self, StoreError> {
        let database = RwLock::new(Ok(file::open(folder, area)?));
        Ok(Self { folder: folder.to_owned(), area, database, tried: Mutex::new(None) })
    }

    /// Which area lies in it.
    pub(super) fn area(&self) -> Area {
        self.area
    }

    /// Runs `act` on the database.
    pub(super) fn with<T>(
        &self,
        act: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let unavailable = |why: String| StoreError::Unavailable(why);
        let database = database.as_ref().map_err(|why| unavailable(why.clone()))?;
        act(database).map_err(|error| unavailable(error.to_string()))
    }

    /// Closes the database and opens it again; waits for those who read.
    pub(super) fn reopen(&self) {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        *tried = Some(Instant::now());
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // Closed first: the file's lock is this process's own.
        *database = Err("the storage failed and is being opened again".to_owned());
        *database = file::open(&self.folder, self.area).map_err(|error| error.to_string());
    }
}
