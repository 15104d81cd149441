//! A primary with two replicas, watched by three Sentinels.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{RedisAddress, RedisSettings, Topology};

use crate::server::{ADMIN, Server, ServerOptions, line, login, settings};
use crate::{Authority, PASSWORD, USER};

/// The name that the Sentinels know it by.
const SERVICE: &str = "help";

/// A primary with two replicas, watched by three Sentinels; all end when this is dropped.
pub struct Watched {
    authority: Arc<Authority>,
    /// The first was the primary at the start.
    pub nodes: Vec<Server>,
    /// The Sentinels.
    pub sentinels: Vec<Server>,
}

impl Watched {
    /// Starts all of it and waits until replicas have all and Sentinels know each other.
    pub fn start() -> Self {
        let authority = Arc::new(Authority::new());
        let node = |more: String| {
            Server::with(&authority, ServerOptions { more, ..ServerOptions::default() })
        };
        let primary = node(String::new());
        let mut nodes = vec![primary];
        for _ in 0..2 {
            nodes.push(node(format!("replicaof 127.0.0.1 {}\n", nodes[0].port)));
        }
        for replica in nodes.iter().skip(1) {
            replica.wait_for(&["INFO", "replication"], "master_link_status:up");
        }
        let more = format!(
            "sentinel monitor {SERVICE} 127.0.0.1 {} 2\n\
             sentinel auth-user {SERVICE} {ADMIN}\nsentinel auth-pass {SERVICE} {PASSWORD}\n\
             sentinel down-after-milliseconds {SERVICE} 1000\n\
             sentinel failover-timeout {SERVICE} 5000\n\
             sentinel sentinel-user {ADMIN}\nsentinel sentinel-pass {PASSWORD}\n",
            nodes[0].port
        );
        let sentinel = || {
            let options = ServerOptions { more: more.clone(), sentinel: true };
            Server::with(&authority, options)
        };
        let sentinels: Vec<Server> = (0..3).map(|_| sentinel()).collect();
        for sentinel in &sentinels {
            sentinel.wait_for(&["SENTINEL", "CKQUORUM", SERVICE], "OK 3 usable");
            sentinel.wait_for(&["INFO", "sentinel"], "slaves=2,sentinels=3");
        }
        Self { authority, nodes, sentinels }
    }

    /// Settings of a gateway that asks the Sentinels.
    pub fn settings(&self) -> RedisSettings {
        let nodes = self.sentinels.iter().map(Server::address).collect();
        let service = SERVICE.to_owned();
        settings(&self.authority, Topology::Sentinel { nodes, service, login: Some(login()) })
    }

    /// `store` of the operator's file of a gateway that asks the Sentinels, in one line.
    pub fn line(&self) -> String {
        let ports: Vec<u16> = self.sentinels.iter().map(|sentinel| sentinel.port).collect();
        let password = self.authority.file("password");
        let more = format!(
            "kind: sentinel, service: {SERVICE}, sentinel_user: {USER}, \
             sentinel_password: {{ file: \"{}\" }}, ",
            password.display()
        );
        line(&self.authority, &ports, &more)
    }

    /// The primary that the first Sentinel knows now.
    pub fn primary(&self) -> RedisAddress {
        let said = self.sentinels[0].cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE]);
        let port = said.lines().nth(1).and_then(|port| port.trim().parse().ok());
        RedisAddress { host: "127.0.0.1".to_owned(), port: port.expect("a primary") }
    }

    /// Kills the primary; returns once the Sentinels have made another one.
    pub fn fail_over(&mut self) {
        let old = self.primary();
        let at = self.nodes.iter().position(|node| node.port == old.port).expect("one of ours");
        self.nodes[at].kill();
        let begun = Instant::now();
        while self.primary() == old {
            assert!(begun.elapsed() < Duration::from_secs(30), "no fail-over");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
