//! Since when the store does not answer.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::Timestamp;
use store::StoreError;

/// How long an answer is waited for while the store is known not to answer: whoever asks has a
/// page of ours in less than 50 ms, and a store that is back answers sooner.
const IMPATIENCE: Duration = Duration::from_millis(20);

/// None.
const ANSWERS: i64 = i64::MIN;

/// Since when the store does not answer, if it does not.
#[derive(Debug)]
pub(crate) struct Outage {
    since: AtomicI64,
}

impl Default for Outage {
    fn default() -> Self {
        Self { since: AtomicI64::new(ANSWERS) }
    }
}

impl Outage {
    /// Waits for an answer, and notes whether there was one. Dropping a read harms nobody.
    pub(crate) async fn watch<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
        now: Timestamp,
    ) -> Result<T, StoreError> {
        let answer = match self.since() {
            None => answer.await,
            Some(_) => tokio::time::timeout(IMPATIENCE, answer).await.unwrap_or_else(|_| {
                Err(StoreError::Unavailable("it has not answered for a while".to_owned()))
            }),
        };
        match &answer {
            Ok(_) => self.since.store(ANSWERS, Ordering::Release),
            Err(_) => {
                let new = now.as_millis();
                let _there_already =
                    self.since.compare_exchange(ANSWERS, new, Ordering::AcqRel, Ordering::Relaxed);
            }
        }
        answer
    }

    /// Since when, if that is not longer ago than `grace`.
    pub(crate) fn within(&self, grace: Duration, now: Timestamp) -> Option<Timestamp> {
        self.since().filter(|since| now < since.plus(grace))
    }

    fn since(&self) -> Option<Timestamp> {
        let since = self.since.load(Ordering::Acquire);
        (since != ANSWERS).then(|| Timestamp::from_millis(since))
    }
}
