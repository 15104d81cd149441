//! The store is gone: nobody in wrongly, nobody thrown out for good.

use std::sync::Arc;
use std::time::{Duration, Instant};

use e2e::{Scene, SceneOptions, until};
use fakes::http_client::Connections;
use gateway::control::Whose;
use http::Method;
use store::fault::{Fault, Operation};
use store::{FaultyStore, Store};

use crate::replicas::Pair;
use crate::{LINK, SECOND, SESSION};

/// attacks.md D8: 503 at once, the cookie kept, no sign-in begun, and back by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_a_lost_store_is_503_with_the_cookie_kept_and_comes_back_by_itself() {
    let pair = Pair::start().await;
    let ann = pair.scene.signed_in("ann@acme.example").await;
    let (cookie, keep) = (ann.cookie(SESSION).unwrap(), Connections::default());
    assert_eq!(pair.ask(&keep, pair.there(), cookie).await.status, 200);
    pair.store.fail_all(Fault::Unavailable);
    pair.store.cut_feed();
    pair.scene.clock.advance(SECOND);
    for port in [pair.scene.port, pair.there()] {
        until("it is known to be gone", async || pair.ask(&keep, port, cookie).await.status == 503)
            .await;
        let answer = pair.ask(&keep, port, cookie).await;
        assert_eq!(answer.status, 503);
        assert!(answer.header("retry-after").is_some() && answer.header("set-cookie").is_none());
        assert_eq!(answer.header("location"), None);
    }
    pair.store.heal();
    for port in [pair.scene.port, pair.there()] {
        until("she is back", async || pair.ask(&keep, port, cookie).await.status == 200).await;
    }
}

/// A store that hangs is answered for quickly once it is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_a_store_that_hangs_holds_nobody_up() {
    let pair = Pair::start().await;
    let ann = pair.scene.signed_in("ann@acme.example").await;
    let (cookie, keep) = (ann.cookie(SESSION).unwrap(), Connections::default());
    pair.store.fail_all(Fault::Unavailable);
    pair.store.cut_feed();
    pair.scene.clock.advance(SECOND);
    until("it is known to be gone", async || {
        pair.ask(&keep, pair.there(), cookie).await.status == 503
    })
    .await;
    let gates: Vec<_> = [Operation::Get, Operation::Group].map(|o| pair.store.hold(o)).into();
    let mut took: Vec<Duration> = Vec::new();
    for _ in 0..20 {
        pair.scene.clock.advance(SECOND);
        let began = Instant::now();
        assert_eq!(pair.ask(&keep, pair.there(), cookie).await.status, 503);
        took.push(began.elapsed());
    }
    took.sort_unstable();
    println!("503 while the store hangs: median {:?}, longest {:?}", took[10], took[19]);
    drop(gates);
    pair.store.heal();
    until("she is back", async || pair.ask(&keep, pair.there(), cookie).await.status == 200).await;
}

/// Invariant 5: within `store_grace` those whose session was open here go on; nobody who was
/// revoked before does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_store_grace_open_sessions_go_on_and_revoked_ones_do_not() {
    let options = SceneOptions { more: "store_grace: 5m\n".to_owned(), ..SceneOptions::default() };
    let pair = Pair::with(options, None).await;
    let (ann, bob) = (
        pair.scene.signed_in("ann@acme.example").await,
        pair.scene.signed_in("bob@globex.example").await,
    );
    let (hers, his) = (ann.cookie(SESSION).unwrap(), bob.cookie(SESSION).unwrap());
    let keep = Connections::default();
    for cookie in [hers, his] {
        assert_eq!(pair.ask(&keep, pair.there(), cookie).await.status, 200);
    }
    pair.scene.clock.advance(SECOND);
    drop(pair.revoke(Whose::Idp("globex".parse().unwrap())).await);
    until("he is out", async || pair.ask(&keep, pair.there(), his).await.status == 302).await;
    assert_eq!(pair.ask(&keep, pair.there(), hers).await.status, 200);
    pair.store.fail_all(Fault::Unavailable);
    pair.store.cut_feed();
    until("the loss is noticed", async || {
        pair.scene.clock.advance(SECOND);
        pair.ask(&keep, pair.there(), his).await.status == 503
    })
    .await;
    for _ in 0..20 {
        pair.scene.clock.advance(SECOND);
        assert_eq!(pair.ask(&keep, pair.there(), hers).await.status, 200);
        assert_eq!(pair.ask(&keep, pair.there(), his).await.status, 503);
    }
    pair.scene.clock.advance(Duration::from_secs(300));
    assert_eq!(pair.ask(&keep, pair.there(), hers).await.status, 503, "grace is over");
    pair.store.heal();
    until("she is back", async || pair.ask(&keep, pair.there(), hers).await.status == 200).await;
    until("he is not", async || pair.ask(&keep, pair.there(), his).await.status == 302).await;
}

/// attacks.md D8: an error at any single operation never lets a stranger or a revoked one in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_no_single_failing_operation_lets_anybody_in() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let store = Arc::new(FaultyStore::new(Arc::new(scene.open_store().await)));
    scene.start_gateway_over(Arc::clone(&store) as Arc<dyn Store>);
    let mut ann = scene.signed_in("ann@acme.example").await;
    let revoked = ann.cookie(SESSION).unwrap().to_owned();
    scene.clock.advance(SECOND);
    let order = gateway::control::Command::RevokeSessions { whose: Whose::All };
    drop(scene.order(&order).await);
    for operation in Operation::ALL {
        for fault in [Fault::Unavailable, Fault::LostAnswer] {
            store.fail(operation, fault);
            ann.set_cookie(SESSION, &revoked);
            let answer = ann.ask(Method::GET, LINK, &[("accept", "text/html")], "").await;
            assert!(
                [302, 503].contains(&answer.status),
                "{operation:?} {fault:?}: {}",
                answer.status
            );
            store.heal();
        }
    }
}
