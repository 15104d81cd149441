//! Sealing keys that are rotated, and records of other versions, at a running gateway.

use domain::Clock as _;
use e2e::until;
use fakes::http_client::Connections;
use store::{Area, Entry, Store as _};

use crate::replicas::Pair;
use crate::{SECOND, SESSION};

/// attacks.md D11.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_sessions_outlive_a_rotation_of_the_sealing_key_on_all_replicas() {
    let pair = Pair::start().await;
    let scene = &pair.scene;
    let (before, keep) = (scene.signed_in("ann@acme.example").await, Connections::default());
    let second = scene.folder.path().join("data/second.sock");
    for step in ["stage", "activate"] {
        let done = scene.command(&["keys", step, "sealing"]).await;
        assert_eq!(done.code, Some(0), "{step}: {}{}", done.out, done.err);
        let reload = gateway::control::Command::ReloadKeys;
        let told = gateway::control::send(&second, &reload).await.expect("an answer");
        assert!(matches!(told, gateway::control::Answer::Keys { sealing: 2, .. }), "{told:?}");
        let after = scene.signed_in("bob@globex.example").await;
        scene.clock.advance(SECOND);
        for browser in [&before, &after] {
            for port in [scene.port, pair.there()] {
                let cookie = browser.cookie(SESSION).expect("a session");
                assert_eq!(pair.ask(&keep, port, cookie).await.status, 200, "{step}");
            }
        }
    }
}

/// attacks.md D17: during an update a newer replica writes what an older one cannot read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d17_a_newer_record_is_no_session_here_and_is_kept() {
    let pair = Pair::start().await;
    let mut changes = pair.store.changes();
    let ann = pair.scene.signed_in("ann@acme.example").await;
    let (cookie, keep) = (ann.cookie(SESSION).expect("a session"), Connections::default());
    assert_eq!(pair.ask(&keep, pair.there(), cookie).await.status, 200);
    let mut key = None;
    until("its record was announced", async || {
        while let Ok(change) = changes.try_recv() {
            if change.area == Area::Sessions && change.key.starts_with("session/") {
                key = Some(change.key);
            }
        }
        key.is_some()
    })
    .await;
    let (key, now) = (key.expect("just found"), pair.scene.clock.now());
    let good =
        pair.store.get(Area::Sessions, &key, now).await.expect("the store").expect("a record");
    let put = async |value: Vec<u8>| {
        let entry = Entry { value, deadline: now.plus(SECOND * 3600), groups: Vec::new() };
        pair.store.put(Area::Sessions, &key, entry, now).await.expect("the store");
    };
    // The version of the facts stands behind the four bytes of their length.
    let mut newer = good.clone();
    newer[4] = newer[4].wrapping_add(1);
    put(newer.clone()).await;
    for port in [pair.scene.port, pair.there()] {
        until("it is no session", async || pair.ask(&keep, port, cookie).await.status == 302).await;
    }
    let kept = pair.store.get(Area::Sessions, &key, now).await.expect("the store");
    assert_eq!(kept, Some(newer), "the older replica has not touched it");
    put(good).await;
    until("the newer replica reads it", async || {
        pair.ask(&keep, pair.there(), cookie).await.status == 200
    })
    .await;
}
