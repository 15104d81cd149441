//! The threads that wait for the disk, so that no caller's thread does.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::Feed;
use super::engine::{Done, Engine, Failed, Finish, Rows, Write};
use super::slot::Slot;
use super::tables::Tables;
use crate::{Area, StoreError};

/// Longest wait for an answer, queueing included.
const PATIENCE: Duration = Duration::from_secs(2);
/// Most operations that wait in one queue.
const QUEUE: usize = 1024;
/// Most operations in one batch.
const BATCH: usize = 256;

type Read = Box<dyn FnOnce(Result<&dyn Rows, StoreError>) + Send>;

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
    pub(super) fn start<E: Engine>(slot: Arc<Slot<E>>, feed: Feed) -> Result<Self, StoreError> {
        let name = match E::AREA {
            Area::Sessions => "sessions-writer",
            Area::Records => "records-writer",
        };
        Worker::start(name, move |jobs| serve_writes(&slot, jobs, &feed)).map(Self)
    }

    /// Runs `operation` in a batch, maybe beside others; answers when it is kept.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Tables<'_>) -> Result<T, Failed> + Send + 'static,
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

fn serve_writes<E: Engine>(slot: &Slot<E>, mut jobs: mpsc::Receiver<Write>, feed: &Feed) {
    let (mut failed, mut crowded) = (false, false);
    while let Some(first) = jobs.blocking_recv() {
        if crowded {
            thread::sleep(E::GATHER);
        }
        let mut batch = vec![first];
        while batch.len() < BATCH {
            let Ok(next) = jobs.try_recv() else { break };
            batch.push(next);
        }
        crowded = batch.len() > 1;
        if failed {
            slot.reopen();
        }
        let mut done = Done::default();
        let outcome = slot.with(|engine| engine.write(batch, &mut done));
        // Before the answers: whoever knows of a write can count on the feed to know it too.
        for change in done.changed {
            feed.tell(change);
        }
        for finish in done.finishes {
            finish(outcome.as_ref().map(drop));
        }
        failed = outcome.is_err() || slot.with(Engine::settle).is_err();
    }
}

/// The one reading thread.
pub(super) struct Reader(Worker<Read>);

impl Reader {
    pub(super) fn start<E: Engine>(slot: Arc<Slot<E>>) -> Result<Self, StoreError> {
        Worker::start("store-reader", move |jobs| serve_reads(&slot, jobs)).map(Self)
    }

    /// Runs `operation` on what is written now.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&dyn Rows) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, answer) = oneshot::channel();
        let job: Read = Box::new(move |rows| {
            let unavailable = |failed: Failed| StoreError::Unavailable(failed.to_string());
            let _nobody_waits = tell.send(rows.and_then(|r| operation(r).map_err(unavailable)));
        });
        self.0.ask(job, answer).await
    }
}

fn serve_reads<E: Engine>(slot: &Slot<E>, mut jobs: mpsc::Receiver<Read>) {
    while let Some(job) = jobs.blocking_recv() {
        let mut job = Some(job);
        let mut run = |rows: &dyn Rows| {
            if let Some(job) = job.take() {
                job(Ok(rows));
            }
        };
        let outcome = slot.with(|engine| engine.read(&mut run));
        if let (Err(error), Some(job)) = (outcome, job) {
            job(Err(error));
        }
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

    use tokio::sync::broadcast;

    use super::super::records::Records;
    use super::super::sessions::Sessions;
    use super::*;
    use crate::Followed;

    fn writer<E: Engine>() -> (tempfile::TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let slot = Arc::new(Slot::<E>::open(folder.path()).unwrap());
        let feed = Feed { followed: Followed::ALL, changes: broadcast::channel(16).0 };
        (folder, Writer::start(slot, feed).unwrap())
    }

    /// Virtual time: the deadline passes at once when nothing else can happen.
    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_stuck_disk_ends() {
        for (_folder, writer) in [writer::<Records>(), writer::<Sessions>()] {
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
    }

    #[tokio::test]
    async fn after_a_failure_the_area_is_opened_again() {
        for (_folder, writer) in [writer::<Records>(), writer::<Sessions>()] {
            let fails = writer.run::<()>(|_| Err(Failed::new("on demand")));
            assert!(matches!(fails.await, Err(StoreError::Unavailable(_))));
            writer.run(|_| Ok(())).await.unwrap();
        }
    }

    #[tokio::test]
    async fn after_a_panic_nothing_waits_for_ever() {
        let (_folder, writer) = writer::<Records>();
        let panics = writer.run::<()>(|_| panic!("on demand"));
        assert!(matches!(panics.await, Err(StoreError::Unavailable(_))));
        assert!(matches!(writer.run(|_| Ok(())).await, Err(StoreError::Unavailable(_))));
    }

    #[tokio::test]
    async fn after_a_panic_sessions_are_opened_again() {
        let (_folder, writer) = writer::<Sessions>();
        let panics = writer.run::<()>(|_| panic!("on demand"));
        assert!(matches!(panics.await, Err(StoreError::Unavailable(_))));
        writer.run(|_| Ok(())).await.unwrap();
    }
}
