//! Durations, dates and URLs as they are written in the file.

use std::time::Duration;

use domain::Timestamp;
use url::{Host, Url};

/// What [`duration`] reads, for messages.
pub(crate) const DURATION: &str = "write a whole number with a unit, such as 30s, 10m, 12h or 7d";

/// A whole number with its unit: `30s`, `10m`, `12h`, `7d`; also `500ms`. Zero is no duration.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok().filter(|n| *n > 0)?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = number.checked_mul(seconds)?;
    // A century; beyond it the operator means something else.
    (seconds <= 100 * 366 * 86_400).then(|| Duration::from_secs(seconds))
}

/// What [`size`] reads, for messages.
pub(crate) const SIZE: &str = "write a whole number with a unit, such as 64KiB, 25MiB or 1GiB";

/// A whole number of bytes with its unit: `64KiB`, `25MiB`, `1GiB`. Zero is no size.
pub(crate) fn size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok().filter(|n| *n > 0)?;
    let bytes = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes)
}

/// The beginning of a day written as `2027-01-31`, in UTC.
pub(crate) fn start_of_day(text: &str) -> Option<Timestamp> {
    end_of_day(text).map(|end| end.minus(Duration::from_secs(86_400)))
}

/// The end of a day written as `2027-01-31`, in UTC.
pub(crate) fn end_of_day(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let number =
        |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?;
    let (year, month, day): (i64, i64, i64) = (number(year)?, number(month)?, number(day)?);
    let days = days_from_civil(year, month, day);
    let end = Timestamp::from_seconds((days + 1) * 86_400);
    // A day that does not exist, such as 30 February, comes out as another one.
    let same_day = Timestamp::from_seconds(days * 86_400).to_string().starts_with(text);
    same_day.then_some(end)
}

/// Days since 1970-01-01 in the Gregorian calendar; years are counted from March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Why a URL cannot be used. The texts do not repeat it: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlFault {
    /// Not an absolute http(s) URL with a host.
    NotUrl,
    /// A user name or a password stands in it.
    Credentials,
    /// A path, query or fragment where only scheme, host and port belong.
    NotOrigin,
    /// A query or fragment.
    Extra,
    /// `http` toward another machine.
    Cleartext,
}

impl UrlFault {
    /// What is wrong, in words.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NotUrl => "this is not an http or https URL with a host",
            Self::Credentials => "a user name or password stands in this URL",
            Self::NotOrigin => "this URL has more than scheme, host and port",
            Self::Extra => "this URL has a query or a fragment",
            Self::Cleartext => "http is accepted toward this machine only",
        }
    }
}

/// An absolute http(s) URL without credentials.
pub(crate) fn url(text: &str) -> Result<Url, UrlFault> {
    let url = Url::parse(text).map_err(|_| UrlFault::NotUrl)?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(UrlFault::NotUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlFault::Credentials);
    }
    if url.fragment().is_some() {
        return Err(UrlFault::Extra);
    }
    Ok(url)
}

/// A URL that has only scheme, host and port.
pub(crate) fn origin(text: &str) -> Result<Url, UrlFault> {
    let url = url(text)?;
    let bare = url.path() == "/" && url.query().is_none();
    if bare { Ok(url) } else { Err(UrlFault::NotOrigin) }
}

/// https, or http toward this machine.
pub(crate) fn private(url: Url) -> Result<Url, UrlFault> {
    if url.scheme() == "https" || is_loopback(&url) { Ok(url) } else { Err(UrlFault::Cleartext) }
}

/// Whether the URL leads to this machine: loopback addresses, `localhost`, `*.localhost`
/// (RFC 6761 §6.3).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_number_and_a_unit() {
        assert_eq!(duration("10m"), Some(Duration::from_secs(600)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("7d"), Some(Duration::from_secs(604_800)));
        for bad in
            ["", "10", "m", "0s", "-1s", "1.5h", "10 m", "1w", "99999999999999999999s", "9999999d"]
        {
            assert_eq!(duration(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn sizes_need_a_number_and_a_unit() {
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(size("25MiB"), Some(26_214_400));
        assert_eq!(size("1GiB"), Some(1 << 30));
        for bad in ["", "25", "MiB", "0MiB", "-1MiB", "1.5GiB", "25 MiB", "25MB", "25mib"] {
            assert_eq!(size(bad), None, "{bad:?}");
        }
        assert_eq!(size("99999999999GiB"), None);
    }

    #[test]
    fn a_date_means_the_end_of_its_day() {
        assert_eq!(end_of_day("2028-02-29").unwrap().to_string(), "2028-03-01T00:00:00Z");
        assert_eq!(end_of_day("2026-12-31").unwrap().to_string(), "2027-01-01T00:00:00Z");
        for bad in [
            "2027-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-1-1",
            "tomorrow",
            "2027-01-01T00",
            "+027-01-01",
        ] {
            assert_eq!(end_of_day(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn urls_are_checked_for_what_does_not_belong() {
        assert_eq!(url("ftp://a.example"), Err(UrlFault::NotUrl));
        assert_eq!(url("https://u:p@a.example"), Err(UrlFault::Credentials));
        assert_eq!(origin("https://a.example/x"), Err(UrlFault::NotOrigin));
        assert!(origin("https://a.example:8443/").is_ok());
        assert_eq!(url("http://a.example").and_then(private), Err(UrlFault::Cleartext));
        for here in ["http://127.0.0.1:1", "http://[::1]/x", "http://idp.localhost:81/"] {
            assert!(url(here).and_then(private).is_ok(), "{here}");
        }
    }
}
