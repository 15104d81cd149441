//! Real Redises for tests: one node, Sentinel with replicas, a cluster, each over TLS with client
//! certificates and an ACL user that may do no more than the documents say; and [`FaultProxy`],
//! which stands before a node and fails on demand.
//!
//! Everything listens on free ports of loopback, lives in temporary folders and ends with the value
//! that started it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a Redis that does not start fails its test"
)]

mod certificates;
mod cluster;
mod ports;
mod proxy;
mod sentinel;
mod server;

pub use certificates::Authority;
pub use cluster::Cluster;
pub use ports::free_port;
pub use proxy::{Fault, FaultProxy};
pub use sentinel::Watched;
pub use server::{PASSWORD, RIGHTS, Server, ServerOptions, USER};
