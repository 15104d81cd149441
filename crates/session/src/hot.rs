//! The sessions that were opened lately, so that most requests ask no store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use domain::Timestamp;
use quick_cache::sync::Cache;

use crate::{OpenSession, SessionCookie};

/// Most sessions that are kept open.
const SESSIONS: usize = 131_072;
/// Counters that changes are spread over. A change makes all sessions of its counter be read anew:
/// with so many that is hardly ever another one than its own.
const COUNTERS: u64 = 1 << 18;
/// How long an opened session is used while no changes are heard: half of the second that it may
/// be, so that what comes between reading and using has room.
pub(crate) const WITHOUT_FEED: Duration = Duration::from_millis(500);
/// A store and its feed that are lost within so long are lost together.
const TOGETHER: Duration = Duration::from_secs(5);

/// Whether changes are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    Heard,
    Deaf,
}

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
    deaf_since: AtomicI64,
}

impl Hot {
    pub(crate) fn new() -> Self {
        let counters = (0..COUNTERS).map(|_| AtomicU32::new(0)).collect();
        Self {
            sessions: Cache::new(SESSIONS),
            counters,
            era: AtomicU64::new(0),
            hearing: AtomicBool::new(false),
            deaf_since: AtomicI64::new(i64::MIN),
        }
    }

    /// To be drawn before the record under `key` is read.
    pub(crate) fn ticket(&self, key: &str, now: Timestamp) -> Ticket {
        let counter = counter(key);
        let era = self.era.load(Ordering::Acquire);
        Ticket { counter, count: self.count(counter), era, read: now }
    }

    /// The opened session of a cookie that is live and whose record has not changed since it was
    /// read. One that is over is dropped, secrets and all.
    pub(crate) fn find(&self, cookie: &SessionCookie, now: Timestamp) -> Option<Arc<OpenSession>> {
        self.live(cookie, now).filter(|session| self.is_current(session.ticket(), now))
    }

    /// The opened session of a cookie that was good when the store stopped answering at `down`:
    /// changes were heard until then, or it had just been read.
    pub(crate) fn find_as_of(
        &self,
        cookie: &SessionCookie,
        down: Timestamp,
        now: Timestamp,
    ) -> Option<Arc<OpenSession>> {
        let session = self.live(cookie, now)?;
        let ticket = session.ticket();
        let heard_until = match self.feed() {
            Feed::Heard => now,
            Feed::Deaf => Timestamp::from_millis(self.deaf_since.load(Ordering::Acquire)),
        };
        let good = down <= heard_until.plus(TOGETHER) || down <= ticket.read.plus(WITHOUT_FEED);
        (good && self.is_unchanged(ticket)).then_some(session)
    }

    fn live(&self, cookie: &SessionCookie, now: Timestamp) -> Option<Arc<OpenSession>> {
        let session = self.sessions.get(&cookie.id())?;
        if !session.cookie().is(cookie) {
            return None;
        }
        if now < session.ends() {
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

    /// Changes are heard from now on. What was cached before could have changed before that.
    pub(crate) fn hear(&self) {
        self.forget_all();
        self.hearing.store(true, Ordering::Release);
    }

    /// Changes are not heard any more, since `now` if they were until then.
    pub(crate) fn hear_no_more(&self, now: Timestamp) {
        if self.hearing.swap(false, Ordering::AcqRel) {
            self.deaf_since.store(now.as_millis(), Ordering::Release);
        }
    }

    /// Whether changes are heard.
    pub(crate) fn feed(&self) -> Feed {
        if self.hearing.load(Ordering::Acquire) { Feed::Heard } else { Feed::Deaf }
    }

    fn is_current(&self, ticket: &Ticket, now: Timestamp) -> bool {
        self.is_unchanged(ticket)
            && (self.feed() == Feed::Heard || now < ticket.read.plus(WITHOUT_FEED))
    }

    /// Whether no change was heard since the ticket was drawn.
    pub(crate) fn is_unchanged(&self, ticket: &Ticket) -> bool {
        ticket.era == self.era.load(Ordering::Acquire) && ticket.count == self.count(ticket.counter)
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
