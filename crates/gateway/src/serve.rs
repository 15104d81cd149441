//! One connection of a browser: TLS, then HTTP/1.1 or HTTP/2 as agreed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use config::ProxyProtocol;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use proxy::Pool;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::access_log::Finished;
use crate::body::Body;
use crate::endpoints::for_log;
use crate::gateway::Gateway;
use crate::{proxy_protocol, request};

/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a client may take for a request's head; also how long a connection may idle.
const HEAD: Duration = Duration::from_secs(60);

/// What every connection of one worker needs.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) pool: Pool,
    pub(crate) tls: TlsAcceptor,
    pub(crate) stop: watch::Receiver<bool>,
}

/// Serves one connection to its end.
pub(crate) async fn connection(worker: Worker, mut stream: TcpStream, peer: SocketAddr) {
    // Small answers must not wait for more.
    let _ = stream.set_nodelay(true);
    let peer = match introduced(&worker.gateway, &mut stream, peer).await {
        Ok(peer) => peer,
        Err(error) => return tracing::debug!(%peer, %error, "turned away"),
    };
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, worker.tls.accept(stream)).await else {
        tracing::debug!(%peer, "no TLS");
        return;
    };
    let agreed = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let ended =
        if agreed { http2(worker, stream, peer).await } else { http1(worker, stream, peer).await };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

/// Whose connection it is: the peer's, or what a balancer says by the PROXY protocol.
///
/// # Errors
/// When that is required, and the connection does not begin so.
pub(crate) async fn introduced(
    gateway: &Gateway,
    stream: &mut TcpStream,
    peer: SocketAddr,
) -> std::io::Result<SocketAddr> {
    match gateway.proxy_protocol {
        ProxyProtocol::Off => Ok(peer),
        ProxyProtocol::Required => {
            proxy_protocol::read(stream, peer, &gateway.trusted_proxies).await
        }
    }
}

async fn http1(
    worker: Worker,
    stream: TlsStream<TcpStream>,
    peer: SocketAddr,
) -> hyper::Result<()> {
    let mut stop = worker.stop.clone();
    let service = service_fn(|request| answer(&worker, peer, request));
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut serving = pin!(server.serve_connection(TokioIo::new(stream), service).with_upgrades());
    tokio::select! {
        ended = serving.as_mut() => return ended,
        _ = stop.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    serving.await
}

async fn http2(
    worker: Worker,
    stream: TlsStream<TcpStream>,
    peer: SocketAddr,
) -> hyper::Result<()> {
    let mut stop = worker.stop.clone();
    let shared = Arc::new(worker);
    let service = service_fn(move |request| {
        let worker = Arc::clone(&shared);
        async move { answer(&worker, peer, request).await }
    });
    let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    server
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(32 * 1024)
        .initial_stream_window_size(256 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .enable_connect_protocol();
    let mut serving = pin!(server.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = serving.as_mut() => return ended,
        _ = stop.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    serving.await
}

/// The path of a request, and its one line in the access log.
async fn answer(
    worker: &Worker,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let gateway = &worker.gateway;
    let Some(log) = &gateway.access_log else {
        return Ok(request::answer(gateway, &worker.pool, peer.ip(), request).await.0);
    };
    let (began, method, path) =
        (Instant::now(), request.method().clone(), request.uri().path().to_owned());
    let (response, context) = request::answer(gateway, &worker.pool, peer.ip(), request).await;
    log.note(&Finished {
        reference: context.reference,
        now: context.now,
        client: context.client,
        site: context.site.as_ref().map_or("-", |site| site.settings.name.as_str()),
        method: &method,
        path: &for_log(&path),
        status: response.status(),
        took: began.elapsed(),
    });
    Ok(response)
}
