//! Connections to the gateway below what a browser would send.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;

use crate::Scene;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A TLS connection to the gateway on which nothing was said yet.
pub struct Wire {
    /// The connection.
    pub stream: TlsStream<TcpStream>,
}

/// An answer as it stood on the wire.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status code; 0 when the connection was closed without an answer.
    pub status: u16,
    /// Status line and header fields.
    pub head: String,
    /// The body, chunk sizes included.
    pub body: String,
}

impl Reply {
    /// The first header field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

impl Wire {
    /// Connects with this server name and these protocols (ALPN).
    ///
    /// # Errors
    /// When the certificate is not made for `host`, or the gateway is not there.
    pub async fn connect(scene: &Scene, host: &str, protocols: &[&str]) -> std::io::Result<Self> {
        Self::connect_behind(scene, b"", host, protocols).await
    }

    /// The same with bytes before TLS.
    ///
    /// # Errors
    /// As [`Wire::connect`].
    pub async fn connect_behind(
        scene: &Scene,
        preface: &[u8],
        host: &str,
        protocols: &[&str],
    ) -> std::io::Result<Self> {
        let mut tls = fakes::http_client::tls(&scene.authority.certificate_pem())?;
        tls.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, scene.port)).await?;
        tcp.write_all(preface).await?;
        let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
        let stream = TlsConnector::from(Arc::new(tls)).connect(name, tcp).await?;
        Ok(Self { stream })
    }

    /// Sends bytes on a new connection and reads the answer to its end; the request must say
    /// `Connection: close`.
    pub async fn ask(scene: &Scene, request: &str) -> Reply {
        let mut wire = Self::connect(scene, "help.localhost", &[]).await.expect("a connection");
        // The gateway may answer and close before it has read everything.
        let _ = wire.stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let read = wire.stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(PATIENCE, read).await.expect("an answer in time");
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A GET on a new connection with `target` and header lines exactly as given; the lines end
    /// in CRLF each.
    pub async fn get(scene: &Scene, target: &str, lines: &str) -> Reply {
        let host = format!("help.localhost:{}", scene.port);
        let head =
            format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}Connection: close\r\n\r\n");
        Self::ask(scene, &head).await
    }
}

/// Opens a WebSocket of the help center with header fields beside those of RFC 6455.
///
/// # Errors
/// When the gateway answers with anything but 101.
pub async fn open_websocket(
    scene: &Scene,
    path: &str,
    fields: &[(&str, &str)],
) -> Result<WebSocketStream<TlsStream<TcpStream>>, Box<tokio_tungstenite::tungstenite::Error>> {
    let host = format!("help.localhost:{}", scene.port);
    let mut request = Request::get(format!("wss://{host}{path}"))
        .header("host", host)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(()).expect("a request");
    let wire = Wire::connect(scene, "help.localhost", &["http/1.1"]).await.expect("a connection");
    let opened = tokio_tungstenite::client_async(request, wire.stream).await;
    opened.map(|(socket, _)| socket).map_err(Box::new)
}

/// Reads a body to its end.
pub async fn read_whole(mut body: Incoming) -> Bytes {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        whole.extend(frame.expect("a whole body").into_data().unwrap_or_default());
    }
    whole.into()
}
