//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6), front-channel logout, and the way
//! out at the provider.

use domain::Timestamp;
use serde_json::{Value, json};

use super::signer::{Signer, encode, hmac_token, rsa_public_der};
use super::{ISSUER, NOW, good_claims, key_set, party};
use crate::{FrontChannelError, LogoutToken, LogoutTokenError, ProviderMetadata};

const HEADER: &str = r#"{"alg":"ES256","kid":"k1","typ":"logout+jwt"}"#;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn logout_claims() -> Value {
    json!({"iss": ISSUER, "sub": "24400320", "sid": "s-1", "aud": "vestibule", "iat": NOW - 5,
        "exp": NOW + 115, "jti": "j-1", "events": { EVENT: {} }})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = logout_claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn verify_as(header: &str, claims: &Value) -> Result<LogoutToken, LogoutTokenError> {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    let token = signer.token(header, &claims.to_string());
    party().verify_logout_token(&keys, &token, Timestamp::from_seconds(NOW))
}

fn verify(claims: &Value) -> Result<LogoutToken, LogoutTokenError> {
    verify_as(HEADER, claims)
}

#[test]
fn a_good_logout_token_names_who_and_which_session() {
    let token = verify(&logout_claims()).unwrap();
    assert_eq!((token.sub(), token.sid(), token.jti()), (Some("24400320"), Some("s-1"), "j-1"));
    assert_eq!(token.expires(), Timestamp::from_seconds(NOW + 175));
    assert_eq!(verify(&with("sub", Value::Null)).unwrap().sub(), None);
    assert_eq!(verify(&with("sid", Value::Null)).unwrap().sid(), None);
    assert!(verify(&with("aud", json!(["vestibule"]))).is_ok());
    for header in [r#"{"alg":"ES256"}"#, r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#] {
        assert!(verify_as(header, &logout_claims()).is_ok());
    }
    // However long it claims to live, nobody has to remember it for longer than it is taken.
    let ever = verify(&with("exp", json!(NOW + 1_000_000_000))).unwrap();
    assert!(ever.expires() <= Timestamp::from_seconds(NOW + 800));
}

#[test]
fn c11_a_logout_token_without_what_it_needs_is_refused() {
    for name in ["iss", "aud", "iat", "exp", "jti"] {
        let result = verify(&with(name, Value::Null));
        assert_eq!(result, Err(LogoutTokenError::ClaimMissing(name)));
    }
    let mut nobody = with("sub", Value::Null);
    nobody.as_object_mut().unwrap().remove("sid");
    assert_eq!(verify(&nobody), Err(LogoutTokenError::Nobody));
    for events in [
        Value::Null,
        json!({}),
        json!([]),
        json!(EVENT),
        json!([EVENT]),
        json!({ EVENT: true }),
        json!({ EVENT: null }),
        json!({"http://schemas.openid.net/event/other": {}}),
    ] {
        assert_eq!(verify(&with("events", events)), Err(LogoutTokenError::Event));
    }
    for nonce in [json!("n"), json!(null)] {
        let mut claims = logout_claims();
        claims["nonce"] = nonce;
        assert_eq!(verify(&claims), Err(LogoutTokenError::Nonce));
    }
}

#[test]
fn c11_a_logout_token_for_others_or_of_others_is_refused() {
    for aud in [json!("other"), json!(["vestibule", "other"]), json!([]), json!(7), json!([null])] {
        assert_eq!(verify(&with("aud", aud)), Err(LogoutTokenError::Audience));
    }
    for iss in ["https://evil.example", "https://idp.example/"] {
        assert_eq!(verify(&with("iss", json!(iss))), Err(LogoutTokenError::Issuer));
    }
    for name in ["sub", "sid", "jti"] {
        for value in [json!(7), json!(""), json!(["a"]), json!("x".repeat(256))] {
            let result = verify(&with(name, value));
            assert_eq!(result, Err(LogoutTokenError::ClaimType(name)));
        }
    }
}

#[test]
fn c11_the_times_of_a_logout_token_hold_to_the_second() {
    let at = |name: &str, seconds: i64| verify(&with(name, json!(NOW + seconds)));
    assert!(at("iat", 60).is_ok() && at("iat", -660).is_ok() && at("exp", -59).is_ok());
    assert_eq!(at("iat", 61), Err(LogoutTokenError::IssuedAhead));
    assert_eq!(at("iat", -661), Err(LogoutTokenError::IssuedLongAgo));
    assert_eq!(at("exp", -60), Err(LogoutTokenError::Expired));
    for absurd in [json!(-1), json!(1e300), json!("1")] {
        let result = verify(&with("exp", absurd));
        assert_eq!(result, Err(LogoutTokenError::ClaimType("exp")));
    }
}

