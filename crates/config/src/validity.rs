//! From when until when a certificate holds (RFC 5280 §4.1.2.5).
//!
//! rustls checks these dates for peers and does not show them. Only the few fields before them
//! are walked over; whatever looks odd gives `None`, which costs a warning and nothing else.

use std::time::Duration;

use domain::Timestamp;

/// How long before its end a certificate is named: time to order a new one.
pub(crate) const SOON: Duration = Duration::from_secs(14 * 86_400);

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// First and last moment of a certificate given as DER.
pub(crate) fn of(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (_, certificate, _) = element(der)?;
    let (tag, mut fields, _) = element(certificate)?;
    if tag != SEQUENCE {
        return None;
    }
    // [0] version is left out in certificates of version 1.
    if *fields.first()? == VERSION {
        fields = element(fields)?.2;
    }
    for _serial_algorithm_issuer in 0..3 {
        fields = element(fields)?.2;
    }
    let (_, validity, _) = element(fields)?;
    let (from_tag, from, rest) = element(validity)?;
    let (until_tag, until, _) = element(rest)?;
    Some((time(from_tag, from)?, time(until_tag, until)?))
}

/// Tag, content and what follows of the first element.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            // RFC 5280 §4.1.2.5.1: 50 to 99 are of the last century.
            let year: u32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let (date, clock) = rest.split_at_checked(4)?;
    let (month, day) = date.split_at_checked(2)?;
    let end = crate::scalar::end_of_day(&format!("{year:04}-{month}-{day}"))?;
    let (hours, rest) = clock.split_at_checked(2)?;
    let (minutes, seconds) = rest.split_at_checked(2)?;
    let number = |part: &str| part.parse::<i64>().ok();
    let second = number(hours)? * 3600 + number(minutes)? * 60 + number(seconds)?;
    Some(Timestamp::from_seconds(end.as_seconds() - 86_400 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_time_are_read() {
        assert_eq!(time(UTC_TIME, b"261122101112Z").unwrap().to_string(), "2026-11-22T10:11:12Z");
        assert_eq!(time(UTC_TIME, b"991231235959Z").unwrap().to_string(), "1999-12-31T23:59:59Z");
        let far = time(GENERALIZED_TIME, b"20510228000000Z").unwrap();
        assert_eq!(far.to_string(), "2051-02-28T00:00:00Z");
        assert_eq!(time(GENERALIZED_TIME, b"2051"), None);
    }

    #[test]
    fn bytes_that_are_no_certificate_give_nothing() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x80\x00\x00",
            b"\x30\x02\x30\x00",
        ] {
            assert_eq!(of(bytes), None);
        }
    }
}
