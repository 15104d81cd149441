//! A primary that dies under writes: what was acknowledged as a record is there afterwards.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test checks and reports"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::Timestamp;
use redis_lab::{Cluster, Watched};
use store::{Area, Entry, Followed, RedisSettings, RedisStore, Store, conformance};
use tokio::task::JoinHandle;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

async fn open(settings: RedisSettings) -> Arc<RedisStore> {
    let store = Arc::new(RedisStore::open(settings, None, Followed::ALL).unwrap());
    conformance::until_heard(&*store).await;
    store
}

/// Keys whose write was acknowledged, and the longest time without one.
type Written = (Vec<String>, Duration);

/// Writes until told to stop; notes what was acknowledged.
fn writer(
    store: &Arc<RedisStore>,
    area: Area,
    name: usize,
    stop: &Arc<AtomicBool>,
) -> JoinHandle<Written> {
    let (store, stop) = (Arc::clone(store), Arc::clone(stop));
    tokio::spawn(async move {
        let (mut written, mut gap, mut last) = (Vec::new(), Duration::ZERO, Instant::now());
        for number in 0_u32.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let key = format!("{name}/{number}");
            let entry =
                Entry { value: b"v".to_vec(), deadline: Timestamp::MAX, groups: Vec::new() };
            match store.put_if_absent(area, &key, entry, NOW).await {
                Ok(true) => {
                    gap = gap.max(last.elapsed());
                    last = Instant::now();
                    written.push(key);
                }
                Ok(false) => panic!("{key} was never written before"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        (written, gap)
    })
}

/// Lets primaries die under writes; counts what is missing afterwards.
async fn dies<L: Send + 'static>(
    what: &str,
    store: Arc<RedisStore>,
    die: impl FnOnce() -> L + Send + 'static,
) {
    let stop = Arc::new(AtomicBool::new(false));
    let records: Vec<_> = (0..4).map(|n| writer(&store, Area::Records, n, &stop)).collect();
    let sessions: Vec<_> = (0..4).map(|n| writer(&store, Area::Sessions, n, &stop)).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let _alive = tokio::task::spawn_blocking(die).await.unwrap();
    // Written again, by everybody.
    for number in 0..100 {
        let key = format!("after/{number}");
        let entry = Entry { value: b"v".to_vec(), deadline: Timestamp::MAX, groups: Vec::new() };
        while store.put(Area::Records, &key, entry.clone(), NOW).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    conformance::until_heard(&*store).await;
    stop.store(true, Ordering::Relaxed);
    let mut lost = [0, 0];
    let mut all = [0, 0];
    let mut gap = Duration::ZERO;
    for (at, (area, tasks)) in
        [(Area::Records, records), (Area::Sessions, sessions)].into_iter().enumerate()
    {
        for task in tasks {
            let (written, longest) = task.await.unwrap();
            gap = gap.max(longest);
            all[at] += written.len();
            for key in written {
                lost[at] += usize::from(store.get(area, &key, NOW).await.unwrap().is_none());
            }
        }
    }
    println!(
        "{what}: {} records acknowledged, {} lost; {} sessions acknowledged, {} lost; longest gap {gap:?}",
        all[0], lost[0], all[1], lost[1]
    );
    assert!(all[0] > 20, "{what}: something was written");
    assert_eq!(lost[0], 0, "{what}: an acknowledged record is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_record_is_lost_when_sentinel_fails_over() {
    let mut watched = Watched::start();
    let store = open(watched.settings()).await;
    dies("sentinel", store, move || {
        watched.fail_over();
        watched
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_record_is_lost_when_a_node_of_a_cluster_dies() {
    let mut cluster = Cluster::start(1);
    let store = open(cluster.settings()).await;
    dies("cluster", store, move || {
        cluster.lose_a_node();
        cluster
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_replicas_records_fail_closed_and_sessions_go_on() {
    let mut watched = Watched::start();
    let store = open(watched.settings()).await;
    let entry = || Entry { value: b"v".to_vec(), deadline: Timestamp::MAX, groups: Vec::new() };
    store.put(Area::Records, "before", entry(), NOW).await.unwrap();
    watched.nodes[1].kill();
    watched.nodes[2].kill();
    let refused = store.put_if_absent(Area::Records, "mark", entry(), NOW).await;
    assert!(refused.is_err(), "{refused:?}");
    store.put(Area::Sessions, "session", entry(), NOW).await.unwrap();
    assert!(store.get(Area::Records, "before", NOW).await.unwrap().is_some(), "reading goes on");
    let again = store.put_if_absent(Area::Records, "mark", entry(), NOW).await;
    assert!(!matches!(again, Ok(true)), "a mark that may be there is never set twice: {again:?}");
    watched.nodes[1].run();
    let begun = Instant::now();
    while store.put(Area::Records, "after", entry(), NOW).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "records are never written again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
