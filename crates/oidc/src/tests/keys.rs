//! Which key verifies a token.

use serde_json::{Value, json};

use super::signer::{Signer, encode};
use super::{good_claims, key_set, verify_text};
use crate::{DiscoveryError, IdTokenError, KeySet};

fn token(signer: &Signer, kid: Option<&str>) -> String {
    let mut header = json!({"alg": signer.algorithm()});
    if let Some(kid) = kid {
        header["kid"] = json!(kid);
    }
    signer.token(&header.to_string(), &good_claims().to_string())
}

#[test]
fn the_key_id_chooses_among_several_keys() {
    let (first, second) = (Signer::Rsa(0), Signer::Rsa(1));
    let keys = key_set(&[first.jwk("a"), second.jwk("b")]);
    assert!(verify_text(&keys, &token(&first, Some("a"))).is_ok());
    assert!(verify_text(&keys, &token(&second, Some("b"))).is_ok());
    let crossed = verify_text(&keys, &token(&first, Some("b")));
    assert_eq!(crossed, Err(IdTokenError::Signature));
}

#[test]
fn a_token_without_key_id_needs_exactly_one_key_that_fits() {
    let (rsa, ec) = (Signer::Rsa(0), Signer::ec());
    let one = key_set(&[rsa.jwk("a"), ec.jwk("b")]);
    assert!(verify_text(&one, &token(&rsa, None)).is_ok());
    assert!(verify_text(&key_set(&[rsa.jwk("")]), &token(&rsa, None)).is_ok());
    let several = key_set(&[rsa.jwk("a"), Signer::Rsa(1).jwk("b")]);
    assert_eq!(verify_text(&several, &token(&rsa, None)), Err(IdTokenError::KeyAmbiguous));
}

#[test]
fn c8_an_unknown_key_id_is_told_apart_so_that_keys_can_be_fetched_again() {
    let (old, new) = (Signer::Rsa(0), Signer::Rsa(1));
    let result = verify_text(&key_set(&[old.jwk("old")]), &token(&new, Some("new")));
    assert_eq!(result, Err(IdTokenError::KeyUnknown));
    assert!(result.unwrap_err().suggests_new_keys());
    assert!(
        verify_text(&key_set(&[old.jwk("old"), new.jwk("new")]), &token(&new, Some("new"))).is_ok()
    );
    // A provider may name no key, or a new one as the old.
    assert!(IdTokenError::Signature.suggests_new_keys());
    assert!(!IdTokenError::NonceWrong.suggests_new_keys());
}

#[test]
fn a_signature_by_another_key_is_refused() {
    for (published, other) in [
        (Signer::Rsa(0), Signer::Rsa(1)),
        (Signer::ec(), Signer::ec()),
        (Signer::ed(), Signer::ed()),
    ] {
        let keys = key_set(&[published.jwk("k1")]);
        let forged = verify_text(&keys, &token(&other, Some("k1")));
        assert!(matches!(forged, Err(IdTokenError::Signature)), "{forged:?}");
        assert!(verify_text(&keys, &token(&published, Some("k1"))).is_ok());
    }
}

#[test]
fn a_key_in_the_tokens_own_header_is_not_used() {
    let (published, forger) = (Signer::Rsa(0), Signer::Rsa(1));
    let keys = key_set(&[published.jwk("k1")]);
    let header = json!({"alg": "RS256", "kid": "k1", "jwk": forger.jwk("k1"),
        "jku": "https://evil.example/keys", "x5u": "https://evil.example/x"});
    let forged = forger.token(&header.to_string(), &good_claims().to_string());
    assert_eq!(verify_text(&keys, &forged), Err(IdTokenError::Signature));
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

#[test]
fn a25_a_key_set_without_usable_signing_key_is_refused() {
    let parse = |keys: Value| KeySet::parse(json!({ "keys": keys }).to_string().as_bytes());
    let rsa = Signer::Rsa(0).jwk("k1");
    let short = json!({"kty": "RSA", "e": "AQAB", "n": encode([0xff; 128])});
    let padded = json!({"kty": "RSA", "e": "AQAB", "n": encode([[0; 128], [0xff; 128]].concat())});
    for unusable in [
        json!([]),
        json!([with(rsa.clone(), "use", json!("enc"))]),
        json!([{"kty": "oct", "k": "c2VjcmV0"}]),
        json!([{"kty": "XYZ"}]),
        json!([short, padded]),
        json!([1, null, "x", {}]),
    ] {
        assert_eq!(parse(unusable.clone()), Err(DiscoveryError::NoUsableKey), "{unusable}");
    }
    assert!(parse(json!([{"kty": "XYZ"}, rsa])).is_ok());
    assert_eq!(KeySet::parse(b"{}"), Err(DiscoveryError::Member("keys")));
    assert_eq!(KeySet::parse(b"<html>"), Err(DiscoveryError::Unreadable));
    let twice = br#"{"keys":[],"keys":[]}"#;
    assert_eq!(KeySet::parse(twice), Err(DiscoveryError::DuplicateMember));
}

#[test]
fn an_encryption_key_verifies_nothing() {
    let (sig, enc) = (Signer::Rsa(0), Signer::Rsa(1));
    let keys = key_set(&[sig.jwk("a"), with(enc.jwk("b"), "use", json!("enc"))]);
    assert_eq!(verify_text(&keys, &token(&enc, Some("b"))), Err(IdTokenError::KeyUnknown));
    let other = key_set(&[sig.jwk("a"), with(enc.jwk("b"), "alg", json!("RSA-OAEP"))]);
    assert_eq!(verify_text(&other, &token(&enc, Some("b"))), Err(IdTokenError::KeyUnknown));
}
