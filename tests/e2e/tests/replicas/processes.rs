//! Two real processes over one Redis behind a front, and people who sign in through it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::{Front, Place, Scene, SceneOptions, Vestibule, Visitor, asks_again, sets_session};
use fakes::http_client::{Answer, Browser, PageForm};
use fakes::saml::SamlIdp;
use fakes::{Person, saml};
use http::Method;
use redis_lab::{Server, free_port};

use crate::LINK;

/// Two processes of the gateway over one Redis.
pub(crate) struct Processes {
    /// Where each listens.
    pub(crate) ports: [u16; 2],
    /// Where each says whether it is ready.
    pub(crate) operations: [u16; 2],
    files: [PathBuf; 2],
    running: [Option<Vestibule>; 2],
}

impl Processes {
    /// Behind a front that gives each connection to another one.
    pub(crate) async fn start() -> (Scene, Server, Self, Front) {
        let (scene, redis, processes) = Self::start_alone().await;
        let front = Front::start(scene.port).await;
        for (number, port) in processes.ports.into_iter().enumerate() {
            front.lead(number, port);
        }
        (scene, redis, processes, front)
    }

    /// Without anything on the scene's port.
    pub(crate) async fn start_alone() -> (Scene, Server, Self) {
        let redis = Server::start();
        let options = SceneOptions {
            gateway: Place::Process,
            instead: vec![("store: { embedded: { path: data } }", redis.line())],
            ..SceneOptions::default()
        };
        let scene = Scene::with(options).await;
        assert_eq!(scene.command(&["store", "init"]).await.code, Some(0));
        let ports = [free_port(), free_port()];
        let operations = [free_port(), free_port()];
        let files = [0, 1].map(|number| file(&scene, number, ports[number], operations[number]));
        let running =
            [Some(run(&scene, &files[0], 0).await), Some(run(&scene, &files[1], 1).await)];
        (scene, redis, Self { ports, operations, files, running })
    }

    /// Ends a replica with SIGKILL and starts it again.
    pub(crate) async fn kill(&mut self, scene: &Scene, number: usize) {
        self.end(number);
        self.run_again(scene, number).await;
    }

    /// Ends a replica with SIGKILL; its port is free then.
    pub(crate) fn end(&mut self, number: usize) {
        drop(self.running[number].take());
    }

    /// Starts a replica that has ended.
    pub(crate) async fn run_again(&mut self, scene: &Scene, number: usize) {
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
        while let Some(again) = asks_again(&answer) {
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

/// The file of one replica: the scene's, with a port and files of its own.
fn file(scene: &Scene, number: usize, port: u16, operations: u16) -> PathBuf {
    let text = std::fs::read_to_string(scene.file_path()).unwrap();
    let text = text
        .replace(
            &format!("https: \"127.0.0.1:{}\"", scene.port),
            &format!("https: \"127.0.0.1:{port}\""),
        )
        .replace("operations: \"127.0.0.1:0\"", &format!("operations: \"127.0.0.1:{operations}\""))
        .replace("workers: 2 }", "workers: 2, trusted_proxies: [127.0.0.1/32] }")
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
