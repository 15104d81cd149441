//! How often somebody was wrong, and how long that makes them wait.

use std::time::Duration;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// After how much quiet everything is forgotten.
const QUIET: Duration = Duration::from_secs(24 * 60 * 60);

/// How waiting grows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Guesses that cost nothing: people mistype.
    pub(crate) free: u32,
    /// The first wait; each further one is twice as long.
    pub(crate) first: Duration,
    /// The longest wait: never a lock.
    pub(crate) longest: Duration,
}

impl Pace {
    /// The wait after the guess of this number, counted from one.
    fn wait_after(self, number: u32) -> Duration {
        let Some(doublings) = number.checked_sub(self.free.saturating_add(1)) else {
            return Duration::ZERO;
        };
        let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }
}

/// Guesses so far, and when the next one is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) count: u32,
    next: Timestamp,
}

impl Tally {
    pub(crate) const NONE: Self = Self { count: 0, next: Timestamp::from_millis(i64::MIN) };

    /// How long the next guess has to wait; `None`: not at all.
    pub(crate) fn wait(self, now: Timestamp) -> Option<Duration> {
        (now < self.next).then(|| self.next.since(now))
    }

    /// With one guess more. Its wait begins now, and takes nothing from one that runs.
    pub(crate) fn counted(self, pace: Pace, now: Timestamp) -> Self {
        let count = self.count.saturating_add(1);
        Self { count, next: self.next.max(now.plus(pace.wait_after(count))) }
    }

    /// With one guess fewer, as it was right.
    pub(crate) fn forgiven(self) -> Self {
        Self { count: self.count.saturating_sub(1), ..self }
    }

    /// When it is forgotten.
    pub(crate) fn deadline(self, now: Timestamp) -> Timestamp {
        now.plus(QUIET).max(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends() {
        let pace =
            Pace { free: 2, first: Duration::from_secs(5), longest: Duration::from_secs(60) };
        let waits: Vec<u64> = (1..=9).map(|n| pace.wait_after(n).as_secs()).collect();
        assert_eq!(waits, [0, 0, 5, 10, 20, 40, 60, 60, 60]);
        assert_eq!(pace.wait_after(u32::MAX), Duration::from_secs(60));
        let now = Timestamp::from_seconds(1000);
        let tally = Tally::NONE.counted(pace, now).counted(pace, now).counted(pace, now);
        assert_eq!(tally.wait(now), Some(Duration::from_secs(5)));
        assert_eq!(tally.wait(now.plus(Duration::from_secs(5))), None);
    }
}
