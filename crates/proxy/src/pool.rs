//! The connections toward upstreams that one worker keeps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::time::{Instant, sleep};

use crate::upstream::UpstreamId;
use crate::{RequestBody, Upstream};

/// The idle connections of one worker. Each worker has its own: a connection's task lives on the
/// runtime that opened it, and a request that stays on its core wakes no other.
///
/// Clones share the connections.
#[derive(Debug, Clone, Default)]
pub struct Pool(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    shelves: Vec<Shelf>,
    sweeping: bool,
}

/// The idle connections toward one upstream, the newest last.
#[derive(Debug)]
struct Shelf {
    upstream: UpstreamId,
    idle: Vec<Idle>,
}

#[derive(Debug)]
struct Idle {
    sender: SendRequest<RequestBody>,
    since: Instant,
}

/// A connection in use by one request; dropped, it is closed.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) sender: SendRequest<RequestBody>,
    /// Whether an earlier request used it, so that the upstream may be about to close it.
    pub(crate) reused: bool,
    upstream: UpstreamId,
    keep: Keep,
    pool: Arc<Shared>,
}

#[derive(Debug, Clone, Copy)]
struct Keep {
    time: Duration,
    count: usize,
}

impl Pool {
    /// A pool without connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// The connection that was used last and is ready, if there is one.
    pub(crate) fn checkout(&self, upstream: &Upstream) -> Option<Lease> {
        let mut state = self.0.lock();
        let shelf = state.shelves.iter_mut().find(|shelf| shelf.upstream == upstream.id())?;
        let now = Instant::now();
        for index in (0..shelf.idle.len()).rev() {
            let idle = shelf.idle.get(index)?;
            let usable = !idle.sender.is_closed() && now - idle.since < upstream.limits().pool_idle;
            if usable && !idle.sender.is_ready() {
                // Its task has not yet seen that the last answer was read to the end.
                continue;
            }
            let idle = shelf.idle.remove(index);
            if usable {
                return Some(self.lease(idle.sender, true, upstream));
            }
        }
        None
    }

    /// A new connection for one request.
    pub(crate) fn lend(&self, sender: SendRequest<RequestBody>, upstream: &Upstream) -> Lease {
        self.lease(sender, false, upstream)
    }

    fn lease(&self, sender: SendRequest<RequestBody>, reused: bool, upstream: &Upstream) -> Lease {
        let limits = upstream.limits();
        let keep = Keep { time: limits.pool_idle, count: limits.pool_size };
        Lease { sender, reused, upstream: upstream.id(), keep, pool: Arc::clone(&self.0) }
    }

    #[cfg(test)]
    pub(crate) fn idle(&self) -> usize {
        self.0.lock().shelves.iter().map(|shelf| shelf.idle.len()).sum()
    }
}

impl Lease {
    /// Keeps the connection for the next request.
    pub(crate) fn release(self) {
        if self.sender.is_closed() {
            return;
        }
        let mut state = self.pool.lock();
        let idle = Idle { sender: self.sender, since: Instant::now() };
        match state.shelves.iter_mut().find(|shelf| shelf.upstream == self.upstream) {
            Some(shelf) if shelf.idle.len() >= self.keep.count => return,
            Some(shelf) => shelf.idle.push(idle),
            None => state.shelves.push(Shelf { upstream: self.upstream, idle: vec![idle] }),
        }
        if state.sweeping {
            return;
        }
        // A body may be dropped while its runtime goes down, after which nothing is kept anyway.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            state.sweeping = true;
            runtime.spawn(sweep(Arc::downgrade(&self.pool), self.keep.time));
        }
    }
}

/// Closes connections that nobody used for `time`; ends when none is left.
async fn sweep(pool: Weak<Shared>, time: Duration) {
    loop {
        sleep(time).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut state = pool.lock();
        for shelf in &mut state.shelves {
            shelf.idle.retain(|idle| idle.since.elapsed() < time && !idle.sender.is_closed());
        }
        state.shelves.retain(|shelf| !shelf.idle.is_empty());
        if state.shelves.is_empty() {
            state.sweeping = false;
            return;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
