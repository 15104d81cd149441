//! A provider that misbehaves one way at a time: the relying-party cases of the OpenID
//! certification suite that concern the code flow and back-channel logout, and rows C1 to C16 of the
//! attack table.

mod client;
mod flow;
mod keys;
mod logout;
mod profile;
mod signer;
mod strict;
mod token;

use std::time::Duration;

use domain::{Secret, Timestamp};
use http::StatusCode;
use serde_json::{Value, json};

use self::signer::Signer;
use crate::{
    ClientAuthentication, Expected, IdTokenError, KeySet, Registration, RelyingParty,
    TokenResponse, VerifiedIdToken,
};

const ISSUER: &str = "https://idp.example";
const NOW: i64 = 1_800_000_000;
const NONCE: &str = "n-0S6_WzA2Mj";
const CODE: &str = "SplxlOBeZQQYbYS6WxSbIA";
const ACCESS: &str = "2YotnFZFEjr1zCsicMWpAA";

fn registration() -> Registration {
    Registration {
        issuer: ISSUER.to_owned(),
        client_id: "vestibule".to_owned(),
        tenants: Vec::new(),
        client_authentication: ClientAuthentication::Secret(Secret::new("s3cret".to_owned())),
        scopes: vec!["email".to_owned(), "profile".to_owned()],
        algorithms: ["RS256", "ES256", "EdDSA"].map(str::to_owned).to_vec(),
        trusted_audiences: Vec::new(),
        acr_values: Vec::new(),
        max_age: None,
        prompt: None,
        clock_skew: Duration::from_secs(60),
    }
}

fn party() -> RelyingParty {
    RelyingParty::new(registration()).unwrap()
}

fn key_set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "24400320", "aud": "vestibule", "exp": NOW + 300, "iat": NOW - 5,
        "nonce": NONCE, "email": "ann@acme.example", "email_verified": true, "sid": "s-1",
        "groups": ["staff"],
    })
}

/// The good claims with one member set, or removed by `null`.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = good_claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn response(id_token: &str) -> TokenResponse {
    let body = json!({"token_type": "Bearer", "access_token": ACCESS, "id_token": id_token});
    TokenResponse::parse(StatusCode::OK, body.to_string().as_bytes()).unwrap()
}

fn verify_text(keys: &KeySet, id_token: &str) -> Result<VerifiedIdToken, IdTokenError> {
    let expected = Expected { nonce: NONCE, code: CODE };
    party().verify_id_token(keys, &response(id_token), &expected, Timestamp::from_seconds(NOW))
}

/// Signs the claims with a published key and verifies the token.
fn verify_claims(claims: &Value) -> Result<VerifiedIdToken, IdTokenError> {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    verify_text(&keys, &signer.token(r#"{"alg":"ES256","kid":"k1"}"#, &claims.to_string()))
}
