//! One upstream, ready to be connected to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::time::Instant;
use url::{Host, Url};

use crate::header_rules::RequestRules;
use crate::{IdentityHeader, Limits, SetupError, UpstreamSettings};

/// Names an upstream within the process, so that connections of one that was reconfigured are
/// never used for its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UpstreamId(u64);

/// One upstream: where it is, how TLS toward it is verified, what it is told about people. Shared
/// by all workers.
#[derive(Debug)]
pub struct Upstream {
    id: UpstreamId,
    limits: Limits,
    identity: Vec<IdentityHeader>,
    rules: Arc<RequestRules>,
    place: Place,
    port: u16,
    tls: Option<Tls>,
    resolved: Mutex<Option<Resolved>>,
}

/// Where an upstream is.
#[derive(Debug)]
pub(crate) enum Place {
    /// Known without asking.
    Address(IpAddr),
    /// To be looked up.
    Name(String),
}

/// How TLS toward an upstream is made.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
}

/// What a look-up gave, and when.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) at: Instant,
    pub(crate) addresses: Arc<[SocketAddr]>,
}

impl Upstream {
    /// An upstream with the default limits.
    ///
    /// # Errors
    /// Every [`SetupError`] about URLs and certificate authorities.
    pub fn new(settings: UpstreamSettings) -> Result<Self, SetupError> {
        Self::with_limits(settings, Limits::default())
    }

    /// An upstream with limits of its own.
    ///
    /// # Errors
    /// As [`Upstream::new`].
    pub fn with_limits(settings: UpstreamSettings, limits: Limits) -> Result<Self, SetupError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (place, port) = place(&settings.url)?;
        Ok(Self {
            id: UpstreamId(NEXT.fetch_add(1, Ordering::Relaxed)),
            limits,
            rules: Arc::new(RequestRules::new(&settings.identity_headers)),
            identity: settings.identity_headers,
            place,
            port,
            tls: tls(&settings.url, settings.certificate_authorities)?,
            resolved: Mutex::new(None),
        })
    }

    pub(crate) fn id(&self) -> UpstreamId {
        self.id
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn identity(&self) -> &[IdentityHeader] {
        &self.identity
    }

    pub(crate) fn rules(&self) -> &Arc<RequestRules> {
        &self.rules
    }

    pub(crate) fn place(&self) -> (&Place, u16) {
        (&self.place, self.port)
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    pub(crate) fn resolved(&self) -> Option<Resolved> {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn remember(&self, resolved: Resolved) {
        *self.resolved.lock().unwrap_or_else(PoisonError::into_inner) = Some(resolved);
    }
}

fn place(url: &Url) -> Result<(Place, u16), SetupError> {
    let wrong = || SetupError::Url(url.clone());
    let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !bare || url.password().is_some() {
        return Err(wrong());
    }
    let port = url.port_or_known_default().ok_or_else(wrong)?;
    let place = match url.host().ok_or_else(wrong)? {
        Host::Ipv4(address) => Place::Address(address.into()),
        Host::Ipv6(address) => Place::Address(address.into()),
        // RFC 6761 §6.3: names under localhost are loopback, without asking.
        Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => {
            Place::Address(Ipv4Addr::LOCALHOST.into())
        }
        Host::Domain(name) => Place::Name(name.to_owned()),
    };
    Ok((place, port))
}

fn tls(url: &Url, own: Vec<CertificateDer<'static>>) -> Result<Option<Tls>, SetupError> {
    if url.scheme() != "https" {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(SetupError::Tls)?
        .with_root_certificates(authorities(own)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(|_| SetupError::Url(url.clone()))?;
    Ok(Some(Tls { config: Arc::new(config), name }))
}

fn authorities(own: Vec<CertificateDer<'static>>) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    if own.is_empty() {
        // One unreadable file among the system's hundreds must not stop the gateway.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for certificate in own {
        roots.add(certificate).map_err(SetupError::Authority)?;
    }
    if roots.is_empty() { Err(SetupError::NoAuthorities) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_http_urls_are_upstreams() {
        let of = |url: &str| place(&Url::parse(url).unwrap());
        for bad in ["ftp://a", "http://a/jira", "http://a/?q", "http://u@a", "http://u:p@a"] {
            assert!(of(bad).is_err(), "{bad}");
        }
        assert!(matches!(of("https://jira.internal"), Ok((Place::Name(_), 443))));
        assert!(matches!(of("http://jira.localhost:8080"), Ok((Place::Address(_), 8080))));
        assert!(matches!(of("http://[::1]:80"), Ok((Place::Address(_), 80))));
    }
}
