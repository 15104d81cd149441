//! A small HTTP/1.1 client: one connection for each request unless the caller keeps [`Connections`],
//! `*.localhost` is this machine, redirects are left to the caller, cookies to [`Browser`].

mod browser;
mod connections;

use std::io;
use std::sync::Arc;

pub use browser::{Browser, PageForm};
use bytes::Bytes;
pub use connections::Connections;
use http::{HeaderMap, Method};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
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

/// Makes one request over a connection of its own.
///
/// # Errors
/// When the peer is not reached, breaks off, or takes longer than 60 seconds.
pub async fn call(call: Call<'_>) -> io::Result<Answer> {
    Connections::default().call(call).await
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
