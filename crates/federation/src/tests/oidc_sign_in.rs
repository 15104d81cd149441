//! Signing in at an OpenID provider.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::json;

use super::op::{Key, Op};
use super::{
    REDIRECT, VERIFIER, after, authorize, before, cause, claims, federation, globex, name, now,
    oidc_settings, redeem, redeem_with,
};
use crate::Redemption;

const DOCUMENT: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn a_sign_in_goes_from_discovery_to_verified_claims() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &claims(&op));
    let federation = globex(&op);

    let url = authorize(&federation, now()).await.unwrap();
    assert!(url.as_str().starts_with(&format!("{}/authorize?", op.issuer)));
    assert!(url.query().unwrap().contains("code_challenge_method=S256"));

    let verified = redeem(&federation, now()).await.unwrap();
    assert_eq!(verified.subject.as_deref(), Some("ann"));
    assert_eq!(verified.claims["email"], ["ann@globex.example"]);
    assert_eq!((op.calls(DOCUMENT), op.calls("/keys"), op.calls("/token")), (1, 1, 1));

    let (head, form) = op.change(|state| state.token_request.clone());
    let form: BTreeMap<_, _> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    assert!(head.contains("authorization: Basic dmVzdGlidWxlOnMzY3JldA=="), "{head}");
    assert_eq!(form["code_verifier"], VERIFIER);
    assert_eq!(form["redirect_uri"], REDIRECT);
    assert!(!form.contains_key("client_secret"));
}

#[tokio::test]
async fn answers_that_are_not_accepted_name_their_one_cause() {
    let (key, other) = (Key::new("k1"), Key::new("k1"));
    let op = Op::start(&[&key]).await;
    let federation = globex(&op);
    let with = |name: &str, value: serde_json::Value| {
        let mut claims = claims(&op);
        claims[name] = value;
        claims
    };
    for (claims, wanted) in [
        (with("nonce", json!("other")), "oidc-nonce-wrong"),
        (with("iss", json!("https://evil.example")), "oidc-issuer-foreign"),
        (with("aud", json!("other")), "oidc-audience-foreign"),
        (with("exp", json!(1)), "oidc-token-expired"),
        (with("iat", json!(null)), "oidc-claim-missing"),
        (with("sub", json!(null)), "oidc-claim-missing"),
    ] {
        op.issue(&key, &claims);
        assert_eq!(cause(redeem(&federation, now()).await), wanted);
    }
    op.issue(&other, &claims(&op));
    assert_eq!(cause(redeem(&federation, now()).await), "oidc-signature-wrong");
    for (token, wanted) in [
        (json!({"error": "invalid_grant"}), "oidc-code-refused"),
        (json!({"error": "invalid_client"}), "oidc-client-refused"),
        (json!({"token_type": "Bearer"}), "oidc-id-token-missing"),
        (json!([]), "oidc-token-response-unreadable"),
    ] {
        op.change(|state| state.token = token);
        assert_eq!(cause(redeem(&federation, now()).await), wanted);
    }
    op.issue(&key, &claims(&op));
    assert!(redeem(&federation, now()).await.is_ok());
}

#[tokio::test]
async fn c6_a_foreign_issuer_in_the_callback_is_refused_before_the_code_is_sent() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &claims(&op));
    op.change(|state| {
        state.document["authorization_response_iss_parameter_supported"] = json!(true);
    });
    let federation = globex(&op);
    let foreign = redeem_with(&federation, Some("https://evil.example"), now()).await;
    assert_eq!(cause(foreign), "oidc-callback-issuer-foreign");
    assert_eq!(cause(redeem(&federation, now()).await), "oidc-callback-issuer-missing");
    assert_eq!(op.calls("/token"), 0);
    let own = op.issuer.clone();
    assert!(redeem_with(&federation, Some(&own), now()).await.is_ok());
}

#[tokio::test]
async fn c6_one_providers_token_does_not_pass_at_another() {
    let key = Key::new("k1");
    let (globex, acme) = (Op::start(&[&key]).await, Op::start(&[&key]).await);
    // Same client id, even the same key: only the issuer differs.
    globex.issue(&key, &claims(&acme));
    let idps = vec![oidc_settings("globex", &globex.issuer), oidc_settings("acme", &acme.issuer)];
    assert_eq!(cause(redeem(&federation(idps), now()).await), "oidc-issuer-foreign");
}

#[tokio::test]
async fn discovery_that_cannot_be_used_signs_nobody_in() {
    let key = Key::new("k1");
    for (member, value, wanted) in [
        ("issuer", json!("https://evil.example"), "oidc-metadata-issuer-foreign"),
        ("token_endpoint", json!("http://10.0.0.1/token"), "oidc-metadata-endpoint-refused"),
        ("jwks_uri", json!(7), "oidc-metadata-incomplete"),
        ("jwks_uri", json!("https://127.0.0.1:1/keys"), "idp-unreachable"),
    ] {
        let op = Op::start(&[&key]).await;
        op.change(|state| state.document[member] = value);
        assert_eq!(cause(authorize(&globex(&op), now()).await), wanted);
    }
    let op = Op::start(&[]).await;
    assert_eq!(cause(authorize(&globex(&op), now()).await), "oidc-keys-missing");
}

