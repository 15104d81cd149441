//! Connections are kept, and a request is sent once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, StatusCode};
use tokio::io::AsyncWriteExt as _;

use super::support::*;
use crate::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection() {
    let (listener, address) = listen().await;
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                while !read_head(&mut stream).await.is_empty() {
                    stream.write_all(OK).await.unwrap();
                }
            });
        }
    });
    let (upstream, pool) = (upstream_at(address, Limits::default()), Pool::new());
    for _ in 0..5 {
        let response = send(get("/"), &upstream, &pool).await.unwrap();
        assert_eq!(text(response.into_body()).await, "ok");
    }
    assert_eq!((accepted.load(Ordering::Relaxed), pool.idle()), (1, 1));
    let dropped = send(get("/"), &upstream, &pool).await.unwrap();
    drop(dropped);
    assert_eq!(pool.idle(), 0, "an answer that nobody reads costs its connection");
}

#[tokio::test]
async fn no_more_idle_connections_are_kept_than_allowed() {
    let (address, _) = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let limits = Limits { pool_size: 2, ..Limits::default() };
    let (upstream, pool) = (upstream_at(address, limits), Pool::new());
    let mut bodies = Vec::new();
    for _ in 0..4 {
        bodies.push(send(get("/"), &upstream, &pool).await.unwrap().into_body());
    }
    for body in bodies {
        text(body).await;
    }
    assert_eq!(pool.idle(), 2);
}

#[tokio::test]
async fn connection_that_nobody_uses_is_closed_in_time() {
    let (listener, address) = listen().await;
    let closed = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        read_head(&mut stream).await.is_empty()
    });
    let limits = Limits { pool_idle: Duration::from_millis(50), ..Limits::default() };
    let (upstream, pool) = (upstream_at(address, limits), Pool::new());
    text(send(get("/"), &upstream, &pool).await.unwrap().into_body()).await;
    assert!(closed.await.unwrap());
    assert_eq!(pool.idle(), 0);
}

#[tokio::test]
async fn t61_post_over_a_connection_closed_meanwhile_arrives_once() {
    let (listener, address) = listen().await;
    let (upstream, pool) = (upstream_at(address, Limits::default()), Pool::new());
    let server = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        read_head(&mut first).await;
        first.write_all(OK).await.unwrap();
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        let head = read_head(&mut second).await;
        second.write_all(OK).await.unwrap();
        head
    });
    text(send(get("/"), &upstream, &pool).await.unwrap().into_body()).await;
    let post = Request::post("/once").header("content-length", "4").body("body").unwrap();
    let response = send(post, &upstream, &pool).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(server.await.unwrap().starts_with("post /once"));
}

#[tokio::test]
async fn t61_request_that_may_have_arrived_is_never_sent_again() {
    let (listener, address) = listen().await;
    let (upstream, pool) = (upstream_at(address, Limits::default()), Pool::new());
    let arrived = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&arrived);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                while !read_head(&mut stream).await.is_empty() {
                    // The first request is answered; the second is read and its connection closed.
                    if count.fetch_add(1, Ordering::Relaxed) > 0 {
                        return;
                    }
                    stream.write_all(OK).await.unwrap();
                }
            });
        }
    });
    text(send(get("/"), &upstream, &pool).await.unwrap().into_body()).await;
    assert_eq!(pool.idle(), 1);
    let error = send(Request::post("/").body("").unwrap(), &upstream, &pool).await.unwrap_err();
    assert_eq!(error.refusal().cause, "upstream-broken");
    assert_eq!(arrived.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn absent_upstream_is_said_to_be_unreachable() {
    let (listener, address) = listen().await;
    drop(listener);
    let upstream = upstream_at(address, Limits::default());
    let error = send(get("/"), &upstream, &Pool::new()).await.unwrap_err();
    assert_eq!(error.refusal().cause, "upstream-unreachable");
    assert_eq!(error.refusal().notice, domain::Notice::SupportUnavailable);
    assert_eq!(error.status(), StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn upstream_that_speaks_something_else_is_broken() {
    let (address, _) = answering("220 mail.example ESMTP\r\n").await;
    let upstream = upstream_at(address, Limits::default());
    let error = send(get("/"), &upstream, &Pool::new()).await.unwrap_err();
    assert_eq!(error.refusal().cause, "upstream-broken");
}

#[tokio::test]
async fn client_that_goes_away_ends_the_upstreams_connection() {
    let (listener, address) = listen().await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let mut client = tokio::net::TcpStream::connect(front.address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(!read_head(&mut stream).await.is_empty());
    drop(client);
    assert!(read_head(&mut stream).await.is_empty());
}
