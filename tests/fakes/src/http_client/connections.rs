//! Connections that are used again, as a browser does.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use super::{Answer, Call, tls};

/// Longest wait for one answer.
const LIMIT: Duration = Duration::from_secs(60);

type Sender = SendRequest<Full<Bytes>>;

/// At most one connection to each host and port, kept as long as the peer does.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<Mutex<BTreeMap<(String, u16), Sender>>>);

impl Connections {
    /// Makes one request, over the connection of an earlier one where there is one.
    ///
    /// # Errors
    /// When the peer is not reached, breaks off, or takes longer than 60 seconds.
    pub async fn call(&self, call: Call<'_>) -> io::Result<Answer> {
        tokio::time::timeout(LIMIT, self.exchange(call)).await.map_err(io::Error::other)?
    }

    async fn exchange(&self, call: Call<'_>) -> io::Result<Answer> {
        let host = call.url.host_str().unwrap_or_default().to_owned();
        let peer = (host, call.url.port_or_known_default().unwrap_or(0));
        let kept = self.0.lock().await.remove(&peer);
        let mut sender = match kept.filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => connect(&call, &peer).await?,
        };
        sender.ready().await.map_err(io::Error::other)?;
        let response = sender.send_request(request(&call)?).await.map_err(io::Error::other)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        self.0.lock().await.insert(peer, sender);
        let (status, headers) = (head.status.as_u16(), head.headers);
        Ok(Answer { status, headers, body, url: call.url.clone() })
    }
}

fn request(call: &Call<'_>) -> io::Result<Request<Full<Bytes>>> {
    let authority = &call.url[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &call.url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request =
        Request::builder().method(call.method.clone()).uri(target).header("host", authority);
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(call.body.clone())).map_err(io::Error::other)
}

async fn connect(call: &Call<'_>, (host, port): &(String, u16)) -> io::Result<Sender> {
    let stream = if host == "localhost" || host.ends_with(".localhost") {
        TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).await?
    } else {
        TcpStream::connect((host.as_str(), *port)).await?
    };
    if call.url.scheme() != "https" {
        return speak(stream).await;
    }
    let connector = TlsConnector::from(Arc::new(tls(call.authority.unwrap_or_default())?));
    let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
    speak(connector.connect(name, stream).await?).await
}

/// The connection ends when its sender is dropped.
async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> io::Result<Sender> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(sender)
}
