//! `xs:dateTime` to [`Timestamp`].

use domain::Timestamp;

/// Parses an `xs:dateTime` that names its zone; fractions are cut to milliseconds.
///
/// SAML Core §1.3.3 wants UTC; a numeric offset says as clearly what is meant, no zone does not.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let (year, month, day) = triple(date, '-', [4, 2, 2])?;
    let zone_at = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(c, f)| (c, Some(f)));
    let (hour, minute, second) = triple(clock, ':', [2, 2, 2])?;
    let in_range = (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    if !in_range || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let millis = fraction.map_or(Some(0), milliseconds)?;
    Some(Timestamp::from_millis((seconds - offset(zone)?) * 1000 + millis))
}

fn triple(text: &str, separator: char, widths: [usize; 3]) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(separator).zip(widths).map(|(part, width)| digits(part, width));
    let triple = (parts.next()??, parts.next()??, parts.next()??);
    (text.len() == widths.iter().sum::<usize>() + 2).then_some(triple)
}

fn digits(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn milliseconds(fraction: &str) -> Option<i64> {
    let known = !fraction.is_empty() && fraction.len() <= 12;
    let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
    (known && fraction.bytes().all(|b| b.is_ascii_digit())).then(|| padded.parse().ok())?
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("Z", "") => return Some(0),
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the epoch in the proleptic Gregorian calendar; years are counted from March, so
/// that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_round_trip_through_their_text() {
        for seconds in [0, -1, 951_782_400, 1_798_761_599, 1_709_164_800, 4_102_444_800] {
            let moment = Timestamp::from_seconds(seconds);
            assert_eq!(parse(&moment.to_string()), Some(moment));
        }
    }

    #[test]
    fn fractions_and_offsets_are_understood() {
        let second = |text| parse(text).map(Timestamp::as_millis);
        assert_eq!(second("1970-01-01T00:00:01.5Z"), Some(1500));
        assert_eq!(second("1970-01-01T00:00:01.1239999Z"), Some(1123));
        assert_eq!(second("1970-01-01T02:00:01+02:00"), Some(1000));
        assert_eq!(second("1969-12-31T19:00:01-05:00"), Some(1000));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "T",
            "2026-11-22",
            "2026-11-22T00:00:00",
            "2026-11-22T00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T00:60:00Z",
            "2026-11-22T00:00:60Z",
            "2026-11-22t00:00:00Z",
            "2026-11-22T00:00:00z",
            "2026-11-22T00:00:00.Z",
            "+2026-11-22T00:00:00Z",
            "2026-1-22T00:00:00Z",
            "2026-11-22T00:00:00Zx",
            "2026-11-22T00:00:00+1:00",
            "2026-11-22T00:00:00+15:00",
            "99999999999-01-01T00:00:00Z",
            "2026-11-22T00:00:00:00Z",
            "2026-11-22T 0:00:00Z",
            "2026-11-22T00:00:00+é",
            " 2026-11-22T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text:?} was accepted");
        }
    }
}
