//! One connection to one node, kept up and watched by a task of its own.
//!
//! `Connecting → Up ⇄ Down`. While it is down, whoever asks is told so at once; the task tries
//! again until it is up. A beat shows a connection that is silently dead, and a primary that is
//! none any more.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, PushInfo, Value, cmd};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::dial::{Connection, Dialer, describe};
use super::feed::{Feed, Source};
use super::keys::Keys;
use super::own::OwnConnections;
use super::reply::{self, Failure};
use super::settings::RedisAddress;

/// Between two beats.
const BEAT: Duration = Duration::from_millis(300);
/// A beat that takes longer makes the node down until it is answered.
const STALL: Duration = Duration::from_millis(500);
/// After so long without an answer the connection is given up.
const GIVE_UP: Duration = Duration::from_millis(1500);
/// Longest pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(250);
/// A connection that was lost only just now is waited for, so long.
const BLINK: Duration = Duration::from_millis(25);
/// Most requests that are under way at once.
const REQUESTS: usize = 4096;

/// What a connection is for.
#[derive(Clone)]
pub(super) enum Duty {
    /// Reads and writes of a primary, and hears its changes.
    Primary { feed: Arc<Feed>, source: Source, keys: Keys },
    /// Writes that wait for replicas: Redis answers nothing else on the connection meanwhile.
    Durable,
    /// Knows where the primaries are: a Sentinel, or any node of a cluster.
    Scout,
}

#[derive(Clone)]
enum State {
    Connecting,
    /// `era` counts the connections that the node had.
    Up {
        requests: MultiplexedConnection,
        replicas: usize,
        era: u64,
    },
    Down {
        why: Arc<str>,
        since: Instant,
    },
}

/// One connection to one node, and those that workers have of their own. Dropping it ends them.
pub(super) struct Node {
    address: RedisAddress,
    own: OwnConnections,
    state: watch::Receiver<State>,
    suspicion: Arc<Notify>,
    room: Semaphore,
    task: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Node {
    pub(super) fn start(dialer: &Dialer, address: RedisAddress, duty: Duty) -> Self {
        let (tell, state) = watch::channel(State::Connecting);
        let suspicion = Arc::new(Notify::new());
        let keeper = Keeper {
            dialer: dialer.clone(),
            address: address.clone(),
            duty,
            state: tell,
            suspicion: Arc::clone(&suspicion),
        };
        let task = dialer.runtime.spawn(keeper.keep());
        let own = OwnConnections::new(dialer.clone(), address.clone());
        Self { address, own, state, suspicion, room: Semaphore::new(REQUESTS), task }
    }

    pub(super) fn address(&self) -> &RedisAddress {
        &self.address
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(*self.state.borrow(), State::Up { .. })
    }

    /// Sends commands, one behind the other, and gives an answer for each.
    pub(super) async fn ask(
        &self,
        commands: Vec<Cmd>,
        until: Instant,
    ) -> Result<Vec<Value>, Failure> {
        let away = |why: &str| Failure::Away(format!("{}: {why}", self.address));
        let _room = self.room.try_acquire().map_err(|_| away("too many requests wait"))?;
        let (watched, era) = self.up(until).await?;
        let mut requests = self.own.here(era).unwrap_or(watched);
        let count = commands.len();
        let mut pipeline = Pipeline::with_capacity(count);
        for command in commands {
            pipeline.add_command(command);
        }
        let mut state = self.state.clone();
        tokio::select! {
            biased;
            answered = requests.send_packed_commands(&pipeline, 0, count) => {
                answered.map_err(|error| {
                    self.own.forget();
                    away(&describe(&error))
                })
            }
            // Found to be silent meanwhile: the answer is not waited for.
            _ = state.wait_for(|state| matches!(state, State::Down { .. })) => {
                Err(away("it went away"))
            }
            () = sleep_until(until) => {
                self.own.forget();
                self.suspicion.notify_one();
                Err(away("no answer in time"))
            }
        }
    }

    /// The connection should be looked at now: an answer was strange.
    pub(super) fn suspect(&self) {
        self.suspicion.notify_one();
    }

    /// How many replicas the node had at its last beat.
    pub(super) async fn replicas(&self, until: Instant) -> Result<usize, Failure> {
        self.up(until).await?;
        match *self.state.borrow() {
            State::Up { replicas, .. } => Ok(replicas),
            _ => Err(Failure::Away(format!("{}: lost just now", self.address))),
        }
    }

    /// The watched connection, and its era.
    async fn up(&self, until: Instant) -> Result<(MultiplexedConnection, u64), Failure> {
        let until = match &*self.state.borrow() {
            State::Up { requests, era, .. } => return Ok((requests.clone(), *era)),
            State::Connecting => until,
            State::Down { since, .. } => until.min(*since + BLINK),
        };
        let mut state = self.state.clone();
        let wait = state.wait_for(|state| matches!(state, State::Up { .. }));
        if let Ok(Ok(now)) = timeout_at(until, wait).await
            && let State::Up { requests, era, .. } = &*now
        {
            return Ok((requests.clone(), *era));
        }
        match &*self.state.borrow() {
            State::Up { requests, era, .. } => Ok((requests.clone(), *era)),
            State::Down { why, .. } => Err(Failure::Away(why.to_string())),
            State::Connecting => Err(Failure::Away(format!("{}: not connected yet", self.address))),
        }
    }
}

/// The task behind a [`Node`].
struct Keeper {
    dialer: Dialer,
    address: RedisAddress,
    duty: Duty,
    state: watch::Sender<State>,
    suspicion: Arc<Notify>,
}

impl Keeper {
    async fn keep(self) {
        let (mut pause, mut era) = (Duration::ZERO, 0);
        loop {
            sleep(pause).await;
            pause = (pause * 2).clamp(PAUSE / 16, PAUSE);
            let why = match self.begin().await {
                Ok((mut connection, replicas)) => {
                    (pause, era) = (Duration::ZERO, era + 1);
                    self.up(&connection.requests, replicas, era);
                    let why = self.watch(&mut connection, era).await;
                    connection.task.abort();
                    why
                }
                Err(why) => why,
            };
            self.down(&why);
        }
    }

