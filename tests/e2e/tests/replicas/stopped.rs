//! Redis is away for a while, under load: two real processes, real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::{Scene, asks_again, sets_session};
use fakes::http_client::{Browser, PageForm};
use fakes::{Person, saml};
use http::Method;
use redis_lab::Server;

use crate::LINK;
use crate::processes::{Counts, Processes, sign_in};

const PEOPLE: usize = 8;
/// Between two requests of one person.
const PACE: Duration = Duration::from_millis(20);
/// A silent Redis is known to be one after so long; see docs/redis.md.
const NOTICED: Duration = Duration::from_secs(1);

/// How Redis is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Killed,
    /// It keeps its connections and says nothing.
    Silent,
}

impl Way {
    fn go(self, redis: &mut Server) {
        match self {
            Self::Killed => redis.kill(),
            Self::Silent => redis.signal("STOP"),
        }
    }

    fn come_back(self, redis: &mut Server) {
        match self {
            Self::Killed => redis.run(),
            Self::Silent => redis.signal("CONT"),
        }
    }
}

/// One answer; 0: the connection broke.
#[derive(Debug, Clone, Copy)]
struct Met {
    asked: Instant,
    took: Duration,
    status: u16,
}

async fn met(ask: impl Future<Output = u16>) -> Met {
    let asked = Instant::now();
    let status = ask.await;
    Met { asked, took: asked.elapsed(), status }
}

/// Opens the page until told to stop.
async fn load(stop: Arc<AtomicBool>, mut browser: Browser, url: String) -> Vec<Met> {
    let (mut all, url) = (Vec::new(), url.parse().unwrap());
    while !stop.load(Ordering::Relaxed) {
        let ask = async {
            let answer = browser.step(Method::GET, &url, &[]).await;
            answer.map_or(0, |answer| answer.status)
        };
        all.push(met(ask).await);
        tokio::time::sleep(PACE).await;
    }
    all
}

/// The first status on the way that is none of a sign-in; 200 when there is a session at its end.
async fn try_sign_in(scene: &Scene, number: usize) -> u16 {
    let person = Person::new("Pat Tester", &format!("late{number}@acme.example"));
    let mut browser = scene.visitor().browser;
    let begin = scene.url("/.vestibule/sign-in/acme").parse().unwrap();
    let answer = browser.step(Method::GET, &begin, &[]).await.unwrap();
    let Some(at_acme) = answer.location().filter(|_| answer.status == 303) else {
        return answer.status;
    };
    let form = scene.acme.respond(at_acme.as_str(), &person, saml::Answer::default());
    let form = PageForm { action: form.action.parse().unwrap(), post: true, fields: form.fields };
    let answer = browser.step(Method::POST, &form.action, &form.fields).await.unwrap();
    if sets_session(&answer) || asks_again(&answer).is_some() { 200 } else { answer.status }
}

fn seconds() -> u64 {
    let said = std::env::args().find_map(|a| a.strip_prefix("seconds=")?.parse().ok());
    said.unwrap_or(3)
}

/// Of what was asked between two moments: how many, the median, the one that 99 of 100 are not
/// above, the longest.
fn figures(all: &[Met]) -> (usize, Duration, Duration, Duration) {
    let mut took: Vec<Duration> = all.iter().map(|met| met.took).collect();
    took.sort_unstable();
    let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)];
    (took.len(), at(50), at(99), at(100))
}

async fn away(way: Way) {
    let (scene, mut redis, _processes, _front) = Processes::start().await;
    let (counts, stop) = (Counts::default(), Arc::new(AtomicBool::new(false)));
    let base = scene.url("");
    let mut loads = Vec::new();
    let mut revoked = None;
    for number in 0..=PEOPLE {
        let name = format!("steady{number}");
        let browser = sign_in(&counts, &scene.acme, scene.visitor(), &base, &name).await;
        if number == PEOPLE {
            revoked = Some(browser);
        } else {
            loads.push(tokio::spawn(load(Arc::clone(&stop), browser, scene.url(LINK))));
        }
    }
    let order = ["sessions", "revoke", "--person", "steady8@acme.example", "--yes"];
    let done = scene.command_on(&scene.folder.path().join("replica-0.yaml"), &order).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let out = tokio::spawn(load(Arc::clone(&stop), revoked.unwrap(), scene.url(LINK)));

    tokio::time::sleep(Duration::from_secs(1)).await;
    let went = Instant::now();
    way.go(&mut redis);
    let (mut sign_ins, mut back) = (Vec::new(), None);
    for number in 0.. {
        sign_ins.push(met(try_sign_in(&scene, number)).await);
        if back.is_none() && went.elapsed() >= Duration::from_secs(seconds()) {
            back = Some(Instant::now());
            way.come_back(&mut redis);
        }
        if back.is_some_and(|back| back.elapsed() > Duration::from_secs(4)) {
            break;
        }
        tokio::time::sleep(PACE).await;
    }
    let back = back.unwrap();
    stop.store(true, Ordering::Relaxed);
    let mut met: Vec<Vec<Met>> = Vec::new();
    for load in loads {
        met.push(load.await.unwrap());
    }
    let out = out.await.unwrap();
    judge(way, went..back, &met, &out, &sign_ins);
}

fn judge(
    way: Way,
    gone: std::ops::Range<Instant>,
    people: &[Vec<Met>],
    out: &[Met],
    sign_ins: &[Met],
) {
    let known = gone.start + NOTICED..gone.end - NOTICED / 10;
    let during = |all: &[Met]| {
        let these =
            all.iter().filter(|met| known.contains(&met.asked) && met.asked + met.took < gone.end);
        these.copied().collect::<Vec<_>>()
    };
    let all = people.concat();
    let lost = all.iter().filter(|met| ![0, 200, 503].contains(&met.status)).count();
    let broken = all.iter().filter(|met| met.status == 0).count();
    let let_in = out.iter().filter(|met| met.status == 200).count();
    let (answers, refused) = (during(&all), during(sign_ins));
    let (count, median, p99, longest) = figures(&answers);
    let (begun, sign_in_median, ..) = figures(&refused);
    let first = |all: &[Met]| {
        let found = all.iter().find(|met| met.asked >= gone.end && met.status == 200);
        found.map(|met| met.asked + met.took - gone.end).expect("it goes on")
    };
    let back = people.iter().map(|all| first(all)).max().unwrap();
    println!(
        "redis {way:?} for {:?}: {} requests, {count} of them answered while it was known to be away: \
         median {median:?}, p99 {p99:?}, longest {longest:?}; {begun} sign-ins refused, median \
         {sign_in_median:?}; all {PEOPLE} sessions back after {back:?}, a sign-in after {:?}; \
         {lost} sessions lost, {let_in} let in who was revoked, {broken} connections broken",
        gone.end - gone.start,
        all.len(),
        first(sign_ins),
    );
    assert!(answers.iter().all(|met| met.status == 503), "nothing but 503 while it is away");
    assert!(
        refused.iter().all(|met| met.status == 503),
        "no sign-in while it is away: {refused:?}"
    );
    assert_eq!((lost, let_in, broken), (0, 0, 0));
    assert!(count > 50 && median < Duration::from_millis(50), "{median:?}");
    assert!(back < 2 * NOTICED && first(sign_ins) < 3 * NOTICED, "{back:?}");
}

/// Issue 4, acceptance 4. Three seconds in the suite; `scripts/long outage` says `seconds=30`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_redis_killed_and_stopped_under_load_takes_nothing_along() {
    away(Way::Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_redis_silent_and_stopped_under_load_takes_nothing_along() {
    away(Way::Silent).await;
}
