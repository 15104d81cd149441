//! Who gets nothing of it, and what is not kept: said before anything is lost.

use std::sync::Arc;

use e2e::{Scene, SceneOptions};
use fakes::http_client::PageForm;
use http::Method;
use store::fault::{Fault, Operation};
use store::{EmbeddedStore, FaultyStore, Store};

use crate::*;

const BOB: &str = "bob@acme.example";

/// A scene with small limits.
async fn small() -> Scene {
    let more = "parking: { request: 1MiB, person: 2MiB, all: 3MiB }\n".to_owned();
    Scene::with(SceneOptions { more, ..SceneOptions::default() }).await
}

/// A scene over a store that fails on demand.
async fn failing() -> (Scene, Arc<FaultyStore>) {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let inner: Arc<EmbeddedStore> = Arc::new(scene.open_store().await);
    let store = Arc::new(FaultyStore::new(inner));
    scene.start_gateway_over(Arc::clone(&store) as Arc<dyn Store>);
    (scene, store)
}

/// What a page says that leaves the form in the browser.
fn keeps_the_form_in_the_browser(answer: &Answer) {
    let text = answer.text();
    assert!(text.contains("Go back: the browser still has what you wrote"), "{text}");
    assert!(text.contains("href=\"/.vestibule/session\" target=\"_blank\""), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_person_gets_nothing_of_it_and_the_owner_still_does() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let body = form(100_000);
    let parked = submit(&mut ann, &scene, &body).await;
    let page = sign_in_again(&scene, &mut ann, &parked, BOB).await;
    assert_eq!((page.status, cause(&scene, &page).as_str()), (403, "parked-other-person"));
    let text = page.text();
    assert!(
        text.contains("This form is not yours to send") && text.contains("/.vestibule/sign-out")
    );
    assert!(!text.contains("/upload") && !text.contains(ANN), "nothing of it: {text}");
    let own = fields(&scene);
    let press = |do_: &'static str| (own.clone(), Bytes::from(format!("do={do_}")));
    for (mut headers, body) in [press("send"), press("delete")] {
        headers.retain(|(name, _)| name != "content-type");
        let kind = "application/x-www-form-urlencoded".to_owned();
        headers.push(("content-type".to_owned(), kind));
        let url = page.url.clone();
        let answer = ann.browser.request(Method::POST, url, headers, body).await.unwrap();
        assert_eq!((answer.status, cause(&scene, &answer).as_str()), (403, "parked-other-person"));
    }
    assert_eq!(arrived(&scene), 0);
    // The owner signs in in the same browser after all.
    ann.browser.cookies.get_mut("help.localhost").unwrap().remove("__Host-vestibule");
    let answer = scene.sign_in(&mut ann, ANN, "/").await;
    assert_eq!(answer.status, 303);
    let page = ann.follow(page.url.as_str()).await;
    let answer = crate::press(&mut ann, &page, 0).await;
    assert!(is_whole(&answer, &body), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_person_in_another_browser_gets_nothing_of_it() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let parked = submit(&mut ann, &scene, &form(1000)).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let mut elsewhere = scene.signed_in(ANN).await;
    let stolen = elsewhere.follow(page.url.as_str()).await;
    assert_eq!((stolen.status, cause(&scene, &stolen).as_str()), (403, "parked-other-browser"));
    // And whoever is signed in nowhere is asked to sign in, whatever the handle.
    for path in [page.url.path(), "/.vestibule/resume/AAAAAAAAAAAAAAAAAAAAAA"] {
        let asked = scene.visitor().follow(&scene.url(path)).await;
        assert_eq!(asked.status, 302, "{path}");
    }
    for unknown in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "%2e"] {
        let none = ann.follow(&scene.url(&format!("/.vestibule/resume/{unknown}"))).await;
        assert_eq!((none.status, cause(&scene, &none).as_str()), (410, "parked-unknown"));
    }
    assert_eq!(arrived(&scene), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pressing_send_takes_a_page_of_ours() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let parked = submit(&mut ann, &scene, &form(1000)).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let plain = ("content-type", "application/x-www-form-urlencoded");
    for others in [
        vec![plain, ("origin", "https://evil.example")],
        vec![plain, ("origin", "null")],
        vec![plain, ("origin", "")],
        vec![plain, ("sec-fetch-site", "cross-site")],
        vec![plain, ("sec-fetch-site", "same-site")],
    ] {
        let headers = fields_but(&scene, &others);
        let (url, body) = (page.url.clone(), Bytes::from_static(b"do=send"));
        let answer = ann.browser.request(Method::POST, url, headers, body).await.unwrap();
        assert_eq!((answer.status, cause(&scene, &answer).as_str()), (400, "origin-foreign"));
    }
    let headers = fields_but(&scene, &[plain]);
    let (url, body) = (page.url.clone(), Bytes::from_static(b"do=else"));
    let answer = ann.browser.request(Method::POST, url, headers, body).await.unwrap();
    assert_eq!((answer.status, cause(&scene, &answer).as_str()), (400, "field-missing"));
    assert_eq!(arrived(&scene), 0);
    assert_eq!(press(&mut ann, &page, 0).await.status, 200, "the control");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_foreign_page_or_a_script_sends_is_never_kept() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let body = form(1000);
    for others in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "https://evil.example"), ("sec-fetch-site", "")],
        vec![("origin", "null")],
        vec![("origin", ""), ("sec-fetch-site", "")],
        vec![("origin", ""), ("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("content-type", "text/plain")],
        vec![("content-type", "application/json")],
        vec![("content-type", "")],
    ] {
        let answer = post(&mut ann, &scene, fields_but(&scene, &others), body.clone()).await;
        assert_eq!(answer.status, 303, "{others:?}");
        let query = answer.location().unwrap();
        assert!(query.path() == "/.vestibule/sign-in", "{query}");
    }
    let script = fields_but(&scene, &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]);
    let answer = post(&mut ann, &scene, script, body.clone()).await;
    assert_eq!(answer.status, 401);
    assert!(!scene.audit_log().contains("request_parked"));
    // Without any session there is nobody for whom to keep it, and the page says so.
    let mut stranger = scene.visitor();
    let answer = submit(&mut stranger, &scene, &body).await;
    assert_eq!(answer.status, 303);
    let page = stranger.follow(answer.location().unwrap().as_str()).await;
    assert!(page.text().contains("What you were sending has not been sent"), "{}", page.text());
    assert!(!scene.audit_log().contains("request_parked"));
    for one in [("origin", ""), ("sec-fetch-site", "")] {
        post(&mut ann, &scene, fields_but(&scene, &[one]), body.clone()).await;
    }
    assert_eq!(scene.audit_log().matches("request_parked").count(), 2, "the controls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_is_said_while_the_browser_has_it() {
    let scene = small().await;
    let mut ann = too_late(&scene).await;
    for body in [form(MEGABYTE), form(3 * MEGABYTE)] {
        let answer = submit(&mut ann, &scene, &body).await;
        assert_eq!((answer.status, cause(&scene, &answer).as_str()), (413, "parked-too-large"));
        keeps_the_form_in_the_browser(&answer);
        let chunked = narrow::chunked(&scene, &ann.cookies(), &body).await;
        assert_eq!((chunked.status, cause(&scene, &chunked).as_str()), (413, "parked-too-large"));
    }
    // The link signs in beside the form; then the same form goes through.
    let beside = ann.open("/.vestibule/session").await;
    let at_provider = ann.type_address(&beside, ANN).await;
    let back = scene.come_back(&mut ann, ANN, &at_provider).await;
    let done = ann.follow(back.location().unwrap().as_str()).await;
    assert!(done.text().contains("You are signed in"), "{}", done.text());
    let answer = submit(&mut ann, &scene, &form(3 * MEGABYTE)).await;
    assert!(is_whole(&answer, &form(3 * MEGABYTE)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_hold_and_room_comes_back() {
    let scene = small().await;
    let (mut ann, mut bob) = (scene.signed_in(ANN).await, scene.signed_in(BOB).await);
    let mut eve = scene.signed_in("eve@acme.example").await;
    scene.clock.advance(IDLE);
    let body = form(1_000_000);
    let first = submit(&mut ann, &scene, &body).await;
    assert_eq!(submit(&mut ann, &scene, &body).await.status, 303);
    let full = submit(&mut ann, &scene, &body).await;
    assert_eq!((full.status, cause(&scene, &full).as_str()), (503, "parked-person-full"));
    keeps_the_form_in_the_browser(&full);
    assert_eq!(submit(&mut bob, &scene, &body).await.status, 303);
    let full = submit(&mut eve, &scene, &body).await;
    assert_eq!((full.status, cause(&scene, &full).as_str()), (503, "parked-all-full"));
    keeps_the_form_in_the_browser(&full);
    let page = sign_in_again(&scene, &mut ann, &first, ANN).await;
    assert!(is_whole(&press(&mut ann, &page, 0).await, &body));
    assert_eq!(submit(&mut eve, &scene, &body).await.status, 303, "there is room again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_fails_on_the_way_in_loses_nothing_silently() {
    let (scene, store) = failing().await;
    let mut ann = too_late(&scene).await;
    let body = form(MEGABYTE);
    for operation in [Operation::Put, Operation::PutIfAbsent, Operation::Get] {
        for fault in [Fault::Unavailable, Fault::LostAnswer] {
            store.fail(operation, fault);
            // Refused before it is read: a long one would still be on its way when the answer comes.
            let sent = if operation == Operation::Get { form(1024) } else { body.clone() };
            let answer = submit(&mut ann, &scene, &sent).await;
            store.heal();
            assert_eq!(answer.status, 503, "{operation:?} {fault:?}: {}", answer.text());
            let cause = cause(&scene, &answer);
            // A session that cannot be looked up is met before the form is.
            assert!(["parked-store-unavailable", "store-unavailable"].contains(&cause.as_str()));
        }
    }
    assert!(!scene.audit_log().contains("request_parked"));
    let parked = submit(&mut ann, &scene, &body).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    assert!(is_whole(&press(&mut ann, &page, 0).await, &body), "the control");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_fails_on_the_way_out_loses_nothing_and_sends_nothing_twice() {
    let (scene, store) = failing().await;
    let mut ann = too_late(&scene).await;
    let body = crate::form(2 * MEGABYTE);
    let parked = submit(&mut ann, &scene, &body).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let form = PageForm::all(&page).into_iter().next().unwrap();

    store.fail(Operation::ReplaceIf, Fault::Unavailable);
    let answer = press(&mut ann, &page, 0).await;
    assert_eq!((answer.status, cause(&scene, &answer).as_str()), (503, "store-unavailable"));
    store.heal();

    // It fails once the request is on its way: the help center gets a part, and no whole request.
    let claimed = store.hold_answer(Operation::ReplaceIf);
    let mut browser = ann.browser.clone();
    let pressed =
        tokio::spawn(async move { browser.step(Method::POST, &form.action, &form.fields).await });
    claimed.reached_by(1).await;
    store.fail(Operation::Get, Fault::Unavailable);
    claimed.open();
    let answer = pressed.await.unwrap().unwrap();
    store.heal();
    assert_eq!((answer.status, cause(&scene, &answer).as_str()), (503, "store-unavailable"));
    assert!(answer.text().contains("still kept"), "{}", answer.text());
    let answer = press(&mut ann, &page, 0).await;
    assert!(is_whole(&answer, &body), "{}", answer.text());
    let again = press(&mut ann, &page, 0).await;
    assert_eq!((again.status, cause(&scene, &again).as_str()), (409, "parked-sent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_lost_a_piece_is_said_and_nothing_whole_is_sent() {
    let (scene, store) = failing().await;
    let mut ann = too_late(&scene).await;
    let parked = submit(&mut ann, &scene, &crate::form(2 * MEGABYTE)).await;
    let page = store.page(store::Area::Sessions, None).await.unwrap();
    let mut keys = page.entries.into_iter().map(|(key, _)| key);
    let is_fourth = |key: &String| key.starts_with("parked-body/") && key.ends_with("/3");
    let fourth = keys.find(is_fourth).unwrap();
    store.remove(store::Area::Sessions, &fourth).await.unwrap();
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    for cause in ["parked-damaged"; 2] {
        let answer = press(&mut ann, &page, 0).await;
        assert_eq!((answer.status, crate::cause(&scene, &answer).as_str()), (410, cause));
    }
    assert!(arrived(&scene) <= 1);
    for request in scene.helpcenter.requests().iter().filter(|one| one.method == "POST") {
        assert!(request.body_bytes() < 1_000_000, "three pieces at most");
    }
}
