//! The data path's threads, and how connections come to them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use proxy::Pool;
use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use crate::gateway::Gateway;
use crate::serve::{Worker, connection};

/// Connections that wait in the kernel.
const BACKLOG: i32 = 4096;

/// Connections that wait for a worker.
const HANDED: usize = 1024;

/// How long running requests may take once the gateway stops.
const DRAIN: Duration = Duration::from_secs(30);

/// How connections come to the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// One acceptor hands each connection to the worker with the fewest. Fair to a few long-lived
    /// connections of a balancer.
    Acceptor,
    /// Every worker has a listener of its own on the same port; the kernel spreads by hash.
    ReusePort,
}

/// Binds a listener; with port 0 the system chooses.
pub(crate) fn bind(address: SocketAddr, feed: Feed) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(feed == Feed::ReusePort)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The running workers.
#[derive(Debug)]
pub(crate) struct Workers {
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Waits until every worker has drained.
    pub(crate) fn join(self) {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker panicked");
            }
        }
    }
}

/// Starts `count` workers on `listener`.
pub(crate) fn start(
    gateway: &Arc<Gateway>,
    listener: std::net::TcpListener,
    tls: Arc<ServerConfig>,
    count: usize,
    feed: Feed,
    stop: watch::Receiver<bool>,
) -> io::Result<Workers> {
    let address = listener.local_addr()?;
    let mut listener = Some(listener);
    let mut threads = Vec::new();
    let mut hands = Vec::new();
    for index in 0..count {
        let (hand, handed) = mpsc::channel(HANDED);
        let open = Arc::new(AtomicUsize::new(0));
        let own = match feed {
            Feed::Acceptor => None,
            Feed::ReusePort => Some(listener.take().map_or_else(|| bind(address, feed), Ok)?),
        };
        let (gateway, stop) = (Arc::clone(gateway), stop.clone());
        let tls = TlsAcceptor::from(Arc::clone(&tls));
        let running = Arc::clone(&open);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(format!("worker-{index}"));
        threads.push(thread.spawn(move || {
            let worker = Worker { gateway, pool: Pool::new(), tls, stop };
            runtime.block_on(work(worker, own, handed, running));
            runtime.shutdown_background();
        })?);
        hands.push(Hand { hand, open });
    }
    if let Some(listener) = listener {
        gateway.background.spawn(hand_out(listener, hands, stop));
    }
    Ok(Workers { threads })
}

/// The way to one worker.
struct Hand {
    hand: mpsc::Sender<(std::net::TcpStream, SocketAddr)>,
    open: Arc<AtomicUsize>,
}

async fn hand_out(
    listener: std::net::TcpListener,
    hands: Vec<Hand>,
    mut stop: watch::Receiver<bool>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let least = hands.iter().min_by_key(|hand| hand.open.load(Ordering::Relaxed));
        let (Some(least), Ok(stream)) = (least, stream.into_std()) else { continue };
        least.open.fetch_add(1, Ordering::Relaxed);
        // A full queue means that the worker cannot keep up: the client is turned away now rather
        // than kept waiting for nothing.
        if least.hand.try_send((stream, peer)).is_err() {
            least.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The next connection. Out of file descriptors it waits for some to come back.
pub(crate) async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => tracing::warn!(%error, "cannot accept connections"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn work(
    worker: Worker,
    listener: Option<std::net::TcpListener>,
    mut handed: mpsc::Receiver<(std::net::TcpStream, SocketAddr)>,
    open: Arc<AtomicUsize>,
) {
    let listener = listener.and_then(|listener| TcpListener::from_std(listener).ok());
    let mut stop = worker.stop.clone();
    loop {
        let (stream, peer) = tokio::select! {
            Some((stream, peer)) = handed.recv(), if listener.is_none() => match TcpStream::from_std(stream) {
                Ok(stream) => (stream, peer),
                Err(_) => continue,
            },
            accepted = accept_own(listener.as_ref()) => {
                open.fetch_add(1, Ordering::Relaxed);
                accepted
            }
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (worker, open) = (worker.clone(), Arc::clone(&open));
        tokio::spawn(async move {
            connection(worker, stream, peer).await;
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
    let drained = async {
        while open.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!("connections were cut after 30 seconds");
    }
}

/// The next connection of the worker's own listener; without one there is never any.
async fn accept_own(listener: Option<&TcpListener>) -> (TcpStream, SocketAddr) {
    match listener {
        Some(listener) => accept(listener).await,
        None => std::future::pending().await,
    }
}
