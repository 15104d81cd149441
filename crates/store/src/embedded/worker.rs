//! The threads that wait for the disk, so that no caller's thread does.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redb::Database;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;

use super::slot::Slot;
use super::tables::Tables;
use crate::{Area, Change, StoreError};

/// Longest wait for an answer, queueing included.
const PATIENCE: Duration = Duration::from_secs(2);
/// Most operations that wait in one queue.
const QUEUE: usize = 1024;
/// Most operations in one transaction.
const BATCH: usize = 256;

/// Tells the caller, once the transaction is committed or has failed.
type Finish = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;
type Write = Box<dyn FnOnce(&mut Tables<'_>) -> Result<Finish, redb::Error> + Send>;
type Read = Box<dyn FnOnce(&Slot) + Send>;

/// One thread and its queue. Dropping it lets the thread finish what is queued and waits for it,
/// so that the file is closed afterwards.
struct Worker<J> {
    queue: Option<mpsc::Sender<J>>,
    thread: Option<JoinHandle<()>>,
}

impl<J: Send + 'static> Worker<J> {
    fn start(
        name: &str,
        serve: impl FnOnce(mpsc::Receiver<J>) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(jobs))
            .map_err(|e| StoreError::Unavailable(format!("no thread could be started: {e}")))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a job and waits for what it answers, both within [`PATIENCE`].
    async fn ask<T>(
        &self,
        job: J,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let unavailable = |why: &str| StoreError::Unavailable(why.to_owned());
        let wait = async {
            let queue = self.queue.as_ref().ok_or_else(|| unavailable("it is closing"))?;
            queue.send(job).await.map_err(|_| unavailable("its thread has stopped; restart"))?;
            answer.await.map_err(|_| unavailable("the operation failed with others"))?
        };
        let late = |_| StoreError::Unavailable(format!("no answer within {PATIENCE:?}"));
        timeout(PATIENCE, wait).await.map_err(late)?
    }
}

impl<J> Drop for Worker<J> {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// The one writing thread.
pub(super) struct Writer(Worker<Write>);

impl Writer {
    pub(super) fn start(
        slot: Arc<Slot>,
        changes: broadcast::Sender<Change>,
    ) -> Result<Self, StoreError> {
        let name = match slot.area() {
            Area::Sessions => "sessions-writer",
            Area::Records => "records-writer",
        };
        Worker::start(name, move |jobs| serve_writes(&slot, jobs, &changes)).map(Self)
    }

    /// Runs `operation` in a transaction, maybe beside others; answers after the commit.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Tables<'_>) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, answer) = oneshot::channel();
        let job: Write = Box::new(move |tables| {
            let value = operation(tables)?;
            let finish: Finish = Box::new(move |outcome| {
                let _nobody_waits = tell.send(outcome.map(|()| value).map_err(again));
            });
            Ok(finish)
        });
        self.0.ask(job, answer).await
    }
}

fn serve_writes(slot: &Slot, mut jobs: mpsc::Receiver<Write>, changes: &broadcast::Sender<Change>) {
    let mut failed = false;
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            let Ok(next) = jobs.try_recv() else { break };
            batch.push(next);
        }
        if failed {
            slot.reopen();
        }
        let mut finishes = Vec::with_capacity(batch.len());
        let outcome = slot.with(|database| apply(database, slot.area(), batch, &mut finishes));
        failed = outcome.is_err();
        // Before the answers: whoever knows of a write can count on the feed to know it too.
        for change in outcome.iter().flatten() {
            let _nobody_follows = changes.send(change.clone());
        }
        for finish in finishes {
            finish(outcome.as_ref().map(drop));
        }
    }
}

/// One transaction for the whole batch. When one operation fails, the storage has failed, and so
/// have all: those without a finish see their channel closed.
fn apply(
    database: &Database,
    area: Area,
    batch: Vec<Write>,
    finishes: &mut Vec<Finish>,
) -> Result<Vec<Change>, redb::Error> {
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction, area)?;
    for job in batch {
        finishes.push(job(&mut tables)?);
    }
    let (changed, written) = tables.into_changes();
    if !written {
        transaction.abort()?;
        return Ok(changed);
    }
    transaction.commit()?;
    Ok(changed)
}

/// The one reading thread.
pub(super) struct Reader(Worker<Read>);

impl Reader {
    pub(super) fn start(slot: Arc<Slot>) -> Result<Self, StoreError> {
        Worker::start("store-reader", move |jobs| serve_reads(&slot, jobs)).map(Self)
    }

    /// Runs `operation` on what is committed now.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Database) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, answer) = oneshot::channel();
        let job: Read = Box::new(move |slot| {
            let _nobody_waits = tell.send(slot.with(operation));
        });
        self.0.ask(job, answer).await
    }
}

fn serve_reads(slot: &Slot, mut jobs: mpsc::Receiver<Read>) {
    while let Some(job) = jobs.blocking_recv() {
        job(slot);
    }
}

/// The one outcome of a batch, for each of its callers.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(why) => StoreError::Unavailable(why.clone()),
        other => StoreError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn writer() -> (tempfile::TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let slot = Arc::new(Slot::open(folder.path(), Area::Records).unwrap());
        let (changes, _) = broadcast::channel(16);
        (folder, Writer::start(slot, changes).unwrap())
    }

    /// Virtual time: the deadline passes at once when nothing else can happen.
    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_stuck_disk_ends() {
        let (_folder, writer) = writer();
        let (release, stuck) = mpsc::sync_channel::<()>(1);
        let first = writer.run(move |_| {
            let _released = stuck.recv();
            Ok(())
        });
        assert!(
            matches!(first.await, Err(StoreError::Unavailable(why)) if why.contains("no answer"))
        );
        let second = writer.run(|_| Ok(()));
        assert!(matches!(second.await, Err(StoreError::Unavailable(_))));
        release.send(()).unwrap();
    }

    #[tokio::test]
    async fn after_a_failure_the_file_is_opened_again() {
        let (_folder, writer) = writer();
        let fails = writer.run::<()>(|_| Err(redb::Error::PreviousIo));
        assert!(matches!(fails.await, Err(StoreError::Unavailable(_))));
        writer.run(|_| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn after_a_panic_nothing_waits_for_ever() {
        let (_folder, writer) = writer();
        let panics = writer.run::<()>(|_| panic!("on demand"));
        assert!(matches!(panics.await, Err(StoreError::Unavailable(_))));
        assert!(matches!(writer.run(|_| Ok(())).await, Err(StoreError::Unavailable(_))));
    }
}
