//! A link for one person while their identity provider is down.

use std::time::Duration;

use e2e::Scene;
use gateway::control::{Answer, Command};

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";

async fn link(scene: &Scene, email: &str, minutes: u8) -> Answer {
    let command = Command::BreakGlass { email: email.parse().unwrap(), site: None, minutes };
    scene.order(&command).await
}

async fn path(scene: &Scene, email: &str) -> String {
    match link(scene, email, 30).await {
        Answer::Link { url, .. } => url.replace(&scene.url(""), ""),
        other => panic!("no link: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_glass_link_lets_one_person_in_once_and_for_its_time() {
    let scene = Scene::start().await;
    drop(scene.signed_in("ann@acme.example").await);
    let calls = scene.jsm.calls().len();
    let path = path(&scene, "ann@acme.example").await;

    let mut ann = scene.visitor();
    let page = ann.open(&path).await;
    assert!(page.status == 200 && page.text().contains("Ann"), "{}", page.text());
    // Mail scanners open links: looking does not use it up.
    let page = ann.open(&path).await;
    let entered = ann.step(&ann.form(&page)).await;
    assert_eq!(entered.status, 303, "{}", entered.text());
    let page = ann.open(LINK).await;
    assert!(page.text().contains("Signed in as Ann"), "{}", page.text());
    assert_eq!(scene.jsm.calls().len(), calls, "JSM was called");

    let mut second = scene.visitor();
    assert_eq!(second.open(&path).await.status, 403);
    let log = scene.audit_log();
    assert!(log.contains("break_glass_issued") && log.contains("break_glass_used"), "{log}");

    scene.clock.advance(Duration::from_secs(30 * 60));
    assert!(!ann.open(LINK).await.text().contains("Signed in as"), "the session outlived the link");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_glass_link_is_refused_to_strangers_and_for_long_times() {
    let scene = Scene::start().await;
    assert!(matches!(link(&scene, "ann@acme.example", 30).await, Answer::Failed(_)));
    drop(scene.signed_in("ann@acme.example").await);
    for minutes in [0, 61] {
        let answer = link(&scene, "ann@acme.example", minutes).await;
        assert!(matches!(answer, Answer::Failed(_)), "{minutes} minutes: {answer:?}");
    }
    let path = path(&scene, "ann@acme.example").await;
    scene.clock.advance(Duration::from_secs(30 * 60));
    let mut ann = scene.visitor();
    let refused = ann.open(&path).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("no longer good"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_glass_link_is_not_used_by_a_foreign_page() {
    let scene = Scene::start().await;
    drop(scene.signed_in("ann@acme.example").await);
    let path = path(&scene, "ann@acme.example").await;
    let mut ann = scene.visitor();
    let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let answer = ann.ask(http::Method::POST, &path, &foreign, "").await;
    assert_eq!(answer.status, 400);
    let page = ann.open(&path).await;
    assert_eq!(ann.step(&ann.form(&page)).await.status, 303);
}
