//! The script for calls that find the session ended: served to all, put into pages where wanted.

use e2e::{Scene, SceneOptions};
use http::Method;

use crate::*;

const PAGE: &str = "/servicedesk/customer/portals";
const SCRIPT: &str = "<script src=\"/.vestibule/assets/again.js\" data-person=\"";

async fn injecting() -> Scene {
    let wanted = "session: asserted, inject_script: true,".to_owned();
    Scene::with(SceneOptions {
        instead: vec![("session: asserted,", wanted)],
        ..SceneOptions::default()
    })
    .await
}

/// A page as a browser's navigation gets it.
async fn page(visitor: &mut Visitor, path: &str) -> Answer {
    let fields = [
        ("accept", "text/html"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("accept-encoding", "gzip, br"),
        ("range", "bytes=0-10"),
    ];
    visitor.ask(Method::GET, path, &fields, "").await
}

/// What scripts are told of the session.
async fn status(visitor: &mut Visitor) -> serde_json::Value {
    let answer = visitor.ask(Method::GET, "/.vestibule/session", &[], "").await;
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_gets_the_script_first_and_is_otherwise_the_same() {
    let scene = injecting().await;
    let mut ann = scene.signed_in(ANN).await;
    scene.helpcenter.forget();
    let with = page(&mut ann, PAGE).await;
    let text = with.text();
    let (before, rest) = text.split_once(SCRIPT).expect("the script");
    let (person, after) = rest.split_once("\"></script>").unwrap();
    assert!(before.ends_with("<head>"), "{before}");
    assert_eq!(status(&mut ann).await["person"], person);
    assert_eq!(with.header("content-length"), None);
    let requests = scene.helpcenter.requests();
    assert_eq!(requests[0].values("accept-encoding"), ["identity"]);
    assert!(requests[0].values("range").is_empty());

    // The same page as a script fetches it.
    let fetched = ann.ask(Method::GET, PAGE, &[("sec-fetch-mode", "cors")], "").await;
    assert_eq!(fetched.text(), format!("{before}{after}"));
    assert!(fetched.header("content-length").is_some());
    // And what is no page.
    for path in ["/echo", "/attachment/100000"] {
        let answer = page(&mut ann, path).await;
        assert!(answer.status == 200 && !answer.text().contains(SCRIPT), "{path}");
        assert!(answer.header("content-length").is_some(), "{path}");
    }
    let whole = page(&mut ann, "/attachment/100000").await;
    assert_eq!(whole.body.len(), 100_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_put_into_pages_unless_the_file_says_so() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in(ANN).await;
    scene.helpcenter.forget();
    let answer = page(&mut ann, PAGE).await;
    assert!(answer.text().contains("<head>") && !answer.text().contains("again.js"));
    let requests = scene.helpcenter.requests();
    assert_eq!(requests[0].values("accept-encoding"), ["gzip, br"]);
    assert_eq!(requests[0].values("range"), ["bytes=0-10"]);
    // It is there for those who put it into their pages themselves.
    let script = ann.ask(Method::GET, "/.vestibule/assets/again.js", &[], "").await;
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(script.text().contains("BroadcastChannel") && script.body.len() < 20_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_can_tell_one_person_from_another_and_learn_nothing_else() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in(ANN).await;
    let mut again = scene.signed_in(ANN).await;
    let mut bob = scene.signed_in("bob@acme.example").await;
    let said = status(&mut ann).await;
    let tag = said["person"].as_str().unwrap();
    assert!(tag.len() == 24 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()), "{tag}");
    assert_eq!(status(&mut again).await["person"], tag);
    assert_ne!(status(&mut bob).await["person"], tag);
    assert!(!said.to_string().contains("ann"), "{said}");
    let nobody = status(&mut scene.visitor()).await;
    assert!(nobody["person"].is_null() && nobody["signed_in"] == false, "{nobody}");
    let refused = scene.visitor().ask(Method::POST, "/echo", &[], "").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Vestibule")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_beside_a_page_ends_on_a_page_that_says_it_is_done() {
    let scene = Scene::start().await;
    let mut window = scene.visitor();
    let sign_in = window.open("/.vestibule/session").await;
    assert!(sign_in.url.path() == "/.vestibule/sign-in", "{}", sign_in.url);
    let at_provider = window.type_address(&sign_in, ANN).await;
    let back = scene.come_back(&mut window, ANN, &at_provider).await;
    assert_eq!(back.header("location"), Some("/.vestibule/session"));
    let done = window.open("/.vestibule/session").await;
    assert!(done.text().contains("You are signed in") && done.text().contains("signed-in.js"));
    assert_eq!(scene.helpcenter.requests().len(), 0);
}
