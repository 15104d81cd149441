//! The time that a fake believes in: the system's, or one that a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a fake reads the time. Clones show the same time.
#[derive(Debug, Clone)]
pub struct FakeClock {
    source: Source,
    /// Added to the source, in seconds: a peer whose clock is wrong.
    skew: Arc<AtomicI64>,
}

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl FakeClock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { source: Source::System, skew: Arc::default() }
    }

    /// A clock that stands still at `seconds` since the epoch until it is [`set`](Self::set).
    pub fn manual(seconds: i64) -> Self {
        Self { source: Source::Manual(Arc::new(AtomicI64::new(seconds))), skew: Arc::default() }
    }

    /// Moves a manual clock; does nothing to the machine's.
    pub fn set(&self, seconds: i64) {
        if let Source::Manual(now) = &self.source {
            now.store(seconds, Ordering::SeqCst);
        }
    }

    /// Makes this clock wrong by `seconds` (negative: slow).
    pub fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds, Ordering::SeqCst);
    }

    /// Seconds since the epoch.
    pub fn now(&self) -> i64 {
        let base = match &self.source {
            Source::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            }
            Source::Manual(now) => now.load(Ordering::SeqCst),
        };
        base + self.skew.load(Ordering::SeqCst)
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::system()
    }
}

/// `xs:dateTime` in UTC with whole seconds.
pub fn date_time(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (mut year, mut day) = (1970, days);
    while day < 0 || day >= days_in(year) {
        let step = if day < 0 { -1 } else { 1 };
        day -= step * days_in(if step > 0 { year } else { year - 1 });
        year += step;
    }
    let february = if days_in(year) == 366 { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1)
}

fn days_in(year: i64) -> i64 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if leap { 366 } else { 365 }
}

/// The reverse of [`date_time`]; fractions of a second are cut off. `None`: not such a text.
pub fn parse_date_time(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !text.ends_with('Z') || !(1..=12).contains(&month) {
        return None;
    }
    let february = if days_in(year) == 366 { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before: i64 = months.iter().take(usize::try_from(month - 1).ok()?).sum();
    let years: i64 = (1970..year).map(days_in).sum();
    Some((years + before + day - 1) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_read_as_they_were_written() {
        assert_eq!(date_time(0), "1970-01-01T00:00:00Z");
        assert_eq!(date_time(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date_time(-1), "1969-12-31T23:59:59Z");
        for seconds in [0, 951_782_399, 1_798_761_599, 1_795_313_400] {
            assert_eq!(parse_date_time(&date_time(seconds)), Some(seconds));
        }
        assert_eq!(parse_date_time("1970-01-01T00:00:01.123Z"), Some(1));
        assert_eq!(parse_date_time("tomorrow"), None);
    }
}
