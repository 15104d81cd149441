//! A server on loopback in a thread of its own; dropping it closes the port and all connections.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio_rustls::TlsAcceptor;

use crate::certificates::ServerCertificate;

/// How a server treats its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers at once.
    Normal,
    /// Waits before each answer.
    Slow(Duration),
    /// Takes requests and never answers.
    Silent,
    /// Accepts connections and reads not a byte from them, the open ones included.
    BlackHole,
    /// Closes every connection, the open ones included, without a byte.
    Unreachable,
}

/// Where to listen.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Port on 127.0.0.1; 0 asks the system for a free one.
    pub port: u16,
    /// Host name in published URLs, such as `acme.localhost`; `None`: `127.0.0.1`.
    pub host: Option<String>,
    /// Serve TLS with this certificate; `None`: plain http.
    pub tls: Option<ServerCertificate>,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// `http://host:port` or `https://host:port`, without a slash at the end.
    pub url: String,
    connections: Arc<AtomicUsize>,
    behaviour: watch::Sender<Behaviour>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A bound port that does not serve yet, so that a router can know its own URL.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    /// `http://host:port` or `https://host:port`.
    pub url: String,
}

/// Binds the port.
///
/// # Errors
/// When the port is taken.
pub fn bind(place: &Place) -> std::io::Result<Bound> {
    let listener = TcpListener::bind(("127.0.0.1", place.port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let scheme = if place.tls.is_some() { "https" } else { "http" };
    let host = place.host.as_deref().unwrap_or("127.0.0.1");
    let url = format!("{scheme}://{host}:{}", address.port());
    Ok(Bound { listener, address, tls: place.tls.as_ref().map(acceptor), url })
}

pub(crate) fn acceptor(certificate: &ServerCertificate) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(certificate.chain_pem.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("a PEM chain");
    let key = PrivateKeyDer::from_pem_slice(certificate.key_pem.as_bytes()).expect("a PEM key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    TlsAcceptor::from(Arc::new(config))
}

impl Bound {
    /// Serves `router` until the returned handle is dropped.
    pub fn serve(self, router: Router) -> Server {
        let (behaviour, watched) = watch::channel(Behaviour::Normal);
        let (stop, stopped) = oneshot::channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let router = router.layer(from_fn_with_state(watched.clone(), behave));
        let (listener, tls) = (self.listener, self.tls);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                tokio::select! {
                    () = accept(listener, tls, router, counter, watched) => {}
                    _ = stopped => {}
                }
            });
        });
        Server {
            address: self.address,
            url: self.url,
            connections,
            behaviour,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Server {
    /// How many connections were ever accepted.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Changes how this server treats its peers from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    counter: Arc<AtomicUsize>,
    behaviour: watch::Receiver<Behaviour>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        counter.fetch_add(1, Ordering::SeqCst);
        let (tls, router, mut watched) = (tls.clone(), router.clone(), behaviour.clone());
        let watched_too = behaviour.clone();
        tokio::spawn(async move {
            tokio::select! {
                biased; // an unreachable server does not answer by chance
                _ = watched.wait_for(|b| *b == Behaviour::Unreachable) => {}
                () = unless_swallowed(watched_too, converse(stream, tls, router)) => {}
            }
        });
    }
}

/// Once the server is a black hole, the connection stays open and nobody reads from it.
async fn unless_swallowed(mut watched: watch::Receiver<Behaviour>, talk: impl Future<Output = ()>) {
    let mut talk = std::pin::pin!(talk);
    let swallowed = async {
        let _ = watched.wait_for(|b| *b == Behaviour::BlackHole).await;
    };
    tokio::select! {
        biased;
        () = swallowed => {}
        () = &mut talk => return,
    }
    std::future::pending().await
}

async fn converse(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve_connection(stream, router).await };
    if let Ok(stream) = tls.accept(stream).await {
        serve_connection(stream, router).await;
    }
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
) {
    let service = TowerToHyperService::new(router);
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.with_upgrades().await;
}

async fn behave(
    State(behaviour): State<watch::Receiver<Behaviour>>,
    request: Request,
    next: Next,
) -> Response {
    let present = *behaviour.borrow();
    match present {
        Behaviour::Normal | Behaviour::Unreachable | Behaviour::BlackHole => {}
        Behaviour::Slow(delay) => tokio::time::sleep(delay).await,
        Behaviour::Silent => std::future::pending().await,
    }
    next.run(request).await
}
