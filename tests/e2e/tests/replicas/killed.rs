//! Two real processes, one of which is killed again and again under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fakes::http_client::Browser;
use http::Method;

use crate::LINK;
use crate::processes::{Counts, Processes, sign_in};

/// Opens the page until told to stop: every answer must be the customer's own.
async fn load(
    counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
    mut browser: Browser,
    url: String,
    email: String,
) {
    while !stop.load(Ordering::Relaxed) {
        let page =
            counts.ask(async || browser.step(Method::GET, &url.parse().unwrap(), &[]).await).await;
        match page.status {
            200 if page.text().contains(&email) => {}
            302 | 303 | 401 => counts.add(&counts.lost_sessions),
            _ => counts.add(&counts.wrong),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Twelve seconds in the suite; `scripts/long replicas` says `seconds=120`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_killed_in_turn_under_load_lose_nothing() {
    let said = std::env::args().find_map(|a| a.strip_prefix("seconds=")?.parse::<u64>().ok());
    let seconds = said.unwrap_or(12);
    let (scene, _redis, mut processes, _front) = Processes::start().await;
    let (counts, stop) = (Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
    let base = scene.url("");
    let mut loads = Vec::new();
    for number in 0..8 {
        let name = format!("steady{number}");
        let browser = sign_in(&counts, &scene.acme, scene.visitor(), &base, &name).await;
        let (counts, stop) = (Arc::clone(&counts), Arc::clone(&stop));
        let (url, email) = (scene.url(LINK), format!("{name}@acme.example"));
        loads.push(load(counts, stop, browser, url, email));
    }
    let (begun, every) = (Instant::now(), Duration::from_secs((seconds / 12).clamp(3, 10)));
    let mut kills = 0;
    let killing = async {
        while begun.elapsed() < Duration::from_secs(seconds) {
            tokio::time::sleep(every).await;
            processes.kill(&scene, kills % 2).await;
            kills += 1;
        }
        stop.store(true, Ordering::Relaxed);
    };
    let signing_in = async {
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            let name = format!("new{number}");
            sign_in(&counts, &scene.acme, scene.visitor(), &base, &name).await;
            number += 1;
        }
    };
    tokio::join!(killing, signing_in, futures_util::future::join_all(loads));
    let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "two replicas, {kills} kills in {seconds} s: {} requests, {} connections broken and asked \
         again, {} sign-ins, {} of them begun again, {} pages of waiting, {} sessions lost, {} wrong answers",
        read(&counts.requests),
        read(&counts.broken),
        read(&counts.sign_ins),
        read(&counts.begun_again),
        read(&counts.waited),
        read(&counts.lost_sessions),
        read(&counts.wrong),
    );
    assert!(kills > 1 && read(&counts.sign_ins) > 10);
    assert_eq!((read(&counts.lost_sessions), read(&counts.wrong)), (0, 0));
}
