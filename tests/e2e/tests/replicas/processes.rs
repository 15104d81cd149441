//! Two real processes over one Redis behind a front, and people who sign in through it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::{Front, Place, Scene, SceneOptions, Vestibule, Visitor, sets_session};
use fakes::http_client::{Answer, Browser, PageForm};
use fakes::saml::SamlIdp;
use fakes::{Person, saml};
use http::Method;
use redis_lab::{Server, free_port};
use url::Url;

use crate::LINK;

/// Two processes of the gateway over one Redis.
pub(crate) struct Processes {
    files: [PathBuf; 2],
    running: [Option<Vestibule>; 2],
    _front: Front,
}

impl Processes {
    pub(crate) async fn start() -> (Scene, Server, Self) {
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
        let running =
            [Some(run(&scene, &files[0], 0).await), Some(run(&scene, &files[1], 1).await)];
        front.lead(0, ports[0]);
        front.lead(1, ports[1]);
        (scene, redis, Self { files, running, _front: front })
    }

    /// Ends a replica with SIGKILL and starts it again.
    pub(crate) async fn kill(&mut self, scene: &Scene, number: usize) {
        // SIGKILL when it is dropped; its port is free then.
        drop(self.running[number].take());
        self.running[number] = Some(run(scene, &self.files[number], number).await);
    }
}

/// How often a request is made again whose connection broke, as a browser does with a page.
const AGAIN: usize = 100;

/// What the load has met.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) requests: AtomicUsize,
    pub(crate) broken: AtomicUsize,
    pub(crate) sign_ins: AtomicUsize,
    pub(crate) begun_again: AtomicUsize,
    pub(crate) waited: AtomicUsize,
    pub(crate) lost_sessions: AtomicUsize,
    pub(crate) wrong: AtomicUsize,
}

impl Counts {
    pub(crate) fn add(&self, counter: &AtomicUsize) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks until a connection holds.
    pub(crate) async fn ask(
        &self,
        mut ask: impl AsyncFnMut() -> std::io::Result<Answer>,
    ) -> Answer {
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
pub(crate) async fn sign_in(
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
