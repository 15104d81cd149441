//! What the readers of the three protocols share.

use std::time::Duration;

use domain::{Secret, Timestamp};
use federation::ClientAuthentication;
use url::Url;

use crate::mapping::{Mapping, given};
use crate::reader::{Value, quote};
use crate::scalar::{DURATION, duration, end_of_day, private, url};
use crate::{keys, secret};

/// Clocks of two machines that both ask a time server differ by less.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// More would keep old responses usable for long.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);

/// How a secret goes to the token endpoint.
#[derive(Debug, Clone, Copy)]
enum TokenAuth {
    Auto,
    Basic,
    Post,
}

const TOKEN_AUTH: [(&str, TokenAuth); 3] =
    [("auto", TokenAuth::Auto), ("basic", TokenAuth::Basic), ("post", TokenAuth::Post)];

/// A URL at https, or http toward this machine.
pub(crate) fn remote(value: &Value<'_>, wanted: &str) -> Option<Url> {
    let checked = url(value.text(wanted)?).and_then(private);
    checked.map_err(|fault| value.problem(fault.text(), wanted)).ok()
}

/// `clock_skew`, or what is usual.
pub(crate) fn clock_skew(map: &Mapping<'_>) -> Option<Duration> {
    let skew = given(map.optional("clock_skew"), |value| {
        let wanted = format!("{DURATION}, at most 5m");
        value.read(&wanted, |text| duration(text).filter(|skew| *skew <= MAX_CLOCK_SKEW))
    });
    Some(skew?.unwrap_or(CLOCK_SKEW))
}

/// The end of a dated exception; each start says that it is there. `what` is what is accepted until
/// then, in the plural.
pub(crate) fn exception(value: &Value<'_>, what: &str) -> Option<Timestamp> {
    let until =
        value.read("write the last day of the exception, such as 2027-01-31", end_of_day)?;
    if value.reading.environment.now() >= until {
        value.warn(format!("this day has passed: {what} are refused; remove the key"));
    } else {
        value.warn(format!("{what}, which is broken, are accepted until {until}"));
    }
    Some(until)
}

/// A text that is compared as it stands: no blanks around it, no control characters.
pub(crate) fn plain_text(value: &Value<'_>, wanted: &str) -> Option<String> {
    let text = value.text(wanted)?;
    if text.trim() != text || text.chars().any(char::is_control) {
        value.problem("this has blanks around it or control characters", wanted);
        return None;
    }
    Some(text.to_owned())
}

/// A list of texts by `read`; each stands once, in the order of the file.
pub(crate) fn texts(
    value: &Value<'_>,
    wanted: &str,
    read: impl Fn(&Value<'_>) -> Option<String>,
) -> Option<Vec<String>> {
    let items = value.items(wanted)?;
    let read: Vec<_> = items.iter().map(read).collect();
    let mut texts = Vec::new();
    for text in read.into_iter().collect::<Option<Vec<_>>>()? {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    Some(texts)
}

/// `client_id`.
pub(crate) fn client_id(map: &Mapping<'_>) -> Option<String> {
    let wanted = "write the id that the provider gave you";
    plain_text(&map.required("client_id", wanted)?, wanted)
}

/// One scope (RFC 6749 §3.3).
pub(crate) fn scope(value: &Value<'_>) -> Option<String> {
    let token = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    value.read("write one scope, without blanks", |text| {
        text.chars().all(token).then(|| text.to_owned())
    })
}

/// `client_secret` with `token_auth`; without a secret, a public client.
pub(crate) fn secret_authentication(map: &Mapping<'_>) -> Option<ClientAuthentication> {
    let secret = given(map.optional("client_secret"), secret::text);
    let how_value = map.optional("token_auth");
    let how = given(how_value.clone(), |value| value.word(&TOKEN_AUTH));
    let (secret, how) = (secret?, how?);
    let Some(secret) = secret else {
        if let Some(value) = how_value {
            value.problem("there is no `client_secret` to send", "add it, or leave this out");
            return None;
        }
        return Some(ClientAuthentication::None);
    };
    Some(match how.unwrap_or(TokenAuth::Auto) {
        TokenAuth::Auto => ClientAuthentication::Secret(secret),
        TokenAuth::Basic => ClientAuthentication::SecretBasic(secret),
        TokenAuth::Post => ClientAuthentication::SecretPost(secret),
    })
}

/// `client_secret` or `private_key` (RFC 7523 §2.2), with what belongs to each.
pub(crate) fn client_authentication(map: &Mapping<'_>) -> Option<ClientAuthentication> {
    let shared = secret_authentication(map);
    let key_value = map.optional("private_key");
    let key = given(key_value.clone(), private_key);
    let id_value = map.optional("key_id");
    let key_id =
        given(id_value.clone(), |value| plain_text(value, "write the `kid` it knows the key by"));
    let (shared, key, key_id) = (shared?, key?, key_id?);
    match (shared, key) {
        (shared, None) => {
            let Some(value) = id_value else { return Some(shared) };
            value.problem("there is no `private_key` that this names", "add it, or leave this out");
            None
        }
        (ClientAuthentication::None, Some(key)) => {
            Some(ClientAuthentication::PrivateKeyJwt { key, key_id })
        }
        (_, Some(_)) => {
            let value = key_value.as_ref().unwrap_or(&map.value);
            value.problem("`client_secret` is said too", "keep `private_key`, which is stronger");
            None
        }
    }
}

/// RSA of at least 2048 bits or P-256, PKCS#8 in PEM.
fn private_key(value: &Value<'_>) -> Option<Secret<Vec<u8>>> {
    let pem = secret::bytes(value)?;
    if !keys::signs(&pem) {
        let said = "this is not a private key that can sign (RSA of 2048 bits or more or P-256, `-----BEGIN PRIVATE KEY-----`)";
        value.problem(
            said,
            "make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        );
        return None;
    }
    Some(Secret::new(pem.to_vec()))
}

/// A text for URLs and identifiers: an absolute URI (RFC 3986 §4.3).
pub(crate) fn uri(value: &Value<'_>, wanted: &str) -> Option<String> {
    let text = plain_text(value, wanted)?;
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if scheme.is_empty() || !scheme.chars().all(letters) || text.contains(char::is_whitespace) {
        value.problem(format!("{} is not a URI", quote(&text)), wanted);
        return None;
    }
    Some(text)
}
