//! `vestibule idp test`: a sign-in that writes nothing.

use e2e::{Scene, Visitor};
use fakes::saml::Flaw;
use gateway::control::{Answer, Command};

async fn path(scene: &Scene, idp: &str) -> String {
    let command = Command::TestIdp { idp: idp.parse().unwrap(), site: None };
    match scene.order(&command).await {
        Answer::Link { url, .. } => url.replace(&scene.url(""), ""),
        other => panic!("no link: {other:?}"),
    }
}

/// Opens a test link; gives the URL at the identity provider.
async fn begin(scene: &Scene, visitor: &mut Visitor, idp: &str) -> String {
    let path = path(scene, idp).await;
    let answer = visitor.follow(&scene.url(&path)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().expect("a redirect").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_shows_what_came_and_opens_no_session() {
    let scene = Scene::start().await;
    for (idp, email) in [("acme", "ann@acme.example"), ("globex", "gil@globex.example")] {
        let mut operator = scene.visitor();
        let at_provider = begin(&scene, &mut operator, idp).await;
        let page = scene.come_back(&mut operator, email, &at_provider).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        for wanted in ["A real sign-in would succeed", email, "route", "displayName"] {
            let missing = wanted == "displayName" && idp == "globex";
            assert!(text.contains(wanted) || missing, "{wanted} is not in: {text}");
        }
        assert!(!e2e::sets_session(&page), "a test opened a session");
        assert!(!operator.open("/").await.text().contains("Signed in as"));
    }
    assert_eq!(scene.jsm.calls().len(), 0, "a test called JSM");
    let log = scene.audit_log();
    assert_eq!(log.matches("\"connection_tested\"").count(), 2, "{log}");
    assert!(!log.contains("sign_in_succeeded"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_what_would_have_been_refused() {
    let scene = Scene::start().await;
    let mut operator = scene.visitor();
    let at_acme = begin(&scene, &mut operator, "acme").await;
    let ann = scene.acme.person("ann");
    let form = scene.acme.respond(&at_acme, &ann, Flaw::ForeignDomainEmail);
    let page = operator.post_response(&form).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("domain-foreign"), "{}", page.text());
    // What is not even verified is refused as always.
    let at_acme = begin(&scene, &mut operator, "acme").await;
    let refused = operator.post_response(&scene.acme.respond(&at_acme, &ann, Flaw::Unsigned)).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_providers_of_the_file_are_tested() {
    let scene = Scene::start().await;
    let command = Command::TestIdp { idp: "nobody".parse().unwrap(), site: None };
    assert!(matches!(scene.order(&command).await, Answer::Failed(_)));
    let mut stranger = scene.visitor();
    assert_eq!(stranger.open("/.vestibule/test/AAAAAAAAAAAAAAAAAAAAAA").await.status, 403);
}
