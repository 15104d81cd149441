//! What reaches the upstream, and what comes back.
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]

use e2e::{Scene, SceneOptions, Visitor, Wire, open_websocket, read_whole, until};
use fakes::helpcenter::Recorded;
use futures_util::{SinkExt, StreamExt};
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Header lines that claim to be somebody, in ways that some upstream reads alike.
const CLAIMS: [(&str, &str); 12] = [
    ("X-Vestibule-Assertion", "forged"),
    ("x-vestibule-assertion", "forged, again"),
    ("X-VESTIBULE-ASSERTION", "forged"),
    ("X_Vestibule_Assertion", "forged"),
    ("x_vestibule-assertion", "forged"),
    ("X-Vestibule_Assertion", "forged"),
    ("X-Remote-User", "root@acme.example"),
    ("x-remote-user", "root@acme.example"),
    ("X_REMOTE_USER", "root@acme.example"),
    ("X-Remote_User", "root@acme.example"),
    ("X-Vestibule-Email", "root@acme.example"),
    ("x_vestibule_person", "acme/root"),
];

fn lines(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

/// Fields that an upstream could take for an identity, by a name with `_` read as `-`.
fn identities(request: &Recorded) -> Vec<(String, String)> {
    let alike = |name: &str| name.replace('_', "-");
    let named = |(name, _): &&(String, String)| {
        alike(name).starts_with("x-vestibule") || alike(name) == "x-remote-user"
    };
    request.headers.iter().filter(named).cloned().collect()
}

/// Asserts that the last request tells of Ann in our words alone.
fn assert_is_ann(scene: &Scene, what: &str) {
    let requests = scene.helpcenter.requests();
    let told = identities(requests.last().expect("a request"));
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["x-remote-user", "x-vestibule-assertion"], "{what}: {told:?}");
    for (name, value) in told {
        let right = if name == "x-remote-user" {
            value == "ann@acme.example"
        } else {
            value.split('.').count() == 3
        };
        assert!(right, "{what}: {name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e1_identity_headers_of_a_client_never_arrive() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let host = format!("help.localhost:{}", scene.port);
    let common = format!(
        "Host: {host}\r\nCookie: {}\r\nConnection: close\r\n{}",
        ann.cookies(),
        lines(&CLAIMS)
    );
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        for path in ["/echo", "/echo/a/b?c=d", "/nothing/here", "/status/500"] {
            let request = format!("{method} {path} HTTP/1.1\r\n{common}Content-Length: 0\r\n\r\n");
            let reply = Wire::ask(&scene, &request).await;
            assert!(reply.status >= 200, "{method} {path}: {}", reply.head);
            assert_is_ann(&scene, &format!("{method} {path}"));
        }
    }
    // Trailers are no way in either.
    let trailers =
        "1\r\nx\r\n0\r\nX-Vestibule-Assertion: forged\r\nX-Remote-User: root@acme.example\r\n\r\n";
    let request = format!(
        "POST /echo HTTP/1.1\r\n{common}Transfer-Encoding: chunked\r\nTrailer: X-Vestibule-Assertion\r\n\r\n{trailers}"
    );
    let reply = Wire::ask(&scene, &request).await;
    assert_eq!(reply.status, 200, "{}", reply.head);
    assert!(reply.body.contains("\"bytes\":1"), "{}", reply.body);
    assert_is_ann(&scene, "trailers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e1_identity_headers_of_a_websocket_never_arrive() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let cookies = ann.cookies();
    let fields = [&[("cookie", cookies.as_str())][..], &CLAIMS].concat();
    let socket = open_websocket(&scene, "/ws", &fields).await;
    assert!(socket.is_ok());
    assert_is_ann(&scene, "WebSocket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e1_identity_headers_over_http2_never_arrive() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    for method in ["GET", "POST", "OPTIONS"] {
        let lower: Vec<(String, &str)> =
            CLAIMS.iter().map(|(n, v)| (n.to_ascii_lowercase(), *v)).collect();
        let fields: Vec<(&str, &str)> = lower.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        let (status, _) = http2(&scene, &ann, method, "/echo", &fields).await;
        assert_eq!(status, StatusCode::OK);
        assert_is_ann(&scene, method);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e1_a_guest_cannot_claim_to_be_somebody() {
    let scene = Scene::with(SceneOptions {
        instead: vec![("{ otherwise: choose }", "{ otherwise: upstream_login }".to_owned())],
        ..SceneOptions::default()
    })
    .await;
    let mut guest = scene.visitor();
    let page = guest.open("/echo").await;
    let form = guest.form(&page).with("email", "somebody@elsewhere.example");
    assert_eq!(guest.step(&form).await.status, 303);
    let claims = format!("Cookie: {}\r\n{}", guest.cookies(), lines(&CLAIMS));
    let reply = Wire::get(&scene, "/echo", &claims).await;
    assert_eq!(reply.status, 200, "{}", reply.head);
    let requests = scene.helpcenter.requests();
    assert_eq!(identities(requests.last().expect("a request")), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e2_connection_cannot_remove_what_the_gateway_says() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    for named in [
        "x-vestibule-assertion",
        "close, X-Vestibule-Assertion, X-Remote-User",
        "keep-alive,x-remote-user , host, x-forwarded-for",
        "\tX-VESTIBULE-ASSERTION",
    ] {
        let fields = [("Connection", named), ("X-Vestibule-Assertion", "forged"), ("X-Odd", "1")];
        let head = format!("Cookie: {}\r\n{}", ann.cookies(), lines(&fields));
        let reply = Wire::get(&scene, "/echo", &head).await;
        assert_eq!(reply.status, 200, "{named}: {}", reply.head);
        assert_is_ann(&scene, named);
        let requests = scene.helpcenter.requests();
        let last = requests.last().expect("a request");
        assert_eq!(last.values("host"), [format!("help.localhost:{}", scene.port)]);
        assert_eq!(last.values("x-forwarded-for"), ["127.0.0.1"]);
        assert_eq!(last.values("x-odd"), ["1"]);
    }
    // What is named and nobody's but the client's goes, as it must (RFC 9110 §7.6.1).
    let fields = [("Connection", "x-odd"), ("X-Odd", "1")];
    let head = format!("Cookie: {}\r\n{}", ann.cookies(), lines(&fields));
    assert_eq!(Wire::get(&scene, "/echo", &head).await.status, 200);
    assert_eq!(
        scene.helpcenter.requests().last().expect("a request").values("x-odd"),
        Vec::<&str>::new()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e24_our_cookies_stay_here_and_others_pass_both_ways() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let cookies = format!("JSESSIONID=1; {}; theme=dark", ann.cookies());
    let line = format!("Cookie: {cookies}\r\nCookie: more=2; __Host-vestibule-later=x\r\n");
    let reply = Wire::get(&scene, "/echo", &line).await;
    assert_eq!(reply.status, 200, "{}", reply.head);
    let requests = scene.helpcenter.requests();
    let arrived = requests.last().expect("a request").values("cookie").join("; ");
    assert_eq!(arrived, "JSESSIONID=1; theme=dark; more=2");
    // Alone they leave no empty field.
    let reply = Wire::get(&scene, "/echo", &format!("Cookie: {}\r\n", ann.cookies())).await;
    assert_eq!(reply.status, 200);
    let requests = scene.helpcenter.requests();
    assert_eq!(requests.last().expect("a request").values("cookie"), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e24_the_upstream_cannot_set_our_cookies() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let cookies = format!("Cookie: {}\r\n", ann.cookies());
    for name in [
        "__Host-vestibule",
        "__Host-vestibule-browser",
        "__Host-vestibule-later",
        "%20__Host-vestibule",
        "%3D__Host-vestibule",
    ] {
        let reply =
            Wire::get(&scene, &format!("/set-cookie?name={name}&value=planted"), &cookies).await;
        assert_eq!((reply.status, reply.header("set-cookie")), (200, None), "{name}");
    }
    for name in ["JSESSIONID", "__Host-other", "atlassian.xsrf.token"] {
        let reply = Wire::get(&scene, &format!("/set-cookie?name={name}&value=1"), &cookies).await;
        let set = reply.header("set-cookie").expect("a cookie");
        assert!(set.starts_with(&format!("{name}=1")), "{set}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_echoes_both_ways() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let cookies = ann.cookies();
    let mut socket =
        open_websocket(&scene, "/ws", &[("cookie", &cookies)]).await.expect("a WebSocket");
    for message in [Message::text("hello"), Message::binary(vec![7; 300_000]), Message::text("bye")]
    {
        socket.send(message.clone()).await.expect("sent");
        assert_eq!(socket.next().await.expect("an echo").expect("whole"), message);
    }
    until("it is open upstream", async || scene.helpcenter.open_websockets() == 1).await;
    socket.close(None).await.expect("closed");
    until("it is closed upstream", async || scene.helpcenter.open_websockets() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e21_a_websocket_without_a_session_is_refused() {
    let scene = Scene::start().await;
    let refused = open_websocket(&scene, "/ws", &[]).await.expect_err("no session");
    let Error::Http(response) = *refused else { panic!("{refused}") };
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(scene.helpcenter.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_forms_pass_over_http2() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let (status, body) =
        http2(&scene, &ann, "GET", "/servicedesk/customer/portal/1/SUP-1042?x=1", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("ann@acme.example") && body.contains("SUP-1042?x=1"), "{body}");
    let stranger = scene.visitor();
    let (status, _) =
        http2(&scene, &stranger, "GET", "/servicedesk", &[("accept", "text/html")]).await;
    assert_eq!(status, StatusCode::FOUND);
}

/// One request over HTTP/2.
async fn http2(
    scene: &Scene,
    visitor: &Visitor,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, String) {
    let wire = Wire::connect(scene, "help.localhost", &["h2"]).await.expect("a connection");
    assert_eq!(wire.stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = TokioIo::new(wire.stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.expect("HTTP/2");
    let driver = tokio::spawn(connection);
    let mut request =
        Request::builder().method(method).uri(scene.url(path)).header("cookie", visitor.cookies());
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Empty::<bytes::Bytes>::new()).expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    let status = response.status();
    let body = read_whole(response.into_body()).await;
    driver.abort();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_is_gone_is_told_with_a_code() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    scene.helpcenter.behave(fakes::server::Behaviour::Unreachable);
    let refused = ann.open("/servicedesk/customer/portals").await;
    assert!((502..=504).contains(&refused.status), "{}", refused.text());
    let records = scene.recorded(&e2e::reference(&refused));
    assert_eq!(records.len(), 1, "{records:?}");
    scene.helpcenter.behave(fakes::server::Behaviour::Normal);
    assert_eq!(ann.open("/servicedesk/customer/portals").await.status, 200);
}
