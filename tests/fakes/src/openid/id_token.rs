//! ID tokens, made by hand (RFC 7515, OpenID Connect Core §2).

use aws_lc_rs::{digest, hmac};
use serde_json::{Map, Value, json};

use super::flaw::{ClaimsIn, OidcAnswer, OidcFlaw};
use super::groups;
use crate::keys::SigningKey;
use crate::people::Person;
use crate::text::base64url;

const HOUR: i64 = 3600;
const EVIL_ISSUER: &str = "https://evil.example";

/// What an ID token is made of.
pub(super) struct Facts<'a> {
    pub(super) issuer: &'a str,
    /// `http://host:port`.
    pub(super) base: &'a str,
    /// `tid`, at a provider with many tenants.
    pub(super) tenant: Option<&'a str>,
    pub(super) client_id: &'a str,
    pub(super) client_secret: &'a str,
    pub(super) nonce: Option<&'a str>,
    pub(super) access_token: &'a str,
    pub(super) code: &'a str,
    pub(super) sid: &'a str,
    /// The first of the `acr_values` that were asked for.
    pub(super) acr: Option<&'a str>,
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
    if let (Some(overage), Some(members)) = (answer.overage, claims.as_object_mut()) {
        groups::refer(overage, members, facts.base);
    }
    if let (ClaimsIn::Userinfo, Some(members)) = (answer.claims_in, claims.as_object_mut()) {
        members.retain(|name, _| {
            !["email", "email_verified", "name", "groups"].contains(&name.as_str())
        });
    }
    if let Some(mutate) = &answer.claims {
        mutate(&mut claims);
    }
    sign(facts, keys, answer.flaw, &claims)
}

fn honest(facts: &Facts<'_>) -> Value {
    let mut claims = json!({
        "iss": facts.issuer,
        "sub": facts.person.subject,
        "aud": facts.client_id,
        "exp": facts.now + 300,
        "iat": facts.now,
        "auth_time": facts.now,
        "nonce": facts.nonce,
        "at_hash": half_hash(facts.access_token),
        "sid": facts.sid,
        "email": facts.person.email,
        "email_verified": facts.person.email_verified,
        "name": facts.person.name,
        "groups": facts.person.groups,
    });
    for (name, value) in [("tid", facts.tenant), ("acr", facts.acr)] {
        if let Some(value) = value {
            claims[name] = json!(value);
        }
    }
    claims
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
        OidcFlaw::NoAcr => "acr",
        OidcFlaw::NoAuthTime => "auth_time",
        OidcFlaw::NoTenant => "tid",
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
        OidcFlaw::WrongCodeHash => ("c_hash", json!(half_hash("another"))),
        OidcFlaw::RightCodeHash => ("c_hash", json!(half_hash(facts.code))),
        OidcFlaw::OtherAcr => ("acr", json!("urn:example:weak")),
        OidcFlaw::StaleAuthTime => ("auth_time", json!(now - 24 * HOUR)),
        OidcFlaw::OtherTenantClaim => ("tid", json!("0badc0de-0000-4000-8000-000000000000")),
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
    let input = input(&header, claims);
    if flaw == Some(OidcFlaw::CompressedEncrypted) {
        return bomb();
    }
    let signature = base64url(&signature(facts, keys, flaw, input.as_bytes()));
    match flaw {
        Some(OidcFlaw::TwoParts) => input,
        Some(OidcFlaw::Tampered) => {
            let mut forged = claims.clone();
            forged["email"] = json!(format!("root@{}", facts.person.email.replace('@', ".")));
            format!("{}.{signature}", self::input(&header, &forged))
        }
        _ => format!("{input}.{signature}"),
    }
}

/// RFC 7515 §5.1: what is signed.
pub(super) fn input(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

pub(super) fn mac(secret: &str, input: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), input).as_ref().to_vec()
}

/// A JWE in five parts (RFC 7516) whose header promises compressed content.
fn bomb() -> String {
    let header = json!({ "alg": "dir", "enc": "A128GCM", "zip": "DEF" });
    let content = base64url(&[0; 100_000]);
    let header = base64url(header.to_string().as_bytes());
    format!("{header}..{}.{content}.{}", base64url(&[0; 12]), base64url(&[0; 16]))
}

fn signature(facts: &Facts<'_>, keys: &Keys<'_>, flaw: Option<OidcFlaw>, input: &[u8]) -> Vec<u8> {
    let honest = |key: &SigningKey| key.sign(key.algorithm(), input);
    match flaw {
        Some(OidcFlaw::AlgorithmNone) => Vec::new(),
        Some(OidcFlaw::HmacWithPublicKey) => mac(&keys.own.public_key_pem(), input),
        Some(OidcFlaw::HmacWithSecret) => mac(facts.client_secret, input),
        Some(OidcFlaw::ForeignKey | OidcFlaw::KeyInHeader) => honest(keys.foreign),
        Some(OidcFlaw::BadSignature) => {
            let mut signature = honest(keys.own);
            signature[10] ^= 1;
            signature
        }
        _ => honest(keys.own),
    }
}
