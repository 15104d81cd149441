//! Keys that nobody knows must not make the gateway call the provider again and again.

use std::time::Duration;

use e2e::{Scene, sets_session, until};
use fakes::openid::OidcFlaw;
use futures_util::future::join_all;

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

/// Twenty people at once; gives how many of them got in.
async fn twenty_sign_ins(scene: &Scene) -> usize {
    let gil = scene.globex.person("gil");
    let sign_ins = (0..20).map(|_| async {
        let mut browser = scene.visitor();
        let answer = scene.sign_in(&mut browser, &gil.email, "/").await;
        sets_session(&answer)
    });
    join_all(sign_ins).await.into_iter().filter(|entered| *entered).count()
}

/// Does something once the token endpoint was called `more` times from now on.
async fn in_the_middle(scene: &Scene, more: usize, act: impl FnOnce()) {
    let wanted = scene.globex.token_calls() + more;
    until("sign-ins are under way", async || scene.globex.token_calls() >= wanted).await;
    act();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n05_keys_that_roll_over_with_overlap_under_load_cost_no_sign_in() {
    let scene = Scene::start().await;
    passes_honest_answers(&scene).await;
    for _ in 0..2 {
        scene.globex.stage_key();
        // The hour in which the key is published and not yet in use.
        let fetched = scene.globex.key_calls();
        scene.clock.advance(Duration::from_secs(3601));
        until("the new key is fetched", async || scene.globex.key_calls() > fetched).await;
        let roll = in_the_middle(&scene, 5, || scene.globex.activate_key());
        let (entered, ()) = tokio::join!(twenty_sign_ins(&scene), roll);
        assert_eq!(entered, 20);
        let retire = in_the_middle(&scene, 5, || scene.globex.retire_keys());
        let (entered, ()) = tokio::join!(twenty_sign_ins(&scene), retire);
        assert_eq!(entered, 20);
        // Nobody had to ask again.
        assert_eq!(scene.globex.key_calls(), fetched + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n05_keys_that_change_without_overlap_are_fetched_once_and_everybody_gets_in() {
    let scene = Scene::start().await;
    passes_honest_answers(&scene).await;
    let fetched = scene.globex.key_calls();
    let roll = in_the_middle(&scene, 5, || scene.globex.rotate_key());
    let (entered, ()) = tokio::join!(twenty_sign_ins(&scene), roll);
    // A token that was signed with the old key while the new ones arrived may be lost; the next
    // try of the same person is not.
    assert!(entered >= 19, "{entered}");
    assert_eq!(twenty_sign_ins(&scene).await, 20);
    assert_eq!(scene.globex.key_calls(), fetched + 1);
    // Again within the minute: refused without a call, and well after it.
    scene.globex.rotate_key();
    assert_eq!(twenty_sign_ins(&scene).await, 0);
    assert_eq!(scene.globex.key_calls(), fetched + 1);
    scene.clock.advance(Duration::from_secs(60));
    assert_eq!(twenty_sign_ins(&scene).await, 20);
    assert_eq!(scene.globex.key_calls(), fetched + 2);
    assert_eq!(scene.globex.discovery_calls(), 1);
}
