//! From settings to a running gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use config::Settings;
use domain::{AuditEvent, Clock};
use store::Store;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::control::{ControlSocket, SocketFile};
use crate::gateway::Gateway;
use crate::listen::{Feed, Workers};
use crate::tls::{CertificateError, Certificates};
use crate::{
    StartError, assembly, background, dormancy, events, factor_rounds, listen, mail, operations,
    plain, provision, tls,
};

/// Threads of the pool for what computes or waits on disk.
const BACKGROUND_THREADS: usize = 2;

/// A running gateway; dropped without [`Running::stop`], it ends at once.
pub struct Running {
    /// Where it serves TLS.
    pub https: SocketAddr,
    /// Where it redirects to https.
    pub http: Option<SocketAddr>,
    /// Where probes are answered.
    pub operations: SocketAddr,
    gateway: Arc<Gateway>,
    stop: watch::Sender<bool>,
    workers: Option<Workers>,
    background: Background,
    _control: SocketFile,
}

/// The pool for what computes or waits on disk. Dropping it never blocks, so that a gateway may be
/// dropped, or fail to start, inside another runtime.
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Starts a gateway. `clock` is the system's, or one that a test moves.
///
/// # Errors
/// When anything it needs cannot be had; nothing is left running then.
pub fn start(settings: Settings, clock: Arc<dyn Clock>, feed: Feed) -> Result<Running, StartError> {
    launch(settings, clock, feed, None)
}

/// Starts a gateway over a store that is open already, whatever `settings.store` says: one that
/// fails on demand, or one that a test reads along.
///
/// # Errors
/// As [`start`].
pub fn start_with_store(
    settings: Settings,
    clock: Arc<dyn Clock>,
    feed: Feed,
    store: Arc<dyn Store>,
) -> Result<Running, StartError> {
    launch(settings, clock, feed, Some(store))
}

fn launch(
    settings: Settings,
    clock: Arc<dyn Clock>,
    feed: Feed,
    store: Option<Arc<dyn Store>>,
) -> Result<Running, StartError> {
    saml::harden();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(BACKGROUND_THREADS)
        .thread_name("background")
        .enable_all()
        .build()
        .map_err(StartError::Threads)?;
    let pool = runtime.handle().clone();
    let background = Background(Some(runtime));
    let entered = pool.enter();
    let bound = Bound::new(&settings, feed)?;
    let certificates = Arc::new(Certificates::load(&settings.certificates)?);
    let tls = tls::server_config(Arc::clone(&certificates)).map_err(CertificateError::from)?;
    let (control, _control) = ControlSocket::bind(&settings.control_socket)
        .map_err(|source| StartError::Control { path: settings.control_socket.clone(), source })?;
    let (count, digest) = (workers(&settings), settings.digest.clone());
    let gateway = Arc::new(assembly::build(settings, clock, pool.clone(), store)?);
    let (stop, stopped) = watch::channel(false);
    let (https, http, operations) = bound.addresses().map_err(StartError::Threads)?;
    let workers = listen::start(&gateway, bound.https, Arc::new(tls), count, feed, stopped);
    let workers = Some(workers.map_err(StartError::Threads)?);
    pool.spawn(operations::serve(Arc::clone(&gateway), bound.operations));
    if let Some(listener) = bound.http {
        pool.spawn(plain::serve(Arc::clone(&gateway), listener));
    }
    pool.spawn(control.serve(Arc::clone(&gateway)));
    spawn_rounds(&pool, &gateway, certificates, digest);
    drop(entered);
    Ok(Running { https, http, operations, gateway, stop, workers, background, _control })
}

/// What goes on beside requests, beginning with the news of the start.
fn spawn_rounds(
    pool: &tokio::runtime::Handle,
    gateway: &Arc<Gateway>,
    certificates: Arc<Certificates>,
    configuration: String,
) {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let announced = Arc::clone(gateway);
    pool.spawn(async move {
        let started = AuditEvent::GatewayStarted { version, configuration };
        events::record_own(&announced, started).await;
    });
    let followed = Arc::clone(gateway);
    pool.spawn(mail::run(Arc::clone(gateway)));
    pool.spawn(factor_rounds::alarms(Arc::clone(gateway)));
    pool.spawn(async move {
        let tell = |heard: session::Heard<'_>| followed.streams.hear(heard);
        followed.sessions.follow(&*followed.clock, tell).await;
    });
    let noting = Arc::clone(gateway);
    pool.spawn(async move { noting.history.rounds().await });
    pool.spawn(crate::streams::watch(Arc::clone(gateway)));
    pool.spawn(background::rounds(Arc::clone(gateway)));
    pool.spawn(provision::rounds(Arc::clone(gateway)));
    pool.spawn(dormancy::rounds(Arc::clone(gateway)));
    pool.spawn(background::reload_certificates(Arc::clone(gateway), certificates));
}

fn workers(settings: &Settings) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    settings.listen.workers.unwrap_or(cores).max(1)
}

impl Running {
    /// Stops accepting, lets running requests end (30 s at most), then ends. Blocks.
    pub fn stop(mut self) {
        self.gateway.stopping.store(true, Ordering::Relaxed);
        // Nobody listening is as good as stopped.
        let _ = self.stop.send(true);
        if let Some(workers) = self.workers.take() {
            workers.join();
        }
        if let Some(background) = &self.background.0 {
            background.block_on(self.gateway.history.write());
            background.block_on(events::record_own(&self.gateway, AuditEvent::GatewayStopped));
        }
        if let Some(log) = &self.gateway.access_log {
            log.flush();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Workers end by themselves once they hear it.
        let _ = self.stop.send(true);
    }
}

/// Listeners, bound before anything else is opened.
struct Bound {
    https: std::net::TcpListener,
    http: Option<TcpListener>,
    operations: TcpListener,
}

impl Bound {
    fn new(settings: &Settings, feed: Feed) -> Result<Self, StartError> {
        let listen = &settings.listen;
        let failed = |name, address| move |source| StartError::Listen { name, address, source };
        let plain = |name, address| {
            let bound = listen::bind(address, Feed::Acceptor).and_then(TcpListener::from_std);
            bound.map_err(failed(name, address))
        };
        Ok(Self {
            https: listen::bind(listen.https, feed).map_err(failed("https", listen.https))?,
            http: listen.http.map(|address| plain("http", address)).transpose()?,
            operations: plain("operations", listen.operations)?,
        })
    }

    /// Where TLS, redirects and probes are served.
    fn addresses(&self) -> std::io::Result<(SocketAddr, Option<SocketAddr>, SocketAddr)> {
        let http = self.http.as_ref().map(TcpListener::local_addr).transpose()?;
        Ok((self.https.local_addr()?, http, self.operations.local_addr()?))
    }
}
