//! How long and how much.

use std::time::Duration;

/// How long each part of a forwarded request may take, and how many connections are kept.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Looking up the name, TCP and TLS together.
    pub connect: Duration,
    /// From the last byte that the upstream took of the request to the head of its answer.
    pub response_head: Duration,
    /// Between two pieces of a body, each direction on its own; time in which the receiving side
    /// is the slow one does not count.
    pub body_idle: Duration,
    /// Without a byte in either direction of a tunnel.
    pub tunnel_idle: Duration,
    /// A kept connection is not used again after this long. Below the 20 seconds after which
    /// Tomcat, on which Jira runs, closes its side by default.
    pub pool_idle: Duration,
    /// Idle connections kept for one upstream by one worker.
    pub pool_size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            response_head: Duration::from_secs(60),
            body_idle: Duration::from_secs(120),
            tunnel_idle: Duration::from_secs(600),
            pool_idle: Duration::from_secs(15),
            pool_size: 128,
        }
    }
}
