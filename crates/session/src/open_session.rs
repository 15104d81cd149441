//! A session that a request may use.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use domain::Timestamp;

use crate::hot::Ticket;
use crate::stored::Stored;
use crate::{DeviceId, Facts, Secrets, SessionCookie};

/// Longest time between two writes of the last use.
const WRITE_EVERY: Duration = Duration::from_secs(60);
/// After a claim to write the last use, nobody else tries for so long.
const CLAIM: Duration = Duration::from_secs(1);

/// A session, opened by the cookie of a request. Shared by all requests of one browser.
pub struct OpenSession {
    facts: Facts,
    device: DeviceId,
    secrets: Secrets,
    cookie: SessionCookie,
    key: String,
    ticket: Ticket,
    last_use: AtomicI64,
    longest_pause: AtomicI64,
    next_write: AtomicI64,
    /// The last set of marks that did not bar it.
    cleared: AtomicU64,
    kept: ArcSwapOption<Kept>,
    once: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// What the gateway keeps beside a session, and until when it is good.
struct Kept {
    value: Arc<dyn Any + Send + Sync>,
    until: Timestamp,
}

/// Says which session it is and nothing of what it holds.
impl fmt::Debug for OpenSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSession").field("device", &self.device).finish_non_exhaustive()
    }
}

impl OpenSession {
    pub(crate) fn new(
        (stored, secrets): (Stored, Secrets),
        cookie: SessionCookie,
        key: String,
        ticket: Ticket,
    ) -> Self {
        let Stored { facts, device, last_use, longest_pause, remembered: _ } = stored;
        let next_write = last_use.plus(write_interval(&facts)).as_millis();
        Self {
            facts,
            device,
            secrets,
            cookie,
            key,
            ticket,
            last_use: AtomicI64::new(last_use.as_millis()),
            longest_pause: AtomicI64::new(millis(longest_pause)),
            next_write: AtomicI64::new(next_write),
            cleared: AtomicU64::new(0),
            kept: ArcSwapOption::empty(),
            once: OnceLock::new(),
        }
    }

    /// What is known of the session.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What the session is called in lists.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// What only the browser's cookie opens.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// When the session ends if no further request comes.
    pub fn ends(&self) -> Timestamp {
        ends(&self.facts, self.last_use())
    }

    /// When it was last used, as far as that was written.
    pub fn last_use(&self) -> Timestamp {
        Timestamp::from_millis(self.last_use.load(Ordering::Acquire))
    }

    /// The longest time without a use, as far as uses were written; until now, too.
    pub fn longest_pause(&self, now: Timestamp) -> Duration {
        let noted = self.longest_pause.load(Ordering::Acquire);
        Duration::from_millis(u64::try_from(noted).unwrap_or(0)).max(now.since(self.last_use()))
    }

    /// A use may go unwritten for so long.
    pub fn noted_every(&self) -> Duration {
        write_interval(&self.facts)
    }

    /// Keeps a value beside the session until `until`, or until the session is read anew; such as
    /// headers that are costly to sign. Replaces what was kept.
    pub fn keep<T: Any + Send + Sync>(&self, value: Arc<T>, until: Timestamp) {
        self.kept.store(Some(Arc::new(Kept { value, until })));
    }

    /// What was kept, if it is of this type and still good.
    pub fn kept<T: Any + Send + Sync>(&self, now: Timestamp) -> Option<Arc<T>> {
        let kept = self.kept.load();
        let kept = kept.as_ref().filter(|kept| now < kept.until)?;
        Arc::clone(&kept.value).downcast().ok()
    }

    /// A value that is made once for as long as the session stays opened, such as the rules that are
    /// for its person. For values of one type: those of a second one are made at each call.
    pub fn once<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let known = self.once.get().and_then(|known| Arc::clone(known).downcast().ok());
        known.unwrap_or_else(|| {
            let made = Arc::new(make());
            let _ = self.once.set(Arc::<T>::clone(&made));
            made
        })
    }

    pub(crate) fn cookie(&self) -> &SessionCookie {
        &self.cookie
    }

    /// Key of the record in the store: an HMAC, which opens nothing.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The generation of marks that did not bar it the last time.
    pub(crate) fn cleared(&self) -> u64 {
        self.cleared.load(Ordering::Acquire)
    }

    pub(crate) fn clear(&self, generation: u64) {
        self.cleared.store(generation, Ordering::Release);
    }

    pub(crate) fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Whether the last use must be written now, and by this caller: of many at once one is told so.
    pub(crate) fn claim_write(&self, now: Timestamp) -> bool {
        let due = self.next_write.load(Ordering::Relaxed);
        let again = now.plus(CLAIM).as_millis();
        now.as_millis() >= due
            && self
                .next_write
                .compare_exchange(due, again, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    }

    /// The last use is written.
    pub(crate) fn written(&self, stored: &Stored) {
        let now = stored.last_use;
        self.longest_pause.fetch_max(millis(stored.longest_pause), Ordering::AcqRel);
        self.last_use.fetch_max(now.as_millis(), Ordering::AcqRel);
        let next = now.plus(write_interval(&self.facts)).as_millis();
        self.next_write.store(next, Ordering::Release);
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// How often the last use is written: a request in between may go unnoted for so long.
fn write_interval(facts: &Facts) -> Duration {
    let idle = facts.shortest_idle.map_or(facts.idle, |shortest| shortest.min(facts.idle));
    (idle / 20).min(WRITE_EVERY)
}

/// When a session ends: at its deadline, or when it was idle. A use that was not written may have
/// come up to one interval after the last that was, so the interval is added: the error is on the
/// long side.
pub(crate) fn ends(facts: &Facts, last_use: Timestamp) -> Timestamp {
    let idle = last_use.plus(facts.idle).plus(write_interval(facts));
    facts.deadline.min(idle)
}
