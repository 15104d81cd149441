//! One Redis with all its nodes: which node has a key, and how many replicas must have a record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use redis::{Cmd, Value, cmd};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::dial::Dialer;
use super::feed::Feed;
use super::keys::Keys;
use super::node::{Duty, Node};
use super::reply::{self, Failure};
use super::scouts;
use super::settings::{RedisAddress, RedisSettings, Topology};
use super::slot::slot;
use crate::StoreError;

/// How often a request follows a cluster that sends it elsewhere.
const REDIRECTS: usize = 3;
/// How long a write waits for its replicas, as a part of a call's deadline.
const REPLICAS_PART: f64 = 0.8;

/// Whether a write counts only once replicas have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    Plain,
    Replicated,
}

/// A primary: a connection for everything, and one for writes that wait.
pub(super) struct Primary {
    plain: Node,
    durable: OnceLock<Node>,
}

/// Which primary has which keys.
#[derive(Clone)]
pub(super) enum Map {
    /// Not found out yet.
    Unknown,
    /// One has all.
    One(RedisAddress),
    /// By slots, first and last.
    Slots(Vec<(u16, u16, RedisAddress)>),
}

/// One Redis.
pub(super) struct Link {
    shared: Arc<Shared>,
    /// Follows where the primaries are; `None` where that cannot change.
    follower: Option<JoinHandle<()>>,
}

/// What requests and the follower share.
pub(super) struct Shared {
    /// `store.redis` or `store.records.redis`.
    pub(super) name: &'static str,
    pub(super) settings: RedisSettings,
    pub(super) dialer: Dialer,
    pub(super) keys: Keys,
    pub(super) feed: Arc<Feed>,
    /// Look again where the primaries are.
    pub(super) look: Notify,
    map: Mutex<Map>,
    primaries: Mutex<BTreeMap<RedisAddress, Arc<Primary>>>,
    /// Told when the map becomes known.
    known: Notify,
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(follower) = &self.follower {
            follower.abort();
        }
    }
}

impl Link {
    pub(super) fn start(
        name: &'static str,
        settings: RedisSettings,
        dialer: Dialer,
        feed: Arc<Feed>,
    ) -> Self {
        let runtime = dialer.runtime.clone();
        let shared = Arc::new(Shared {
            name,
            keys: Keys::new(&settings.prefix),
            dialer,
            feed,
            look: Notify::new(),
            map: Mutex::new(Map::Unknown),
            primaries: Mutex::default(),
            known: Notify::new(),
            settings,
        });
        let follower = match shared.settings.topology.clone() {
            Topology::Single(address) => {
                shared.set(Map::One(address));
                None
            }
            Topology::Sentinel { nodes, service, login } => {
                let dialer = shared.dialer.clone().for_sentinels(login.as_ref());
                let shared = Arc::clone(&shared);
                Some(runtime.spawn(scouts::follow_sentinels(shared, dialer, nodes, service)))
            }
            Topology::Cluster(nodes) => {
                Some(runtime.spawn(scouts::follow_cluster(Arc::clone(&shared), nodes)))
            }
        };
        Self { shared, follower }
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    /// `store.redis` or `store.records.redis`.
    pub(super) fn name(&self) -> &'static str {
        self.shared.name
    }

    /// How many replicas the operator wants to be waited for.
    pub(super) fn replicas_said(&self) -> Option<usize> {
        self.shared.settings.replicas
    }

    /// Runs one command where its key is.
    ///
    /// # Errors
    /// Within the deadline; at once when the node is known to be away.
    pub(super) async fn run(
        &self,
        key: &[u8],
        command: Cmd,
        durability: Durability,
    ) -> Result<Value, StoreError> {
        let until = Instant::now() + self.shared.settings.timeout;
        let mut to = self.shared.holder(key, until).await?;
        let mut asking = false;
        for _ in 0..REDIRECTS {
            match self.try_on(&to, command.clone(), asking, durability, until).await {
                Ok(value) => return Ok(value),
                Err(Failure::Moved(other)) => (to, asking) = (other, false),
                Err(Failure::Asking(other)) => (to, asking) = (other, true),
                Err(failure) => return Err(failure.into()),
            }
            self.shared.look.notify_one();
        }
        Err(StoreError::Unavailable(format!("{to}: the cluster sends from node to node")))
    }

    /// Runs one command on one primary, whatever keys it has.
    ///
    /// # Errors
    /// As [`Link::run`].
    pub(super) async fn run_on(
        &self,
        to: &RedisAddress,
        command: Cmd,
    ) -> Result<Value, StoreError> {
        let until = Instant::now() + self.shared.settings.timeout;
        Ok(self.try_on(to, command, false, Durability::Plain, until).await?)
    }

    /// All primaries, in an order that stays while they stay.
    pub(super) async fn primaries(&self) -> Result<Vec<RedisAddress>, StoreError> {
        // Any key's holder: when it is known, all are.
        let until = Instant::now() + self.shared.settings.timeout;
        self.shared.holder(b"", until).await?;
        Ok(self.shared.primaries().keys().cloned().collect())
    }

