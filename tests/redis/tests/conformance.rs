//! The suite that every backend is held to, on real Redises over TLS.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test checks and reports")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis_lab::{Cluster, Server, Watched};
use store::{Followed, RedisSettings, RedisStore, Store, conformance};
use tokio::runtime::{Builder, Handle};

/// Runs the suite, each check under a prefix of its own, and prints how many checks there were.
async fn conform(name: &str, settings: RedisSettings) {
    conform_within(name, settings, &Handle::current()).await;
}

/// The same, with stores that live in `runtime`.
async fn conform_within(name: &str, settings: RedisSettings, runtime: &Handle) {
    let number = AtomicUsize::new(0);
    let checks = conformance::run(async || {
        let prefix = format!("vestibule:{}", number.fetch_add(1, Ordering::Relaxed));
        let settings = RedisSettings { prefix, ..settings.clone() };
        let store = {
            let _within = runtime.enter();
            Arc::new(RedisStore::open(settings, None, Followed::ALL).unwrap())
        };
        conformance::until_heard(&*store).await;
        store as Arc<dyn Store>
    })
    .await;
    println!("{name}: {checks} conformance checks passed");
    assert!(checks >= 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_single_redis_conforms() {
    let server = Server::start();
    conform("single redis", server.settings()).await;
}

/// As in the gateway: a worker has a runtime of one thread, and there a connection of its own.
#[test]
fn redis_conforms_in_a_worker() {
    let (server, watched, cluster) = (Server::start(), Watched::start(), Cluster::start(0));
    let background = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let worker = Builder::new_current_thread().enable_all().build().unwrap();
    worker.block_on(async {
        let runtime = background.handle();
        conform_within("single redis, worker", server.settings(), runtime).await;
        conform_within("sentinel, worker", watched.settings(), runtime).await;
        conform_within("cluster, worker", cluster.settings(), runtime).await;
    });
}

#[tokio::test]
async fn only_what_is_followed_is_announced() {
    let server = Server::start();
    let store = RedisStore::open(server.settings(), None, conformance::SOME).unwrap();
    conformance::until_heard(&store).await;
    conformance::only_what_is_followed_is_announced(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_redis_behind_sentinel_conforms() {
    let watched = Watched::start();
    conform("sentinel", watched.settings()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_conforms() {
    let cluster = Cluster::start(0);
    conform("cluster", cluster.settings()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn records_in_a_redis_of_their_own_conform() {
    let (sessions, records) = (Server::start(), Server::start());
    let number = AtomicUsize::new(0);
    let checks = conformance::run(async || {
        let prefix = format!("vestibule:{}", number.fetch_add(1, Ordering::Relaxed));
        let with = |settings| RedisSettings { prefix: prefix.clone(), ..settings };
        let records = Some(with(records.settings()));
        let store =
            Arc::new(RedisStore::open(with(sessions.settings()), records, Followed::ALL).unwrap());
        conformance::until_heard(&*store).await;
        store as Arc<dyn Store>
    })
    .await;
    println!("records apart: {checks} conformance checks passed");
}
