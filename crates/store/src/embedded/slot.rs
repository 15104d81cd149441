//! The open database, opened again when its storage has failed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::engine::{Engine, Failed};
use crate::StoreError;

/// Opening checks everything: it is not tried again sooner.
const PAUSE: Duration = Duration::from_secs(1);

/// After an IO error (a full disk, say) a database answers nothing until it is opened anew. This
/// does that, so that the store works again once the disk does, without a restart.
pub(super) struct Slot<E> {
    folder: PathBuf,
    /// The database, or why there is none.
    database: RwLock<Result<E, String>>,
    tried: Mutex<Option<Instant>>,
}

impl<E: Engine> Slot<E> {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let database = RwLock::new(Ok(E::open(folder)?));
        Ok(Self { folder: folder.to_owned(), database, tried: Mutex::new(None) })
    }

    /// Runs `act` on the database.
    pub(super) fn with<T>(
        &self,
        act: impl FnOnce(&E) -> Result<T, Failed>,
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
        // Closed first: its lock is this process's own.
        let closing = Err("the storage failed and is being opened again".to_owned());
        let failed = std::mem::replace(&mut *database, closing);
        let _panicked = catch_unwind(AssertUnwindSafe(|| drop(failed)));
        *database = E::open(&self.folder).map_err(|error| error.to_string());
    }
}
