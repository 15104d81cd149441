//! How long a revocation takes to reach the other replica, by the system's clock.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a helper that fails fails its test, and figures are printed"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Clock as _;
use e2e::{SceneOptions, open_websocket, until};
use fakes::http_client::Connections;
use futures_util::StreamExt as _;
use gateway::SystemClock;
use gateway::control::{self, Command, Whose};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::open::Download;
use crate::replicas::{Loss, Pair, ask, plant};
use crate::{SECOND, SESSION};

const TRIES: usize = 100;
const AT_ONCE: usize = 10;

fn clock() -> Option<Arc<dyn domain::Clock>> {
    Some(Arc::new(SystemClock))
}

/// `tries=100`, as `scripts/long revocation` says.
fn tries() -> usize {
    let said = std::env::args().find_map(|a| a.strip_prefix("tries=")?.parse().ok());
    said.unwrap_or(2 * AT_ONCE)
}

/// Issue 4, acceptance 3: over 100 tries p99 is at most a second, with the feed and without. From
/// the moment of the order to the first answer that lets nobody in; each try asks all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_of_a_hundred_revocations_each_reaches_the_other_replica_within_a_second() {
    let pair = Arc::new(Pair::with(SceneOptions::default(), clock()).await);
    for loss in [Loss::Nothing, Loss::Feed] {
        measure("one store", &pair, loss, TRIES).await;
    }
}

/// The same over a real Redis, and where the other replica cannot reach it: then that it lets
/// nobody in is a 503, until it can. Twenty tries in the suite.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_over_redis_a_revocation_reaches_the_other_replica_within_a_second() {
    let pair = Arc::new(Pair::on_redis(clock()).await);
    for loss in [Loss::Nothing, Loss::Feed, Loss::Link, Loss::Answers] {
        measure("redis", &pair, loss, tries()).await;
    }
}

async fn measure(store: &str, pair: &Arc<Pair>, loss: Loss, tries: usize) {
    let mut took = Vec::new();
    let cookies = plant(&pair.scene, &pair.store, tries, SystemClock.now()).await;
    for (round, some) in cookies.chunks(AT_ONCE).enumerate() {
        let step = Arc::new(Barrier::new(some.len() + 1));
        let mut tries = JoinSet::new();
        for (index, cookie) in some.iter().enumerate() {
            let number = round * AT_ONCE + index;
            tries.spawn(one(Arc::clone(pair), number, cookie.clone(), Arc::clone(&step)));
        }
        // All of them are in, and at hand there, when it is lost.
        step.wait().await;
        pair.lose(1, loss);
        step.wait().await;
        took.extend(tries.join_all().await);
        if matches!(loss, Loss::Link | Loss::Answers) {
            pair.lose(1, Loss::Nothing);
            still_out(pair, some).await;
        }
    }
    pair.lose(1, Loss::Nothing);
    took.sort_unstable();
    let (median, p99) = (took[took.len() / 2], took[(took.len() * 99).div_ceil(100) - 1]);
    let longest = took.last().expect("some");
    println!(
        "{store}: revoked on the other replica, which lost {loss:?}: median {median:?}, p99 {p99:?}, \
         longest {longest:?} of {}",
        took.len()
    );
    assert!(p99 <= SECOND, "{store}, {loss:?}: p99 {p99:?}");
}

async fn one(pair: Arc<Pair>, number: usize, cookie: String, step: Arc<Barrier>) -> Duration {
    let (keep, authority) = (Connections::default(), pair.scene.authority.certificate_pem());
    let there = pair.there();
    // After a loss the replica may be on its way back to the store.
    while ask(&keep, &authority, there, &cookie).await.expect("an answer").status != 200 {}
    step.wait().await;
    step.wait().await;
    let socket = pair.scene.folder.path().join("data/control.sock");
    let whose = Whose::Person(format!("acme/person-{number}"));
    let began = Instant::now();
    let order = tokio::spawn(async move {
        control::send(&socket, &Command::RevokeSessions { whose }).await.expect("an answer")
    });
    while ask(&keep, &authority, there, &cookie).await.expect("an answer").status == 200 {}
    let took = began.elapsed();
    let revoked = order.await.expect("no panic");
    assert!(matches!(revoked, control::Answer::Revoked { ended: 1, .. }), "{revoked:?}");
    took
}

/// Once the store answers there again, it says for itself that they are out.
async fn still_out(pair: &Pair, cookies: &[String]) {
    let keep = Connections::default();
    for cookie in cookies {
        let mut status = 503;
        until("the store answers there", async || {
            status = pair.ask(&keep, pair.there(), cookie).await.status;
            status != 503
        })
        .await;
        assert_eq!(status, 302);
    }
}

/// Issue 4, acceptance 3: what is open ends, too. Where the replica cannot reach the store nobody
/// can tell it; then it ends when it can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_over_redis_a_websocket_and_a_download_end_within_a_second() {
    let pair = Pair::on_redis(clock()).await;
    let mut number = 0;
    for loss in [Loss::Nothing, Loss::Feed, Loss::Link, Loss::Answers] {
        let mut took = Vec::new();
        for _ in 0..tries() / AT_ONCE {
            took.push(open_ends(&pair, number, loss).await);
            number += 1;
        }
        took.sort_unstable();
        let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
        println!(
            "redis: a WebSocket and a download of 1 GB at a replica that lost {loss:?} have ended \
             after {median:?}, at the longest {longest:?}, of {}",
            took.len()
        );
        let back = if loss == Loss::Answers { SECOND } else { Duration::ZERO };
        assert!(longest <= SECOND + back, "{loss:?}: {longest:?}");
    }
}

/// How long both are open after the order to the other replica, or after the store is back.
async fn open_ends(pair: &Pair, number: usize, loss: Loss) -> Duration {
    let scene = &pair.scene;
    let cookies = plant(scene, &pair.store, number + 1, SystemClock.now()).await;
    let cookie = cookies.last().expect("just made");
    let field = format!("{SESSION}={cookie}");
    let mut socket = open_websocket(scene, "/ws", &[("cookie", &field)]).await.expect("open");
    let mut download = Download::begin(scene, cookie).await;
    download.some_more(8 << 20).await;
    pair.lose(0, loss);
    let mut began = Instant::now();
    let whose = Whose::Person(format!("acme/person-{number}"));
    let second = scene.folder.path().join("data/second.sock");
    let revoked = control::send(&second, &Command::RevokeSessions { whose }).await;
    assert!(matches!(revoked, Ok(control::Answer::Revoked { ended: 1.., .. })), "{revoked:?}");
    if matches!(loss, Loss::Link | Loss::Answers) {
        download.some_more(8 << 20).await;
        pair.lose(0, Loss::Nothing);
        began = Instant::now();
    }
    let end = async {
        while download.is_running().await {}
        while let Some(Ok(_)) = socket.next().await {}
    };
    tokio::time::timeout(Duration::from_secs(30), end).await.expect("both end");
    let took = began.elapsed();
    pair.lose(0, Loss::Nothing);
    took
}
