//! The last good of what a provider publishes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use domain::{IdpName, Timestamp};
use tokio::time::timeout;

use crate::fetch::{BACKGROUND, PATIENCE};
use crate::{Document, FederationError};

/// What was fetched is fetched again when it is this old, or a little earlier.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// How much earlier at most, so that not all providers are called in the same minute.
const SPREAD: u64 = 10 * 60;
/// Larger documents, those of national federations, are fetched again after a restart.
const MAX_KEPT: usize = 2 * 1024 * 1024;

/// After a failure, customers are told at once for this long.
const FAILED: Duration = Duration::from_secs(10);

/// A fetch that somebody waits for ends a little before that patience does, so that its failure is
/// remembered and the next ones are told at once.
const ON_DEMAND: Duration = Duration::from_millis(2800);

/// What a fetch brought.
pub(crate) struct Fetched<T> {
    pub(crate) value: T,
    /// Whether it differs from the last good one.
    pub(crate) changed: bool,
    /// The bytes that it was read from.
    pub(crate) document: Bytes,
}

/// What the operator should learn.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Refreshed,
    Failed(FederationError),
}

/// The last good value, replaced as a whole; readers never wait for a writer.
#[derive(Debug)]
pub(crate) struct Cached<T> {
    idp: IdpName,
    good: ArcSwapOption<Good<T>>,
    /// Held while fetching: whoever else needs the value waits for that fetch.
    fetching: tokio::sync::Mutex<Option<Failure>>,
    told: Mutex<Told>,
}

#[derive(Debug)]
struct Good<T> {
    value: Arc<T>,
    at: Timestamp,
    /// `None`: it was not fetched, or is too large to be kept.
    document: Option<Bytes>,
}

#[derive(Debug)]
struct Failure {
    at: Timestamp,
    error: FederationError,
}

/// What the operator was told, so that an outage is one event and not one each minute.
#[derive(Debug, Default)]
struct Told {
    failure: Option<(String, Timestamp)>,
    pending: Option<News>,
}

/// Whether `interval` has passed since `last`. A clock that was set back by more than that counts as
/// passed: else a jump would stop every refresh until the clock has caught up. By less does not: a
/// request that took long to arrive has an earlier `now` than those it met.
pub(crate) fn is_due(last: Option<Timestamp>, now: Timestamp, interval: Duration) -> bool {
    last.is_none_or(|last| now.plus(interval) < last || now >= last.plus(interval))
}

/// How long what this provider publishes counts as fresh: 50 to 60 minutes, always the same for
/// one name (FNV-1a).
fn fresh(idp: &IdpName) -> Duration {
    let hash = idp.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    FRESH.saturating_sub(Duration::from_secs(hash % SPREAD))
}

impl<T> Cached<T> {
    pub(crate) fn empty(idp: IdpName) -> Self {
        let (good, fetching) = (ArcSwapOption::empty(), tokio::sync::Mutex::new(None));
        Self { idp, good, fetching, told: Mutex::default() }
    }

    /// The last good value.
    pub(crate) fn current(&self) -> Option<Arc<T>> {
        self.good.load().as_ref().map(|good| Arc::clone(&good.value))
    }

    /// The last good value as it was fetched, for the time after a restart.
    pub(crate) fn document(&self) -> Option<Document> {
        let good = self.good.load();
        let (bytes, fetched) = good.as_ref().and_then(|g| Some((g.document.clone()?, g.at)))?;
        Some(Document { bytes: bytes.to_vec(), fetched })
    }

    /// Puts a value in place that nobody fetches.
    pub(crate) fn set(&self, value: T, at: Timestamp) {
        self.put(value, at, None);
    }

    /// Puts a value in place that was fetched before a restart, unless there is a newer one.
    pub(crate) fn restore(&self, value: T, document: Document) {
        if self.good.load().is_none() {
            self.put(value, document.fetched, Some(document.bytes.into()));
        }
    }

    /// Replaces the value by a changed one that is not the result of a whole fetch.
    pub(crate) fn amend(&self, value: T, document: Bytes, now: Timestamp) -> Arc<T> {
        let at = self.good.load().as_ref().map_or(now, |good| good.at);
        self.tell(News::Refreshed);
        self.put(value, at, Some(document))
    }

