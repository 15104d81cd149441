//! Two gateways that share a store.

use std::sync::Arc;

use domain::Clock;
use e2e::{Scene, Visitor, sets_session};
use fakes::http_client::Answer;
use gateway::{Feed, Running};
use http::Method;
use store::{EmbeddedStore, Store};

use crate::world::*;

/// A scene whose gateway shares its store with another one.
struct Pair {
    scene: Scene,
    port: u16,
    _other: Running,
    _folder: tempfile::TempDir,
}

impl Pair {
    async fn start(rules: &[&str]) -> Self {
        let mut scene = scene(rules).await;
        scene.stop_gateway().await;
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(folder.path()).unwrap());
        scene.start_gateway_over(Arc::clone(&store));
        let port =
            std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut settings = scene.settings();
        settings.listen.https = ([127, 0, 0, 1], port).into();
        settings.audit_file = folder.path().join("audit.jsonl");
        settings.access_log = None;
        settings.control_socket = folder.path().join("control.sock");
        let clock = Arc::new(scene.clock.clone());
        let other = gateway::start_with_store(settings, clock, Feed::Acceptor, store);
        Self { scene, port, _other: other.unwrap(), _folder: folder }
    }

    /// Posts what a page of the site sends, to the other gateway.
    async fn post(&self, visitor: &mut Visitor, page: &Answer, code: &str) -> Answer {
        let form = visitor.form(page).with("code", code);
        let body: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        let origin = self.scene.url("");
        let url = format!("https://help.localhost:{}{PAGE}", self.port).parse().unwrap();
        let headers = [
            ("origin", origin.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        visitor.browser.request(Method::POST, url, headers, body.into()).await.unwrap()
    }
}

/// attacks.md D14: a code that one replica took is dead on the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_a_code_that_was_used_on_one_replica_is_refused_on_the_other() {
    let pair = Pair::start(&[ACME]).await;
    let scene = &pair.scene;
    let (owner, _) = enrolled(scene, ANN, LINK).await;
    let (mut one, mut two) = (scene.visitor(), scene.visitor());
    let first = asked(scene, &mut one, ANN, LINK).await;
    let second = asked(scene, &mut two, ANN, LINK).await;
    let code = owner.code(scene);
    assert_eq!(submit(&mut one, &first, &[("code", &code)]).await.status, 303);
    let replayed = pair.post(&mut two, &second, &code).await;
    assert_eq!((replayed.status, sets_session(&replayed)), (403, false), "{}", replayed.text());
    let done = pair.post(&mut two, &second, &owner.code(scene)).await;
    assert_eq!((done.status, location(&done).as_str()), (303, LINK), "{}", done.text());
    // The session of one is one of the other.
    assert_eq!(ask(&mut two, LINK).await.status, 200);
}

/// Of twenty posts of one code at both replicas, exactly one opens a session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_of_many_posts_of_one_code_at_both_replicas_one_wins() {
    let pair = Arc::new(Pair::start(&[ACME]).await);
    let (owner, _) = enrolled(&pair.scene, ANN, LINK).await;
    let mut tabs = Vec::new();
    for _ in 0..10 {
        let mut visitor = pair.scene.visitor();
        let page = asked(&pair.scene, &mut visitor, ANN, LINK).await;
        tabs.push((visitor, page));
    }
    pair.scene.clock.advance(std::time::Duration::from_secs(30));
    let code = owner.app.code(pair.scene.clock.now().as_seconds());
    let posts = tabs.into_iter().enumerate().map(|(index, (mut visitor, page))| {
        let (pair, code) = (Arc::clone(&pair), code.clone());
        tokio::spawn(async move {
            let answer = match index % 2 {
                0 => submit(&mut visitor, &page, &[("code", &code)]).await,
                _ => pair.post(&mut visitor, &page, &code).await,
            };
            sets_session(&answer)
        })
    });
    let mut sessions = 0;
    for post in posts.collect::<Vec<_>>() {
        sessions += usize::from(post.await.unwrap());
    }
    assert_eq!(sessions, 1);
}
