//! From settings to a running gateway.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use audit::{AuditError, AuditLog};
use config::{Settings, StoreSettings};
use domain::{AuditEvent, Clock, HostName, JsmName};
use federation::{Federation, FederationError, Protocol as Spoken};
use login::Mapping;
use outbound::{Outbound, OutboundError};
use provisioning::Provisioner;
use proxy::{AssertionSigner, SetupError, Upstream};
use session::{Attempts, ReplayMarks, Sealer, SealingKeyError, Sessions};
use store::{EmbeddedStore, Store, StoreError};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};

use crate::access_log::AccessLog;
use crate::control::ControlSocket;
use crate::gateway::{Gateway, Protocol, Provider, Site};
use crate::listen::{Feed, Workers};
use crate::tls::{CertificateError, Certificates};
use crate::{background, events, listen, operations, plain, tls};

/// Threads of the pool for what computes or waits on disk.
const BACKGROUND_THREADS: usize = 2;

/// XML signatures verified at once.
const VERIFYING: usize = 2;

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener cannot be bound.
    #[error("listen.{name}: {address} cannot be bound; another program may listen there")]
    Listen {
        /// Which listener.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The control socket cannot be bound.
    #[error(
        "control.socket: `{path}` cannot be bound; stop the other gateway, or give this one a socket of its own"
    )]
    Control {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The store cannot be opened.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The audit log cannot be opened.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The access log cannot be opened.
    #[error("access_log: `{path}` cannot be opened for appending")]
    AccessLog {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An upstream or an assertion key cannot be used.
    #[error(transparent)]
    Proxy(#[from] SetupError),
    /// A sealing key cannot be used.
    #[error("keys.sealing: {0}")]
    Sealing(#[from] SealingKeyError),
    /// Certificate authorities cannot be used.
    #[error("outbound: {0}")]
    Outbound(#[from] OutboundError),
    /// Identity providers whose metadata file or settings cannot be used.
    #[error("{}", .0.iter().map(|error| error.refusal().explanation).collect::<Vec<_>>().join("\n"))]
    Federation(Vec<FederationError>),
    /// Threads cannot be started.
    #[error("the system gives no threads")]
    Threads(#[source] io::Error),
}

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
    background: Option<Runtime>,
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
    let entered = runtime.enter();
    let bound = Bound::new(&settings, feed)?;
    let certificates = Arc::new(Certificates::load(&settings.certificates)?);
    let tls = tls::server_config(Arc::clone(&certificates)).map_err(CertificateError::from)?;
    let control = ControlSocket::bind(&settings.control_socket)
        .map_err(|source| StartError::Control { path: settings.control_socket.clone(), source })?;
    let (count, digest) = (workers(&settings), settings.digest.clone());
    let gateway = Arc::new(build(settings, clock, runtime.handle().clone(), store)?);
    let (stop, stopped) = watch::channel(false);
    let (https, http, probes) =
        (bound.https.local_addr(), bound.http_address(), bound.operations_address());
    let workers = listen::start(&gateway, bound.https, Arc::new(tls), count, feed, stopped);
    let workers = workers.map_err(StartError::Threads)?;
    runtime.spawn(operations::serve(Arc::clone(&gateway), bound.operations));
    if let Some(listener) = bound.http {
        runtime.spawn(plain::serve(Arc::clone(&gateway), listener));
    }
    runtime.spawn(control.serve(Arc::clone(&gateway)));
    let followed = Arc::clone(&gateway);
    runtime.spawn(async move { followed.sessions.follow().await });
    runtime.spawn(background::rounds(Arc::clone(&gateway)));
    runtime.spawn(background::reload_certificates(Arc::clone(&gateway), certificates));
    let started = AuditEvent::GatewayStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        configuration: digest,
    };
    let announced = Arc::clone(&gateway);
    runtime.spawn(async move { events::record_own(&announced, started).await });
    drop(entered);
    let https = https.map_err(StartError::Threads)?;
    Ok(Running {
        https,
        http,
        operations: probes,
        gateway,
        stop,
        workers: Some(workers),
        background: Some(runtime),
    })
}

/// Looks at everything that a start needs, without binding, opening or calling anything.
///
/// # Errors
/// The first thing that would keep the gateway from starting.
pub fn check(settings: &Settings, now: domain::Timestamp) -> Result<(), StartError> {
    saml::harden();
    Certificates::load(&settings.certificates)?;
    Sealer::new(&settings.keys.sealing)?;
    AssertionSigner::new(&settings.keys.assertion)?;
    sites(settings.sites.clone())?;
    let outbound = Outbound::new(&settings.extra_certificate_authorities)?;
    let idps = settings.identity_providers.iter().map(|idp| idp.federation.clone()).collect();
    Federation::new(idps, outbound, now).map(|_| ()).map_err(StartError::Federation)
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
        if let Some(background) = &self.background {
            background.block_on(events::record_own(&self.gateway, AuditEvent::GatewayStopped));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(background) = self.background.take() {
            // Never blocks, so that a gateway may be dropped inside another runtime.
            background.shutdown_background();
        }
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

    fn http_address(&self) -> Option<SocketAddr> {
        self.http.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    fn operations_address(&self) -> SocketAddr {
        self.operations.local_addr().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

fn build(
    settings: Settings,
    clock: Arc<dyn Clock>,
    background: tokio::runtime::Handle,
    store: Option<Arc<dyn Store>>,
) -> Result<Gateway, StartError> {
    let now = clock.now();
    let outbound = Outbound::new(&settings.extra_certificate_authorities)?;
    let store: Arc<dyn Store> = match (store, &settings.store) {
        (Some(open), _) => open,
        (None, StoreSettings::Embedded { path }) => Arc::new(EmbeddedStore::open(path)?),
    };
    let sealer = Arc::new(Sealer::new(&settings.keys.sealing)?);
    let idps = settings.identity_providers.iter().map(|idp| idp.federation.clone()).collect();
    let federation =
        Federation::new(idps, outbound.clone(), now).map_err(StartError::Federation)?;
    let provisioners: HashMap<JsmName, Provisioner> = settings
        .jsm
        .into_iter()
        .map(|jsm| {
            let name = jsm.name.clone();
            (name, Provisioner::new(jsm, outbound.clone(), Arc::clone(&store), Arc::clone(&clock)))
        })
        .collect();
    let open = |path: &PathBuf| {
        AccessLog::open(path).map_err(|source| StartError::AccessLog { path: path.clone(), source })
    };
    Ok(Gateway {
        sites: sites(settings.sites)?,
        trusted_proxies: settings.listen.trusted_proxies,
        providers: settings.identity_providers.into_iter().map(provider).collect(),
        sign_in: settings.sign_in,
        sessions: Sessions::new(Arc::clone(&store), Arc::clone(&sealer)),
        attempts: Attempts::new(Arc::clone(&store), sealer),
        marks: ReplayMarks::new(Arc::clone(&store)),
        federation,
        provisioners,
        signer: AssertionSigner::new(&settings.keys.assertion)?,
        audit: AuditLog::open(&settings.audit_file)?,
        audit_file: settings.audit_file,
        access_log: settings.access_log.as_ref().map(open).transpose()?,
        background,
        verifying: Semaphore::new(VERIFYING),
        stopping: AtomicBool::new(false),
        clock,
        store,
    })
}

fn provider(idp: config::IdentityProvider) -> (domain::IdpName, Provider) {
    let protocol = match idp.federation.protocol {
        Spoken::Saml(_) => Protocol::Saml,
        Spoken::Oidc(_) => Protocol::Oidc,
    };
    let mapping = Mapping { names: idp.claims, domains: idp.federation.domains };
    let provider = Provider {
        label: idp.federation.label,
        protocol,
        enabled: idp.federation.enabled,
        mapping,
    };
    (idp.federation.name, provider)
}

fn sites(sites: Vec<config::Site>) -> Result<HashMap<HostName, Arc<Site>>, StartError> {
    let mut by_host = HashMap::new();
    for settings in sites {
        let upstream = Upstream::new(settings.upstream.clone())?;
        let hosts = settings.hosts.clone();
        let site = Arc::new(Site { settings, upstream });
        by_host.extend(hosts.into_iter().map(|host| (host, Arc::clone(&site))));
    }
    Ok(by_host)
}
