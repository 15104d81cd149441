//! What arrives of a head, and what comes back.

use http::{Request, StatusCode};

use super::support::*;
use crate::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

const SPOOFED: &str = "X-Vestibule-Assertion: evil\r\nx_vestibule_assertion: evil\r\n\
    X-VESTIBULE-ASSERTION: evil\r\nx-user: evil\r\nX_USER: evil\r\nRemote-Name: evil\r\n\
    remote_name: evil\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Uri: /evil\r\n\
    Forwarded: for=198.51.100.1\r\nX-Original-URL: /evil\r\n";

async fn arriving(request: &str) -> String {
    let (address, heads) = answering(OK).await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    front.ask(request).await;
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1);
    heads[0].clone()
}

fn lines<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.filter(|(n, _)| *n == name).map(|(_, value)| value).collect()
}

#[tokio::test]
async fn e1_identity_of_a_stranger_never_arrives_whatever_the_method() {
    let websocket = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    for (method, more) in [("GET", ""), ("OPTIONS", ""), ("DELETE", ""), ("GET", websocket)] {
        let head =
            arriving(&format!("{method} /a?b HTTP/1.1\r\nHost: x\r\n{more}{SPOOFED}\r\n")).await;
        assert!(!head.contains("evil") && !head.contains("198.51.100.1"), "{head}");
        assert_eq!(lines(&head, "x-vestibule-assertion"), ["signed.by.us"]);
        assert_eq!(lines(&head, "x-user"), ["ann@acme.example"]);
        assert_eq!(lines(&head, "x-account"), ["qm:1"]);
    }
}

#[tokio::test]
async fn e2_connection_header_cannot_take_away_what_the_gateway_adds() {
    let head = arriving(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, x-vestibule-assertion, X-User\r\n\
         Connection: remote_name, host, x-forwarded-for, x-mine\r\nX-Mine: 1\r\n\r\n",
    )
    .await;
    assert_eq!(lines(&head, "x-vestibule-assertion"), ["signed.by.us"]);
    assert_eq!(lines(&head, "x-user"), ["ann@acme.example"]);
    assert_eq!(lines(&head, "remote_name"), ["ann%0d%0ax-admin: 1"]);
    assert_eq!(lines(&head, "host"), ["help.example.com"]);
    assert_eq!(lines(&head, "x-forwarded-for"), ["192.0.2.7"]);
    assert!(lines(&head, "x-mine").is_empty() && lines(&head, "connection").is_empty());
}

#[tokio::test]
async fn e3_forwarded_claims_are_rebuilt_from_what_the_gateway_knows() {
    let head = arriving(&format!("GET / HTTP/1.1\r\nHost: x\r\n{SPOOFED}\r\n")).await;
    assert_eq!(lines(&head, "x-forwarded-for"), ["192.0.2.7"]);
    assert_eq!(lines(&head, "x-forwarded-host"), ["help.example.com"]);
    assert_eq!(lines(&head, "x-forwarded-proto"), ["https"]);
    assert!(!head.contains("forwarded-uri") && !head.contains("x-original"));
}

#[tokio::test]
async fn e7_bytes_of_the_request_target_arrive_as_they_came() {
    let head = arriving("GET /a//b;c/%2e%2E/%2f?x=%00&y=/../ HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(head.starts_with("get /a//b;c/%2e%2e/%2f?x=%00&y=/../ http/1.1\r\n"), "{head}");
}

#[tokio::test]
async fn e19_line_breaks_in_claims_do_not_become_header_lines() {
    let head = arriving("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(lines(&head, "x-admin").is_empty(), "{head}");
}

#[tokio::test]
async fn e24_cookies_of_the_gateway_do_not_pass_in_either_direction() {
    let (address, heads) = answering(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: __Host-vestibule=x; Secure\r\n\
         Set-Cookie: =__Host-vestibule-browser=x\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let cookies = "Cookie: JSESSIONID=7; __Host-vestibule=s; __Host-vestibule-browser=b\r\n";
    let (_, head) = front.ask(&format!("GET / HTTP/1.1\r\nHost: x\r\n{cookies}\r\n")).await;
    assert_eq!(lines(&heads.lock().unwrap()[0], "cookie"), ["jsessionid=7"]);
    assert_eq!(lines(&head, "set-cookie"), ["a=1", "b=2"]);
}

#[tokio::test]
async fn answers_lose_their_connections_fields_and_keep_the_rest() {
    let (address, _) = answering(
        "HTTP/1.1 200 Fine\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=20\r\nX-Hop: 1\r\n\
         Upgrade: h2c\r\nServer: Jira\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    let (_, head) = front.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(head.starts_with("http/1.1 200 fine\r\n"), "{head}");
    assert_eq!(lines(&head, "server"), ["jira"]);
    assert_eq!(lines(&head, "date"), ["thu, 01 jan 2026 00:00:00 gmt"]);
    for gone in ["connection", "keep-alive", "x-hop", "upgrade"] {
        assert!(lines(&head, gone).is_empty(), "{head}");
    }
}

#[tokio::test]
async fn guests_pass_without_identity_and_never_with_somebody_elses() {
    let (address, heads) = answering(OK).await;
    let upstream = upstream_at(address, Limits::default());
    let (pool, headers) = (Pool::new(), identity_headers(&upstream));
    let bare = || Request::get("/").body(bytes::Bytes::new()).unwrap();
    let other = domain::PersonKey { subject: "bob".parse().unwrap(), ..ann().person };
    for (permit, identity, passes) in [
        (guest_permit(), None, true),
        (guest_permit(), Some(&headers), false),
        (permit_for(&other), Some(&headers), false),
        (permit_for(&other), None, false),
    ] {
        let answer = forward(&permit, bare(), &upstream, &pool, context(identity)).await;
        assert_eq!(answer.is_ok(), passes, "{permit:?}");
    }
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1);
    assert!(!heads[0].contains("x-vestibule") && !heads[0].contains("x-user"), "{}", heads[0]);
}

#[tokio::test]
async fn answers_without_a_body_leave_their_connection_usable() {
    for (method, answer) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"),
    ] {
        let (address, heads) = answering(answer).await;
        let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
        for _ in 0..2 {
            let (_, head) = front.ask(&format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n")).await;
            assert!(head.starts_with(&answer.to_ascii_lowercase()[..12]), "{head}");
            assert_eq!(lines(&head, "content-length").len(), usize::from(method == "HEAD"));
        }
        assert_eq!((heads.lock().unwrap().len(), front.pool.idle()), (2, 1));
    }
}

#[tokio::test]
async fn request_forms_for_other_proxies_are_refused() {
    let (address, heads) = answering(OK).await;
    let front = front(upstream_at(address, Limits::default()), Speaks::Http1).await;
    for line in ["OPTIONS *", "CONNECT help.example.com:443"] {
        let (_, head) = front.ask(&format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert!(is_status(&head, StatusCode::BAD_REQUEST), "{head}");
    }
    assert_eq!(front.refusals(), ["request-target-form", "request-target-form"]);
    assert!(heads.lock().unwrap().is_empty());
}
