//! Keys that nobody knows must not make the gateway call the provider again and again.

use std::time::Duration;

use e2e::Scene;
use fakes::openid::OidcFlaw;

use crate::stage::{cause_of, passes_honest_answers};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c8_unknown_keys_cause_one_fetch_a_minute() {
    let scene = Scene::start().await;
    passes_honest_answers(&scene).await;
    let mut fetched = scene.globex.key_calls();
    for minute in 0..3 {
        for _ in 0..10 {
            assert_eq!(cause_of(&scene, OidcFlaw::UnknownKeyId).await, "oidc-key-unknown");
        }
        let now = scene.globex.key_calls();
        assert!(now <= fetched + 1, "{} fetches in minute {minute}", now - fetched);
        fetched = now;
        scene.clock.advance(Duration::from_secs(61));
    }
    assert_eq!(scene.globex.discovery_calls(), 1);
    passes_honest_answers(&scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c8_a_new_key_is_fetched_at_once_and_an_old_one_is_forgotten() {
    let scene = Scene::start().await;
    passes_honest_answers(&scene).await;
    scene.globex.rotate_key();
    passes_honest_answers(&scene).await;
}
