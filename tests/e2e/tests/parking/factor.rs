//! The way back leads over a second factor.

use std::time::Duration;

use domain::Clock;
use e2e::{Scene, SceneOptions};
use fakes::Authenticator;

use crate::*;

/// Follows a redirect to one of our own pages.
async fn to(visitor: &mut Visitor, answer: &Answer, page: &str) -> Answer {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let location = answer.location().unwrap();
    assert!(location.path().starts_with(page), "{location}");
    visitor.follow(location.as_str()).await
}

/// Types something on a page and sends it.
async fn fill(visitor: &mut Visitor, page: &Answer, field: &str, value: &str) -> Answer {
    visitor.step(&visitor.form(page).with(field, value)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_with_twenty_megabytes_waits_for_sign_in_and_second_factor() {
    let more = "second_factor:\n  - { idp: acme, require: totp }\n".to_owned();
    let scene = Scene::with(SceneOptions { more, ..SceneOptions::default() }).await;
    let mut ann = scene.visitor();
    let answer = scene.sign_in(&mut ann, ANN, "/echo").await;
    let page = to(&mut ann, &answer, "/.vestibule/second-factor").await;
    let app = Authenticator::of_page(&page.text()).unwrap();
    let code = app.code(scene.clock.now().as_seconds());
    let shown = fill(&mut ann, &page, "code", &code).await;
    let text = shown.text();
    let codes = text.split_once("id=\"codes\">").unwrap().1.split("</pre>").next().unwrap();
    let end = codes.split_whitespace().nth(3).unwrap().rsplit('-').next().unwrap();
    let done = fill(&mut ann, &shown, "end", end).await;
    assert_eq!(done.header("location"), Some("/echo"), "{}", done.text());

    scene.clock.advance(IDLE);
    scene.helpcenter.forget();
    let body = form(20 * MEGABYTE);
    let parked = submit(&mut ann, &scene, &body).await;
    let sign_in = to(&mut ann, &parked, "/.vestibule/sign-in").await;
    let at_provider = ann.type_address(&sign_in, ANN).await;
    let answer = scene.come_back(&mut ann, ANN, &at_provider).await;
    let page = to(&mut ann, &answer, "/.vestibule/second-factor").await;
    assert_eq!(arrived(&scene), 0);
    scene.clock.advance(Duration::from_secs(30));
    let code = app.code(scene.clock.now().as_seconds());
    let done = fill(&mut ann, &page, "code", &code).await;
    let resume = to(&mut ann, &done, "/.vestibule/resume/").await;
    let answer = press(&mut ann, &resume, 0).await;
    assert!(is_whole(&answer, &body), "{}", answer.text());
    assert_eq!(arrived(&scene), 1);
}
