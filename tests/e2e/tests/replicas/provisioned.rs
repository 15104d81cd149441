//! One customer in many browsers at once, for the first time ever, on two real processes that are
//! killed while JSM is being written to.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fakes::jsm::{Fault, Operation};

use crate::processes::{Counts, Processes, sign_in};

/// A number of `scripts/long first-sign-ins`, or that of every day.
fn said(name: &str, otherwise: usize) -> usize {
    let found = std::env::args().find_map(|a| a.strip_prefix(name)?.parse().ok());
    found.unwrap_or(otherwise)
}

/// After how many calls of JSM the next kill comes: another number each time.
fn random(limit: u64) -> usize {
    let random = RandomState::new().build_hasher().finish();
    1 + usize::try_from(random % limit).unwrap()
}

/// Ten browsers and one customer in the suite; `scripts/long first-sign-ins` says `browsers=50`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_first_sign_ins_on_killed_replicas_make_one_account() {
    let (browsers, rounds) = (said("browsers=", 10), said("rounds=", 1));
    let (scene, _redis, mut processes, _front) = Processes::start().await;
    let counts = Counts::default();
    let base = scene.url("");
    for round in 0..rounds {
        scene.jsm.forget_calls();
        // Slow enough that a kill meets a call under way.
        scene.jsm.fail_all(Fault::Slow(Duration::from_millis(120)));
        let name = format!("first{round}");
        let done = Arc::new(AtomicBool::new(false));
        let killing = async {
            let mut kills = Vec::new();
            let (mut seen, mut number) = (0, round);
            while kills.len() < 3 && !done.load(Ordering::Relaxed) {
                let wanted = seen + random(4);
                while scene.jsm.calls().len() < wanted && !done.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                seen = scene.jsm.calls().len();
                processes.kill(&scene, number % 2).await;
                kills.push(seen);
                number += 1;
            }
            (kills, Instant::now())
        };
        let signing_in = async {
            let visits =
                (0..browsers).map(|_| sign_in(&counts, &scene.acme, scene.visitor(), &base, &name));
            futures_util::future::join_all(visits).await;
            done.store(true, Ordering::Relaxed);
            Instant::now()
        };
        let ((kills, restarted), ended) = tokio::join!(killing, signing_in);
        scene.jsm.recover();
        let email = format!("{name}@acme.example");
        let customers = scene.jsm.customers();
        let own: Vec<_> = customers.iter().filter(|customer| customer.email == email).collect();
        let [customer] = own.as_slice() else { panic!("not one account, but {own:?}") };
        assert_eq!(customers.len(), round + 1, "{customers:?}");
        for members in [scene.jsm.desk_members("1"), scene.jsm.organization_members("Acme")] {
            assert!(members.contains(&customer.id) && members.len() == round + 1, "{members:?}");
        }
        assert!(scene.jsm.desk_members("3").is_empty(), "and nowhere else");
        println!(
            "round {round}: {browsers} browsers, killed after {kills:?} calls of JSM, {} calls in all, \
             {} of them creations; everybody in {:.1} s after the last restart",
            scene.jsm.calls().len(),
            scene.jsm.count(Operation::CreateCustomer),
            ended.saturating_duration_since(restarted).as_secs_f64(),
        );
    }
    let read = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "{} sign-ins, {} begun again, {} connections broken, {} pages of waiting",
        read(&counts.sign_ins),
        read(&counts.begun_again),
        read(&counts.broken),
        read(&counts.waited),
    );
    assert_eq!(read(&counts.sign_ins), browsers * rounds);
}
