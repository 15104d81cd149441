//! A store that fails on demand, for tests of everything above the store.
//!
//! It adds faults and never behaviour: without any it passes [`crate::conformance`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use tokio::sync::{broadcast, watch};

use crate::{Area, Change, Entry, Page, Store, StoreError};

/// The operations of [`Store`] that can fail.
#[expect(missing_docs, reason = "each is the operation of the same name")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Get,
    Put,
    PutIfAbsent,
    Take,
    ReplaceIf,
    Remove,
    Group,
    RemoveGroup,
    Sweep,
    Probe,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 10] = [
        Self::Get,
        Self::Put,
        Self::PutIfAbsent,
        Self::Take,
        Self::ReplaceIf,
        Self::Remove,
        Self::Group,
        Self::RemoveGroup,
        Self::Sweep,
        Self::Probe,
    ];
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens; the answer is an error.
    Unavailable,
    /// The operation happens; the answer is an error all the same.
    LostAnswer,
}

#[derive(Default)]
struct Switches {
    faults: BTreeMap<Operation, Fault>,
    before: BTreeMap<Operation, Door>,
    after: BTreeMap<Operation, Door>,
    calls: BTreeMap<Operation, usize>,
}

/// The inside of a [`Gate`].
#[derive(Clone)]
struct Door {
    open: watch::Receiver<bool>,
    waiting: Arc<watch::Sender<usize>>,
}

/// Wraps another store; each operation can be made to fail or to wait.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    switches: Mutex<Switches>,
    feed: watch::Sender<bool>,
}

impl FaultyStore {
    /// A store without faults so far.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, switches: Mutex::default(), feed: watch::Sender::new(true) }
    }

    /// Makes one operation fail from now on.
    pub fn fail(&self, operation: Operation, fault: Fault) {
        self.with(|s| s.faults.insert(operation, fault));
    }

    /// Makes every operation fail from now on; the change feed goes on, see
    /// [`FaultyStore::cut_feed`].
    pub fn fail_all(&self, fault: Fault) {
        self.with(|s| s.faults.extend(Operation::ALL.map(|operation| (operation, fault))));
    }

    /// Ends all faults; gates stay.
    pub fn heal(&self) {
        self.with(|s| s.faults.clear());
        self.feed.send_replace(true);
    }

    /// Closes the change feeds that are followed now, and all later ones until
    /// [`FaultyStore::heal`].
    pub fn cut_feed(&self) {
        self.feed.send_replace(false);
    }

    /// Makes an operation wait, before it does anything, until the gate is opened or dropped.
    pub fn hold(&self, operation: Operation) -> Gate {
        let (gate, door) = Gate::closed();
        self.with(|s| s.before.insert(operation, door));
        gate
    }

    /// Makes an operation that was done wait with its answer until the gate is opened or dropped.
    pub fn hold_answer(&self, operation: Operation) -> Gate {
        let (gate, door) = Gate::closed();
        self.with(|s| s.after.insert(operation, door));
        gate
    }

    /// How often an operation was called, failed calls included.
    pub fn calls(&self, operation: Operation) -> usize {
        self.with(|s| s.calls.get(&operation).copied().unwrap_or_default())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Switches) -> T) -> T {
        act(&mut self.switches.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs one operation through its gate and its fault.
    async fn through<T>(
        &self,
        operation: Operation,
        act: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let (before, after, fault) = self.with(|s| {
            *s.calls.entry(operation).or_default() += 1;
            let (before, after) = (s.before.get(&operation), s.after.get(&operation));
            (before.cloned(), after.cloned(), s.faults.get(&operation).copied())
        });
        pass(before).await;
        if fault == Some(Fault::Unavailable) {
            return Err(StoreError::Unavailable("fault on demand".to_owned()));
        }
        let answer = act.await;
        pass(after).await;
        if fault == Some(Fault::LostAnswer) {
            return Err(StoreError::Unavailable("answer lost on demand".to_owned()));
        }
        answer
    }
}

/// Waits at a closed door; a gate that was dropped is open.
async fn pass(door: Option<Door>) {
    let Some(mut door) = door else { return };
    door.waiting.send_modify(|count| *count += 1);
    let _dropped = door.open.wait_for(|open| *open).await;
}

/// Holds an operation of a [`FaultyStore`] back while it exists and is closed.
pub struct Gate {
    open: watch::Sender<bool>,
    waiting: Arc<watch::Sender<usize>>,
}

impl Gate {
    fn closed() -> (Self, Door) {
        let (open, door) = watch::channel(false);
        let waiting = Arc::new(watch::Sender::new(0));
        (Self { open, waiting: Arc::clone(&waiting) }, Door { open: door, waiting })
    }

    /// Resolves once `count` calls have reached the gate.
    pub async fn reached_by(&self, count: usize) {
        let mut waiting = self.waiting.subscribe();
        // Cannot fail: the sender lives in `self`.
        let _sender_lives = waiting.wait_for(|reached| *reached >= count).await;
    }

    /// Lets everybody through.
    pub fn open(self) {
        self.open.send_replace(true);
    }
}

#[async_trait::async_trait]
impl Store for FaultyStore {
    async fn get(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.through(Operation::Get, self.inner.get(area, key, now)).await
    }

    async fn put(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.through(Operation::Put, self.inner.put(area, key, entry, now)).await
    }

    async fn put_if_absent(
        &self,
        area: Area,
        key: &str,
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.through(Operation::PutIfAbsent, self.inner.put_if_absent(area, key, entry, now)).await
    }

    async fn take(
        &self,
        area: Area,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.through(Operation::Take, self.inner.take(area, key, now)).await
    }

    async fn replace_if(
        &self,
        area: Area,
        key: &str,
        expected: &[u8],
        entry: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.through(Operation::ReplaceIf, self.inner.replace_if(area, key, expected, entry, now))
            .await
    }

    async fn remove(&self, area: Area, key: &str) -> Result<(), StoreError> {
        self.through(Operation::Remove, self.inner.remove(area, key)).await
    }

    async fn group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.through(Operation::Group, self.inner.group(area, group, now)).await
    }

    async fn remove_group(
        &self,
        area: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.through(Operation::RemoveGroup, self.inner.remove_group(area, group, now)).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.through(Operation::Sweep, self.inner.sweep(now)).await
    }

    async fn page(&self, area: Area, after: Option<String>) -> Result<Page, StoreError> {
        self.inner.page(area, after).await
    }

    /// Needs a tokio runtime: a task passes the changes on, so that the feed can be cut.
    fn changes(&self) -> broadcast::Receiver<Change> {
        let (tell, told) = broadcast::channel(1024);
        let (mut inner, mut connected) = (self.inner.changes(), self.feed.subscribe());
        if *connected.borrow_and_update() {
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        _ = connected.changed() => break,
                        change = inner.recv() => {
                            let Ok(change) = change else { break };
                            if tell.send(change).is_err() { break }
                        }
                    }
                }
            });
        }
        told
    }

    async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        self.through(Operation::Probe, self.inner.probe(now)).await
    }
}

#[cfg(test)]
mod tests;
