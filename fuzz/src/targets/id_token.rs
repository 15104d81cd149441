//! ID tokens, key sets and authorization responses.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use fakes::SigningKey;
use fakes::keys::Algorithm;
use http::StatusCode;
use oidc::{
    Callback, ClientAuthentication, Expected, KeySet, Registration, RelyingParty, TokenResponse,
};
use serde_json::json;

use super::{Target, Verdict};

pub(super) const NOW: i64 = 1_800_000_000;
pub(super) const ISSUER: &str = "https://login.globex.example";

pub(super) fn relying_party() -> Result<RelyingParty> {
    let registration = Registration {
        issuer: ISSUER.to_owned(),
        client_id: "vestibule".to_owned(),
        tenants: Vec::new(),
        client_authentication: ClientAuthentication::None,
        scopes: vec!["openid".to_owned()],
        algorithms: vec!["RS256".to_owned(), "ES256".to_owned()],
        trusted_audiences: Vec::new(),
        acr_values: Vec::new(),
        max_age: None,
        prompt: None,
        clock_skew: Duration::from_secs(60),
    };
    RelyingParty::new(registration).context("the registration")
}

fn signed(key: &SigningKey, algorithm: (&str, Algorithm), kid: &str) -> Vec<u8> {
    let header = json!({ "alg": algorithm.0, "kid": kid, "typ": "JWT" });
    let claims = json!({
        "iss": ISSUER, "aud": "vestibule", "sub": "gil", "nonce": "nonce", "iat": NOW, "exp": NOW + 300,
        "email": "gil@globex.example", "email_verified": true, "groups": ["a", "b"], "address": { "country": "NO" },
    });
    encoded(&header, &claims, key, algorithm.1)
}

/// A signed JWT in compact form.
pub(super) fn encoded(
    header: &serde_json::Value,
    claims: &serde_json::Value,
    key: &SigningKey,
    algorithm: Algorithm,
) -> Vec<u8> {
    let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(algorithm, input.as_bytes()));
    format!("{input}.{signature}").into_bytes()
}

/// The three parts decoded, so that mutations reach the JSON below base64.
pub(super) fn open(token: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(token);
    let parts = text.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    parts.collect::<Vec<_>>().join(&b"\n.\n"[..])
}

pub(super) fn close(parts: &[u8]) -> String {
    let mut found = Vec::new();
    let mut rest = parts;
    while let Some(at) = rest.windows(3).position(|window| window == b"\n.\n") {
        found.push(URL_SAFE_NO_PAD.encode(rest.get(..at).unwrap_or_default()));
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    found.push(URL_SAFE_NO_PAD.encode(rest));
    found.join(".")
}

type Claims = BTreeMap<String, Vec<String>>;

struct Party {
    relying_party: RelyingParty,
    keys: KeySet,
}

impl Party {
    fn verify(&self, token: &str) -> Option<Claims> {
        let body =
            json!({ "token_type": "Bearer", "access_token": "a", "id_token": token }).to_string();
        let tokens = TokenResponse::parse(StatusCode::OK, body.as_bytes()).ok()?;
        let expected = Expected { nonce: "nonce", code: "code" };
        let now = Timestamp::from_seconds(NOW);
        let verified =
            self.relying_party.verify_id_token(&self.keys, &tokens, &expected, now).ok()?;
        Some(verified.claims().clone())
    }
}

/// Whole tokens, RSA and elliptic.
pub(super) fn tokens() -> Result<Target> {
    let (rsa, elliptic) = (SigningKey::rsa(2048, "Globex"), SigningKey::p256("Globex"));
    let set = json!({ "keys": [rsa.jwk("rsa"), elliptic.jwk("ec")] }).to_string();
    let keys = KeySet::parse(set.as_bytes()).context("the fake's keys")?;
    let party = Party { relying_party: relying_party()?, keys };
    let whole = [
        signed(&rsa, ("RS256", Algorithm::RsaSha256), "rsa"),
        signed(&elliptic, ("ES256", Algorithm::EcdsaSha256), "ec"),
    ];
    let seeds: Vec<_> = whole.iter().map(|token| open(token)).collect();
    let honest: Vec<_> = seeds.iter().filter_map(|seed| party.verify(&close(seed))).collect();
    let check = move |input: &[u8]| match party.verify(&close(input)) {
        None => Verdict::Refused,
        Some(claims) if honest.contains(&claims) => Verdict::Accepted,
        Some(claims) => Verdict::Wrong(format!("accepted, and it says {claims:?}")),
    };
    Ok(Target { name: "id_token", seeds, check: Box::new(check) })
}

/// Key sets: may hold anything, must never break us.
pub(super) fn key_sets() -> Result<Target> {
    let (rsa, elliptic) = (SigningKey::rsa(2048, "Globex"), SigningKey::p256("Globex"));
    let seeds =
        vec![json!({ "keys": [rsa.jwk("rsa"), elliptic.jwk("ec")] }).to_string().into_bytes()];
    let check = |input: &[u8]| match KeySet::parse(input) {
        Ok(_) => Verdict::Accepted,
        Err(_) => Verdict::Refused,
    };
    Ok(Target { name: "key_set", seeds, check: Box::new(check) })
}

/// Queries of the redirect URI.
pub(super) fn callbacks() -> Target {
    let seeds = [
        "code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj&iss=https%3A%2F%2Flogin.globex.example",
        "error=access_denied&error_description=no%20thanks&state=af0ifjsldkj",
    ];
    let seeds = seeds.map(|seed| seed.as_bytes().to_vec()).into();
    let check = |input: &[u8]| {
        let Ok(query) = std::str::from_utf8(input) else { return Verdict::Refused };
        match Callback::parse(query) {
            Ok(callback) if callback.state().is_empty() => {
                Verdict::Wrong("it has no state".to_owned())
            }
            Ok(_) => Verdict::Accepted,
            Err(_) => Verdict::Refused,
        }
    };
    Target { name: "oidc_callback", seeds, check: Box::new(check) }
}
