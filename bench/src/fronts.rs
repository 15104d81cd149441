//! The programs that are measured.

use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use tokio::process::Command;

use crate::gateway_front::{self, FeedName};
use crate::lab::{HOST, Lab};
use crate::nginx::{self, Buffers};
use crate::process::Running;

/// A front beside nginx.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// TLS and `proxy::forward`, nothing else.
    Hop,
    /// The gateway as it ships: one acceptor hands connections to the least-loaded worker.
    Gateway,
    /// The gateway with a listener for each worker, spread by the kernel.
    GatewayReusePort,
}

/// What a front is to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// What the others are compared with.
    Reference,
    /// The reference for large bodies.
    LargeReference,
    /// Compared.
    Subject,
}

/// A running front.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) address: SocketAddr,
    /// `Host` and `:authority`.
    pub(crate) host: String,
    /// The session's cookie; all fronts are sent one, so that all read the same bytes.
    pub(crate) cookie: String,
    running: Running,
}

impl Front {
    /// CPU time used so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.running.cpu()
    }
}

/// As long as a real one.
const NO_SESSION: &str = "__Host-vestibule=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Starts nginx and `kinds`.
pub(crate) async fn start(lab: &Lab, kinds: &[Kind]) -> anyhow::Result<Vec<Front>> {
    let mut fronts = Vec::new();
    for (name, role, buffers) in [
        ("nginx", Role::Reference, Buffers::Default),
        ("nginx 64k", Role::LargeReference, Buffers::Large),
    ] {
        let nginx = nginx::front(lab.folder(), lab.origin(), &lab.certificate, buffers).await?;
        fronts.push(front(name, role, nginx.address, nginx.running));
    }
    for kind in kinds {
        fronts.push(match kind {
            Kind::Hop => hop(lab).await?,
            Kind::Gateway => signed_in("gateway", lab, FeedName::Acceptor).await?,
            Kind::GatewayReusePort => {
                signed_in("gateway, SO_REUSEPORT", lab, FeedName::ReusePort).await?
            }
        });
    }
    Ok(fronts)
}

fn front(name: &'static str, role: Role, address: SocketAddr, running: Running) -> Front {
    let host = format!("{HOST}:{}", address.port());
    Front { name, role, address, host, cookie: NO_SESSION.to_owned(), running }
}

async fn hop(lab: &Lab) -> anyhow::Result<Front> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("hop").arg("--identity").arg(&lab.certificate.both);
    command.arg("--origin").arg(format!("http://{}", lab.origin()));
    let (running, address) = Running::start_and_read(&mut command, "listening ").await?;
    Ok(front("hop", Role::Subject, address.parse()?, running))
}

async fn signed_in(name: &'static str, lab: &Lab, feed: FeedName) -> anyhow::Result<Front> {
    let gateway = gateway_front::start(lab, feed).await?;
    let front = front(name, Role::Subject, gateway.address, gateway.running);
    Ok(Front { cookie: gateway.cookie, ..front })
}
