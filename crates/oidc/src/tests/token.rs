//! Claims and headers of ID tokens.

use aws_lc_rs::digest::{SHA256, digest};
use domain::Timestamp;
use serde_json::{Value, json};

use super::signer::{Signer, encode, hmac_token, rsa_public_der};
use super::{
    ACCESS, CODE, NONCE, NOW, claims_with, good_claims, key_set, party, response, verify_claims,
    verify_text,
};
use crate::{Expected, IdTokenError};

#[test]
fn a_good_token_gives_its_claims_in_every_accepted_algorithm() {
    for signer in [Signer::Rsa(0), Signer::ec(), Signer::ed()] {
        let keys = key_set(&[signer.jwk("k1")]);
        let header = json!({"alg": signer.algorithm(), "kid": "k1", "typ": "JWT"}).to_string();
        let verified = verify_text(&keys, &signer.token(&header, &good_claims().to_string()));
        let verified = verified.unwrap();
        assert_eq!(verified.subject().as_str(), "24400320");
        assert_eq!((verified.sid(), verified.email_verified()), (Some("s-1"), Some(true)));
        assert_eq!(verified.claims()["groups"], ["staff"]);
        assert_eq!(verified.claims()["email"], ["ann@acme.example"]);
    }
}

#[test]
fn what_the_provider_says_of_the_address_is_passed_on() {
    for (said, read) in [
        (json!(true), Some(true)),
        (json!("false"), Some(false)),
        (json!(false), Some(false)),
        (Value::Null, None),
    ] {
        let verified = verify_claims(&claims_with("email_verified", said)).unwrap();
        assert_eq!(verified.email_verified(), read);
    }
}

#[test]
fn tokens_of_another_issuer_are_refused() {
    for issuer in ["https://idp.example/", "https://IDP.example", "https://evil.example"] {
        let result = verify_claims(&claims_with("iss", json!(issuer)));
        assert_eq!(result, Err(IdTokenError::Issuer), "{issuer}");
    }
}

#[test]
fn tokens_without_a_required_claim_are_refused() {
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        let result = verify_claims(&claims_with(name, Value::Null));
        assert_eq!(result, Err(IdTokenError::ClaimMissing(name)));
    }
}

#[test]
fn subjects_that_are_none_are_refused() {
    for subject in ["", " ", "a\u{0}b", "a\nb", &"x".repeat(256)] {
        let result = verify_claims(&claims_with("sub", json!(subject)));
        assert_eq!(result, Err(IdTokenError::Subject), "{subject:?}");
    }
    for subject in [json!(7), json!(["a"]), json!({})] {
        let result = verify_claims(&claims_with("sub", subject));
        assert_eq!(result, Err(IdTokenError::ClaimType));
    }
}

#[test]
fn tokens_for_others_or_for_others_too_are_refused() {
    for audience in [json!("other"), json!([]), json!(["other"]), json!(["vestibule", "other"])] {
        let result = verify_claims(&claims_with("aud", audience.clone()));
        assert_eq!(result, Err(IdTokenError::Audience), "{audience}");
    }
    assert!(verify_claims(&claims_with("aud", json!(["vestibule"]))).is_ok());
}

#[test]
fn an_authorized_party_must_be_this_client() {
    assert!(verify_claims(&claims_with("azp", json!("vestibule"))).is_ok());
    let result = verify_claims(&claims_with("azp", json!("other")));
    assert_eq!(result, Err(IdTokenError::AuthorizedParty));
}

#[test]
fn times_hold_to_the_second_with_the_allowed_skew() {
    let with = |name: &str, seconds: i64| verify_claims(&claims_with(name, json!(NOW + seconds)));
    assert_eq!(with("exp", -60), Err(IdTokenError::Expired));
    assert!(with("exp", -59).is_ok());
    assert_eq!(with("nbf", 61), Err(IdTokenError::NotYetValid));
    assert!(with("nbf", 60).is_ok());
    assert_eq!(with("iat", 61), Err(IdTokenError::IssuedAhead));
    assert!(with("iat", 60).is_ok());
    assert_eq!(with("iat", -661), Err(IdTokenError::IssuedLongAgo));
    assert!(with("iat", -660).is_ok());
    assert_eq!(with("iat", -315_360_000), Err(IdTokenError::IssuedLongAgo));
}

