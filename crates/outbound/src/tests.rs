//! The client against raw listeners on loopback.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{Limits, Outbound, OutboundError};

const LIMITS: Limits = Limits { deadline: Duration::from_secs(10), max_body: 1000 };

/// Serves every connection with `handle`, for as long as the test's runtime lives.
async fn listen<F, Fut>(handle: F) -> u16
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream));
        }
    });
    port
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), text: &str) {
    while !read_head(stream).await.is_empty() {
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn serve(text: &'static str) -> u16 {
    listen(move |mut stream| async move { answer(&mut stream, text).await }).await
}

fn outbound() -> Outbound {
    Outbound::new(&[]).unwrap()
}

async fn fetch(client: &Outbound, url: String) -> Result<Response<Bytes>, OutboundError> {
    client.send(Request::get(url).body(Bytes::new()).unwrap(), LIMITS).await
}

#[tokio::test]
async fn an_answer_arrives_whole_with_its_status() {
    let port = serve("HTTP/1.1 418 Teapot\r\ncontent-length: 5\r\n\r\nhello").await;
    for host in ["127.0.0.1", "localhost", "idp.localhost"] {
        let got = fetch(&outbound(), format!("http://{host}:{port}/")).await.unwrap();
        assert_eq!((got.status().as_u16(), got.body().as_ref()), (418, b"hello".as_slice()));
    }
}

#[tokio::test]
async fn a_slow_answer_hits_the_deadline() {
    let port = listen(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").await.unwrap();
        // The rest never comes.
        std::future::pending::<()>().await;
    })
    .await;
    let limits = Limits { deadline: Duration::from_millis(50), ..LIMITS };
    let request = Request::get(format!("http://127.0.0.1:{port}/")).body(Bytes::new()).unwrap();
    let result = outbound().send(request, limits).await;
    assert!(matches!(result, Err(OutboundError::Deadline { .. })), "{result:?}");
}

#[tokio::test]
async fn an_oversized_body_is_refused_with_and_without_a_length() {
    let limit = "x".repeat(1000);
    for (body, taken) in [(limit.clone(), true), (format!("{limit}x"), false)] {
        let length = body.len();
        let plain = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        let chunked = format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
        );
        for text in [plain, chunked] {
            let port = serve(text.leak()).await;
            let result = fetch(&outbound(), format!("http://127.0.0.1:{port}/")).await;
            match result {
                Ok(_) => assert!(taken),
                Err(error) => {
                    assert!(!taken && matches!(error, OutboundError::TooLarge { limit: 1000, .. }));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let visits = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&visits);
    let target = listen(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    })
    .await;
    let location = format!("http://127.0.0.1:{target}/secret");
    let text = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    let port = serve(text.leak()).await;
    let got = fetch(&outbound(), format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!(got.status().as_u16(), 302);
    assert_eq!(got.headers()["location"], location.as_str());
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn c14_plain_http_to_another_machine_is_refused_before_any_connection() {
    for url in ["http://idp.example/", "http://10.0.0.1/", "http://169.254.169.254/latest/"] {
        let result = fetch(&outbound(), url.to_owned()).await;
        assert!(matches!(result, Err(OutboundError::PlainHttp { .. })), "{url}");
    }
}

#[tokio::test]
async fn a_closed_port_and_a_silent_hang_up_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let result = fetch(&outbound(), format!("http://127.0.0.1:{closed}/")).await;
    assert!(matches!(result, Err(OutboundError::Connect { .. })), "{result:?}");
    let port = listen(|mut stream| async move { drop(read_head(&mut stream).await) }).await;
    let result = fetch(&outbound(), format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(result, Err(OutboundError::Answer { .. })), "{result:?}");
}

#[tokio::test]
async fn calls_to_one_host_share_a_connection() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let port = listen(move |mut stream| {
        count.fetch_add(1, Ordering::SeqCst);
        async move { answer(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await }
    })
    .await;
    let client = outbound();
    for _ in 0..20 {
        fetch(&client.clone(), format!("http://127.0.0.1:{port}/")).await.unwrap();
        // The connection goes back to the pool in a task of its own.
        tokio::task::yield_now().await;
    }
    assert!(connections.load(Ordering::SeqCst) < 20);
}

/// A TLS listener for `localhost` and the authority that vouches for it.
async fn serve_tls() -> (u16, CertificateDer<'static>) {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let port = listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                answer(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            }
        }
    })
    .await;
    (port, issuer.der().clone())
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused_and_an_extra_authority_is_trusted() {
    let (port, authority) = serve_tls().await;
    let url = format!("https://localhost:{port}/");
    let refused = fetch(&outbound(), url.clone()).await;
    assert!(matches!(refused, Err(OutboundError::Certificate { .. })), "{refused:?}");

    let trusting = Outbound::new(&[authority]).unwrap();
    assert_eq!(fetch(&trusting, url).await.unwrap().body().as_ref(), b"ok");

    let wrong_name = fetch(&trusting, format!("https://other.localhost:{port}/")).await;
    assert!(matches!(wrong_name, Err(OutboundError::Certificate { .. })), "{wrong_name:?}");
}

#[test]
fn an_extra_authority_that_is_no_certificate_is_refused() {
    let nonsense = CertificateDer::from(vec![1, 2, 3]);
    assert!(matches!(Outbound::new(&[nonsense]), Err(OutboundError::ExtraCa(_))));
}
