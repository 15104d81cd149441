//! Times in tokens.

use domain::Timestamp;
use serde_json::Value;

/// 9999-12-31T23:59:59Z, the last moment that every implementation can hold.
const LAST: i64 = 253_402_300_799;

/// A NumericDate (RFC 7519 §2) between 1970 and 9999; fractions are cut off. Everything else is
/// `None`: a number that another implementation would wrap is no time (attacks.md C9).
pub(crate) fn parse(value: &Value) -> Option<Timestamp> {
    let number = value.as_number()?;
    let seconds = number.as_i64().or_else(|| whole_seconds(number.as_f64()?))?;
    (0..=LAST).contains(&seconds).then(|| Timestamp::from_seconds(seconds))
}

fn whole_seconds(value: f64) -> Option<i64> {
    // Within these bounds an f64 holds whole seconds exactly.
    #[expect(clippy::cast_possible_truncation, reason = "bounded to ±2^53 and already whole")]
    (value.abs() < 9_007_199_254_740_992.0).then(|| value.floor() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c9_absurd_times_are_no_times() {
        for text in [
            "1e300",
            "-1e300",
            "-1",
            "-0.5",
            "253402300800",
            "9223372036854775807",
            "18446744073709551615",
            "9223372036854775808",
            "\"1700000000\"",
            "null",
            "[1]",
            "true",
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(&value), None, "{text}");
        }
        for (text, seconds) in [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1700000000.9", 1_700_000_000),
            ("1.7e9", 1_700_000_000),
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(&value), Some(Timestamp::from_seconds(seconds)), "{text}");
        }
    }
}
