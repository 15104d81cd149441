//! The client.

use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderValue, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_pki_types::CertificateDer;

use crate::OutboundError;
use crate::address::permitted_host;
use crate::resolver::Resolver;
use crate::trust::client_config;

/// A connection that stands idle for longer is closed; below the idle limits of usual servers.
const IDLE: Duration = Duration::from_secs(30);
/// Few hosts are called, each seldom; more idle connections than this help nobody.
const IDLE_PER_HOST: usize = 8;
/// A host that has not completed the TCP handshake by then is taken for down; the deadline of the
/// call may be shorter.
const CONNECT: Duration = Duration::from_secs(3);
/// Room for status line and headers of an answer.
const MAX_HEAD: usize = 64 * 1024;

/// How long a call may take and how much it may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the call until the last byte of the answer.
    pub deadline: Duration,
    /// Largest body taken.
    pub max_body: usize,
}

/// The pooled client. Clones share one pool; it runs on whichever tokio runtime calls it.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
}

impl Outbound {
    /// A client that trusts the system's certificate authorities and `extra_ca` (DER).
    ///
    /// # Errors
    /// [`OutboundError::ExtraCa`] when one of `extra_ca` is no certificate.
    pub fn new(extra_ca: &[CertificateDer<'static>]) -> Result<Self, OutboundError> {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(client_config(extra_ca)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        #[expect(clippy::disallowed_methods, reason = "this is the client that the ban points to")]
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_buf_size(MAX_HEAD);
        Ok(Self { client: builder.build(connector) })
    }

    /// Sends one request and reads the whole answer, whatever its status; follows no redirect.
    ///
    /// Dropping the future ends the call and closes its connection.
    ///
    /// # Errors
    /// See [`OutboundError`]; an answer with an error status is none.
    pub async fn send(
        &self,
        mut request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, OutboundError> {
        let host = permitted_host(request.uri())?;
        let agent = HeaderValue::from_static(concat!("vestibule/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().entry(USER_AGENT).or_insert(agent);
        tokio::time::timeout(limits.deadline, self.exchange(&host, request, limits.max_body))
            .await
            .unwrap_or(Err(OutboundError::Deadline { host: host.clone() }))
    }

    async fn exchange(
        &self,
        host: &str,
        request: Request<Bytes>,
        max_body: usize,
    ) -> Result<Response<Bytes>, OutboundError> {
        let answer = self.client.request(request.map(Full::new)).await;
        let answer = answer.map_err(|e| OutboundError::from_client(host.to_owned(), &e))?;
        let (head, body) = answer.into_parts();
        #[expect(clippy::disallowed_methods, reason = "bounded by Limited and by the deadline")]
        let body = Limited::new(body, max_body).collect().await;
        let body = body
            .map_err(|e| OutboundError::from_body(host.to_owned(), max_body, e.as_ref()))?
            .to_bytes();
        Ok(Response::from_parts(head, body))
    }
}
