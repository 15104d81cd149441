//! A client, a server around [`forward`] and an upstream.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{Identity, JsmAccount, PersonKey, ReferenceCode, SiteName, Timestamp};
use http::header::HeaderValue;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Either, Empty};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use policy::{Asking, Decision, Permit, SignInRule, SignInRules, Visitor};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::*;

pub(super) fn ann() -> Identity {
    Identity {
        person: PersonKey { idp: "acme".parse().unwrap(), subject: "ann".parse().unwrap() },
        email: "ann@acme.example".parse().unwrap(),
        display_name: "Ann\r\nX-Admin: 1".to_owned(),
        groups: None,
        claims: std::collections::BTreeMap::new(),
        idp_session: None,
        session_deadline: None,
    }
}

pub(super) fn permit_for(person: &PersonKey) -> Permit {
    let site = "help".parse().unwrap();
    let rules = SignInRules::default();
    match policy::decide(&asking(Visitor::Person(person), &site), &rules, None, |_| true) {
        Decision::Allow(permit) => permit,
        other => panic!("{other:?}"),
    }
}

fn asking<'a>(visitor: Visitor<'a>, site: &'a SiteName) -> Asking<'a> {
    let client = "192.0.2.1".parse().unwrap();
    Asking { visitor, site, path: "/", client, factor: None, now: Timestamp::MAX }
}

pub(super) fn guest_permit() -> Permit {
    let rule = SignInRule::for_all(policy::Outcome::UpstreamLogin, 1);
    let (site, rules) = ("help".parse().unwrap(), SignInRules::new(vec![rule], Vec::new()));
    match policy::decide(&asking(Visitor::Guest, &site), &rules, None, |_| true) {
        Decision::Allow(permit) => permit,
        other => panic!("{other:?}"),
    }
}

pub(super) fn settings(url: &str) -> UpstreamSettings {
    let header = |name: &str, value| IdentityHeader { name: name.parse().unwrap(), value };
    UpstreamSettings {
        url: url.parse().unwrap(),
        certificate_authorities: vec![],
        audience: "jira".to_owned(),
        identity_headers: vec![
            header("X-User", IdentityValue::Email),
            header("Remote_Name", IdentityValue::Name),
            header("X-Account", IdentityValue::Account),
        ],
    }
}

pub(super) fn short_limits() -> Limits {
    let short = Duration::from_millis(300);
    Limits { connect: short, response_head: short, body_idle: short, ..Limits::default() }
}

pub(super) fn upstream_at(address: SocketAddr, limits: Limits) -> Upstream {
    Upstream::with_limits(settings(&format!("http://{address}")), limits).unwrap()
}

pub(super) fn identity_headers(upstream: &Upstream) -> IdentityHeaders {
    let account = JsmAccount("qm:1".to_owned());
    let assertion = HeaderValue::from_static("signed.by.us");
    IdentityHeaders::new(&ann(), Some(&account), assertion, upstream)
}

pub(super) fn context(identity: Option<&IdentityHeaders>) -> ForwardContext<'_> {
    ForwardContext {
        identity,
        host: HeaderValue::from_static("help.example.com"),
        client: IpAddr::from(Ipv4Addr::new(192, 0, 2, 7)).into(),
        reference: ReferenceCode::from_random([1; 8]),
    }
}

/// Sends one request as Ann, with bytes at hand.
pub(super) async fn send(
    request: Request<&'static str>,
    upstream: &Upstream,
    pool: &Pool,
) -> Result<Response<ForwardBody>, ForwardError> {
    let identity = identity_headers(upstream);
    let permit = permit_for(&ann().person);
    let request = request.map(|body| bytes::Bytes::from_static(body.as_bytes()));
    forward(&permit, request, upstream, pool, context(Some(&identity))).await
}

/// Reads a body to its end, which a test may do.
pub(super) async fn text<B: Body<Error: std::fmt::Debug>>(body: B) -> String {
    #[expect(clippy::disallowed_methods, reason = "the test made the body itself")]
    let collected = body.collect().await.unwrap();
    String::from_utf8(collected.to_bytes().to_vec()).unwrap()
}

pub(super) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Reads up to and with the empty line after a head.
pub(super) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

/// An upstream that answers each request without a body with `answer`; the heads it got.
pub(super) async fn answering(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let (listener, address) = listen().await;
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                loop {
                    let head = read_head(&mut stream).await;
                    if head.is_empty() {
                        return;
                    }
                    seen.lock().unwrap().push(head);
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (address, heads)
}

/// What the server around the proxy had to refuse, and the tunnels it opened.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) refusals: Mutex<Vec<String>>,
    pub(super) tunnels: Mutex<Vec<Tunnel>>,
}

/// A server that forwards everything as Ann, over HTTP/1.1 and, on `http2` connections, HTTP/2.
pub(super) struct Front {
    pub(super) address: SocketAddr,
    pub(super) seen: Arc<Seen>,
    pub(super) pool: Pool,
}

#[derive(Clone, Copy)]
pub(super) enum Speaks {
    Http1,
    Http2,
}

pub(super) async fn front(upstream: Upstream, speaks: Speaks) -> Front {
    let (listener, address) = listen().await;
    let (seen, pool) = (Arc::new(Seen::default()), Pool::new());
    let front = Front { address, seen: Arc::clone(&seen), pool: pool.clone() };
    let upstream = Arc::new(upstream);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (upstream, pool, seen) = (Arc::clone(&upstream), pool.clone(), Arc::clone(&seen));
            let service = service_fn(move |request| {
                let (upstream, pool) = (Arc::clone(&upstream), pool.clone());
                serve(request, upstream, pool, Arc::clone(&seen))
            });
            let io = TokioIo::new(stream);
            tokio::spawn(async move {
                match speaks {
                    Speaks::Http1 => {
                        let server = hyper::server::conn::http1::Builder::new();
                        let _ = server.serve_connection(io, service).with_upgrades().await;
                    }
                    Speaks::Http2 => {
                        let executor = TokioExecutor::new();
                        let mut server = hyper::server::conn::http2::Builder::new(executor);
                        let _ =
                            server.enable_connect_protocol().serve_connection(io, service).await;
                    }
                }
            });
        }
    });
    front
}

async fn serve(
    request: Request<Incoming>,
    upstream: Arc<Upstream>,
    pool: Pool,
    seen: Arc<Seen>,
) -> Result<Response<Either<ForwardBody, Empty<bytes::Bytes>>>, Infallible> {
    let identity = identity_headers(&upstream);
    let permit = permit_for(&ann().person);
    let answer = forward(&permit, request, &upstream, &pool, context(Some(&identity))).await;
    Ok(match answer {
        Ok(response) => {
            seen.tunnels.lock().unwrap().extend(response.extensions().get().cloned());
            response.map(Either::Left)
        }
        Err(error) => {
            seen.refusals.lock().unwrap().push(error.refusal().cause);
            let mut response = Response::new(Either::Right(Empty::new()));
            *response.status_mut() = error.status();
            response
        }
    })
}

impl Front {
    /// Writes `request`, and gives the connection and the head of the answer.
    pub(super) async fn ask(&self, request: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        (stream, head)
    }

    pub(super) fn refusals(&self) -> Vec<String> {
        self.seen.refusals.lock().unwrap().clone()
    }
}

/// A request for `path` as tests send it when nothing about it matters.
pub(super) fn get(path: &str) -> Request<&'static str> {
    Request::get(path).body("").unwrap()
}

pub(super) fn is_status(head: &str, status: StatusCode) -> bool {
    head.starts_with(&format!("http/1.1 {}", status.as_u16()))
}
