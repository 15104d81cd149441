//! A load generator with a fixed rate, and one that opens a connection for every request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CipherSuite, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::fronts::Front;
use crate::lab::HOST;
use crate::load::Sample;

/// Connections that share the rate.
const CONNECTIONS: u32 = 16;

/// How a new connection begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// Certificate and signature every time.
    Full,
    /// With the ticket of an earlier one.
    Resumed,
}

/// Sends `rate` requests a second for `time`, each when it is due whether or not earlier ones were
/// answered in time, and measures from when it was due.
pub(crate) async fn at_rate(front: &Front, rate: u32, time: Duration) -> anyhow::Result<Sample> {
    let begin = Instant::now() + Duration::from_millis(50);
    let gap = Duration::from_secs(1) * CONNECTIONS / rate.max(1);
    let mut tasks = JoinSet::new();
    for index in 0..CONNECTIONS {
        let (request, address) = (request(front, "keep-alive"), front.address);
        let connector = connector(Handshake::Full)?;
        let first = begin + gap * index / CONNECTIONS;
        tasks.spawn(paced(connector, address, request, first, gap, begin + time));
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied();
    let latency = at(50).zip(at(99));
    Ok(Sample { requests: latencies.len() as u64, time, latency })
}

async fn paced(
    connector: TlsConnector,
    address: SocketAddr,
    request: String,
    first: Instant,
    gap: Duration,
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = connect(&connector, address).await?;
    let (mut due, mut latencies) = (first, Vec::new());
    while due < end {
        sleep_until(due).await;
        exchange(&mut stream, &request).await?;
        latencies.push(due.elapsed());
        due += gap;
    }
    Ok(latencies)
}

/// One connection for each request, as fast as it goes.
pub(crate) async fn connections(
    front: &Front,
    handshake: Handshake,
    time: Duration,
) -> anyhow::Result<Sample> {
    let (begin, connector) = (Instant::now(), connector(handshake)?);
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (request, address, connector) =
            (request(front, "close"), front.address, connector.clone());
        tasks.spawn(async move {
            let mut count = 0;
            while begin.elapsed() < time {
                let mut stream = connect(&connector, address).await?;
                exchange(&mut stream, &request).await?;
                // The ticket may come after the answer; the end of the stream comes after both.
                let mut rest = [0; 1024];
                while stream.read(&mut rest).await.unwrap_or(0) > 0 {}
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut requests = 0;
    while let Some(done) = tasks.join_next().await {
        requests += done??;
    }
    Ok(Sample { requests, time: begin.elapsed(), latency: None })
}

fn request(front: &Front, connection: &str) -> String {
    let (host, cookie) = (&front.host, &front.cookie);
    format!(
        "GET /1k HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: {connection}\r\n\r\n"
    )
}

async fn connect(
    connector: &TlsConnector,
    address: SocketAddr,
) -> anyhow::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(connector.connect(ServerName::try_from(HOST)?, stream).await?)
}

/// Reads an answer of 1 KiB whole.
async fn exchange(stream: &mut TlsStream<TcpStream>, request: &str) -> anyhow::Result<()> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(2048);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            bail!("the connection ended inside an answer");
        }
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        if !answer.starts_with(b"HTTP/1.1 200") {
            bail!("not 200: {}", String::from_utf8_lossy(&answer));
        }
        if answer.len() >= end + 4 + 1024 {
            return Ok(());
        }
    }
}

fn connector(handshake: Handshake) -> anyhow::Result<TlsConnector> {
    let provider = Arc::new(offer());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .context("TLS 1.3")?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if handshake == Handshake::Full {
        config.resumption = Resumption::disabled();
    }
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What a browser offers, less the post-quantum key exchange: the nginx of Debian 12 does not know
/// it, and would be compared with a front that does more.
fn offer() -> CryptoProvider {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    provider.kx_groups = vec![rustls::crypto::aws_lc_rs::kx_group::X25519];
    provider
}

/// Believes every certificate: the generator measures fronts that this program started.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