    fn put(&self, value: T, at: Timestamp, document: Option<Bytes>) -> Arc<T> {
        let value = Arc::new(value);
        let document = document.filter(|document| document.len() <= MAX_KEPT);
        self.good.store(Some(Arc::new(Good { value: Arc::clone(&value), at, document })));
        value
    }

    /// The last good value while it is `usable`, or what `fetch` brings within the time a customer
    /// waits.
    pub(crate) async fn obtain(
        &self,
        now: Timestamp,
        usable: impl Fn(&T) -> bool,
        fetch: impl AsyncFnOnce() -> Result<Fetched<T>, FederationError>,
    ) -> Result<Arc<T>, FederationError> {
        let current = || self.current().filter(|value| usable(value));
        if let Some(value) = current() {
            return Ok(value);
        }
        // In the heap: a sign-in is to be small while there is nothing to fetch.
        let turn = Box::pin(async {
            let mut failure = self.fetching.lock().await;
            if let Some(value) = current() {
                return Ok(value);
            }
            if let Some(known) = failure.as_ref().filter(|f| !is_due(Some(f.at), now, FAILED)) {
                return Err(known.error.clone());
            }
            let fetched = timeout(ON_DEMAND, fetch()).await;
            let result = fetched.unwrap_or_else(|_| Err(self.timed_out()));
            self.conclude(&mut failure, result, now)
        });
        timeout(PATIENCE, turn).await.unwrap_or_else(|_| Err(self.timed_out()))
    }

    /// Fetches if the value is missing or old, or `forced`; gives what the operator should learn,
    /// also of what happened since the last call.
    pub(crate) async fn refresh(
        &self,
        now: Timestamp,
        forced: Forced,
        fetch: impl AsyncFnOnce() -> Result<Fetched<T>, FederationError>,
    ) -> Option<News> {
        let at = self.good.load().as_ref().map(|good| good.at);
        if is_due(at, now, fresh(&self.idp)) || forced == Forced::Yes {
            let mut failure = self.fetching.lock().await;
            let fetched = timeout(BACKGROUND, Box::pin(fetch())).await;
            let result = fetched.unwrap_or_else(|_| Err(self.timed_out()));
            if let Err(error) = self.conclude(&mut failure, result, now) {
                self.tell_failure(error, now);
            }
        }
        self.told().pending.take()
    }

    /// Fetches now, whatever its age; the operator learns of it with the next refresh.
    pub(crate) async fn again(
        &self,
        now: Timestamp,
        fetch: impl AsyncFnOnce() -> Result<Fetched<T>, FederationError>,
    ) {
        let mut failure = self.fetching.lock().await;
        let fetched = timeout(ON_DEMAND, Box::pin(fetch())).await;
        let result = fetched.unwrap_or_else(|_| Err(self.timed_out()));
        if let Err(error) = self.conclude(&mut failure, result, now) {
            self.tell_failure(error, now);
        }
    }

    fn conclude(
        &self,
        failure: &mut Option<Failure>,
        result: Result<Fetched<T>, FederationError>,
        now: Timestamp,
    ) -> Result<Arc<T>, FederationError> {
        match result {
            Ok(fetched) => {
                *failure = None;
                let recovered = self.told().failure.take().is_some();
                if fetched.changed || recovered {
                    self.tell(News::Refreshed);
                }
                Ok(self.put(fetched.value, now, Some(fetched.document)))
            }
            Err(error) => {
                tracing::debug!(idp = %self.idp, %error, "nothing usable was fetched");
                *failure = Some(Failure { at: now, error: error.clone() });
                Err(error)
            }
        }
    }

    fn tell_failure(&self, error: FederationError, now: Timestamp) {
        let cause = error.refusal().cause;
        let mut told = self.told();
        let known = told
            .failure
            .as_ref()
            .is_some_and(|(c, at)| *c == cause && !is_due(Some(*at), now, FRESH));
        if !known {
            told.failure = Some((cause, now));
            told.pending = Some(News::Failed(error));
        }
    }

    fn tell(&self, news: News) {
        self.told().pending = Some(news);
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn timed_out(&self) -> FederationError {
        FederationError::TimedOut(self.idp.clone())
    }
}

/// Whether to fetch before it is time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forced {
    Yes,
    No,
}
