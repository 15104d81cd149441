//! Connections that workers have of their own, so that a request wakes no other thread.
//!
//! The connection of the [`Node`](super::node::Node) lives in the store's runtime and is watched there.
//! A thread whose runtime has no other thread makes one more, uses it while the watched one is up, and
//! falls back to that at the first sign of trouble: nothing waits for a connection here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use thread_local::ThreadLocal;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

use super::dial::Dialer;
use super::settings::RedisAddress;

/// What was not used for so long is not trusted: it is not watched, and what stands between may have
/// forgotten it.
const IDLE: Duration = Duration::from_secs(5);
/// Between two attempts to make one.
const PAUSE: Duration = Duration::from_secs(1);

/// The connections to one node that threads have of their own.
pub(super) struct OwnConnections {
    dialer: Dialer,
    address: RedisAddress,
    threads: ThreadLocal<Arc<Mutex<Own>>>,
}

impl OwnConnections {
    pub(super) fn new(dialer: Dialer, address: RedisAddress) -> Self {
        Self { dialer, address, threads: ThreadLocal::new() }
    }

    /// This thread's connection, if it has one that is as young as the watched one of `era`; when
    /// there is none, one is being made for later.
    pub(super) fn here(&self, era: u64) -> Option<MultiplexedConnection> {
        let runtime = Handle::try_current().ok()?;
        if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
            return None;
        }
        let own = self.threads.get_or_default();
        let (found, make) = lock(own).find(era, Instant::now());
        if make {
            let (dialer, address) = (self.dialer.clone().within(runtime), self.address.clone());
            let own = Arc::clone(own);
            tokio::spawn(async move {
                match dialer.connect(&address, |_| ()).await {
                    Ok(made) => lock(&own).put(made.requests, era, Instant::now()),
                    Err(why) => tracing::debug!(why, "a worker has no connection of its own"),
                }
            });
        }
        found
    }

    /// The last answer did not come, or was an error of the connection.
    pub(super) fn forget(&self) {
        if let Some(own) = self.threads.get() {
            lock(own).connection = None;
        }
    }
}

/// What one thread has.
struct Own<C = MultiplexedConnection> {
    connection: Option<Used<C>>,
    tried: Option<Instant>,
}

struct Used<C> {
    connection: C,
    era: u64,
    last: Instant,
}

impl<C> Default for Own<C> {
    fn default() -> Self {
        Self { connection: None, tried: None }
    }
}

impl<C: Clone> Own<C> {
    /// The connection, if it is good; and whether to make one, which is then noted as begun.
    fn find(&mut self, era: u64, now: Instant) -> (Option<C>, bool) {
        let good = |used: &&mut Used<C>| used.era == era && now < used.last + IDLE;
        if let Some(used) = self.connection.as_mut().filter(good) {
            used.last = now;
            return (Some(used.connection.clone()), false);
        }
        self.connection = None;
        let make = self.tried.is_none_or(|tried| now >= tried + PAUSE);
        if make {
            self.tried = Some(now);
        }
        (None, make)
    }

    fn put(&mut self, connection: C, era: u64, now: Instant) {
        self.connection = Some(Used { connection, era, last: now });
    }
}

fn lock(own: &Mutex<Own>) -> MutexGuard<'_, Own> {
    own.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_used_while_it_is_young_and_of_the_same_era() {
        let (mut own, now) = (Own::<&str>::default(), Instant::now());
        let second = Duration::from_secs(1);
        assert_eq!(own.find(1, now), (None, true), "nothing is there: it is made");
        assert_eq!(own.find(1, now), (None, false), "once");
        assert_eq!(own.find(1, now + PAUSE), (None, true), "that attempt failed");
        own.put("one", 1, now);
        assert_eq!(own.find(1, now + 4 * second), (Some("one"), false));
        assert_eq!(own.find(1, now + 8 * second), (Some("one"), false), "each use counts");
        assert_eq!(own.find(1, now + 13 * second), (None, true), "idle for five seconds");
        own.put("two", 1, now);
        assert_eq!(own.find(2, now + second), (None, false), "the node came back");
        assert_eq!(own.find(1, now + second), (None, false), "and nothing old with it");
    }
}