    async fn try_on(
        &self,
        to: &RedisAddress,
        command: Cmd,
        asking: bool,
        durability: Durability,
        until: Instant,
    ) -> Result<Value, Failure> {
        let primary = self.shared.primary(to);
        let needed = match durability {
            Durability::Plain => 0,
            Durability::Replicated => self.needed(&primary, until).await?,
        };
        let mut commands = Vec::with_capacity(3);
        commands.extend(asking.then(|| cmd("ASKING")));
        commands.push(command);
        let node = if needed == 0 { &primary.plain } else { self.shared.durable(to, &primary) };
        if needed > 0 {
            let patience = self.shared.settings.timeout.mul_f64(REPLICAS_PART);
            let mut wait = cmd("WAIT");
            wait.arg(needed).arg(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX));
            commands.push(wait);
        }
        let answered = node.ask(commands, until).await;
        if matches!(answered, Err(Failure::Away(_))) {
            self.shared.look.notify_one();
        }
        let mut answers = answered?.into_iter().skip(usize::from(asking));
        let value = self.judge(answers.next().unwrap_or_default(), node)?;
        if needed > 0 {
            let have = reply::number(&reply::judged(answers.next().unwrap_or_default())?)?;
            if usize::try_from(have).is_ok_and(|have| have < needed) {
                let said = format!("{to}: {have} of {needed} replicas have the record");
                return Err(Failure::Refused(said));
            }
        }
        Ok(value)
    }

    fn judge(&self, value: Value, node: &Node) -> Result<Value, Failure> {
        let judged = reply::judged(value);
        if matches!(judged, Err(Failure::Refused(_))) {
            // It may be a replica now, or have lost its cluster.
            node.suspect();
            self.shared.look.notify_one();
        }
        judged
    }

    async fn needed(&self, primary: &Primary, until: Instant) -> Result<usize, Failure> {
        match (self.shared.settings.replicas, &self.shared.settings.topology) {
            (Some(replicas), _) => Ok(replicas),
            (None, Topology::Single(_)) => Ok(primary.plain.replicas(until).await?.min(1)),
            (None, _) => Ok(1),
        }
    }
}

impl Shared {
    /// This is where the primaries are now.
    pub(super) fn set(&self, map: Map) {
        let mut addresses: Vec<RedisAddress> = match &map {
            Map::Unknown => return,
            Map::One(address) => vec![address.clone()],
            Map::Slots(slots) => slots.iter().map(|(_, _, address)| address.clone()).collect(),
        };
        addresses.sort();
        addresses.dedup();
        // Before the connections: they report to the feed.
        self.feed.expect(self.name, &addresses);
        self.primaries().retain(|address, _| addresses.contains(address));
        for address in &addresses {
            self.primary(address);
        }
        *self.map.lock().unwrap_or_else(PoisonError::into_inner) = map;
        self.known.notify_waiters();
    }

    /// The primaries that are connected, to be asked about the others.
    pub(super) fn connected(&self) -> Vec<(RedisAddress, Arc<Primary>)> {
        let primaries = self.primaries();
        let up = primaries.iter().filter(|(_, primary)| primary.plain.is_up());
        up.map(|(address, primary)| (address.clone(), Arc::clone(primary))).collect()
    }

    async fn holder(&self, key: &[u8], until: Instant) -> Result<RedisAddress, StoreError> {
        let known = self.known.notified();
        match self.find(key) {
            Ok(Some(address)) => return Ok(address),
            Ok(None) => {}
            Err(error) => return Err(error),
        }
        let _late = tokio::time::timeout_at(until, known).await;
        let unknown = || StoreError::Unavailable(format!("{}: no primary is known", self.name));
        self.find(key)?.ok_or_else(unknown)
    }

    fn find(&self, key: &[u8]) -> Result<Option<RedisAddress>, StoreError> {
        match &*self.map.lock().unwrap_or_else(PoisonError::into_inner) {
            Map::Unknown => Ok(None),
            Map::One(address) => Ok(Some(address.clone())),
            Map::Slots(slots) => {
                let slot = slot(key);
                let range = slots.iter().find(|(first, last, _)| (*first..=*last).contains(&slot));
                let none = || StoreError::Unavailable(format!("slot {slot} has no node"));
                range.map(|(_, _, address)| Some(address.clone())).ok_or_else(none)
            }
        }
    }

    fn primary(&self, address: &RedisAddress) -> Arc<Primary> {
        let mut primaries = self.primaries();
        let start = || {
            let duty = Duty::Primary {
                feed: Arc::clone(&self.feed),
                source: (self.name, address.clone()),
                keys: self.keys.clone(),
            };
            let plain = Node::start(&self.dialer, address.clone(), duty);
            Arc::new(Primary { plain, durable: OnceLock::new() })
        };
        Arc::clone(primaries.entry(address.clone()).or_insert_with(start))
    }

    fn durable<'p>(&self, address: &RedisAddress, primary: &'p Primary) -> &'p Node {
        let start = || Node::start(&self.dialer, address.clone(), Duty::Durable);
        primary.durable.get_or_init(start)
    }

    fn primaries(&self) -> std::sync::MutexGuard<'_, BTreeMap<RedisAddress, Arc<Primary>>> {
        self.primaries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Primary {
    /// Asks about the cluster.
    pub(super) async fn ask(
        &self,
        commands: Vec<Cmd>,
        patience: Duration,
    ) -> Result<Vec<Value>, Failure> {
        self.plain.ask(commands, Instant::now() + patience).await
    }
}
