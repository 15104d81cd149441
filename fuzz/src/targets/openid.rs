//! What an OpenID provider says beside ID tokens: logout tokens, userinfo, lists of groups.

use anyhow::{Context, Result};
use domain::Timestamp;
use fakes::SigningKey;
use fakes::keys::Algorithm;
use http::{HeaderMap, StatusCode};
use oidc::{
    BearerToken, Expected, KeySet, Profile, ProviderMetadata, TokenResponse, VerifiedIdToken,
};
use serde_json::{Value, json};

use super::id_token::{ISSUER, NOW, close, encoded, open, relying_party};
use super::{Target, Verdict};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whole logout tokens.
pub(super) fn logout_tokens() -> Result<Target> {
    let key = SigningKey::p256("Globex");
    let keys = KeySet::parse(json!({ "keys": [key.jwk("ec")] }).to_string().as_bytes())?;
    let party = relying_party()?;
    let whole = |name: &str, value: &str| {
        let claims = json!({ "iss": ISSUER, "aud": "vestibule", "iat": NOW, "exp": NOW + 120,
            "jti": "j-1", "events": { EVENT: {} }, name: value });
        let header = json!({ "alg": "ES256", "kid": "ec", "typ": "logout+jwt" });
        encoded(&header, &claims, &key, Algorithm::EcdsaSha256)
    };
    let seeds: Vec<_> = [whole("sub", "gil"), whole("sid", "s-1")].map(|t| open(&t)).into();
    let verify = move |input: &[u8]| {
        let now = Timestamp::from_seconds(NOW);
        party.verify_logout_token(&keys, &close(input), now).ok()
    };
    let honest: Vec<_> = seeds.iter().filter_map(|seed| verify(seed)).collect();
    let check = move |input: &[u8]| match verify(input) {
        None => Verdict::Refused,
        Some(token) if honest.contains(&token) => Verdict::Accepted,
        Some(token) => Verdict::Wrong(format!("accepted, and it says {token:?}")),
    };
    Ok(Target { name: "logout_token", seeds, check: Box::new(check) })
}

/// A verified token of Gil that refers to groups elsewhere, with what it came with.
struct Signed {
    token: VerifiedIdToken,
    tokens: TokenResponse,
    provider: ProviderMetadata,
}

fn signed() -> Result<Signed> {
    let key = SigningKey::p256("Globex");
    let keys = KeySet::parse(json!({ "keys": [key.jwk("ec")] }).to_string().as_bytes())?;
    let claims = json!({ "iss": ISSUER, "aud": "vestibule", "sub": "gil", "nonce": "nonce",
        "iat": NOW, "exp": NOW + 300, "email": "gil@globex.example", "email_verified": true,
        "_claim_names": { "groups": "s" },
        "_claim_sources": { "s": { "endpoint": format!("{ISSUER}/groups") } } });
    let header = json!({ "alg": "ES256", "kid": "ec" });
    let text = encoded(&header, &claims, &key, Algorithm::EcdsaSha256);
    let body = json!({ "token_type": "Bearer", "access_token": "a",
        "id_token": String::from_utf8(text)? });
    let party = relying_party()?;
    let tokens = TokenResponse::parse(StatusCode::OK, body.to_string().as_bytes())?;
    let document = json!({ "issuer": ISSUER, "authorization_endpoint": format!("{ISSUER}/a"),
        "token_endpoint": format!("{ISSUER}/t"), "jwks_uri": format!("{ISSUER}/k") });
    let provider = ProviderMetadata::parse(document.to_string().as_bytes(), &party)?;
    let expected = Expected { nonce: "nonce", code: "code" };
    let now = Timestamp::from_seconds(NOW);
    let token = party.verify_id_token(&keys, &tokens, &expected, now)?;
    Ok(Signed { token, tokens, provider })
}

/// Userinfo answers, read beside an ID token and without one: whatever they say, the person and
/// what was signed stay the same.
pub(super) fn userinfo() -> Result<Target> {
    let Signed { token, .. } = signed()?;
    let seeds = [
        json!({ "sub": "gil", "name": "Gil", "groups": ["a", "b"], "address": { "country": "NO" } }),
        json!({ "sub": "gil", "email": "other@globex.example", "email_verified": false }),
    ];
    let seeds = seeds.map(|seed| seed.to_string().into_bytes()).into();
    let none = HeaderMap::new();
    let check = move |input: &[u8]| {
        let profile = Profile::parse(StatusCode::OK, &none, input);
        if let Ok(profile) = profile {
            let _ = profile.claims();
            let _ = profile.with_addresses(StatusCode::OK, input);
        }
        let _ = BearerToken::parse(StatusCode::OK, input);
        let Ok(filled) = token.clone().with_userinfo(StatusCode::OK, &none, input) else {
            return Verdict::Refused;
        };
        let kept =
            token.claims().iter().all(|(name, said)| filled.claims().get(name) == Some(said));
        let same = filled.subject() == token.subject() && filled.sub() == token.sub();
        match kept && same && filled.email_verified() == Some(true) {
            true => Verdict::Accepted,
            false => Verdict::Wrong(format!("it changed what was signed: {:?}", filled.claims())),
        }
    };
    Ok(Target { name: "userinfo", seeds, check: Box::new(check) })
}

/// Pages of groups: the next one is never at another address.
pub(super) fn groups() -> Result<Target> {
    let Signed { token, tokens, provider } = signed()?;
    let query = token.group_query(&provider, &tokens).context("the provider's own address")?;
    let seeds: [Value; 2] = [
        json!({ "value": ["a", "b"], "@odata.nextLink": format!("{ISSUER}/groups?$skiptoken=2") }),
        json!({ "value": [{ "@odata.type": "#microsoft.graph.group", "id": "c" }] }),
    ];
    let seeds = seeds.map(|seed| seed.to_string().into_bytes()).into();
    let check = move |input: &[u8]| match query.read(StatusCode::OK, input) {
        Err(_) => Verdict::Refused,
        Ok(page) => match page.next {
            Some(next) if !next.as_str().starts_with(&format!("{ISSUER}/")) => {
                Verdict::Wrong(format!("our token would go to {next}"))
            }
            _ => Verdict::Accepted,
        },
    };
    Ok(Target { name: "groups", seeds, check: Box::new(check) })
}