#[test]
fn the_moment_of_the_check_is_the_argument_alone() {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    let tokens = response(&signer.token(r#"{"alg":"ES256"}"#, &good_claims().to_string()));
    let expected = Expected { nonce: NONCE, code: CODE };
    let at = |now: i64| {
        party().verify_id_token(&keys, &tokens, &expected, Timestamp::from_seconds(now)).err()
    };
    assert_eq!(at(NOW), None);
    assert_eq!(at(NOW + 359), None);
    assert_eq!(at(NOW + 360), Some(IdTokenError::Expired));
    assert_eq!(at(0), Some(IdTokenError::IssuedAhead));
    let end = party().verify_id_token(&keys, &tokens, &expected, Timestamp::MAX);
    assert_eq!(end, Err(IdTokenError::Expired));
}

#[test]
fn c9_absurd_numbers_are_refused_and_never_wrap() {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    for name in ["exp", "iat", "nbf"] {
        for number in
            ["1e300", "-1", "-1e300", "9223372036854775807", "18446744073709551616", "\"1\""]
        {
            let claims = claims_with(name, json!("HERE")).to_string();
            let claims = claims.replace("\"HERE\"", number);
            let result =
                verify_text(&keys, &signer.token(r#"{"alg":"ES256","kid":"k1"}"#, &claims));
            assert_eq!(result, Err(IdTokenError::Time(name)), "{name} {number}");
        }
    }
    // A fraction is honest: RFC 7519 §2 allows it.
    assert!(verify_claims(&claims_with("exp", json!(1_800_000_100.75))).is_ok());
}

#[test]
fn c2_a_missing_or_wrong_nonce_is_refused() {
    let result = verify_claims(&claims_with("nonce", Value::Null));
    assert_eq!(result, Err(IdTokenError::NonceMissing));
    for nonce in ["", "n-0S6_WzA2Mk", "n-0S6_WzA2M", "N-0S6_WzA2Mj"] {
        let result = verify_claims(&claims_with("nonce", json!(nonce)));
        assert_eq!(result, Err(IdTokenError::NonceWrong), "{nonce:?}");
    }
}

#[test]
fn c2_an_empty_expectation_fits_no_nonce() {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    let claims = claims_with("nonce", json!("")).to_string();
    let tokens = response(&signer.token(r#"{"alg":"ES256"}"#, &claims));
    let expected = Expected { nonce: "", code: CODE };
    let now = Timestamp::from_seconds(NOW);
    let result = party().verify_id_token(&keys, &tokens, &expected, now);
    assert_eq!(result, Err(IdTokenError::NonceWrong));
}

fn half_hash(text: &str) -> Value {
    json!(encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16]))
}

#[test]
fn c2_hashes_of_access_token_and_code_are_checked_when_there() {
    let mut claims = claims_with("at_hash", half_hash(ACCESS));
    claims["c_hash"] = half_hash(CODE);
    assert!(verify_claims(&claims).is_ok());
    let result = verify_claims(&claims_with("at_hash", half_hash("another")));
    assert_eq!(result, Err(IdTokenError::AccessTokenHash));
    let result = verify_claims(&claims_with("c_hash", half_hash("another")));
    assert_eq!(result, Err(IdTokenError::CodeHash));
}

#[test]
fn c3_unsigned_tokens_are_refused() {
    let keys = key_set(&[Signer::ec().jwk("k1")]);
    let payload = encode(good_claims().to_string());
    for header in
        [r#"{"alg":"none"}"#, r#"{"alg":"None"}"#, r#"{"alg":"NONE"}"#, r#"{}"#, r#"{"alg":null}"#]
    {
        for signature in ["", "AAAA"] {
            let token = format!("{}.{payload}.{signature}", encode(header));
            assert_eq!(verify_text(&keys, &token), Err(IdTokenError::Algorithm), "{header}");
        }
    }
}

#[test]
fn c3_a_public_key_is_no_hmac_secret() {
    let keys = key_set(&[Signer::Rsa(0).jwk("k1")]);
    let payload = good_claims().to_string();
    let secrets = [
        rsa_public_der(0),
        Signer::Rsa(0).jwk("k1").to_string().into_bytes(),
        b"s3cret".to_vec(),
        vec![0],
    ];
    for secret in secrets {
        let token = hmac_token(&secret, r#"{"alg":"HS256","kid":"k1"}"#, &payload);
        assert_eq!(verify_text(&keys, &token), Err(IdTokenError::Algorithm));
    }
}

#[test]
fn c3_an_algorithm_that_the_file_does_not_name_is_refused() {
    let signer = Signer::Rsa(0);
    let keys = key_set(&[signer.jwk("k1")]);
    let token = signer.token(r#"{"alg":"PS256","kid":"k1"}"#, &good_claims().to_string());
    assert_eq!(verify_text(&keys, &token), Err(IdTokenError::Algorithm));
    let token = signer.token(r#"{"alg":"rs256","kid":"k1"}"#, &good_claims().to_string());
    assert_eq!(verify_text(&keys, &token), Err(IdTokenError::Algorithm));
}

#[test]
fn c3_the_algorithm_must_fit_the_kind_of_the_key() {
    let (rsa, ec) = (Signer::Rsa(0), Signer::ec());
    let keys = key_set(&[rsa.jwk("k1")]);
    let token = ec.token(r#"{"alg":"ES256","kid":"k1"}"#, &good_claims().to_string());
    assert_eq!(verify_text(&keys, &token), Err(IdTokenError::KeyUnknown));
}

#[test]
fn tokens_of_other_kinds_are_refused() {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    for extra in [
        r#""typ":"logout+jwt""#,
        r#""typ":"at+jwt""#,
        r#""typ":"LOGOUT+JWT""#,
        r#""cty":"JWT""#,
        r#""crit":["exp"],"exp":1"#,
        r#""crit":[]"#,
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"k1",{extra}}}"#);
        let result = verify_text(&keys, &signer.token(&header, &good_claims().to_string()));
        assert_eq!(result, Err(IdTokenError::Kind), "{extra}");
    }
}

#[test]
fn members_named_twice_are_refused() {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    let claims = good_claims().to_string();
    for twice in [r#""sub":"root","#, r#""email":"root@acme.example","#, r#""x":{"a":1,"a":2},"#] {
        let payload = claims.replacen('{', &format!("{{{twice}"), 1);
        let token = signer.token(r#"{"alg":"ES256","kid":"k1"}"#, &payload);
        assert_eq!(verify_text(&keys, &token), Err(IdTokenError::DuplicateMember), "{twice}");
    }
    let token = signer.token(r#"{"alg":"ES256","alg":"none"}"#, &claims);
    assert_eq!(verify_text(&keys, &token), Err(IdTokenError::DuplicateMember));
}

#[test]
fn what_is_no_signed_token_is_refused_without_panic() {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    let good = signer.token(r#"{"alg":"ES256","kid":"k1"}"#, &good_claims().to_string());
    let encrypted = format!("{good}.AAAA.AAAA");
    let padded = format!("{good}=");
    for token in ["", ".", "..", "a.b", "a.b.c", "é.é.é", &encrypted, &padded, &good[1..]] {
        assert_eq!(verify_text(&keys, token), Err(IdTokenError::Malformed), "{token:.30}");
    }
    let large = "a".repeat(64 * 1024 + 1);
    assert_eq!(verify_text(&keys, &large), Err(IdTokenError::Oversized));
    let list = format!("{}.{}.AAAA", encode(r#"{"alg":"ES256"}"#), encode("[]"));
    assert_eq!(verify_text(&keys, &list), Err(IdTokenError::Malformed));
}

#[test]
fn every_bit_of_a_token_counts() {
    let signer = Signer::ec();
    let keys = key_set(&[signer.jwk("k1")]);
    let good = signer.token(r#"{"alg":"ES256","kid":"k1"}"#, &good_claims().to_string());
    assert!(verify_text(&keys, &good).is_ok());
    for index in (0..good.len()).filter(|index| good.as_bytes()[*index] != b'.') {
        let mut bytes = good.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        assert!(verify_text(&keys, std::str::from_utf8(&bytes).unwrap()).is_err(), "byte {index}");
    }
}

#[test]
fn c15_errors_hold_nothing_that_a_token_says() {
    for name in ["iss", "aud", "sub", "nonce", "azp", "address", "at_hash"] {
        let error = verify_claims(&claims_with(name, json!("<script>\u{7}"))).unwrap_err();
        let refusal = error.refusal();
        assert!(!format!("{error:?} {error} {refusal:?}").contains("script"), "{name}");
        assert!(refusal.cause.starts_with("oidc-") && !refusal.remedy.is_empty());
    }
}
