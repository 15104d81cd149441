//! A Redis that fails: what callers are told, how soon, and what is left afterwards.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test checks and reports"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Timestamp;
use redis_lab::{Fault, FaultProxy, Server};
use store::{
    Area, AreaId, Entry, Followed, GuardedStore, RedisSettings, RedisStore, Store, StoreError,
    conformance,
};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::broadcast::error::RecvError;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn entry(value: &str, groups: &[&str]) -> Entry {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Entry { value: value.into(), deadline: Timestamp::MAX, groups }
}

async fn open(settings: RedisSettings) -> Arc<RedisStore> {
    let store = Arc::new(RedisStore::open(settings, None, Followed::ALL).unwrap());
    conformance::until_heard(&*store).await;
    store
}

/// Asks until the answer is an error, or until it is none.
async fn until(store: &dyn Store, failing: bool) {
    while store.get(Area::Sessions, "k", NOW).await.is_err() != failing {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What is said of a Redis that is away, and that it is there again.
async fn away_and_back(fault: Fault) {
    let server = Server::start();
    let proxy = FaultProxy::start(server.port).await;
    let store = open(server.settings_through(proxy.port())).await;
    store.put(Area::Sessions, "k", entry("v", &[]), NOW).await.unwrap();
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        own(&server, &*store).await;
    }
    let mut feed = store.changes();
    proxy.fail(fault);
    let begun = Instant::now();
    until(&*store, true).await;
    while let Ok(before) = feed.recv().await {
        assert_eq!(before.key, "k");
    }
    assert_eq!(feed.recv().await, Err(RecvError::Closed), "{fault:?}: the feed says so");
    let noticed = begun.elapsed();
    // A first error may come from a call's own deadline: here the connection is known to be away.
    let mut waits: Vec<Duration> = Vec::new();
    for _ in 0..101 {
        let begun = Instant::now();
        let answer = store.get(Area::Sessions, "k", NOW).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{fault:?}: {answer:?}");
        waits.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waits.sort();
    assert!(waits[50] < Duration::from_millis(50), "{fault:?}: {:?}", waits[50]);
    proxy.fail(Fault::None);
    let begun = Instant::now();
    until(&*store, false).await;
    let back = begun.elapsed();
    conformance::until_heard(&*store).await;
    println!(
        "{fault:?}: noticed after {noticed:?}; 101 answers: median {:?}, longest {:?}; back after {back:?}",
        waits[50], waits[100]
    );
    assert_eq!(store.get(Area::Sessions, "k", NOW).await.unwrap(), Some(b"v".to_vec()));
    assert!(back < Duration::from_secs(2), "{fault:?}: {back:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_cut_off_is_told_at_once_and_comes_back() {
    away_and_back(Fault::Cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_in_a_black_hole_is_told_at_once_and_comes_back() {
    away_and_back(Fault::BlackHole).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hears_and_does_not_answer_is_told_at_once_and_comes_back() {
    away_and_back(Fault::HalfOpen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_redis_is_waited_for() {
    let server = Server::start();
    let proxy = FaultProxy::start(server.port).await;
    let store = open(server.settings_through(proxy.port())).await;
    proxy.fail(Fault::Delay(Duration::from_millis(60)));
    for number in 0..5 {
        store.put(Area::Sessions, &number.to_string(), entry("v", &[]), NOW).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_killed_comes_back_with_what_it_wrote() {
    let mut server = Server::start();
    let store = open(server.settings()).await;
    for number in 0..100 {
        store.put(Area::Records, &number.to_string(), entry("v", &["g"]), NOW).await.unwrap();
    }
    server.kill();
    until(&*store, true).await;
    server.run();
    until(&*store, false).await;
    assert_eq!(store.group(Area::Records, "g", NOW).await.unwrap().len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_were_wiped_are_used_no_more() {
    let server = Server::start();
    let plain = open(server.settings()).await;
    let id = AreaId::from_random([1; 16]);
    let guarded = GuardedStore::new(plain.clone(), id.clone());
    let refused = guarded.get(Area::Records, "k", NOW).await;
    assert!(matches!(refused, Err(StoreError::Area(_))), "new ones need an order: {refused:?}");
    id.write(&*plain, NOW).await.unwrap();
    assert!(guarded.put_if_absent(Area::Records, "k", entry("v", &[]), NOW).await.unwrap());
    for wipe in [&["FLUSHALL"][..], &["DEL", "vestibule:r:area-id/3"]] {
        server.cli(wipe);
        // The wipe is told by the feed, or seen at the latest when the connection is looked at.
        let begun = Instant::now();
        let mut refused = guarded.put_if_absent(Area::Records, "k2", entry("v", &[]), NOW).await;
        while refused.is_ok() && begun.elapsed() < Duration::from_secs(1) {
            tokio::time::sleep(Duration::from_millis(1)).await;
            refused = guarded.put_if_absent(Area::Records, "k2", entry("v", &[]), NOW).await;
        }
        assert!(matches!(refused, Err(StoreError::Area(_))), "{wipe:?}: {refused:?}");
        assert!(guarded.probe(NOW).await.is_err(), "{wipe:?}");
        guarded.put(Area::Sessions, "s", entry("v", &[]), NOW).await.unwrap();
        id.write(&*plain, NOW).await.unwrap();
        guarded.put(Area::Records, "k", entry("v", &[]), NOW).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_dangle_are_cleaned_when_they_are_met_and_not_too_early() {
    let server = Server::start();
    let store = open(server.settings()).await;
    store.put(Area::Sessions, "here", entry("v", &["g"]), NOW).await.unwrap();
    let index = "vestibule:sg:g";
    let old = "1000000000 0";
    server.cli(&["HSET", index, "crashed", old]);
    let now = server.cli(&["TIME"]);
    let fresh = format!("{} 0", now.lines().next().unwrap());
    server.cli(&["HSET", index, "being-written", &fresh]);
    assert_eq!(store.group(Area::Sessions, "g", NOW).await.unwrap().len(), 1);
    let mut left: Vec<String> = server.cli(&["HKEYS", index]).lines().map(str::to_owned).collect();
    left.sort();
    assert_eq!(left, ["being-written", "here"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_forgets_by_itself_what_has_ended() {
    let server = Server::start();
    let store = open(server.settings()).await;
    let short = Entry { deadline: NOW.plus(Duration::from_secs(60)), ..entry("v", &["g"]) };
    store.put(Area::Sessions, "short", short, NOW).await.unwrap();
    store.put(Area::Records, "endless", entry("v", &["h"]), NOW).await.unwrap();
    let life = |key: &str| server.cli(&["TTL", key]).parse::<i64>().unwrap();
    for key in ["vestibule:s:short", "vestibule:sg:g"] {
        assert!((60..400).contains(&life(key)), "{key}: {}", life(key));
    }
    for key in ["vestibule:r:endless", "vestibule:rg:h"] {
        assert_eq!(life(key), -1, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_is_named_and_nothing_secret_is() {
    let server = Server::start();
    let store = open(server.settings()).await;
    server.cli(&["ACL", "SETUSER", redis_lab::USER, "-get"]);
    let error = store.get(Area::Sessions, "planted-key", NOW).await.unwrap_err().to_string();
    assert!(error.contains("NOPERM") && error.contains("get"), "{error}");
    server.cli(&["ACL", "SETUSER", redis_lab::USER, "+get", ">other", "<redis-lab"]);
    server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    until(&*store, true).await;
    let error = store.get(Area::Sessions, "planted-key", NOW).await.unwrap_err().to_string();
    assert!(!error.contains(redis_lab::PASSWORD) && !error.contains("planted"), "{error}");
}

/// The connections of the store by Redis's numbers: those that hear of changes, and the others.
fn connections(server: &Server) -> (Vec<String>, Vec<String>) {
    let list = server.cli(&["CLIENT", "LIST"]);
    let field = |line: &str, name: &str| {
        line.split(' ').find_map(|field| field.strip_prefix(name)).unwrap().to_owned()
    };
    let ours = list.lines().filter(|line| field(line, "user=") == redis_lab::USER);
    let (watched, others): (Vec<&str>, Vec<&str>) =
        ours.partition(|line| field(line, "flags=").contains('t'));
    let number = |line: &&str| field(line, "id=");
    (watched.iter().map(number).collect(), others.iter().map(number).collect())
}

/// Asks until this thread has a connection of its own.
async fn own(server: &Server, store: &dyn Store) -> String {
    loop {
        store.get(Area::Sessions, "k", NOW).await.unwrap();
        if let Some(own) = connections(server).1.pop() {
            return own;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A worker of the gateway is a runtime of one thread.
#[tokio::test]
async fn a_worker_has_a_connection_of_its_own_and_does_without_it() {
    let server = Server::start();
    let store = open(server.settings()).await;
    let first = own(&server, &*store).await;
    let mut feed = store.changes();
    server.cli(&["CLIENT", "KILL", "ID", &first]);
    // What was under way on it is lost; what comes then is not.
    let _lost = store.put(Area::Sessions, "k", entry("v", &[]), NOW).await;
    store.put(Area::Sessions, "k", entry("w", &[]), NOW).await.unwrap();
    let second = own(&server, &*store).await;
    assert_ne!(first, second, "another one is made");
    assert_eq!(store.get(Area::Sessions, "k", NOW).await.unwrap(), Some(b"w".to_vec()));
    assert_eq!(feed.recv().await.unwrap().key, "k", "changes were heard all the time");
    let mut feed = store.changes();
    server.cli(&["CLIENT", "KILL", "ID", &connections(&server).0[0]]);
    while feed.recv().await != Err(RecvError::Closed) {}
    conformance::until_heard(&*store).await;
    own(&server, &*store).await;
}

#[tokio::test]
async fn a_worker_is_told_at_once_and_comes_back() {
    for fault in [Fault::Cut, Fault::BlackHole, Fault::HalfOpen] {
        away_and_back(fault).await;
    }
}
