//! One connection to one address: TCP, TLS, `HELLO 3` with the ACL user.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ProtocolVersion, PushInfo, RedisConnectionInfo};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::settings::{RedisAddress, RedisLogin, RedisSettings, RedisTls};
use crate::StoreError;

/// How long one attempt to connect may take, TLS and login included.
const PATIENCE: Duration = Duration::from_secs(1);
/// Requests that wait for the connection's task; more wait for room, within their deadline.
const QUEUE: usize = 256;

/// Makes connections of one kind.
#[derive(Clone)]
pub(super) struct Dialer {
    tls: Option<(TlsConnector, Option<ServerName<'static>>)>,
    info: RedisConnectionInfo,
    /// Where connections live: it must outlast them.
    pub(super) runtime: Handle,
}

/// A connection and the task that moves its bytes; the task's end is the connection's.
pub(super) struct Connection {
    pub(super) requests: MultiplexedConnection,
    pub(super) task: JoinHandle<()>,
}

impl Dialer {
    pub(super) fn new(settings: &RedisSettings, runtime: Handle) -> Result<Self, StoreError> {
        let tls = settings.tls.as_ref().map(connector).transpose()?;
        let info = plain().set_db(settings.database);
        Ok(Self { tls, info: with_login(info, settings.login.as_ref()), runtime })
    }

    /// The same, with connections that live in another runtime.
    pub(super) fn within(self, runtime: Handle) -> Self {
        Self { runtime, ..self }
    }

    /// As whom Sentinels know us; they have no databases.
    pub(super) fn for_sentinels(mut self, login: Option<&RedisLogin>) -> Self {
        self.info = with_login(plain(), login);
        self
    }

    /// Connects. `pushes` hears what Redis says unasked, and the connection's end.
    ///
    /// # Errors
    /// In words for the log, without a secret.
    pub(super) async fn connect(
        &self,
        address: &RedisAddress,
        pushes: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<Connection, String> {
        let late = |_| format!("{address}: no connection within {PATIENCE:?}");
        timeout(PATIENCE, self.try_connect(address, pushes)).await.map_err(late)?
    }

    async fn try_connect(
        &self,
        address: &RedisAddress,
        pushes: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<Connection, String> {
        let failed = |error: std::io::Error| format!("{address}: {error}");
        let socket = TcpStream::connect((address.host.as_str(), address.port));
        let socket = socket.await.map_err(failed)?;
        socket.set_nodelay(true).map_err(failed)?;
        let config = AsyncConnectionConfig::new()
            // Deadlines are each caller's.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE)
            .set_push_sender(move |push| {
                pushes(push);
                Ok::<(), ()>(())
            });
        let refused = |error: redis::RedisError| format!("{address}: {}", describe(&error));
        let Some((connector, name)) = &self.tls else {
            let made = MultiplexedConnection::new_with_config(&self.info, socket, config).await;
            let (requests, driver) = made.map_err(refused)?;
            return Ok(Connection { requests, task: self.runtime.spawn(driver) });
        };
        let name = match name {
            Some(name) => name.clone(),
            None => ServerName::try_from(address.host.clone()).map_err(|e| e.to_string())?,
        };
        let stream = connector.connect(name, socket).await.map_err(failed)?;
        let made = MultiplexedConnection::new_with_config(&self.info, stream, config).await;
        let (requests, driver) = made.map_err(refused)?;
        Ok(Connection { requests, task: self.runtime.spawn(driver) })
    }
}

/// What Redis said, without what we said to it: that may be a value.
pub(super) fn describe(error: &redis::RedisError) -> String {
    match (error.code(), error.is_io_error()) {
        (_, true) => error.to_string(),
        (Some(code), _) => format!("{code} {}", error.detail().unwrap_or_default()),
        (None, _) => error.category().to_owned(),
    }
}

fn plain() -> RedisConnectionInfo {
    RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3).set_skip_set_lib_name()
}

fn with_login(info: RedisConnectionInfo, login: Option<&RedisLogin>) -> RedisConnectionInfo {
    let Some(login) = login else { return info };
    let info = info.set_password(login.password.expose());
    match &login.user {
        Some(user) => info.set_username(user),
        None => info,
    }
}

fn connector(tls: &RedisTls) -> Result<(TlsConnector, Option<ServerName<'static>>), StoreError> {
    let wrong = |what: String| StoreError::Settings { section: "tls", reason: what };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong(e.to_string()))?
        .with_root_certificates(roots(tls).map_err(wrong)?);
    let config = match &tls.identity {
        None => config.with_no_client_auth(),
        Some((chain, key)) => config
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|e| wrong(format!("the client certificate and its key: {e}")))?,
    };
    let name = tls.server_name.clone().map(ServerName::try_from).transpose();
    let name = name.map_err(|_| wrong("`server_name` is no host name".to_owned()))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

fn roots(tls: &RedisTls) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for authority in &tls.authorities {
        roots.add(authority.clone()).map_err(|e| e.to_string())?;
    }
    if tls.authorities.is_empty() {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
    }
    if roots.is_empty() {
        return Err("the system has no certificate authorities; name some".to_owned());
    }
    Ok(roots)
}
