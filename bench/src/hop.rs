//! TLS and `proxy::forward` with a fixed identity: what the gateway cannot cost less than.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use domain::{Identity, PersonKey, ReferenceCode, Timestamp};
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use policy::{Asking, Decision, Permit, SignInRules, Visitor};
use proxy::{
    ClientAddress, ForwardBody, ForwardContext, ForwardError, IdentityHeader, IdentityHeaders,
    IdentityValue, Pool, Upstream, UpstreamSettings,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::lab::HOST;

/// As many as nginx has.
const WORKERS: usize = 2;

struct Hop {
    upstream: Upstream,
    permit: Permit,
    identity: IdentityHeaders,
    tls: TlsAcceptor,
}

/// Serves until it is ended; says on standard output where.
pub(crate) fn serve(identity: &Path, origin: &str) -> anyhow::Result<()> {
    let hop = Arc::new(Hop::new(identity, origin)?);
    let first = listener(([127, 0, 0, 1], 0).into())?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    while listeners.len() < WORKERS {
        listeners.push(listener(address)?);
    }
    println!("listening {address}");
    let workers: Vec<_> = listeners
        .into_iter()
        .map(|listener| {
            let hop = Arc::clone(&hop);
            std::thread::spawn(move || work(hop, listener))
        })
        .collect();
    for worker in workers {
        let Ok(ended) = worker.join() else { bail!("a worker panicked") };
        ended?;
    }
    Ok(())
}

fn listener(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

fn work(hop: Arc<Hop>, listener: std::net::TcpListener) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let (listener, pool) = (TcpListener::from_std(listener)?, Pool::new());
        loop {
            let (stream, peer) = listener.accept().await?;
            tokio::spawn(connection(Arc::clone(&hop), pool.clone(), stream, peer));
        }
    })
}

async fn connection(hop: Arc<Hop>, pool: Pool, stream: TcpStream, peer: SocketAddr) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = hop.tls.accept(stream).await else { return };
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let client = ClientAddress::from(peer.ip());
    let service =
        service_fn(move |request| answer(Arc::clone(&hop), pool.clone(), client.clone(), request));
    let io = TokioIo::new(stream);
    // A client that goes away is no news here.
    if http2 {
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(io, service).await;
        return;
    }
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
}

async fn answer(
    hop: Arc<Hop>,
    pool: Pool,
    client: ClientAddress,
    request: Request<Incoming>,
) -> Result<Response<ForwardBody>, ForwardError> {
    let context = ForwardContext {
        identity: Some(&hop.identity),
        host: HeaderValue::from_static(HOST),
        client,
        reference: ReferenceCode::from_random([0; 8]),
    };
    proxy::forward(&hop.permit, request, &hop.upstream, &pool, context).await
}

impl Hop {
    fn new(identity: &Path, origin: &str) -> anyhow::Result<Self> {
        let upstream = Upstream::new(UpstreamSettings {
            url: origin.parse()?,
            certificate_authorities: Vec::new(),
            audience: HOST.to_owned(),
            identity_headers: vec![IdentityHeader {
                name: http::HeaderName::from_static("x-remote-user"),
                value: IdentityValue::Email,
            }],
        })?;
        let person = PersonKey { idp: "acme".parse()?, subject: "ann".parse()? };
        let visitor = Visitor::Person(&person);
        let (site, rules) = ("help".parse()?, SignInRules::default());
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let now = Timestamp::MAX;
        let asking = Asking { visitor, site: &site, path: "/", client, factor: None, now };
        let decision = policy::decide(&asking, &rules, None, |_| true);
        let Decision::Allow(permit) = decision else { bail!("nobody may pass") };
        let ann = Identity {
            person: person.clone(),
            email: "ann@acme.example".parse()?,
            display_name: "Ann Archer".to_owned(),
            groups: None,
            claims: std::collections::BTreeMap::new(),
            idp_session: None,
            session_deadline: None,
        };
        // As long as a signed one, which the gateway makes twice a minute.
        let assertion = HeaderValue::try_from("a".repeat(480))?;
        let identity_headers = IdentityHeaders::new(&ann, None, assertion, &upstream);
        let tls = tls(identity)?;
        Ok(Self { upstream, permit, identity: identity_headers, tls })
    }
}

fn tls(identity: &Path) -> anyhow::Result<TlsAcceptor> {
    let certificate = CertificateDer::from_pem_file(identity)?;
    let key = PrivateKeyDer::from_pem_file(identity)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
