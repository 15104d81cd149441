//! A point in time, as its parts.

use domain::Timestamp;

/// A point in time in UTC, as its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: usize,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
}

impl Moment {
    /// The parts of a timestamp.
    pub(crate) fn of(timestamp: Timestamp) -> Self {
        let text = timestamp.to_string();
        let mut parts = text.split(['-', 'T', ':', 'Z']).map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let (year, month, day) = (next(), next(), next());
        Self { year, month: usize::try_from(month).unwrap_or(0), day, hour: next(), minute: next() }
    }

    /// The name of its month.
    pub(crate) fn month_of(&self, names: [&'static str; 12]) -> &'static str {
        names.get(self.month.wrapping_sub(1)).copied().unwrap_or_default()
    }

    /// Whether both are of one day.
    pub(crate) fn same_day(&self, other: &Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_the_parts_of_its_timestamp() {
        let moment = Moment::of(Timestamp::from_seconds(1_798_761_599));
        assert_eq!((moment.year, moment.month, moment.day), (2026, 12, 31));
        assert_eq!((moment.hour, moment.minute), (23, 59));
        assert!(moment.same_day(&Moment::of(Timestamp::from_seconds(1_798_700_000))));
        assert!(!moment.same_day(&Moment::of(Timestamp::from_seconds(1_798_761_600))));
    }
}
