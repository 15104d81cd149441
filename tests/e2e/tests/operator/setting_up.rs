//! What the script of "Setting up your account" is told; the page itself is in `provisioning`.

use std::time::Duration;

use e2e::{Scene, Visitor, asks_again};
use fakes::http_client::Answer;
use fakes::jsm::Fault;
use http::Method;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-7";
const SCRIPT: [(&str, &str); 2] = [("accept", "*/*"), ("sec-fetch-mode", "cors")];

/// Ann waits for her account; gives her browser and the address that the page's script asks.
async fn waiting(scene: &Scene) -> (Visitor, String) {
    scene.jsm.fail_all(Fault::Status(503));
    let mut ann = scene.visitor();
    let page = scene.sign_in(&mut ann, "ann@acme.example", LINK).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(page.header("refresh"), None, "nothing is taken away from whoever reads");
    let again = asks_again(&page).expect("an address for the script");
    (ann, again[url::Position::BeforePath..].to_owned())
}

async fn ask(visitor: &mut Visitor, again: &str) -> Answer {
    visitor.ask(Method::GET, again, &SCRIPT, "").await
}

/// Asks each second until the answer is another one than the page that waits.
async fn over(scene: &Scene, visitor: &mut Visitor, again: &str) -> Answer {
    for _ in 0..30 {
        scene.clock.advance(Duration::from_secs(1));
        let answer = ask(visitor, again).await;
        if asks_again(&answer).is_none() {
            return answer;
        }
    }
    panic!("the script is told nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_is_told_where_to_go_and_the_session_comes_with_that() {
    let scene = Scene::start().await;
    let (mut ann, again) = waiting(&scene).await;
    let same = ask(&mut ann, &again).await;
    assert!(same.text().contains("role=\"status\""), "{}", same.text());
    scene.jsm.recover();
    let answer = over(&scene, &mut ann, &again).await;
    assert_eq!((answer.status, answer.header("location")), (200, None));
    let said: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
    assert_eq!(said["go"], LINK, "the link is kept");
    assert!(e2e::sets_session(&answer));
    assert!(ann.cookie("__Host-vestibule").is_some());
    assert!(ann.open(LINK).await.text().contains("Signed in as Ann"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_comes_as_its_page_and_is_recorded_once_and_a_stranger_is_refused() {
    let scene = Scene::start().await;
    let (mut ann, again) = waiting(&scene).await;
    let stranger = ask(&mut scene.visitor(), &again).await;
    assert!(stranger.status >= 400, "{}", stranger.text());
    scene.jsm.recover();
    scene.jsm.add_atlassian_account("ann@acme.example", fakes::jsm::Privacy::Shown);
    let refusals = || {
        let log = scene.audit_log();
        let refused = |line: &&str| line.contains("\"refused\"") && line.contains("jsm-atlassian-");
        log.lines().filter(refused).count()
    };
    let page = over(&scene, &mut ann, &again).await;
    assert_eq!((page.status, refusals()), (403, 1), "{}", page.text());
    assert!(page.text().contains("<h1>"), "no page: {}", page.text());
    assert!(ann.cookie("__Host-vestibule").is_none());
}
