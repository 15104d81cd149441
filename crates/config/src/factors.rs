//! How second factors are made; who must have one is said by the rules.

use std::ops::RangeInclusive;
use std::time::Duration;

use factor::{Algorithm, Digits, FactorSettings};

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::scalar::{DURATION, duration};

const ALGORITHMS: [(&str, Algorithm); 3] =
    [("sha1", Algorithm::Sha1), ("sha256", Algorithm::Sha256), ("sha512", Algorithm::Sha512)];
const DIGITS: [(&str, Digits); 2] = [("6", Digits::Six), ("8", Digits::Eight)];
/// Fewer do not last; more are not kept.
const CODES: RangeInclusive<u8> = 5..=20;
/// The owner must have time to read a mail.
const SHORTEST_DELAY: Duration = Duration::from_secs(60 * 60);

/// Reads `factors`.
pub(crate) fn read(root: &Mapping<'_>) -> Option<FactorSettings> {
    let usual = FactorSettings { reset_delay: None, ..FactorSettings::default() };
    let mailing = root.optional("mail").is_some();
    let Some(value) = root.optional("factors") else { return Some(usual) };
    let map = value.mapping("write { digits: 6 } or another of its keys")?;
    let algorithm_value = map.optional("algorithm");
    let algorithm = given(algorithm_value.clone(), |value| value.word(&ALGORITHMS));
    let digits = given(map.optional("digits"), |value| value.word(&DIGITS));
    let issuer = given(map.optional("issuer"), issuer);
    let codes = given(map.optional("recovery_codes"), |value| {
        let wanted = format!("write a whole number from {} to {}", CODES.start(), CODES.end());
        value.read(&wanted, |text| text.parse().ok().filter(|codes| CODES.contains(codes)))
    });
    let reset = given(map.optional("self_service_reset"), |value| delay(value, mailing));
    map.finish();
    let algorithm = algorithm?.unwrap_or_default();
    if let Some(value) = algorithm_value.filter(|_| algorithm != Algorithm::Sha1) {
        value.warn("several authenticator apps take sha1 whatever is asked, and show wrong codes");
    }
    Some(FactorSettings {
        algorithm,
        digits: digits?.unwrap_or_default(),
        issuer: issuer?,
        recovery_codes: codes?.unwrap_or(usual.recovery_codes),
        reset_delay: reset?.flatten(),
    })
}

/// A colon would split it from the account in the app's URL.
fn issuer(value: &Value<'_>) -> Option<String> {
    let wanted = "write a short name without a colon";
    let fits = |text: &str| !text.contains(':') && text.chars().count() <= 60;
    value.read(wanted, |text| fits(text).then(|| text.to_owned()))
}

/// `Some(None)`: never.
fn delay(value: &Value<'_>, mailing: bool) -> Option<Option<Duration>> {
    if value.text(DURATION)? == "never" {
        return Some(None);
    }
    let delay = value.read(DURATION, duration)?;
    if delay < SHORTEST_DELAY {
        let said = "so short a delay leaves the owner no time to object";
        value.problem(said, "write 1h at least, better 24h");
        return None;
    }
    if !mailing {
        let said = "nobody would tell the owner: there is no `mail`";
        value.problem(said, "set `mail`, or leave this out");
        return None;
    }
    Some(Some(delay))
}
