//! The system's clock: the one place that reads the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{Clock, Sleep, Timestamp};

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep_until(&self, moment: Timestamp) -> Sleep {
        let wait = moment.since(self.now());
        Box::pin(tokio::time::sleep(wait))
    }
}
