//! A process that dies between any two steps, and the one that comes after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::{Clock as _, Timestamp};
use fakes::jsm::Operation;
use store::{Area, Change, Entry, Store, StoreError};
use tokio::sync::{Notify, broadcast};

use crate::world::{World, ann, proof};

/// A store that never answers again after a number of operations.
pub(crate) struct Stopping {
    inner: Arc<dyn Store>,
    left: AtomicUsize,
    stopped: Notify,
}

impl Stopping {
    pub(crate) fn after(world: &World, steps: usize) -> Self {
        let (inner, left) = (Arc::clone(&world.store), AtomicUsize::new(steps));
        Self { inner, left, stopped: Notify::new() }
    }

    pub(crate) async fn has_stopped(&self) {
        self.stopped.notified().await;
    }

    async fn step(&self) {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if left.is_err() {
            self.stopped.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Store for Stopping {
    async fn get(&self, a: Area, k: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        self.step().await;
        self.inner.get(a, k, now).await
    }

    async fn put(&self, a: Area, k: &str, e: Entry, now: Timestamp) -> Result<(), StoreError> {
        self.step().await;
        self.inner.put(a, k, e, now).await
    }

    async fn put_if_absent(
        &self,
        a: Area,
        k: &str,
        e: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step().await;
        self.inner.put_if_absent(a, k, e, now).await
    }

    async fn take(&self, a: Area, k: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        self.step().await;
        self.inner.take(a, k, now).await
    }

    async fn replace_if(
        &self,
        a: Area,
        k: &str,
        expected: &[u8],
        e: Entry,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step().await;
        self.inner.replace_if(a, k, expected, e, now).await
    }

    async fn remove(&self, a: Area, k: &str) -> Result<(), StoreError> {
        self.step().await;
        self.inner.remove(a, k).await
    }

    async fn group(
        &self,
        a: Area,
        group: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.step().await;
        self.inner.group(a, group, now).await
    }

    async fn remove_group(&self, a: Area, g: &str, now: Timestamp) -> Result<usize, StoreError> {
        self.step().await;
        self.inner.remove_group(a, g, now).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.inner.sweep(now).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes()
    }

    async fn probe(&self, now: Timestamp) -> Result<(), StoreError> {
        self.inner.probe(now).await
    }
}

/// Runs a sign-in in a runtime of its own, which is gone after `steps` operations of the store.
/// True: it was done before.
fn die_after(world: &World, steps: usize) -> bool {
    let store = Arc::new(Stopping::after(world, steps));
    let provisioner = world.provisioner_over(store.clone(), Arc::new(world.clock.clone()));
    let process = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (proof, ann, now) = (proof(), ann(), world.clock.now());
    process.block_on(async {
        tokio::select! {
            done = provisioner.provision(&proof, &ann, now) => done.map(|_| true).unwrap(),
            () = store.has_stopped() => false,
        }
    })
}

#[test]
fn a_crash_between_any_two_steps_is_taken_up_where_it_happened() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut steps = 0;
    loop {
        let world = runtime.block_on(World::new());
        let done = die_after(&world, steps);
        let resumed = runtime.block_on(world.sign_in(&ann())).unwrap();
        assert_eq!(world.assert_one_complete_customer(), resumed.account.0, "after {steps} steps");
        assert_eq!(world.jsm.desk_organizations("1"), ["Acme"], "after {steps} steps");
        assert!(world.jsm.count(Operation::CreateCustomer) <= 2);
        if done {
            break;
        }
        steps += 1;
    }
    assert!(steps > 12, "every step was tried, {steps} of them");
}

#[test]
fn a_closed_tab_leaves_nothing_half_done() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::new().await;
        let provisioner = world.provisioner();
        let (proof, ann, now) = (proof(), ann(), world.clock.now());
        let mut sign_in = Box::pin(provisioner.provision(&proof, &ann, now));
        while world.jsm.count(Operation::SearchUsers) == 0 {
            tokio::select! {
                biased;
                _ = &mut sign_in => panic!("too early"),
                () = tokio::task::yield_now() => {}
            }
        }
        drop(sign_in);
        let again = provisioner.provision(&proof, &ann, now).await.unwrap();
        assert!(again.events.is_empty(), "the first one did it all");
        world.assert_one_complete_customer();
    });
}
