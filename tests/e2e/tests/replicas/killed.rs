//! Two real processes, one of which is killed again and again under load.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::{Front, Place, Scene, SceneOptions, Vestibule, Visitor, sets_session};
use fakes::http_client::{Answer, Browser, PageForm};
use fakes::saml::SamlIdp;
use fakes::{Person, saml};
use http::Method;
use redis_lab::{Server, free_port};
use url::Url;

use crate::LINK;

/// How often a request is made again whose connection broke, as a browser does with a page.
const AGAIN: usize = 100;

#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    broken: AtomicUsize,
    sign_ins: AtomicUsize,
    begun_again: AtomicUsize,
    waited: AtomicUsize,
    lost_sessions: AtomicUsize,
    wrong: AtomicUsize,
}

impl Counts {
    fn add(&self, counter: &AtomicUsize) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks until a connection holds.
    async fn ask(&self, mut ask: impl AsyncFnMut() -> std::io::Result<Answer>) -> Answer {
        for _ in 0..AGAIN {
            self.add(&self.requests);
            match ask().await {
                Ok(answer) if answer.status != 503 => return answer,
                _ => self.add(&self.broken),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no replica answers");
    }
}

/// Signs somebody in, from the start again when a broken connection took the answer along.
async fn sign_in(
    counts: &Counts,
    acme: &SamlIdp,
    mut visitor: Visitor,
    base: &str,
    name: &str,
) -> Browser {
    let person = Person::new("Pat Tester", &format!("{name}@acme.example"));
    loop {
        let browser = &mut visitor.browser;
        let page = counts.ask(async || browser.open(&format!("{base}{LINK}")).await).await;
        let form = PageForm::all(&page).into_iter().next().unwrap().with("email", &person.email);
        let answer =
            counts.ask(async || browser.step(Method::POST, &form.action, &form.fields).await).await;
        let at_acme = answer.location().unwrap().to_string();
        let form = acme.respond(&at_acme, &person, saml::Answer::default());
        let action = form.action.parse().unwrap();
        let mut answer =
            counts.ask(async || browser.step(Method::POST, &action, &form.fields).await).await;
        // The page of an account that is being made asks again by itself: a replica that was killed
        // meanwhile keeps its turn for a while.
        while let Some(again) = refreshed(&answer) {
            tokio::time::sleep(Duration::from_millis(500)).await;
            counts.add(&counts.waited);
            answer = counts.ask(async || browser.step(Method::GET, &again, &[]).await).await;
        }
        if sets_session(&answer) {
            counts.add(&counts.sign_ins);
            return visitor.browser;
        }
        assert!((400..500).contains(&answer.status), "{}: {}", answer.status, answer.text());
        counts.add(&counts.begun_again);
    }
}

/// Where a page leads by itself.
fn refreshed(page: &Answer) -> Option<Url> {
    let (_, url) = page.header("refresh")?.split_once("url=")?;
    page.url.join(url).ok()
}

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

/// The file of one replica: the scene's, with a port and files of its own.
fn file(scene: &Scene, number: usize, port: u16) -> PathBuf {
    let text = std::fs::read_to_string(scene.file_path()).unwrap();
    let text = text
        .replace(
            &format!("https: \"127.0.0.1:{}\"", scene.port),
            &format!("https: \"127.0.0.1:{port}\""),
        )
        .replace("data/audit.jsonl", &format!("data/{number}-audit.jsonl"))
        .replace("data/access.jsonl", &format!("data/{number}-access.jsonl"))
        .replace("data/control.sock", &format!("data/{number}.sock"));
    let name = format!("replica-{number}.yaml");
    scene.put_file(&name, &text);
    scene.folder.path().join(name)
}

async fn run(scene: &Scene, file: &Path, number: usize) -> Vestibule {
    let log = scene.folder.path().join(format!("stderr-{number}.log"));
    Vestibule::run_file(file, log, "info").await
}

/// Twelve seconds in the suite; `scripts/long replicas` says `seconds=120`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_killed_in_turn_under_load_lose_nothing() {
    let said = std::env::args().find_map(|a| a.strip_prefix("seconds=")?.parse::<u64>().ok());
    let seconds = said.unwrap_or(12);
    let redis = Server::start();
    let options = SceneOptions {
        gateway: Place::Process,
        instead: vec![("store: { embedded: { path: data } }", redis.line())],
        ..SceneOptions::default()
    };
    let scene = Scene::with(options).await;
    assert_eq!(scene.command(&["store", "init"]).await.code, Some(0));
    let (front, ports) = (Front::start(scene.port).await, [free_port(), free_port()]);
    let files = [file(&scene, 0, ports[0]), file(&scene, 1, ports[1])];
    let mut replicas =
        [Some(run(&scene, &files[0], 0).await), Some(run(&scene, &files[1], 1).await)];
    front.lead(0, ports[0]);
    front.lead(1, ports[1]);

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
            let number = kills % 2;
            // SIGKILL when it is dropped; its port is free then.
            drop(replicas[number].take());
            replicas[number] = Some(run(&scene, &files[number], number).await);
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
