//! Two gateways over one Redis, behind a front that chooses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use audit::Record;
use domain::{AuditEvent, ReferenceCode};
use fakes::http_client::Answer;
use gateway::control::{self, Command};
use gateway::{Feed, Running, StartError};
use redis_lab::Server;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::{Place, Scene, SceneOptions, reference};

/// Chooses the other one for each connection.
const IN_TURN: usize = usize::MAX;

/// Two gateways with one clock over one Redis, behind a front: a visitor's every request is a
/// connection of its own, and may so reach another replica than the one before.
pub struct Replicas<R = Server> {
    /// What they have in common; its own gateway stays out.
    pub scene: Scene,
    /// Their Redis.
    pub redis: R,
    running: [Option<Running>; 2],
    front: Front,
}

impl Replicas {
    /// The ordinary scene, with the store in a Redis that has just been initialised.
    pub async fn start() -> Self {
        Self::with(SceneOptions::default(), |redis| redis.line()).await
    }

    /// One that differs; `line` gives `store` of the operator's file.
    pub async fn with(options: SceneOptions, line: impl FnOnce(&Server) -> String) -> Self {
        let redis = Server::start();
        let line = line(&redis);
        Self::over(redis, line, options).await
    }
}

impl<R> Replicas<R> {
    /// Over any Redis, new, whose `store` of the operator's file is `line`.
    pub async fn over(redis: R, line: String, mut options: SceneOptions) -> Self {
        options.instead.push(("store: { embedded: { path: data } }", line));
        options.gateway = Place::Behind;
        let scene = Scene::with(options).await;
        let front = Front::start(scene.port).await;
        let mut replicas = Self { scene, redis, running: [None, None], front };
        let mut made = replicas.init().await;
        // A replica of a cluster that was made this moment may lag; saying it again is right.
        for _ in 0..5 {
            if !made.as_ref().is_err_and(|error| error.contains("replicas have the record")) {
                break;
            }
            made = replicas.init().await;
        }
        made.expect("new records");
        for number in [0, 1] {
            replicas.start_replica(number).expect("the gateway starts");
        }
        replicas
    }

    /// Gives the records their id, as `vestibule store init` does.
    ///
    /// # Errors
    /// As the command says it.
    pub async fn init(&self) -> Result<String, String> {
        let command = gateway::StoreCommand::Init;
        gateway::store_command(&self.scene.settings(), &command, &self.scene.clock).await
    }

    /// Gives a replica an order.
    pub async fn order(&self, number: usize, command: &Command) -> control::Answer {
        let socket = self.scene.folder.path().join(format!("data/{number}-control.sock"));
        control::send(&socket, command).await.expect("the gateway answers")
    }

    /// Starts a replica, again if it was stopped.
    ///
    /// # Errors
    /// When it refuses to start.
    pub fn start_replica(&mut self, number: usize) -> Result<(), StartError> {
        let mut settings = self.scene.settings();
        settings.listen.https = SocketAddr::from(([127, 0, 0, 1], 0));
        let file = |name| self.scene.folder.path().join(format!("data/{number}-{name}"));
        settings.audit_file = file("audit.jsonl");
        settings.access_log = Some(file("access.jsonl"));
        settings.control_socket = file("control.sock");
        let clock = Arc::new(self.scene.clock.clone());
        let running = gateway::start(settings, clock, Feed::Acceptor)?;
        self.front.lead(number, running.https.port());
        self.running[number] = Some(running);
        Ok(())
    }

    /// Stops a replica; the front goes on to the other one.
    pub async fn stop_replica(&mut self, number: usize) {
        self.front.lead(number, 0);
        let Some(running) = self.running[number].take() else { return };
        let stopped = tokio::task::spawn_blocking(move || running.stop());
        stopped.await.expect("the gateway stops");
    }

    /// From now on every request reaches this replica.
    pub fn only(&self, number: usize) {
        self.front.choice.store(number, Ordering::Relaxed);
    }

    /// From now on each request reaches the other replica than the one before.
    pub fn in_turn(&self) {
        self.front.choice.store(IN_TURN, Ordering::Relaxed);
    }

    /// All that both replicas recorded.
    pub fn audit_log(&self) -> String {
        let read = |number| {
            let file = self.scene.folder.path().join(format!("data/{number}-audit.jsonl"));
            std::fs::read_to_string(file).unwrap_or_default()
        };
        format!("{}{}", read(0), read(1))
    }

    /// The cause for which `answer` refuses, recorded once by one of the replicas.
    ///
    /// # Panics
    /// When the answer is no refusal, or is not recorded.
    pub fn cause(&self, answer: &Answer) -> String {
        let status = answer.status;
        assert!((400..500).contains(&status) || status == 503, "{status}: {}", answer.text());
        assert!(!crate::sets_session(answer), "a refusal sets a session cookie");
        let code: ReferenceCode = reference(answer).parse().expect("a reference code");
        let file = |number| self.scene.folder.path().join(format!("data/{number}-audit.jsonl"));
        let found = [0, 1].map(|number| audit::find(&file(number), code).expect("an audit log"));
        match found.concat().as_slice() {
            [Record { event: AuditEvent::Refused { refusal, .. }, .. }] => refusal.cause.clone(),
            other => panic!("not exactly one refusal, but {other:?}"),
        }
    }
}

/// Hands each connection to one of two replicas, and to the other one when that is not there.
pub struct Front {
    ports: Arc<[AtomicUsize; 2]>,
    choice: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    /// Listens on a port.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the scene's port");
        let ports: Arc<[AtomicUsize; 2]> = Arc::default();
        let choice = Arc::new(AtomicUsize::new(IN_TURN));
        let task = tokio::spawn(serve(listener, Arc::clone(&ports), Arc::clone(&choice)));
        Self { ports, choice, task }
    }

    /// Where a replica listens; 0: nowhere.
    pub fn lead(&self, number: usize, port: u16) {
        self.ports[number].store(usize::from(port), Ordering::Relaxed);
    }
}

async fn serve(listener: TcpListener, ports: Arc<[AtomicUsize; 2]>, choice: Arc<AtomicUsize>) {
    for turn in 0.. {
        let Ok((mut client, _)) = listener.accept().await else { continue };
        let chosen = match choice.load(Ordering::Relaxed) {
            IN_TURN => turn % 2,
            chosen => chosen,
        };
        let port = |number: usize| ports[number].load(Ordering::Relaxed);
        let candidates = [port(chosen), port(1 - chosen)];
        tokio::spawn(async move {
            for port in candidates.into_iter().filter(|port| *port != 0) {
                let port = u16::try_from(port).expect("a port");
                if let Ok(mut replica) = TcpStream::connect(("127.0.0.1", port)).await {
                    let _ended = copy_bidirectional(&mut client, &mut replica).await;
                    return;
                }
            }
        });
    }
}
