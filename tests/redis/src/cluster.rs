//! A cluster of three primaries.

use std::sync::Arc;

use store::{RedisSettings, Topology};

use crate::server::{Server, ServerOptions, line, settings};
use crate::{Authority, free_port};

/// Three primaries that share the slots, each with as many replicas as asked for; all end when this
/// is dropped.
pub struct Cluster {
    authority: Arc<Authority>,
    /// All nodes; the first three were primaries at the start.
    pub nodes: Vec<Server>,
    replicas: usize,
}

impl Cluster {
    /// Starts all of it and waits until every node finds the cluster well.
    pub fn start(replicas: usize) -> Self {
        let authority = Arc::new(Authority::new());
        let node = |_| {
            let more = format!(
                "cluster-enabled yes\ncluster-port {}\ntls-cluster yes\n\
                 cluster-node-timeout 1500\ncluster-replica-validity-factor 0\n",
                free_port()
            );
            Server::with(&authority, ServerOptions { more, ..ServerOptions::default() })
        };
        let nodes: Vec<Server> = (0..3 * (1 + replicas)).map(node).collect();
        let mut create = nodes[0].cli_command();
        create.args(["--cluster", "create"]);
        create.args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)));
        create.args(["--cluster-replicas", &replicas.to_string(), "--cluster-yes"]);
        let made = create.output().expect("redis-cli");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        for node in &nodes {
            node.wait_for(&["CLUSTER", "INFO"], "cluster_state:ok");
            node.wait_for(&["CLUSTER", "INFO"], &format!("cluster_known_nodes:{}", nodes.len()));
        }
        for primary in nodes.iter().take(3) {
            primary.wait_for(&["INFO", "replication"], &format!("connected_slaves:{replicas}"));
            if replicas > 0 {
                // Connected is not yet in step: until then it acknowledges nothing.
                primary.wait_for(&["INFO", "replication"], "state=online");
            }
        }
        for replica in nodes.iter().skip(3) {
            replica.wait_for(&["INFO", "replication"], "master_link_status:up");
        }
        Self { authority, nodes, replicas }
    }

    /// Settings of a gateway that knows two of the nodes.
    pub fn settings(&self) -> RedisSettings {
        let seeds = self.nodes.iter().take(2).map(Server::address).collect();
        RedisSettings {
            replicas: Some(self.replicas),
            ..settings(&self.authority, Topology::Cluster(seeds))
        }
    }

    /// `store` of the operator's file of a gateway that knows two of the nodes, in one line.
    pub fn line(&self) -> String {
        let seeds: Vec<u16> = self.nodes.iter().take(2).map(|node| node.port).collect();
        line(&self.authority, &seeds, &format!("kind: cluster, replicas: {}, ", self.replicas))
    }

    /// Kills the first primary; returns once its replica is the primary and it is back as a
    /// replica: until then the new one has none, and its records fail closed.
    pub fn lose_a_node(&mut self) {
        self.nodes[0].kill();
        self.nodes[1].wait_for(&["CLUSTER", "NODES"], "master,fail");
        self.nodes[1].wait_for(&["CLUSTER", "INFO"], "cluster_state:ok");
        self.nodes[0].run();
    }
}
