//! Opens one connection toward an upstream.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tracing::debug;

use crate::upstream::{Place, Resolved};
use crate::{ForwardError, RequestBody, Upstream};

/// How long the addresses of a name are believed.
const NAME_LIFE: Duration = Duration::from_secs(30);

/// A connection that is ready for its first request; its task runs on the present runtime.
pub(crate) async fn connect(upstream: &Upstream) -> Result<SendRequest<RequestBody>, ForwardError> {
    let limit = upstream.limits().connect;
    let attempt = timeout(limit, attempt(upstream));
    attempt.await.unwrap_or(Err(ForwardError::ConnectTimeout(limit)))
}

async fn attempt(upstream: &Upstream) -> Result<SendRequest<RequestBody>, ForwardError> {
    let stream = tcp(upstream).await.map_err(ForwardError::Unreachable)?;
    stream.set_nodelay(true).map_err(ForwardError::Unreachable)?;
    let Some(tls) = upstream.tls() else { return start(stream).await };
    let connector = TlsConnector::from(Arc::clone(&tls.config));
    let stream = connector.connect(tls.name.clone(), stream).await.map_err(ForwardError::Tls)?;
    start(stream).await
}

async fn start(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<RequestBody>, ForwardError> {
    // The one raw client of the gateway: what `clippy.toml` bans elsewhere.
    let handshake = Builder::new().handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.map_err(ForwardError::Broken)?;
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            debug!(error = &error as &dyn std::error::Error, "a connection to an upstream ended");
        }
    });
    Ok(sender)
}

/// Tries the addresses one after the other, each for its share of the time.
async fn tcp(upstream: &Upstream) -> io::Result<TcpStream> {
    let addresses = addresses(upstream).await?;
    let share = upstream.limits().connect / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses.iter() {
        last = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
    }
    Err(last)
}

async fn addresses(upstream: &Upstream) -> io::Result<Arc<[SocketAddr]>> {
    let name = match upstream.place() {
        (Place::Address(address), port) => return Ok([SocketAddr::new(*address, port)].into()),
        (Place::Name(name), port) => (name.as_str(), port),
    };
    let known = upstream.resolved();
    if let Some(Resolved { addresses, .. }) = known.as_ref().filter(|r| r.at.elapsed() < NAME_LIFE)
    {
        return Ok(Arc::clone(addresses));
    }
    let found = lookup_host(name).await.map(|found| found.collect::<Arc<[SocketAddr]>>());
    match (found, known) {
        (Ok(addresses), _) if !addresses.is_empty() => {
            let resolved = Resolved { at: Instant::now(), addresses: Arc::clone(&addresses) };
            upstream.remember(resolved);
            Ok(addresses)
        }
        // The name service is down: the upstream most likely still is where it was.
        (_, Some(Resolved { addresses, .. })) => Ok(addresses),
        (found, None) => found,
    }
}
