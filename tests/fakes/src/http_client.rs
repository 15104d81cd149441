//! A small HTTP/1.1 client: one connection for each request, `*.localhost` is this machine,
//! redirects are left to the caller, cookies to [`Browser`].

mod browser;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub use browser::{Browser, PageForm};
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// The URL that was asked.
    pub url: Url,
}

impl Answer {
    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header field of this name, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The absolute URL in `Location`.
    pub fn location(&self) -> Option<Url> {
        self.url.join(self.header("location")?).ok()
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// Method.
    pub method: Method,
    /// Absolute URL.
    pub url: &'a Url,
    /// Header fields beside Host.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
    /// PEM of the only certificate authority to trust; needed for https.
    pub authority: Option<&'a str>,
}

/// Asks for `url` over plain http.
///
/// # Errors
/// As [`call`].
pub async fn get(url: &str) -> io::Result<Answer> {
    let url = Url::parse(url).map_err(io::Error::other)?;
    let call_ = Call {
        method: Method::GET,
        url: &url,
        headers: Vec::new(),
        body: Bytes::new(),
        authority: None,
    };
    call(call_).await
}

/// Makes one request.
///
/// # Errors
/// When the peer is not reached, breaks off, or takes longer than 60 seconds.
pub async fn call(call: Call<'_>) -> io::Result<Answer> {
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, exchange(call)).await.map_err(io::Error::other)?
}

async fn exchange(call: Call<'_>) -> io::Result<Answer> {
    let host = call.url.host_str().unwrap_or_default();
    let port = call.url.port_or_known_default().unwrap_or(0);
    let stream = if host == "localhost" || host.ends_with(".localhost") {
        TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?
    } else {
        TcpStream::connect((host, port)).await?
    };
    if call.url.scheme() != "https" {
        return converse(stream, call).await;
    }
    let connector = TlsConnector::from(Arc::new(tls(call.authority.unwrap_or_default())?));
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    converse(connector.connect(name, stream).await?, call).await
}

/// A TLS client that trusts one authority.
///
/// # Errors
/// When `authority` is no PEM certificate.
pub fn tls(authority: &str) -> io::Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        let certificate = certificate.map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    call: Call<'_>,
) -> io::Result<Answer> {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(io::Error::other)?;
    let driver = tokio::spawn(connection);
    let authority = &call.url[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &call.url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = Request::builder().method(call.method).uri(target).header("host", authority);
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(call.body)).map_err(io::Error::other)?;
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    driver.abort();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, url: call.url.clone() })
}
