//! What was used at one replica and comes to the other. Rows of the threat list that need two.

use e2e::{Replicas, SceneOptions, Visitor, sets_session};
use fakes::http_client::Answer as Reply;
use fakes::openid::{Named, OidcAnswer};
use fakes::saml::{Answer, Binding, Carried, Form, Sign};
use fakes::{Person, saml};
use http::Method;
use tokio::task::JoinSet;

use crate::{LINK, ask, known_to_both};

fn ann() -> Person {
    Person::new("Ann Tester", "ann@acme.example")
}

/// A browser that has an answer of Acme in its hands.
pub(crate) async fn brought<R>(replicas: &Replicas<R>, answer: Answer) -> (Visitor, Form) {
    let mut visitor = replicas.scene.visitor();
    let at_acme = visitor.begin(LINK, "ann@acme.example").await;
    (visitor, replicas.scene.acme.respond(&at_acme, &ann(), answer))
}

/// An answer whose Assertion has always the same ID.
fn same_assertion() -> Answer {
    with_assertion("_the-same-assertion-each-time")
}

/// An answer whose Assertion has this ID.
pub(crate) fn with_assertion(id: &str) -> Answer {
    let id = id.to_owned();
    let mut answer = Answer::changed_before_signing(move |assertion| {
        let (_, rest) = assertion.split_once(" ID=\"").unwrap();
        let (honest, _) = rest.split_once('"').unwrap();
        assertion.replace(honest, &id)
    });
    answer.sign = Sign::Response;
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_an_assertion_used_at_one_replica_is_refused_at_the_other() {
    let replicas = Replicas::start().await;
    for (first, second) in [(0, 1), (1, 0)] {
        let (mut browser, form) = brought(&replicas, saml::Answer::default()).await;
        replicas.only(first);
        assert!(sets_session(&browser.post_response(&form).await), "an honest one passes");
        replicas.only(second);
        let again = browser.post_response(&form).await;
        assert_eq!(replicas.cause(&again), "attempt-unknown");
    }
    let (mut browser, form) = brought(&replicas, same_assertion()).await;
    replicas.only(0);
    assert!(sets_session(&browser.post_response(&form).await));
    let (mut browser, form) = brought(&replicas, same_assertion()).await;
    replicas.only(1);
    let again = browser.post_response(&form).await;
    assert_eq!(replicas.cause(&again), "saml-assertion-replayed");
}

/// Posts each form in its browser, all at the same time, at the replicas in turn.
async fn at_once(carried: Vec<(Visitor, Form)>) -> Vec<Reply> {
    let mut posts = JoinSet::new();
    for (mut browser, form) in carried {
        posts.spawn(async move { browser.post_response(&form).await });
    }
    posts.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b2_of_twenty_posts_at_two_replicas_one_wins() {
    let replicas = Replicas::start().await;
    let (browser, form) = brought(&replicas, saml::Answer::default()).await;
    let tabs = (0..20).map(|_| {
        let mut tab = replicas.scene.visitor();
        tab.browser.clone_from(&browser.browser);
        (tab, form.clone())
    });
    let carried = tabs.collect();
    let answers = at_once(carried).await;
    assert_eq!(answers.iter().filter(|answer| sets_session(answer)).count(), 1, "one answer");
    let mut carried = Vec::new();
    for _ in 0..20 {
        carried.push(brought(&replicas, same_assertion()).await);
    }
    let answers = at_once(carried).await;
    assert_eq!(answers.iter().filter(|answer| sets_session(answer)).count(), 1, "one assertion");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b7_a_request_id_is_used_up_at_every_replica() {
    let replicas = Replicas::start().await;
    let mut browser = replicas.scene.visitor();
    let at_acme = browser.begin(LINK, "ann@acme.example").await;
    // Two honest answers with different assertions for one request.
    let first = replicas.scene.acme.respond(&at_acme, &ann(), saml::Answer::default());
    let second = replicas.scene.acme.respond(&at_acme, &ann(), saml::Answer::default());
    replicas.only(0);
    assert!(sets_session(&browser.post_response(&first).await));
    replicas.only(1);
    let again = browser.post_response(&second).await;
    assert_eq!(replicas.cause(&again), "attempt-unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_a_state_used_at_one_replica_is_refused_at_the_other() {
    let replicas = Replicas::start().await;
    let gil = replicas.scene.globex.person("gil");
    for (first, second) in [(0, 1), (1, 0)] {
        let mut browser = replicas.scene.visitor();
        let at_globex = browser.begin(LINK, &gil.email).await;
        let honest = OidcAnswer::default();
        let callback = replicas.scene.globex.authorize(&at_globex, &gil, honest).unwrap();
        replicas.only(first);
        assert!(sets_session(&browser.follow(callback.as_str()).await), "an honest one passes");
        replicas.only(second);
        let again = browser.follow(callback.as_str()).await;
        assert_eq!(replicas.cause(&again), "attempt-unknown");
        // A stranger's browser at the other replica has no better luck.
        let mut stranger = replicas.scene.visitor();
        let stolen = stranger.follow(callback.as_str()).await;
        assert!(!sets_session(&stolen), "{}", stolen.text());
        replicas.in_turn();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b21_a_logout_request_used_at_one_replica_ends_nothing_at_the_other() {
    let keys = "assertion: [{ file: assertion.pem }] }";
    let with_key = "assertion: [{ file: assertion.pem }], saml: [{ file: saml.pem }] }";
    let instead = vec![(keys, with_key.to_owned())];
    let options = SceneOptions { instead, ..SceneOptions::default() };
    let replicas = Replicas::with(options, |redis| redis.line()).await;
    let scene = &replicas.scene;
    let metadata = scene.visitor().open("/.vestibule/saml/acme/metadata").await;
    scene.acme.know(&metadata.text());
    let mut first = scene.signed_in("ann@acme.example").await;
    let session = scene.acme.session_of(&scene.acme.person("ann"));
    let request = scene.acme.logout_request(&session, Binding::Redirect);
    let Carried::Redirect(url) = request else { panic!("a redirect") };
    replicas.only(0);
    assert_eq!(scene.visitor().follow(&url).await.status, 303, "an honest one passes");
    replicas.only(1);
    e2e::until("her session has ended there", async || ask(&mut first).await.status == 302).await;
    let mut second = scene.signed_in("ann@acme.example").await;
    let replayed = scene.visitor().follow(&url).await;
    assert_eq!(replicas.cause(&replayed), "saml-logout-replayed");
    assert!(known_to_both(&replicas, &mut second).await, "and ends nothing");
}

/// There is no token that two replicas could refresh: none is asked for, and a session goes on at
/// both without a further call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d10_no_token_is_refreshed_by_any_replica() {
    let replicas = Replicas::start().await;
    let gil = replicas.scene.globex.person("gil");
    let mut browser = replicas.scene.signed_in(&gil.email).await;
    let asked = replicas.scene.globex.requests();
    assert!(!asked.is_empty() && asked.iter().all(|r| !r.scope.contains("offline_access")));
    assert_eq!(replicas.scene.globex.token_calls(), 1, "the code was redeemed once");
    for _ in 0..20 {
        replicas.scene.clock.advance(std::time::Duration::from_secs(29 * 60));
        assert!(known_to_both(&replicas, &mut browser).await);
    }
    assert_eq!(replicas.scene.globex.token_calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_a_logout_token_ends_the_session_everywhere_and_works_once() {
    let replicas = Replicas::start().await;
    let gil = replicas.scene.globex.person("gil");
    let mut browser = replicas.scene.signed_in(&gil.email).await;
    assert!(known_to_both(&replicas, &mut browser).await);
    let session = replicas.scene.globex.session_of(&gil);
    let token = replicas.scene.globex.logout_token(&session, Named::Both, None);
    let told = async || {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let path = "/.vestibule/oidc/globex/backchannel-logout";
        let body = format!("logout_token={token}");
        replicas.scene.visitor().ask(Method::POST, path, &form, &body).await
    };
    replicas.only(0);
    assert_eq!(told().await.status, 200);
    replicas.only(1);
    e2e::until("the other replica lets nobody in", async || ask(&mut browser).await.status != 200)
        .await;
    assert_eq!(replicas.cause(&told().await), "oidc-logout-token-replayed");
}
