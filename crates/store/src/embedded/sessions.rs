//! The sessions: a log-structured folder of fjall, written without waiting for the disk.
//!
//! A write goes into a journal, which the system has before anybody is answered, and into memory;
//! what has grown in memory goes into a table on the disk, and tables into larger ones, on a thread
//! of fjall's own.

mod open;
mod rows;
mod versions;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fjall::{Database, Keyspace, PersistMode};

use super::engine::{Done, Engine, Failed, Rows, Write};
use super::tables::Tables;
use crate::{Area, StoreError};
use rows::{Changes, Now};

/// What this program can read.
const FORMAT: u8 = 1;
/// How much a machine that loses its power may lose.
const PAUSE: Duration = Duration::from_secs(1);
/// How much is written before it leaves the memory for a table.
const IN_MEMORY: usize = 2 * 1024 * 1024;
/// Tables that wait to be written; with one more, fjall holds every write back.
const WAITING: usize = 3;
/// With so much in memory, writing waits for the tables.
const MUCH: usize = 4 * IN_MEMORY;
/// For so long after each batch.
const PATIENCE: Duration = Duration::from_millis(100);
/// With so much in memory, tables are not written at all: it is opened anew.
const STUCK: usize = 16 * IN_MEMORY;

/// The sessions' open folder.
pub(super) struct Sessions {
    keyspace: Keyspace,
    database: Database,
    /// Bytes that went into memory since the last table.
    in_memory: AtomicUsize,
    synced: Mutex<Instant>,
}

impl Engine for Sessions {
    const AREA: Area = Area::Sessions;
    const GATHER: Duration = Duration::ZERO;

    /// A folder that is not whole is put aside: a machine that lost its power may leave one.
    fn open(folder: &Path) -> Result<Self, StoreError> {
        open::open(folder)
    }

    fn read(&self, job: &mut dyn FnMut(&dyn Rows)) -> Result<(), Failed> {
        contained(|| {
            job(&Now::of(&self.database, &self.keyspace));
            Ok(())
        })
    }

    /// Each operation's changes are one step of the journal, which the system has before it ends.
    fn write(&self, batch: Vec<Write>, done: &mut Done) -> Result<(), Failed> {
        contained(|| {
            for job in batch {
                let mut rows = Changes::on(Now::of(&self.database, &self.keyspace));
                let mut tables = Tables::new(&mut rows, Self::AREA);
                done.finishes.push(job(&mut tables)?);
                done.changed.extend(tables.into_changes().0);
                self.in_memory.fetch_add(rows.commit(&self.database)?, Ordering::Relaxed);
            }
            Ok(self.database.persist(PersistMode::Buffer)?)
        })
    }

    fn settle(&self) -> Result<(), Failed> {
        contained(|| {
            self.sync_now_and_then()?;
            self.empty_memory_now_and_then()
        })
    }
}

impl Sessions {
    fn sync_now_and_then(&self) -> Result<(), Failed> {
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if synced.elapsed() < PAUSE {
            return Ok(());
        }
        *synced = Instant::now();
        Ok(self.database.persist(PersistMode::SyncData)?)
    }

    /// fjall's own rule for this asks its thread anew at each write, may fill that thread's queue so
    /// while it is busy, and then waits for ever for room in it.
    fn empty_memory_now_and_then(&self) -> Result<(), Failed> {
        let in_memory = self.in_memory.load(Ordering::Relaxed);
        if in_memory >= STUCK {
            return Err(Failed::new("what is in memory cannot be written to the disk"));
        }
        let begun = Instant::now();
        while in_memory >= MUCH && self.is_behind() && begun.elapsed() < PATIENCE {
            std::thread::sleep(PAUSE / 1000);
        }
        if in_memory >= IN_MEMORY && !self.is_behind() {
            self.in_memory.store(0, Ordering::Relaxed);
            self.keyspace.rotate_memtable()?;
        }
        Ok(())
    }

    fn is_behind(&self) -> bool {
        self.keyspace.sealed_memtable_count() >= WAITING
    }
}

/// fjall panics on some of what it does not expect.
fn contained<T>(act: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| Err(Failed::new(said(&panic))))
}

fn said(panic: &Box<dyn Any + Send>) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it failed")
}