#[tokio::test]
async fn c14_a_redirected_document_is_not_followed() {
    let op = Op::start(&[&Key::new("k1")]).await;
    op.change(|state| state.broken = 302);
    assert_eq!(cause(authorize(&globex(&op), now()).await), "idp-document-missing");
    assert_eq!(op.calls("/elsewhere"), 0);
}

/// Not every provider names a new key anew (capabilities N05).
#[tokio::test]
async fn c8_keys_that_changed_just_before_signing_are_found() {
    for (names, refused) in
        [(["old", "new"], "oidc-key-unknown"), (["same", "same"], "oidc-signature-wrong")]
    {
        let [old, new] = names.map(Key::new);
        let op = Op::start(&[&old]).await;
        let federation = globex(&op);
        authorize(&federation, now()).await.unwrap();
        op.change(|state| state.keys = vec![new.jwk()]);
        op.issue(&new, &claims(&op));
        assert!(redeem(&federation, now()).await.is_ok());
        assert_eq!(op.calls("/keys"), 2);
        // From here on the new keys are known, and the old one is not accepted any longer.
        assert!(redeem(&federation, now()).await.is_ok());
        op.issue(&old, &claims(&op));
        assert_eq!(cause(redeem(&federation, now()).await), refused);
        assert_eq!(op.calls("/keys"), 2);
    }
}

#[tokio::test]
async fn c8_unknown_key_ids_in_a_loop_fetch_keys_once_a_minute() {
    let (known, unknown) = (Key::new("known"), Key::new("unknown"));
    let op = Op::start(&[&known]).await;
    let federation = globex(&op);
    authorize(&federation, now()).await.unwrap();
    op.issue(&unknown, &claims(&op));
    for result in join_all((0..20).map(|_| redeem(&federation, now()))).await {
        assert_eq!(cause(result), "oidc-key-unknown");
    }
    assert_eq!(op.calls("/keys"), 2);
    assert_eq!(cause(redeem(&federation, after(59)).await), "oidc-key-unknown");
    assert_eq!(op.calls("/keys"), 2);
    assert_eq!(cause(redeem(&federation, after(60)).await), "oidc-key-unknown");
    assert_eq!(op.calls("/keys"), 3);
    // Requests whose bodies came late, the youngest first.
    for seconds in (0..60).rev() {
        assert_eq!(cause(redeem(&federation, after(seconds)).await), "oidc-key-unknown");
    }
    assert_eq!(op.calls("/keys"), 3);
    // A clock that was set back further does not stop it for longer.
    assert_eq!(cause(redeem(&federation, before(1)).await), "oidc-key-unknown");
    assert_eq!(op.calls("/keys"), 4);
}

#[tokio::test]
async fn c8_many_customers_profit_from_one_fetch_of_new_keys() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let op = Op::start(&[&old]).await;
    let federation = globex(&op);
    authorize(&federation, now()).await.unwrap();
    op.change(|state| state.keys = vec![old.jwk(), new.jwk()]);
    op.issue(&new, &claims(&op));
    for result in join_all((0..20).map(|_| redeem(&federation, now()))).await {
        assert!(result.is_ok(), "{result:?}");
    }
    assert_eq!(op.calls("/keys"), 2);
}

#[tokio::test]
async fn c8_keys_that_cannot_be_fetched_leave_the_old_ones() {
    let (known, unknown) = (Key::new("known"), Key::new("unknown"));
    let op = Op::start(&[&known]).await;
    let federation = globex(&op);
    authorize(&federation, now()).await.unwrap();
    for keys in [vec![], vec![json!({"kty": "oct", "k": "AA"})]] {
        op.change(|state| state.keys = keys);
        op.issue(&unknown, &claims(&op));
        assert_eq!(cause(redeem(&federation, now()).await), "oidc-key-unknown");
        op.issue(&known, &claims(&op));
        assert!(redeem(&federation, now()).await.is_ok());
    }
}

#[tokio::test]
async fn b15_disabled_and_unknown_providers_are_told_apart_and_never_called() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &claims(&op));
    let mut disabled = oidc_settings("globex", &op.issuer);
    disabled.enabled = false;
    let federation = federation(vec![disabled]);
    assert_eq!(cause(redeem(&federation, now()).await), "idp-disabled");
    assert_eq!(cause(authorize(&federation, now()).await), "idp-disabled");
    assert!(federation.refresh_due(now()).await.is_empty());
    let redemption = Redemption {
        code: "c",
        redirect_uri: REDIRECT,
        verifier: VERIFIER,
        nonce: "n",
        iss: None,
        assertion_id: [0; 32],
    };
    let unknown = federation.redeem(&name("nobody"), &redemption, now()).await;
    assert_eq!(cause(unknown), "idp-unknown");
    assert_eq!(op.change(|state| state.calls.len()), 0);
    assert!(federation.settings(&name("globex")).is_some_and(|settings| !settings.enabled));
}

#[tokio::test]
async fn a_provider_of_the_other_protocol_does_not_answer() {
    let op = Op::start(&[&Key::new("k1")]).await;
    let federation = globex(&op);
    let saml = federation.saml_metadata(&name("globex"), now()).await;
    assert_eq!(cause(saml), "idp-protocol-foreign");
    assert!(federation.saml_settings(&name("globex")).is_none());
}
