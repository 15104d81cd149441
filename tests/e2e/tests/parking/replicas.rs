//! Two replicas over one store: revoked on one, submitted to the other.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use e2e::{Replicas, Scene, read_whole};
use fakes::http_client::{Answer, PageForm};
use gateway::{Feed, Running};
use http::{Method, Request};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use store::{EmbeddedStore, Store};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::*;

/// A second gateway with the same file over the same store, on a port of its own.
fn second(scene: &Scene, store: Arc<dyn Store>) -> Running {
    let mut settings = scene.settings();
    settings.listen.https = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let folder = scene.folder.path();
    settings.control_socket = folder.join("data/second.sock");
    settings.audit_file = folder.join("data/second.jsonl");
    settings.access_log = None;
    let clock = Arc::new(scene.clock.clone());
    gateway::start_with_store(settings, clock, Feed::Acceptor, store).unwrap()
}

/// One request to a replica, as a balancer would hand it on.
async fn ask(
    scene: &Scene,
    replica: SocketAddr,
    visitor: &mut Visitor,
    request: http::request::Builder,
    body: Bytes,
) -> Answer {
    let tcp = TcpStream::connect(replica).await.unwrap();
    let tls = fakes::http_client::tls(&scene.authority.certificate_pem()).unwrap();
    let name = ServerName::try_from("help.localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, tcp).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "a balancer speaks to one replica of many")]
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let request = request
        .header("host", format!("help.localhost:{}", scene.port))
        .header("cookie", visitor.cookies())
        .body(Full::new(body))
        .unwrap();
    let url = scene.url(request.uri().path()).parse().unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = read_whole(body).await;
    driver.abort();
    for cookie in head.headers.get_all("set-cookie") {
        let (name, value) = cookie.to_str().unwrap().split_once('=').unwrap();
        visitor.set_cookie(name, value.split(';').next().unwrap());
    }
    Answer { status: head.status.as_u16(), headers: head.headers, body, url }
}

fn form_to(path: &str, fields: Vec<(String, String)>) -> http::request::Builder {
    fields
        .into_iter()
        .fold(Request::post(path), |request, (name, value)| request.header(name, value))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_on_one_replica_kept_by_another_and_sent_by_the_first() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let store: Arc<dyn Store> = Arc::new(scene.open_store().await) as Arc<EmbeddedStore>;
    scene.start_gateway_over(Arc::clone(&store));
    let other = second(&scene, store);
    let mut ann = scene.signed_in(ANN).await;
    // Both know the session.
    let get = || Request::get("/echo").header("accept", "text/html");
    assert_eq!(ask(&scene, other.https, &mut ann, get(), Bytes::new()).await.status, 200);
    assert_eq!(ann.open("/echo").await.status, 200);
    let form_page = ann.browser.clone();

    // Signed out through the first replica, in another tab that keeps its cookies.
    let mut tab = scene.visitor();
    tab.browser = ann.browser.clone();
    let page = tab.open("/.vestibule/sign-out").await;
    assert!(tab.step(&tab.form(&page)).await.status < 400);
    ann.browser = form_page;
    scene.helpcenter.forget();

    let body = form(20 * MEGABYTE);
    let parked = ask(&scene, other.https, &mut ann, form_to(UPLOAD, fields(&scene)), body.clone());
    let parked = parked.await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let answer = press(&mut ann, &page, 0).await;
    assert!(is_whole(&answer, &body), "{}", answer.text());
    assert_eq!(arrived(&scene), 1);

    // Neither sends it again.
    assert_eq!(press(&mut ann, &page, 0).await.status, 409);
    let plain = fields_but(&scene, &[("content-type", "application/x-www-form-urlencoded")]);
    let again = form_to(page.url.path(), plain);
    let again = ask(&scene, other.https, &mut ann, again, Bytes::from_static(b"do=send")).await;
    assert_eq!(again.status, 409, "{}", again.text());
    assert_eq!(arrived(&scene), 1);
    drop(other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_redis_with_each_request_at_another_replica_one_of_twenty_presses_sends() {
    let replicas = Replicas::start().await;
    let scene = &replicas.scene;
    let mut ann = too_late(scene).await;
    let body = form(20 * MEGABYTE);
    let parked = submit(&mut ann, scene, &body).await;
    let page = sign_in_again(scene, &mut ann, &parked, ANN).await;
    let button = PageForm::all(&page).remove(0);
    let presses = (0..20).map(|_| {
        let (mut browser, button) = (ann.browser.clone(), button.clone());
        async move { browser.step(Method::POST, &button.action, &button.fields).await.unwrap() }
    });
    let answers = futures_util::future::join_all(presses).await;
    let sent: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    let [sent] = sent.as_slice() else { panic!("{} were sent", sent.len()) };
    assert!(is_whole(sent, &body), "{}", sent.text());
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)));
    assert_eq!(arrived(scene), 1);
}
