//! ID tokens that are not for this sign-in, not signed as agreed, or not by the provider.

use std::time::Duration;

use e2e::Scene;
use fakes::openid::{OidcAnswer, OidcFlaw};
use serde_json::json;

use crate::stage::{LINK, brought, cause_of, refuses, with_parameter};

/// Honest but for one claim.
fn claim(name: &'static str, value: serde_json::Value) -> OidcAnswer {
    OidcAnswer::changed(move |claims| claims[name] = value.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_an_id_token_belongs_to_its_request_and_its_access_token() {
    let scene = Scene::start().await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::NoNonce, "oidc-nonce-missing"),
            (OidcFlaw::WrongNonce, "oidc-nonce-wrong"),
            (OidcFlaw::WrongAccessTokenHash, "oidc-access-token-hash-wrong"),
        ],
    )
    .await;
    for (answer, cause) in [
        (claim("nonce", json!("")), "oidc-nonce-wrong"),
        (claim("nonce", json!(null)), "oidc-nonce-missing"),
        (claim("c_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), "oidc-code-hash-wrong"),
        (claim("at_hash", json!("")), "oidc-access-token-hash-wrong"),
    ] {
        assert_eq!(cause_of(&scene, answer).await, cause);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c3_only_the_agreed_algorithms_with_published_keys_count() {
    let scene = Scene::start().await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::AlgorithmNone, "oidc-algorithm-refused"),
            (OidcFlaw::NoAlgorithm, "oidc-algorithm-refused"),
            (OidcFlaw::HmacWithPublicKey, "oidc-algorithm-refused"),
            (OidcFlaw::HmacWithSecret, "oidc-algorithm-refused"),
            (OidcFlaw::BadSignature, "oidc-signature-wrong"),
            (OidcFlaw::Tampered, "oidc-signature-wrong"),
            (OidcFlaw::ForeignKey, "oidc-signature-wrong"),
            (OidcFlaw::KeyInHeader, "oidc-signature-wrong"),
            (OidcFlaw::CriticalHeader, "oidc-token-kind-wrong"),
            (OidcFlaw::TwoParts, "oidc-token-malformed"),
            (OidcFlaw::OtherType, "oidc-token-kind-wrong"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c3_what_an_id_token_says_must_fit_us_and_the_time() {
    let scene = Scene::start().await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::WrongAudience, "oidc-audience-foreign"),
            (OidcFlaw::ExtraAudience, "oidc-audience-foreign"),
            (OidcFlaw::WrongAuthorizedParty, "oidc-authorized-party-foreign"),
            (OidcFlaw::NoSubject, "oidc-claim-missing"),
            (OidcFlaw::EmptySubject, "oidc-subject-unusable"),
            (OidcFlaw::Expired, "oidc-token-expired"),
            (OidcFlaw::NoExpiry, "oidc-claim-missing"),
            (OidcFlaw::NoIssuedAt, "oidc-claim-missing"),
            (OidcFlaw::IssuedTomorrow, "oidc-issued-in-future"),
            (OidcFlaw::IssuedLongAgo, "oidc-issued-long-ago"),
            (OidcFlaw::NotYetValid, "oidc-token-not-yet-valid"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_absurd_times_are_refused() {
    let scene = Scene::start().await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::AbsurdExpiry, "oidc-time-absurd"),
            (OidcFlaw::NegativeExpiry, "oidc-time-absurd"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b26_and_b27_an_openid_provider_speaks_for_its_own_plain_addresses_only() {
    let scene = Scene::start().await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::ForeignDomainEmail, "domain-foreign"),
            (OidcFlaw::TwoAtEmail, "address-invalid"),
            (OidcFlaw::EmailList, "oidc-claim-type-wrong"),
            (OidcFlaw::NoEmail, "address-missing"),
            (OidcFlaw::EmailUnverified, "address-unverified"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_no_token_is_ever_refreshed_and_no_other_grant_is_used() {
    let scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    let mut browser = scene.signed_in(&gil.email).await;
    for _ in 0..20 {
        scene.clock.advance(Duration::from_secs(20 * 60));
        let page = browser.open(LINK).await;
        assert!(page.text().contains(&gil.email));
    }
    assert_eq!(scene.globex.token_calls(), 1);
    for request in scene.globex.requests() {
        assert!(!request.scope.contains("offline_access"), "{request:?}");
    }
    refuses(&scene, vec![(OidcFlaw::BadSignature, "oidc-signature-wrong")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_an_encrypted_and_compressed_token_is_refused_unread() {
    let scene = Scene::start().await;
    refuses(&scene, vec![(OidcFlaw::CompressedEncrypted, "oidc-token-oversized")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c15_markup_of_a_provider_is_never_shown() {
    let scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    let (mut browser, callback) =
        brought(&scene, &scene.globex, &gil, OidcFlaw::ErrorWithMarkup).await;
    let before = scene.traces();
    let answer = browser.follow(callback.as_str()).await;
    assert_eq!(scene.cause(&before, &answer), "oidc-provider-unavailable");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe") && policy.contains("default-src"), "{policy}");
    let mut told = vec![answer.text()];
    for (name, value) in [
        ("error", "<script>alert(2)</script>"),
        ("error", "access_denied"),
        ("error_uri", "javascript:alert(1)"),
    ] {
        let (mut browser, callback) =
            brought(&scene, &scene.globex, &gil, OidcFlaw::AccessDenied).await;
        let callback = with_parameter(&callback, name, value);
        let before = scene.traces();
        let answer = browser.follow(callback.as_str()).await;
        assert!(scene.cause(&before, &answer).starts_with("oidc-provider-"));
        told.push(answer.text());
    }
    told.push(scene.audit_log());
    assert!(told.iter().all(|text| !text.contains("alert(")), "{told:?}");
    refuses(&scene, vec![(OidcFlaw::AccessDenied, "oidc-provider-denied")]).await;
}
