//! How an identity provider is spoken to: `saml` and `oidc`.

use std::time::Duration;

use domain::Timestamp;
use federation::{
    ClientAuthentication, GroupOverage, MetadataSource, OidcSettings, SamlRequest, SamlSettings,
    SignedPart,
};
use url::Url;

use crate::mapping::{Mapping, given};
use crate::nearest::nearest;
use crate::reader::{Value, quote};
use crate::scalar::{DURATION, duration, end_of_day, private, url};
use crate::{files, secret};

/// Clocks of two machines that both ask a time server differ by less.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// More would keep old responses usable for long.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);

/// Asymmetric algorithms of RFC 7518 §3.1 and RFC 8037 §3.1.
const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
const USUAL_ALGORITHMS: [&str; 3] = ["RS256", "PS256", "ES256"];

/// Reads `saml` of an identity provider.
pub(crate) fn saml(value: &Value<'_>) -> Option<SamlSettings> {
    let map = value.mapping("write { metadata: { url: https://… } }")?;
    let wanted = "write metadata: { url: https://… } or { file: PATH }";
    let metadata = map.required("metadata", wanted).and_then(|value| metadata(&value, wanted));
    let entity_id =
        given(map.optional("entity_id"), |value| plain_text(value, "write its entity id"));
    let skew = clock_skew(&map);
    let sha1 = given(map.optional("sha1_until"), sha1_until);
    map.finish();
    Some(SamlSettings {
        metadata: metadata?,
        entity_id: entity_id?,
        clock_skew: skew?,
        sha1_until: sha1?,
        metadata_signers: Vec::new(),
        cbc_until: None,
        signed: SignedPart::default(),
        encryption_required: false,
        idp_initiated: false,
        request: SamlRequest::default(),
        single_logout: true,
    })
}

/// Reads `oidc` of an identity provider.
pub(crate) fn oidc(value: &Value<'_>) -> Option<OidcSettings> {
    let map = value.mapping("write { issuer: https://…, client_id: …, client_secret: … }")?;
    let issuer = map.required("issuer", "write issuer: https://…").and_then(|value| issuer(&value));
    let client_id = map
        .required("client_id", "write the id that the provider gave you")
        .and_then(|value| plain_text(&value, "write the id that the provider gave you"));
    let client_secret = given(map.optional("client_secret"), secret::text);
    let scopes = given(map.optional("scopes"), scopes);
    let algorithms = given(map.optional("algorithms"), algorithms);
    let skew = clock_skew(&map);
    map.finish();
    let usual = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Some(OidcSettings {
        issuer: issuer?,
        client_id: client_id?,
        client_authentication: client_secret?
            .map_or(ClientAuthentication::None, ClientAuthentication::Secret),
        tenants: Vec::new(),
        trusted_audiences: Vec::new(),
        acr_values: Vec::new(),
        max_age: None,
        prompt: None,
        userinfo: false,
        group_overage: GroupOverage::default(),
        single_logout: true,
        scopes: scopes?.unwrap_or_else(|| usual(&["openid", "email", "profile"])),
        algorithms: algorithms?.unwrap_or_else(|| usual(&USUAL_ALGORITHMS)),
        clock_skew: skew?,
    })
}

fn metadata(value: &Value<'_>, wanted: &str) -> Option<MetadataSource> {
    let map = value.mapping(wanted)?;
    let (file, url) = (map.optional("file"), map.optional("url"));
    map.finish();
    match (file, url) {
        (Some(file), None) => files::existing(&file).map(MetadataSource::File),
        (None, Some(url)) => remote(&url, "write https://…").map(MetadataSource::Url),
        _ => {
            value.problem("this needs exactly one of `file` and `url`", wanted);
            None
        }
    }
}

fn remote(value: &Value<'_>, wanted: &str) -> Option<Url> {
    let checked = url(value.text(wanted)?).and_then(private);
    checked.map_err(|fault| value.problem(fault.text(), wanted)).ok()
}

/// The issuer stays the text that was written: it is compared as an exact string (OpenID Connect
/// Discovery §4.3), and a URL type would add a slash.
fn issuer(value: &Value<'_>) -> Option<String> {
    let wanted = "write the issuer exactly as the provider's discovery document has it";
    let url = remote(value, wanted)?;
    if url.query().is_some() {
        value.problem("an issuer has no query", wanted);
        return None;
    }
    let text = value.text(wanted)?;
    if text.ends_with("/.well-known/openid-configuration") {
        value.problem("this is the address of the discovery document", wanted);
        return None;
    }
    Some(text.to_owned())
}

fn clock_skew(map: &Mapping<'_>) -> Option<Duration> {
    let skew = given(map.optional("clock_skew"), |value| {
        let wanted = format!("{DURATION}, at most 5m");
        value.read(&wanted, |text| duration(text).filter(|skew| *skew <= MAX_CLOCK_SKEW))
    });
    Some(skew?.unwrap_or(CLOCK_SKEW))
}

fn sha1_until(value: &Value<'_>) -> Option<Timestamp> {
    let until =
        value.read("write the last day of the exception, such as 2027-01-31", end_of_day)?;
    if value.reading.environment.now() >= until {
        value.warn("this day has passed: signatures with SHA-1 are refused; remove the key");
    } else {
        value.warn(format!("signatures with SHA-1, which is broken, are accepted until {until}"));
    }
    Some(until)
}

fn scopes(value: &Value<'_>) -> Option<Vec<String>> {
    let items = value.items("write a list such as [openid, email, profile]")?;
    let mut scopes = vec!["openid".to_owned()];
    let mut complete = true;
    for item in &items {
        // RFC 6749 §3.3: scope-token.
        let token = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
        let scope = item.read("write one scope, without blanks", |text| {
            text.chars().all(token).then(|| text.to_owned())
        });
        match scope {
            Some(scope) if !scopes.contains(&scope) => scopes.push(scope),
            Some(_) => {}
            None => complete = false,
        }
    }
    complete.then_some(scopes)
}

fn algorithms(value: &Value<'_>) -> Option<Vec<String>> {
    let items = value.some_items("write a list such as [RS256, ES256]")?;
    let read: Vec<_> = items.iter().map(algorithm).collect();
    read.into_iter().collect()
}

fn algorithm(value: &Value<'_>) -> Option<String> {
    let wanted = format!("write one of: {}", ALGORITHMS.join(", "));
    let text = value.text(&wanted)?;
    if ALGORITHMS.contains(&text) {
        return Some(text.to_owned());
    }
    let said = match text {
        "none" => "`none` means no signature at all".to_owned(),
        "HS256" | "HS384" | "HS512" => {
            format!("{text} signs with the client secret, so no key tells who signed")
        }
        _ => format!("{} is not known", quote(text)),
    };
    value.problem_near(said, wanted, nearest(text, ALGORITHMS));
    None
}

fn plain_text(value: &Value<'_>, wanted: &str) -> Option<String> {
    let text = value.text(wanted)?;
    if text.trim() != text || text.chars().any(char::is_control) {
        value.problem("this has blanks around it or control characters", wanted);
        return None;
    }
    Some(text.to_owned())
}
