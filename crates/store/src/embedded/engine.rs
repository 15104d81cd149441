//! What keeps one area: a database of its own.

use std::fmt;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use domain::Timestamp;

use super::tables::Tables;
use crate::{Area, Change, Entry, StoreError};

/// What a database said when it failed, or that what it keeps cannot be read.
#[derive(Debug)]
pub(super) struct Failed(String);

impl Failed {
    pub(super) fn new(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells the caller, once the batch is kept or has failed.
pub(super) type Finish = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;
/// One operation that writes.
pub(super) type Write = Box<dyn FnOnce(&mut Tables<'_>) -> Result<Finish, Failed> + Send>;

/// What became of a batch, as far as it came.
#[derive(Default)]
pub(super) struct Done {
    pub(super) finishes: Vec<Finish>,
    /// What may have changed, even when the batch failed.
    pub(super) changed: Vec<Change>,
}

/// The database of an area. One thread writes and another one reads.
pub(super) trait Engine: Send + Sync + Sized + 'static {
    const AREA: Area;

    /// How long a batch waits for company when the one before it had several operations: some
    /// batches cost the disk a flush, however much they keep.
    const GATHER: Duration;

    /// Opens it in `folder`, or makes both.
    fn open(folder: &Path) -> Result<Self, StoreError>;

    /// Shows `job` what is written now.
    fn read(&self, job: &mut dyn FnMut(&dyn Rows)) -> Result<(), Failed>;

    /// Runs a batch and keeps what it wrote. When one operation fails, the database has failed, and
    /// so have all: those without a finish see their channel closed.
    fn write(&self, batch: Vec<Write>, done: &mut Done) -> Result<(), Failed>;

    /// What can wait until the callers of a batch have their answers.
    fn settle(&self) -> Result<(), Failed> {
        Ok(())
    }
}

/// An area's rows as they lie there, live or not; an entry's bytes are those of [`super::record`].
pub(super) trait Rows {
    fn entry(&self, key: &str) -> Result<Option<Vec<u8>>, Failed>;

    /// The keys of a group.
    fn members(&self, group: &str) -> Result<Vec<String>, Failed>;

    /// At most `limit` entries behind a key, in the order of keys.
    fn entries_after(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Failed>;
}

/// Rows under change. An operation sees its own changes of an entry, those of an index it may not.
pub(super) trait RowsMut: Rows {
    fn insert(&mut self, key: &str, bytes: &[u8]) -> Result<(), Failed>;

    /// Removes the row alone and gives what was there.
    fn remove(&mut self, key: &str) -> Result<Option<Vec<u8>>, Failed>;

    /// Writes where an entry is found by group and by deadline.
    fn list(&mut self, key: &str, entry: &Entry) -> Result<(), Failed>;

    /// Removes what [`RowsMut::list`] wrote.
    fn unlist(&mut self, key: &str, entry: &Entry) -> Result<(), Failed>;

    /// At most `limit` keys whose deadline has come, the earliest first.
    fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<String>, Failed>;

    /// Writes without changing any entry.
    fn probe(&mut self) -> Result<(), Failed>;
}

/// Makes a folder, and those above it, for this user alone.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Open { path, source }
}
