//! How long to wait before a call is repeated. Pure.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(8);
/// Spread on top of a time that JSM named, so that not everybody comes back at once.
const SPREAD: Duration = Duration::from_millis(500);

/// Full jitter: anything up to 0.5, 1, 2, 4, 8 seconds. Trials count from 0.
pub(super) fn pause(trial: u32, random: u64) -> Duration {
    let longest = FIRST.saturating_mul(1 << trial.min(4)).min(LONGEST);
    share(longest, random)
}

/// At least what `Retry-After` said.
pub(super) fn after(named: Duration, random: u64) -> Duration {
    named.saturating_add(share(SPREAD, random))
}

fn share(longest: Duration, random: u64) -> Duration {
    let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % millis.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_under_a_doubling_limit_and_use_all_of_it() {
        for (trial, limit) in [(0, 500), (1, 1000), (3, 4000), (4, 8000), (40, 8000)] {
            let limit = Duration::from_millis(limit);
            assert!((0..20_000).all(|random| pause(trial, random) <= limit));
            assert!((0..20_000).any(|random| pause(trial, random) == limit));
            assert_eq!(pause(trial, 0), Duration::ZERO);
        }
    }

    #[test]
    fn a_named_time_is_never_undercut() {
        let named = Duration::from_secs(7);
        assert!((0..2000).all(|random| after(named, random) >= named));
        assert!((0..2000).all(|random| after(named, random) <= named + SPREAD));
    }
}
