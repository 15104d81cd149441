//! Bodies stream, within limits.

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::support::*;
use crate::*;

const LARGE: usize = 64 * 1024 * 1024;
/// What four socket buffers of the loopback device may hold, and a piece or two in the proxy.
const IN_FLIGHT: usize = 40 * 1024 * 1024;

/// Writes until nobody takes any more; how much that was.
async fn write_until_stuck(stream: &mut TcpStream, limit: usize) -> usize {
    let piece = vec![b'x'; 64 * 1024];
    let mut written = 0;
    while written < limit {
        let end = piece.len().min(limit - written);
        match timeout(Duration::from_millis(500), stream.write(&piece[..end])).await {
            Ok(count) => written += count.unwrap(),
            Err(_) => break,
        }
    }
    written
}

async fn write_rest(stream: &mut TcpStream, mut left: usize) {
    let piece = vec![b'x'; 64 * 1024];
    while left > 0 {
        let end = piece.len().min(left);
        stream.write_all(&piece[..end]).await.unwrap();
        left -= end;
    }
}

async fn read_all(stream: &mut TcpStream, count: usize) {
    let copied = tokio::io::copy(&mut stream.take(count as u64), &mut tokio::io::sink()).await;
    assert_eq!(copied.unwrap(), count as u64);
}

#[tokio::test]
async fn large_download_waits_for_its_reader_instead_of_growing() {
    let (listener, address) = listen().await;
    let (stuck, was_stuck) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let written = write_until_stuck(&mut stream, LARGE).await;
        stuck.send(written).unwrap();
        write_rest(&mut stream, LARGE - written).await;
        read_head(&mut stream).await;
    });
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let (mut stream, _) = front.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let written = was_stuck.await.unwrap();
    assert!(written < IN_FLIGHT, "{written} bytes left the upstream and nobody read them");
    read_all(&mut stream, LARGE).await;
}

#[tokio::test]
async fn large_upload_waits_for_its_reader_instead_of_growing() {
    let (listener, address) = listen().await;
    let (read_on, may_read) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        may_read.await.unwrap();
        read_all(&mut stream, LARGE).await;
        stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        read_head(&mut stream).await;
    });
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGE}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let written = write_until_stuck(&mut stream, LARGE).await;
    assert!(written < IN_FLIGHT, "{written} bytes were taken and nobody read them");
    read_on.send(()).unwrap();
    write_rest(&mut stream, LARGE - written).await;
    assert!(is_status(&read_head(&mut stream).await, StatusCode::CREATED));
}

#[tokio::test]
async fn expectation_of_a_go_ahead_is_met_and_not_passed_on() {
    let (listener, address) = listen().await;
    let upstream = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        read_all(&mut stream, 5).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        head
    });
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let request = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let (mut stream, head) = front.ask(request).await;
    assert!(is_status(&head, StatusCode::CONTINUE), "{head}");
    stream.write_all(b"hello").await.unwrap();
    assert!(is_status(&read_head(&mut stream).await, StatusCode::OK));
    assert!(!upstream.await.unwrap().contains("expect"));
}

#[tokio::test]
async fn e1_trailers_pass_without_the_identity_of_a_stranger() {
    let (listener, address) = listen().await;
    let upstream = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut got = read_head(&mut stream).await;
        got.push_str(&read_head(&mut stream).await);
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
            2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        got
    });
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let request = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\
        Trailer: X-Sum, X-User, X_User\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\nX-User: evil\r\n\
        X_User: evil\r\n\r\n";
    let (mut stream, _) = front.ask(request).await;
    assert!(read_head(&mut stream).await.ends_with("0\r\nx-sum: 7\r\n\r\n"));
    let got = upstream.await.unwrap();
    assert!(got.contains("x-sum: 6") && !got.contains("evil"), "{got}");
}

#[tokio::test]
async fn upstream_that_never_answers_is_a_timeout() {
    let (listener, address) = listen().await;
    let upstream = upstream_at(address, short_limits());
    let error = send(get("/"), &upstream, &Pool::new()).await.unwrap_err();
    assert_eq!(error.refusal().cause, "upstream-timeout");
    assert_eq!(error.status(), StatusCode::GATEWAY_TIMEOUT);
    drop(listener);
}

#[tokio::test]
async fn answer_that_stalls_half_way_is_an_error_of_its_body() {
    let (address, _) = answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab").await;
    let (upstream, pool) = (upstream_at(address, short_limits()), Pool::new());
    let mut body = send(get("/"), &upstream, &pool).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
    assert!(matches!(body.frame().await, Some(Err(BodyError::Idle(_)))));
    drop(body);
    assert_eq!(pool.idle(), 0);
}

#[tokio::test]
async fn client_that_stalls_half_way_is_not_the_upstreams_fault() {
    let (listener, address) = listen().await;
    let front = front(upstream_at(address, short_limits()), Speaks::Http1).await;
    let (_stream, head) =
        front.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab").await;
    assert!(is_status(&head, StatusCode::BAD_REQUEST), "{head}");
    assert_eq!(front.refusals(), ["request-body-incomplete"]);
    drop(listener);
}

#[tokio::test]
async fn slow_upload_may_take_longer_than_the_answer_may() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        read_all(&mut stream, 12).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        read_head(&mut stream).await;
    });
    let limits = Limits { body_idle: Duration::from_secs(30), ..short_limits() };
    let front = front(upstream_at(address, limits), Speaks::Http1).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n").await.unwrap();
    let mut beat = tokio::time::interval(Duration::from_millis(60));
    for _ in 0..12 {
        beat.tick().await;
        stream.write_all(b"x").await.unwrap();
    }
    assert!(is_status(&read_head(&mut stream).await, StatusCode::OK));
}