    /// Connects, makes sure that the node is what we need, and begins to hear its changes.
    async fn begin(&self) -> Result<(Connection, usize), String> {
        let mut connection = match self.duty.clone() {
            Duty::Primary { feed, source, keys } => {
                let hear = move |push: PushInfo| feed.push(&source, &keys, &push);
                self.dialer.connect(&self.address, hear).await?
            }
            Duty::Durable | Duty::Scout => self.dialer.connect(&self.address, |_| ()).await?,
        };
        if let Duty::Primary { feed, keys, .. } = &self.duty {
            let mut track = cmd("CLIENT");
            track.arg("TRACKING").arg("ON").arg("BCAST");
            for (area, begin) in feed.followed.0 {
                track.arg("PREFIX").arg(keys.entry(*area, begin));
            }
            self.command(&mut connection.requests, &track).await?;
        }
        let replicas = self.beat(&mut connection.requests).await?;
        Ok((connection, replicas))
    }

    /// Returns why the connection is no longer good.
    async fn watch(&self, connection: &mut Connection, era: u64) -> String {
        loop {
            tokio::select! {
                _ = &mut connection.task => {
                    return format!("{}: the connection was closed", self.address);
                }
                () = sleep(BEAT) => {}
                () = self.suspicion.notified() => {}
            }
            let mut requests = connection.requests.clone();
            let mut beat = std::pin::pin!(self.beat(&mut requests));
            let answer = match timeout(STALL, &mut beat).await {
                Ok(answer) => answer,
                Err(_) => {
                    self.down(&format!("{}: no answer for {STALL:?}", self.address));
                    match timeout(GIVE_UP, beat).await {
                        Ok(answer) => answer,
                        Err(_) => Err(format!("{}: no answer", self.address)),
                    }
                }
            };
            match answer {
                Ok(replicas) => self.up(&connection.requests, replicas, era),
                Err(why) => return why,
            }
        }
    }

    /// Asks whether the node is well; gives the number of its replicas.
    async fn beat(&self, requests: &mut MultiplexedConnection) -> Result<usize, String> {
        if matches!(self.duty, Duty::Scout) {
            return self.command(requests, &cmd("PING")).await.map(|_| 0);
        }
        let role = self.command(requests, &cmd("ROLE")).await?;
        reply::replicas(&role).ok_or_else(|| format!("{}: it is a replica now", self.address))
    }

    async fn command(
        &self,
        requests: &mut MultiplexedConnection,
        command: &Cmd,
    ) -> Result<Value, String> {
        let failed = |error: redis::RedisError| format!("{}: {}", self.address, describe(&error));
        let late = |_| format!("{}: no answer for {GIVE_UP:?}", self.address);
        let answer = timeout(STALL + GIVE_UP, requests.send_packed_command(command)).await;
        answer.map_err(late)?.and_then(Value::extract_error).map_err(failed)
    }

    fn up(&self, connection: &MultiplexedConnection, found: usize, era: u64) {
        let requests = connection.clone();
        self.state.send_if_modified(|state| {
            if matches!(state, State::Up { replicas, .. } if *replicas == found) {
                return false;
            }
            *state = State::Up { requests, replicas: found, era };
            true
        });
        if let Duty::Primary { feed, source, .. } = &self.duty {
            feed.hears(source, true);
        }
    }

    fn down(&self, why: &str) {
        if let Duty::Primary { feed, source, .. } = &self.duty {
            feed.hears(source, false);
        }
        let changed = self.state.send_if_modified(|state| {
            let since = match state {
                State::Down { since, .. } => *since,
                _ => Instant::now(),
            };
            let fresh = !matches!(state, State::Down { .. });
            *state = State::Down { why: Arc::from(why), since };
            fresh
        });
        if changed {
            tracing::debug!(why, "a connection to redis is down");
        }
    }
}
