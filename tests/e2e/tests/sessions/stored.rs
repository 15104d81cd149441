//! Sessions over a store that was tampered with, or that fails.
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]

use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use e2e::{Scene, Visitor, until};
use http::Method;
use store::fault::Fault;
use store::{Area, Entry, FaultyStore, Store};

use crate::{LINK, MINUTE, SESSION, ask};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d9_an_edited_or_swapped_record_opens_nothing() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let store = Arc::new(scene.open_store().await);
    scene.start_gateway_over(store.clone());
    let (mut ann, anns) = with_record(&scene, store.as_ref(), "ann@acme.example").await;
    let (mut bob, bobs) = with_record(&scene, store.as_ref(), "bob@acme.example").await;
    let now = scene.clock.now();
    let read = async |key: &str| {
        store.get(Area::Sessions, key, now).await.expect("the store").expect("a record")
    };
    let write = async |key: &str, value: Vec<u8>| {
        let entry = Entry { value, deadline: now.plus(MINUTE), groups: Vec::new() };
        store.put(Area::Sessions, key, entry, now).await.expect("the store");
    };
    let (good, foreign) = (read(&anns).await, read(&bobs).await);
    for index in (0..good.len()).step_by(7) {
        let mut edited = good.clone();
        edited[index] ^= 0x10;
        write(&anns, edited).await;
        assert_eq!(ask(&mut ann).await.status, 302, "byte {index}");
    }
    for bad in [foreign, Vec::new(), good[..good.len() - 1].to_vec(), [&good[..], b"x"].concat()] {
        write(&anns, bad).await;
        assert_eq!(ask(&mut ann).await.status, 302);
    }
    write(&anns, good).await;
    assert_eq!(ask(&mut ann).await.status, 200);
    assert_eq!(ask(&mut bob).await.status, 200);
}

/// Signs somebody in; gives the key of the session's record, too.
async fn with_record(scene: &Scene, store: &dyn Store, email: &str) -> (Visitor, String) {
    let mut visitor = scene.visitor();
    let at_acme = visitor.begin(LINK, email).await;
    let mut changes = store.changes();
    assert_eq!(scene.come_back(&mut visitor, email, &at_acme).await.status, 303);
    let now = scene.clock.now();
    let mut last = None;
    while let Ok(change) = changes.try_recv() {
        if change.area == Area::Sessions
            && change.key.starts_with("session/")
            && store.get(Area::Sessions, &change.key, now).await.expect("the store").is_some()
        {
            last = Some(change.key);
        }
    }
    (visitor, last.expect("a session's record"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_fails_is_never_no_session() {
    let mut scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let cookie = ann.cookie(SESSION).map(str::to_owned);
    scene.stop_gateway().await;
    let store = Arc::new(FaultyStore::new(Arc::new(scene.open_store().await)));
    scene.start_gateway_over(store.clone());
    store.fail_all(Fault::Unavailable);
    let connections = scene.helpcenter.connections();
    for (headers, path) in [
        (&[("accept", "text/html")][..], LINK),
        (&[("accept", "application/json")], LINK),
        (&[("accept", "text/html")], "/.vestibule/sign-in"),
        (&[], "/.vestibule/session"),
    ] {
        let answer = ann.ask(Method::GET, path, headers, "").await;
        assert_eq!(answer.status, 503, "{path} {headers:?}: {}", answer.text());
        assert!(
            answer.header("retry-after").is_some() && answer.header("set-cookie").is_none(),
            "{path}"
        );
        assert_eq!(answer.header("location"), None, "no sign-in was begun");
    }
    assert_eq!(ann.cookie(SESSION), cookie.as_deref());
    // A stranger is told the same: no sign-in begins that could not end.
    assert_eq!(ask(&mut scene.visitor()).await.status, 503);
    assert_eq!(scene.helpcenter.connections(), connections);
    store.heal();
    until("the session is back", async || ask(&mut ann).await.status == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opened_session_is_not_trusted_without_the_store() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let store = Arc::new(FaultyStore::new(Arc::new(scene.open_store().await)));
    scene.start_gateway_over(store.clone());
    let mut ann = scene.signed_in("ann@acme.example").await;
    assert_eq!(ask(&mut ann).await.status, 200);
    store.fail_all(Fault::Unavailable);
    store.cut_feed();
    scene.clock.advance(Duration::from_secs(1));
    until("what was cached is asked for again", async || {
        let status = ask(&mut ann).await.status;
        assert!([200, 503].contains(&status), "{status}");
        status == 503
    })
    .await;
    store.heal();
    assert_eq!(ask(&mut ann).await.status, 200);
}
