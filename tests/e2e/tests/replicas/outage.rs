//! Redis gone and back.

use std::time::{Duration, Instant};

use e2e::{Replicas, SceneOptions, Visitor, until};
use http::Method;
use redis_lab::{Fault, FaultProxy};
use store::{Area, AreaId, Store};

use crate::{LINK, ask};

const SESSION: &str = "__Host-vestibule";

/// A 503 that takes nothing away.
async fn held_off(replicas: &Replicas, visitor: &mut Visitor, cookie: Option<&str>) {
    let answer = ask(visitor).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(visitor.cookie(SESSION), cookie, "the cookie stays");
    assert_eq!(replicas.cause(&answer), "store-unavailable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_redis_gone_under_load_loses_no_session_and_lets_nobody_in() {
    let mut replicas = Replicas::start().await;
    let mut visitors = Vec::new();
    for number in 0..12 {
        visitors.push(replicas.scene.signed_in(&format!("p{number}@acme.example")).await);
    }
    let mut out = replicas.scene.signed_in("out@acme.example").await;
    let mut revoked = replicas.scene.visitor();
    revoked.browser.clone_from(&out.browser);
    let page = out.open("/.vestibule/sign-out").await;
    out.step(&out.form(&page)).await;
    let mut under_way = replicas.scene.visitor();
    let at_acme = under_way.begin(LINK, "late@acme.example").await;
    let cookie = visitors[0].cookie(SESSION).map(str::to_owned);

    replicas.redis.kill();
    // What was opened lately is good for a second without the feed, by the gateway's clock.
    replicas.scene.clock.advance(Duration::from_secs(2));
    until("both replicas know that it is away", async || {
        ask(&mut visitors[0]).await.status == 503 && ask(&mut visitors[0]).await.status == 503
    })
    .await;
    let mut waits = Vec::new();
    for _ in 0..5 {
        for visitor in &mut visitors {
            let begun = Instant::now();
            assert_eq!(ask(visitor).await.status, 503);
            waits.push(begun.elapsed());
        }
    }
    waits.sort();
    held_off(&replicas, &mut visitors[0], cookie.as_deref()).await;
    assert_ne!(ask(&mut revoked).await.status, 200, "who was signed out stays out");
    let sign_in = replicas.scene.visitor().open("/.vestibule/sign-in/acme").await;
    assert_eq!(sign_in.status, 503, "no sign-in begins");
    let answer = replicas.scene.come_back(&mut under_way, "late@acme.example", &at_acme).await;
    assert_eq!(answer.status, 503, "and none ends");

    replicas.redis.run();
    let begun = Instant::now();
    until("everybody is in again", async || {
        let mut all = true;
        for visitor in &mut visitors {
            all &= ask(visitor).await.status == 200;
        }
        all
    })
    .await;
    let back = begun.elapsed();
    println!(
        "redis gone: {} answers of 503, median {:?}, longest {:?}; all 12 sessions back after {back:?}",
        waits.len(),
        waits[waits.len() / 2],
        waits[waits.len() - 1]
    );
    assert_ne!(ask(&mut revoked).await.status, 200, "who was signed out stays out");
    assert_eq!(visitors[0].cookie(SESSION), cookie.as_deref());
    replicas.scene.signed_in("new@acme.example").await;
    assert!(back < Duration::from_secs(2), "{back:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b3_while_redis_is_silent_nothing_is_used_and_nothing_is_lost() {
    let mut proxy = None;
    for fault in [Fault::Cut, Fault::BlackHole, Fault::HalfOpen] {
        let mut replicas = Replicas::with(SceneOptions::default(), |redis| {
            // Its port is known only now; it is given to the file before anybody connects.
            let started = futures_util::FutureExt::now_or_never(FaultProxy::start(redis.port));
            let started = started.expect("binding waits for nothing");
            let line = redis.line_through(started.port());
            proxy = Some(started);
            line
        })
        .await;
        let proxy = proxy.as_ref().unwrap();
        let mut visitor = replicas.scene.signed_in("ann@acme.example").await;
        let cookie = visitor.cookie(SESSION).map(str::to_owned);
        let mut under_way = replicas.scene.visitor();
        let at_acme = under_way.begin(LINK, "bob@acme.example").await;
        proxy.fail(fault);
        replicas.scene.clock.advance(Duration::from_secs(2));
        until("both replicas know that it is away", async || {
            ask(&mut visitor).await.status == 503 && ask(&mut visitor).await.status == 503
        })
        .await;
        held_off(&replicas, &mut visitor, cookie.as_deref()).await;
        let answer = replicas.scene.come_back(&mut under_way, "bob@acme.example", &at_acme).await;
        assert_eq!(answer.status, 503, "{fault:?}");
        proxy.fail(Fault::None);
        until("it goes on", async || ask(&mut visitor).await.status == 200).await;
        replicas.stop_replica(0).await;
        until("the other one does, too", async || ask(&mut visitor).await.status == 200).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wiped_sessions_mean_signing_in_again_and_wiped_records_mean_no_start() {
    let mut replicas = Replicas::start().await;
    let mut visitor = replicas.scene.signed_in("ann@acme.example").await;
    for key in replicas.redis.cli(&["KEYS", "vestibule:s*"]).lines() {
        replicas.redis.cli(&["DEL", key]);
    }
    until("the session is gone", async || ask(&mut visitor).await.status == 302).await;
    let mut visitor = replicas.scene.signed_in("ann@acme.example").await;

    replicas.redis.cli(&["FLUSHALL"]);
    until("no sign-in ends over records that were wiped", async || {
        let mut other = replicas.scene.visitor();
        let page = other.ask(Method::GET, "/.vestibule/sign-in/acme", &[], "").await;
        let Some(at_acme) = page.location() else { return page.status == 503 };
        let answer =
            replicas.scene.come_back(&mut other, "bob@acme.example", at_acme.as_str()).await;
        assert!(!e2e::sets_session(&answer), "somebody came in");
        answer.status == 503
    })
    .await;
    replicas.stop_replica(1).await;
    let refused = replicas.start_replica(1).unwrap_err().to_string();
    assert!(refused.contains("vestibule store init") && refused.contains("restore"), "{refused}");
    replicas.init().await.unwrap();
    replicas.start_replica(1).unwrap();
    // These are other records than those that the other one was started with: it uses none.
    replicas.stop_replica(0).await;
    replicas.start_replica(0).unwrap();
    let answer = replicas.scene.sign_in(&mut visitor, "ann@acme.example", LINK).await;
    assert_eq!(answer.status, 303, "signing in is all that is needed: {}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_records_are_refused() {
    let mut replicas = Replicas::start().await;
    replicas.stop_replica(1).await;
    let store =
        store::RedisStore::open(replicas.redis.settings(), None, session::FOLLOWED).unwrap();
    store::conformance::until_heard(&store).await;
    let now = domain::Clock::now(&replicas.scene.clock);
    let ours = AreaId::check(&store, None, now).await.unwrap();
    replicas.scene.edit("store: { redis:", &format!("store: {{ id: {ours}, redis:"));
    replicas.start_replica(1).unwrap();
    replicas.stop_replica(1).await;
    AreaId::from_random([9; 16]).write(&store, now).await.unwrap();
    let refused = replicas.start_replica(1).unwrap_err().to_string();
    assert!(refused.contains(ours.as_str()) && refused.contains("store.id"), "{refused}");
    assert!(store.get(Area::Records, "area-id/0", now).await.unwrap().is_some());
}
