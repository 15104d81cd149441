//! ID tokens, made by hand (RFC 7515, OpenID Connect Core §2).

use aws_lc_rs::{digest, hmac};
use serde_json::{Map, Value, json};

use super::flaw::{OidcAnswer, OidcFlaw};
use crate::keys::{Algorithm, SigningKey};
use crate::people::Person;
use crate::text::base64url;

const HOUR: i64 = 3600;
const EVIL_ISSUER: &str = "https://evil.example";

/// What an ID token is made of.
pub(super) struct Facts<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) client_secret: &'a str,
    pub(super) nonce: Option<&'a str>,
    pub(super) access_token: &'a str,
    pub(super) person: &'a Person,
    pub(super) now: i64,
}

/// The keys of a provider.
pub(super) struct Keys<'a> {
    pub(super) own: &'a SigningKey,
    pub(super) kid: &'a str,
    /// A key that JWKS never names.
    pub(super) foreign: &'a SigningKey,
}

/// The token in compact serialization.
pub(super) fn issue(facts: &Facts<'_>, keys: &Keys<'_>, answer: &OidcAnswer) -> String {
    let mut claims = honest(facts);
    if let (Some(flaw), Some(members)) = (answer.flaw, claims.as_object_mut()) {
        spoil(flaw, members, facts);
    }
    if let Some(mutate) = &answer.claims {
        mutate(&mut claims);
    }
    sign(facts, keys, answer.flaw, &claims)
}

fn honest(facts: &Facts<'_>) -> Value {
    json!({
        "iss": facts.issuer,
        "sub": facts.person.subject,
        "aud": facts.client_id,
        "exp": facts.now + 300,
        "iat": facts.now,
        "auth_time": facts.now,
        "nonce": facts.nonce,
        "at_hash": half_hash(facts.access_token),
        "sid": format!("sid-{}", facts.person.subject),
        "email": facts.person.email,
        "email_verified": facts.person.email_verified,
        "name": facts.person.name,
        "groups": facts.person.groups,
    })
}

/// OpenID Connect Core §3.1.3.6: the left half of the hash.
fn half_hash(text: &str) -> String {
    base64url(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..16])
}

fn spoil(flaw: OidcFlaw, claims: &mut Map<String, Value>, facts: &Facts<'_>) {
    let (now, email) = (facts.now, facts.person.email.as_str());
    let local = email.split('@').next().unwrap_or_default();
    let absent = match flaw {
        OidcFlaw::NoNonce => "nonce",
        OidcFlaw::NoSubject => "sub",
        OidcFlaw::NoExpiry => "exp",
        OidcFlaw::NoIssuedAt => "iat",
        OidcFlaw::NoEmail => "email",
        _ => "",
    };
    claims.remove(absent);
    let (name, value) = match flaw {
        OidcFlaw::WrongNonce => ("nonce", json!("another")),
        OidcFlaw::WrongIssuer => ("iss", json!(EVIL_ISSUER)),
        OidcFlaw::WrongAudience => ("aud", json!("another-client")),
        OidcFlaw::ExtraAudience => ("aud", json!([facts.client_id, "another-client"])),
        OidcFlaw::WrongAuthorizedParty => ("azp", json!("another-client")),
        OidcFlaw::EmptySubject => ("sub", json!("")),
        OidcFlaw::Expired => ("exp", json!(now - HOUR)),
        OidcFlaw::AbsurdExpiry => ("exp", json!(1e300)),
        OidcFlaw::NegativeExpiry => ("exp", json!(-1)),
        OidcFlaw::IssuedTomorrow => ("iat", json!(now + 24 * HOUR)),
        OidcFlaw::IssuedLongAgo => ("iat", json!(now - 87_600 * HOUR)),
        OidcFlaw::NotYetValid => ("nbf", json!(now + HOUR)),
        OidcFlaw::WrongAccessTokenHash => ("at_hash", json!(half_hash("another"))),
        OidcFlaw::EmailUnverified => ("email_verified", json!(false)),
        OidcFlaw::EmailVerifiedAsText => ("email_verified", json!("true")),
        OidcFlaw::ForeignDomainEmail => ("email", json!(format!("{local}@foreign.example"))),
        OidcFlaw::TwoAtEmail => ("email", json!(format!("{email}@evil.example"))),
        OidcFlaw::EmailList => ("email", json!([email, "second@evil.example"])),
        _ => return,
    };
    claims.insert(name.to_owned(), value);
}

fn sign(facts: &Facts<'_>, keys: &Keys<'_>, flaw: Option<OidcFlaw>, claims: &Value) -> String {
    let algorithm = if keys.own.is_elliptic() { "ES256" } else { "RS256" };
    let mut header = json!({ "alg": algorithm, "kid": keys.kid, "typ": "JWT" });
    match flaw {
        Some(OidcFlaw::AlgorithmNone) => header["alg"] = json!("none"),
        Some(OidcFlaw::HmacWithPublicKey | OidcFlaw::HmacWithSecret) => {
            header["alg"] = json!("HS256");
        }
        Some(OidcFlaw::UnknownKeyId) => header["kid"] = json!("unheard-of"),
        Some(OidcFlaw::OtherType) => header["typ"] = json!("at+jwt"),
        Some(OidcFlaw::KeyInHeader) => header["jwk"] = keys.foreign.jwk(keys.kid),
        Some(OidcFlaw::CriticalHeader) => {
            header["crit"] = json!(["urn:example:unheard-of"]);
            header["urn:example:unheard-of"] = json!(true);
        }
        Some(OidcFlaw::NoAlgorithm) => drop(header.as_object_mut().and_then(|h| h.remove("alg"))),
        Some(OidcFlaw::NoKeyId) => drop(header.as_object_mut().and_then(|h| h.remove("kid"))),
        _ => {}
    }
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    let input = format!("{}.{}", part(&header), part(claims));
    let signature = base64url(&signature(facts, keys, flaw, input.as_bytes()));
    match flaw {
        Some(OidcFlaw::TwoParts) => input,
        Some(OidcFlaw::Tampered) => {
            let mut forged = claims.clone();
            forged["email"] = json!(format!("root@{}", facts.person.email.replace('@', ".")));
            format!("{}.{}.{signature}", part(&header), part(&forged))
        }
        _ => format!("{input}.{signature}"),
    }
}

fn signature(facts: &Facts<'_>, keys: &Keys<'_>, flaw: Option<OidcFlaw>, input: &[u8]) -> Vec<u8> {
    let honest = |key: &SigningKey| {
        let elliptic = key.is_elliptic();
        let algorithm = if elliptic { Algorithm::EcdsaSha256 } else { Algorithm::RsaSha256 };
        key.sign(algorithm, input)
    };
    let mac = |secret: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), input).as_ref().to_vec()
    };
    match flaw {
        Some(OidcFlaw::AlgorithmNone) => Vec::new(),
        Some(OidcFlaw::HmacWithPublicKey) => mac(&keys.own.public_key_pem()),
        Some(OidcFlaw::HmacWithSecret) => mac(facts.client_secret),
        Some(OidcFlaw::ForeignKey | OidcFlaw::KeyInHeader) => honest(keys.foreign),
        Some(OidcFlaw::BadSignature) => {
            let mut signature = honest(keys.own);
            signature[10] ^= 1;
            signature
        }
        _ => honest(keys.own),
    }
}
