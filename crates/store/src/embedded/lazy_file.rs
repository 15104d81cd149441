//! A file that is synced once a second and not at each commit.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// How much a machine that loses its power may lose.
const PAUSE: Duration = Duration::from_secs(1);

/// A file whose writes the system has at once and the disk at most a second later, as long as more
/// is written. A killed process loses nothing; after a loss of power the checksums of redb tell
/// whether the file is whole.
#[derive(Debug)]
pub(super) struct LazyFile {
    file: FileBackend,
    synced: Mutex<Instant>,
}

impl LazyFile {
    pub(super) fn new(file: File) -> Result<Self, DatabaseError> {
        Ok(Self { file: FileBackend::new(file)?, synced: Mutex::new(Instant::now()) })
    }
}

impl StorageBackend for LazyFile {
    fn sync_data(&self) -> io::Result<()> {
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if synced.elapsed() < PAUSE {
            return Ok(());
        }
        *synced = Instant::now();
        self.file.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.sync_data()?;
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}
