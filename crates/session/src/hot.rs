//! The sessions that were opened lately, so that most requests ask no store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use domain::Timestamp;
use quick_cache::sync::Cache;

use crate::{OpenSession, SessionCookie};

/// Most sessions that are kept open.
const SESSIONS: usize = 131_072;
/// Counters that changes are spread over. A change makes all sessions of its counter be read anew:
/// with so many that is hardly ever another one than its own.
const COUNTERS: u64 = 1 << 18;
/// How long an opened session is used while no changes are heard.
const WITHOUT_FEED: Duration = Duration::from_secs(1);

/// When a record was read, in terms of the changes heard until then.
#[derive(Debug)]
pub(crate) struct Ticket {
    counter: usize,
    count: u32,
    era: u64,
    read: Timestamp,
}

/// Opened sessions by the id in their cookie.
///
/// A ticket is drawn *before* the store is read; a session is used only while its ticket is
/// current. So a change that is heard between reading and caching is not lost.
pub(crate) struct Hot {
    sessions: Cache<[u8; 16], Arc<OpenSession>>,
    counters: Vec<AtomicU32>,
    era: AtomicU64,
    hearing: AtomicBool,
}

impl Hot {
    pub(crate) fn new() -> Self {
        let counters = (0..COUNTERS).map(|_| AtomicU32::new(0)).collect();
        let (era, hearing) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { sessions: Cache::new(SESSIONS), counters, era, hearing }
    }

    /// To be drawn before the record under `key` is read.
    pub(crate) fn ticket(&self, key: &str, now: Timestamp) -> Ticket {
        let counter = counter(key);
        let era = self.era.load(Ordering::Acquire);
        Ticket { counter, count: self.count(counter), era, read: now }
    }

    /// The opened session of a cookie that is live and whose record has not changed since it was
    /// read. One that is not is dropped, secrets and all.
    pub(crate) fn find(&self, cookie: &SessionCookie, now: Timestamp) -> Option<Arc<OpenSession>> {
        let session = self.sessions.get(&cookie.id())?;
        if !session.cookie().is(cookie) {
            return None;
        }
        if now < session.ends() && self.is_current(session.ticket(), now) {
            return Some(session);
        }
        self.sessions.remove(&cookie.id());
        None
    }

    pub(crate) fn insert(&self, session: &Arc<OpenSession>) {
        self.sessions.insert(session.cookie().id(), Arc::clone(session));
    }

    /// Drops one opened session and what others may be about to insert.
    pub(crate) fn remove(&self, session: &OpenSession) {
        self.changed(session.key());
        self.sessions.remove(&session.cookie().id());
    }

    /// The record under `key` is no longer what was read.
    pub(crate) fn changed(&self, key: &str) {
        if let Some(count) = self.counters.get(counter(key)) {
            count.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Changes may have been missed.
    pub(crate) fn forget_all(&self) {
        self.era.fetch_add(1, Ordering::AcqRel);
        self.sessions.clear();
    }

    /// Changes are heard from now on, or no longer.
    pub(crate) fn set_hearing(&self, hearing: bool) {
        self.hearing.store(hearing, Ordering::Release);
    }

    fn is_current(&self, ticket: &Ticket, now: Timestamp) -> bool {
        ticket.era == self.era.load(Ordering::Acquire)
            && ticket.count == self.count(ticket.counter)
            && (self.hearing.load(Ordering::Acquire) || now < ticket.read.plus(WITHOUT_FEED))
    }

    fn count(&self, counter: usize) -> u32 {
        self.counters.get(counter).map_or(0, |count| count.load(Ordering::Acquire))
    }
}

/// FNV-1a: keys are HMACs and need only be spread.
fn counter(key: &str) -> usize {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    usize::try_from(hash % COUNTERS).unwrap_or_default()
}