#[test]
fn c11_a_logout_token_that_nobody_published_a_key_for_is_refused() {
    let (signer, other) = (Signer::ec(), Signer::ec());
    let keys = key_set(&[signer.jwk("k1")]);
    let claims = logout_claims().to_string();
    let verify =
        |token: &str| party().verify_logout_token(&keys, token, Timestamp::from_seconds(NOW)).err();
    assert_eq!(verify(&signer.token(HEADER, &claims)), None);
    assert_eq!(verify(&other.token(HEADER, &claims)), Some(LogoutTokenError::Signature));
    let unknown = verify(&other.token(r#"{"alg":"ES256","kid":"k2"}"#, &claims)).unwrap();
    assert!(unknown == LogoutTokenError::KeyUnknown && unknown.suggests_new_keys());
    let none = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims));
    assert_eq!(verify(&none), Some(LogoutTokenError::Algorithm));
    for header in [r#"{"alg":"HS256","kid":"k1"}"#, r#"{"alg":"ES512"}"#, r#"{}"#] {
        let token = hmac_token(&rsa_public_der(0), header, &claims);
        assert_eq!(verify(&token), Some(LogoutTokenError::Algorithm));
    }
    for token in ["", "a.b", "a.b.c", "....", &"a".repeat(70_000)] {
        assert!(verify(token).is_some());
    }
    let several = key_set(&[signer.jwk("k1"), other.jwk("k2")]);
    let token = signer.token(r#"{"alg":"ES256"}"#, &claims);
    let result = party().verify_logout_token(&several, &token, Timestamp::from_seconds(NOW));
    assert_eq!(result, Err(LogoutTokenError::KeyAmbiguous));
}

#[test]
fn c11_other_kinds_of_tokens_are_no_logout_tokens() {
    for extra in [r#""typ":"at+jwt""#, r#""typ":7"#, r#""crit":["x"]"#, r#""cty":"JWT""#] {
        let header = format!(r#"{{"alg":"ES256","kid":"k1",{extra}}}"#);
        assert_eq!(verify_as(&header, &logout_claims()), Err(LogoutTokenError::Kind), "{extra}");
    }
    // An ID token.
    let header = r#"{"alg":"ES256","kid":"k1"}"#;
    assert_eq!(verify_as(header, &good_claims()), Err(LogoutTokenError::Event));
    let twice = logout_claims().to_string().replacen('{', r#"{"sub":"root","#, 1);
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    let token = signer.token(HEADER, &twice);
    let result = party().verify_logout_token(&keys, &token, Timestamp::from_seconds(NOW));
    assert_eq!(result, Err(LogoutTokenError::DuplicateMember));
}

#[test]
fn c12_a_front_channel_logout_names_this_issuer_or_nothing() {
    let check = |iss, sid| party().check_front_channel(iss, sid);
    assert_eq!(check(None, None), Ok(()));
    assert_eq!(check(Some(ISSUER), Some("s-1")), Ok(()));
    let foreign = check(Some("https://evil.example"), Some("s-1"));
    assert_eq!(foreign, Err(FrontChannelError::IssuerForeign));
    assert_eq!(check(None, Some("s-1")), Err(FrontChannelError::Incomplete));
    assert_eq!(check(Some(ISSUER), None), Err(FrontChannelError::Incomplete));
}

#[test]
fn the_way_out_at_the_provider_is_the_one_that_it_publishes() {
    let document = |end: Value| {
        json!({"issuer": ISSUER, "authorization_endpoint": "https://idp.example/a",
            "token_endpoint": "https://idp.example/t", "jwks_uri": "https://idp.example/k",
            "end_session_endpoint": end})
        .to_string()
    };
    let url = |end: Value, hint| {
        let metadata = ProviderMetadata::parse(document(end).as_bytes(), &party()).unwrap();
        party().logout_url(&metadata, hint, "https://help.example/out", "st")
    };
    let with_hint = url(json!("https://idp.example/end?x=1"), Some("a.b.c")).unwrap();
    assert_eq!(
        with_hint.as_str(),
        "https://idp.example/end?x=1&id_token_hint=a.b.c&client_id=vestibule\
         &post_logout_redirect_uri=https%3A%2F%2Fhelp.example%2Fout&state=st"
    );
    assert!(!url(json!("https://idp.example/end"), None).unwrap().as_str().contains("hint"));
    for unusable in
        [Value::Null, json!("http://idp.example/end"), json!("https://127.0.0.1/"), json!(7)]
    {
        assert_eq!(url(unusable, None), None);
    }
}
