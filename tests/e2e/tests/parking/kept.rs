//! Kept, sent once, and byte by byte.

use std::time::Duration;

use e2e::Scene;
use fakes::Behaviour;
use fakes::http_client::PageForm;
use http::Method;

use crate::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_with_twenty_megabytes_survives_the_end_of_its_session() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let body = form(20 * MEGABYTE);
    let parked = submit(&mut ann, &scene, &body).await;
    assert!(
        parked.header("set-cookie").is_some_and(|c| c.starts_with("__Host-vestibule-browser="))
    );
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.url.path().starts_with("/.vestibule/resume/"), "{}", page.url);
    assert!(page.text().contains("<code>/upload</code>") && page.text().contains("21 MB"));
    assert_eq!(arrived(&scene), 0, "nothing is sent before the customer says so");

    let answer = press(&mut ann, &page, 0).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(is_whole(&answer, &body), "{}", answer.text());
    let requests = scene.helpcenter.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", UPLOAD));
    assert_eq!(request.values("content-length"), [body.len().to_string()]);
    assert_eq!(request.values("content-type"), ["multipart/form-data; boundary=b"]);
    assert_eq!(request.values("origin"), [scene.url("")]);
    let referer = scene.url("/servicedesk/customer/portal/1/create");
    assert_eq!(request.values("referer"), [referer], "our own page is nobody's business");
    assert_eq!(request.values("x-remote-user"), [ANN]);
    assert_eq!(request.values("x-vestibule-assertion").len(), 1);
    assert!(request.values("cookie").iter().all(|c| !c.contains("vestibule")));

    // Once and no more, by whatever way.
    let again = press(&mut ann, &page, 0).await;
    assert_eq!((again.status, cause(&scene, &again).as_str()), (409, "parked-sent"));
    let again = ann.follow(page.url.as_str()).await;
    assert_eq!((again.status, cause(&scene, &again).as_str()), (409, "parked-sent"));
    assert_eq!(arrived(&scene), 1);
    let log = scene.audit_log();
    for event in ["request_parked", "request_resumed"] {
        assert_eq!(log.matches(&format!("\"event\":\"{event}\"")).count(), 1, "{event}");
    }
    assert!(!log.contains("It broke"), "never what it says");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_form_ends_where_the_help_center_sends_its_customer() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let plain = fields_but(&scene, &[("content-type", "application/x-www-form-urlencoded")]);
    let url = scene.url("/servicedesk/customer/portal/1/create").parse().unwrap();
    let body = Bytes::from_static(b"summary=Printer+on+fire&description=%C3%BCber");
    let parked = ann.browser.request(Method::POST, url, plain, body).await.unwrap();
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let answer = press(&mut ann, &page, 0).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let made = ann.follow(answer.location().unwrap().as_str()).await;
    assert!(
        made.text().contains("Printer on fire") && made.text().contains(ANN),
        "{}",
        made.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_presses_at_once_one_sends() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let body = form(300_000);
    let parked = submit(&mut ann, &scene, &body).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let form = PageForm::all(&page).into_iter().next().unwrap();
    let presses = (0..20).map(|_| {
        let (mut browser, form) = (ann.browser.clone(), form.clone());
        async move { browser.step(Method::POST, &form.action, &form.fields).await.unwrap() }
    });
    let answers = futures_util::future::join_all(presses).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        let cause = cause(&scene, answer);
        assert!(["parked-sent", "parked-uncertain"].contains(&cause.as_str()), "{cause}");
    }
    assert_eq!(arrived(&scene), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_without_a_length_is_kept_too_and_leaves_with_one() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let body = form(700_000);
    let parked = narrow::chunked(&scene, &ann.cookies(), &body).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let answer = press(&mut ann, &page, 0).await;
    assert!(is_whole(&answer, &body), "{}", answer.text());
    let requests = scene.helpcenter.requests();
    assert_eq!(requests[0].values("content-length"), [body.len().to_string()]);
    assert!(requests[0].values("transfer-encoding").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_wanted_any_more_is_deleted_unsent() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let parked = submit(&mut ann, &scene, &form(1000)).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let answer = press(&mut ann, &page, 1).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let late = press(&mut ann, &page, 0).await;
    assert_eq!((late.status, cause(&scene, &late).as_str()), (410, "parked-discarded"));
    assert_eq!(arrived(&scene), 0);
    assert!(scene.audit_log().contains("request_discarded"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_of_what_is_kept_leads_back_for_a_day_and_no_longer() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let body = form(1000);
    let parked = submit(&mut ann, &scene, &body).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    // The session ends once more before anything is pressed; nothing is lost.
    scene.clock.advance(Duration::from_secs(12 * 3600 + 1));
    let asked = press(&mut ann, &page, 0).await;
    assert_eq!((asked.status, asked.location().unwrap()), (303, page.url.clone()));
    let asked = ann.follow(page.url.as_str()).await;
    assert_eq!(asked.status, 302, "{}", asked.text());
    let sign_in = ann.follow(asked.location().unwrap().as_str()).await;
    let at_provider = ann.type_address(&sign_in, ANN).await;
    let answer = scene.come_back(&mut ann, ANN, &at_provider).await;
    assert_eq!(answer.location().unwrap(), page.url);
    scene.clock.advance(Duration::from_secs(12 * 3600));
    let ended = scene.sign_in(&mut ann, ANN, "/").await;
    assert_eq!(ended.status, 303);
    let late = ann.follow(page.url.as_str()).await;
    assert_eq!((late.status, cause(&scene, &late).as_str()), (410, "parked-expired"));
    assert_eq!(arrived(&scene), 0);
    scene.until_audited(1, &["request_expired", "ann"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_help_center_cannot_be_reached_it_stays_kept() {
    let mut scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let body = form(600_000);
    let parked = submit(&mut ann, &scene, &body).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let (up, down) = (scene.helpcenter.url.clone(), "http://127.0.0.1:1");
    scene.restart_with(&[(&up, down)]).await;
    for _ in 0..2 {
        let answer = press(&mut ann, &page, 0).await;
        assert_eq!((answer.status, cause(&scene, &answer).as_str()), (503, "upstream-unreachable"));
        assert!(answer.text().contains("still kept"), "{}", answer.text());
        assert!(answer.text().contains(page.url.path()), "the link tries again");
    }
    scene.restart_with(&[(down, &up)]).await;
    let answer = press(&mut ann, &page, 0).await;
    assert!(is_whole(&answer, &body), "{}", answer.text());
    assert_eq!(arrived(&scene), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_help_center_took_without_an_answer_is_not_sent_again() {
    let scene = Scene::start().await;
    let mut ann = too_late(&scene).await;
    let parked = submit(&mut ann, &scene, &form(1000)).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    scene.helpcenter.behave(Behaviour::Unreachable);
    let answer = press(&mut ann, &page, 0).await;
    assert_eq!((answer.status, cause(&scene, &answer).as_str()), (409, "upstream-broken"));
    scene.helpcenter.behave(Behaviour::Normal);
    let again = press(&mut ann, &page, 0).await;
    assert_eq!((again.status, cause(&scene, &again).as_str()), (409, "parked-uncertain"));
    assert_eq!(arrived(&scene), 0);
}
