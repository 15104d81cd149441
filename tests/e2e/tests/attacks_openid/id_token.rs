//! ID tokens that are not for this sign-in, not signed as agreed, or not by the provider.

use e2e::Scene;
use fakes::openid::{OidcAnswer, OidcFlaw};
use serde_json::json;

use crate::stage::{cause_of, refuses};

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
