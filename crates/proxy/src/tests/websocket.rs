//! Tunnels are opened by the upstream's 101 and by nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::Empty;
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::support::*;
use crate::*;

const ASK: &str = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// An upstream that switches and then echoes; the head that it got.
async fn echo() -> (SocketAddr, JoinHandle<String>) {
    let (listener, address) = listen().await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        let key = head.split("sec-websocket-key: ").nth(1).unwrap().split("\r\n").next().unwrap();
        // Tests of HTTP/1.1 do not look at the accept value, so the lower-cased key does no harm.
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\
             Sec-WebSocket-Accept: for-{key}\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        let (mut read, mut write) = stream.split();
        let _ = tokio::io::copy(&mut read, &mut write).await;
        head
    });
    (address, task)
}

async fn echoes(stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin)) {
    for message in [b"hello".as_slice(), &[7; 100_000]] {
        stream.write_all(message).await.unwrap();
        let mut back = vec![0; message.len()];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(back, message);
    }
}

#[tokio::test]
async fn websocket_echoes_both_ways() {
    let (address, upstream) = echo().await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let (mut stream, head) = front.ask(ASK).await;
    assert!(is_status(&head, StatusCode::SWITCHING_PROTOCOLS), "{head}");
    assert!(head.contains("connection: upgrade\r\n") && head.contains("upgrade: websocket\r\n"));
    assert!(head.contains("sec-websocket-protocol: chat\r\n"));
    echoes(&mut stream).await;
    drop(stream);
    let got = upstream.await.unwrap();
    assert!(got.contains("\r\nx-vestibule-assertion: signed.by.us\r\n"), "{got}");
    assert!(got.contains("\r\nconnection: upgrade\r\n"), "{got}");
}

#[tokio::test]
async fn tunnel_that_is_cut_ends_on_both_sides() {
    let (address, upstream) = echo().await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let (mut stream, _) = front.ask(ASK).await;
    echoes(&mut stream).await;
    let tunnel = front.seen.tunnels.lock().unwrap()[0].clone();
    assert!(!tunnel.is_over());
    tunnel.cut();
    assert!(!matches!(stream.read(&mut [0; 1]).await, Ok(1..)));
    upstream.await.unwrap();
    assert!(tunnel.is_over());
}

#[tokio::test]
async fn e17_tunnel_in_which_nothing_moves_is_closed() {
    let (address, upstream) = echo().await;
    let limits = Limits { tunnel_idle: Duration::from_millis(50), ..Limits::default() };
    let front = front(upstream_at(address, limits), Speaks::Http1).await;
    let (mut stream, _) = front.ask(ASK).await;
    echoes(&mut stream).await;
    assert!(!matches!(stream.read(&mut [0; 1]).await, Ok(1..)));
    upstream.await.unwrap();
}

#[tokio::test]
async fn e14_bytes_after_the_request_wait_for_the_upstreams_switch() {
    let (listener, address) = listen().await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut client = TcpStream::connect(front.address).await.unwrap();
    client.write_all(format!("{ASK}{smuggled}").as_bytes()).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(read_head(&mut stream).await.starts_with("get /ws "));
    // Nothing more may come before an answer; a refusal makes the rest an ordinary request,
    // judged and cleaned like any other.
    let early = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
    assert!(early.is_err(), "{early:?}");
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert!(is_status(&read_head(&mut client).await, StatusCode::FORBIDDEN));
    let next = read_head(&mut stream).await;
    assert!(next.starts_with("get /smuggled ") && next.contains("x-vestibule-assertion"), "{next}");
}

#[tokio::test]
async fn switch_that_nobody_asked_for_is_refused() {
    for (ask, answer) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "websocket"),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", "h2c"),
        (ASK, "h2c"),
    ] {
        let (listener, address) = listen().await;
        let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
        let upstream = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = read_head(&mut stream).await;
            let answer =
                format!("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: {answer}\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            head
        });
        let (_, head) = front.ask(ask).await;
        assert!(is_status(&head, StatusCode::BAD_GATEWAY), "{head}");
        assert_eq!(front.refusals(), ["upstream-broken"]);
        assert!(!upstream.await.unwrap().contains("h2c"));
    }
}

/// An upstream that answers `status` with the right accept value, and echoes after a 101.
async fn strict(status: &'static str) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..length]).into_owned();
        assert!(head.starts_with("GET /ws?a HTTP/1.1\r\n"), "{head}");
        let key = head.split("sec-websocket-key: ").nth(1).unwrap().split("\r\n").next().unwrap();
        let sum = aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
            format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
        );
        use base64::Engine as _;
        let accept = base64::engine::general_purpose::STANDARD.encode(sum);
        let answer = format!(
            "HTTP/1.1 {status}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        let (mut read, mut write) = stream.split();
        let _ = tokio::io::copy(&mut read, &mut write).await;
    });
    address
}

async fn connect_over_http2(front: &Front) -> http::Response<hyper::body::Incoming> {
    let stream = TcpStream::connect(front.address).await.unwrap();
    let client = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) =
        client.handshake::<_, Empty<bytes::Bytes>>(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri("https://help.example.com/ws?a")
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13")
        .body(Empty::new())
        .unwrap();
    sender.ready().await.unwrap();
    sender.send_request(request).await.unwrap()
}

#[tokio::test]
async fn websocket_over_http2_becomes_one_over_http1() {
    let address = strict("101 Switching Protocols").await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http2).await;
    let response = connect_over_http2(&front).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key("sec-websocket-accept"));
    let mut stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    echoes(&mut stream).await;
}

#[tokio::test]
async fn e14_success_that_is_no_switch_opens_no_tunnel_over_http2() {
    for status in ["200 OK", "204 No Content"] {
        let address = strict(status).await;
        let front = front(upstream_at(address, Limits::default()), Speaks::Http2).await;
        assert_eq!(connect_over_http2(&front).await.status(), StatusCode::BAD_GATEWAY);
    }
}
