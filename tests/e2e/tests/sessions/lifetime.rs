//! How long sessions live and how they end.

use std::time::Duration;

use e2e::{Scene, SceneOptions, Visitor};
use http::Method;

use crate::{LINK, MINUTE, SESSION, ask};

const MILLISECOND: Duration = Duration::from_millis(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_session_ends_at_the_exact_moment() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    // A use within a minute of the last one that was written is not written.
    scene.clock.advance(MINUTE - MILLISECOND);
    assert_eq!(ask(&mut ann).await.status, 200);
    // 30 min after the sign-in, and the minute that may be missing.
    scene.clock.advance(30 * MINUTE);
    assert_eq!(ask(&mut ann).await.status, 200);
    scene.clock.advance(31 * MINUTE - MILLISECOND);
    assert_eq!(ask(&mut ann).await.status, 200);
    scene.clock.advance(31 * MINUTE);
    assert_eq!(ask(&mut ann).await.status, 302);
    // Time does not bring it back, and asking does not either.
    assert_eq!(ask(&mut ann).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_used_ends_at_its_absolute_limit() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    for _ in 0..23 {
        scene.clock.advance(30 * MINUTE);
        assert_eq!(ask(&mut ann).await.status, 200);
    }
    scene.clock.advance(30 * MINUTE - MILLISECOND);
    assert_eq!(ask(&mut ann).await.status, 200);
    scene.clock.advance(MILLISECOND);
    assert_eq!(ask(&mut ann).await.status, 302);
}

/// T64: shorter on a portal's pages, and for a group, at exactly the moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_and_a_group_have_shorter_limits() {
    let lifetimes = "    session: { idle: 30m, absolute: 12h }";
    let shorter = r#"    session:
      idle: 30m
      absolute: 12h
      portals: { "1": { idle: 5m }, "2": { absolute: 10m } }
      groups: { customers: { absolute: 40m } }"#;
    let instead = vec![(lifetimes, shorter.to_owned())];
    let scene = Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await;
    let portal = async |visitor: &mut Visitor, id: u8| {
        let path = format!("/servicedesk/customer/portal/{id}");
        visitor.ask(Method::GET, &path, &[("accept", "text/html")], "").await.status
    };
    // A use may go unnoted for a twentieth of the shortest limit: 15 s.
    let idle = MINUTE * 5 + Duration::from_secs(15);
    let mut ida = scene.signed_in("ida@initech.example").await;
    scene.clock.advance(idle - MILLISECOND);
    assert_eq!((portal(&mut ida, 1).await, portal(&mut ida, 2).await), (200, 200));
    scene.clock.advance(MINUTE * 5);
    assert_eq!(
        (portal(&mut ida, 1).await, portal(&mut ida, 2).await),
        (200, 302),
        "10 minutes old"
    );
    scene.clock.advance(idle);
    assert_eq!((portal(&mut ida, 1).await, portal(&mut ida, 3).await), (302, 200));
    assert_eq!(portal(&mut ida, 1).await, 302, "use elsewhere does not help");
    scene.sign_in(&mut ida, "ida@initech.example", "/servicedesk/customer/portal/1").await;
    assert_eq!((portal(&mut ida, 1).await, portal(&mut ida, 2).await), (200, 200));
    // Everybody of the fakes is a customer.
    scene.clock.advance(MINUTE * 20);
    assert_eq!(portal(&mut ida, 3).await, 200);
    scene.clock.advance(MINUTE * 20 - MILLISECOND);
    assert_eq!(portal(&mut ida, 3).await, 200);
    scene.clock.advance(MILLISECOND);
    assert_eq!(portal(&mut ida, 3).await, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_whether_there_is_a_session_does_not_prolong_it() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    for minute in 0..30 {
        let answer = ann.ask(Method::GET, "/.vestibule/session", &[], "").await;
        assert!(answer.text().contains("\"signed_in\":true"), "minute {minute}: {}", answer.text());
        scene.clock.advance(MINUTE);
    }
    scene.clock.advance(MINUTE);
    let answer = ann.ask(Method::GET, "/.vestibule/session", &[], "").await;
    assert!(answer.text().contains("\"signed_in\":false"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_attempts_outlive_a_restart() {
    let mut scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let mut gil = scene.visitor();
    let at_globex = gil.begin(LINK, "gil@globex.example").await;
    scene.restart_gateway().await;
    let page = ann.open(LINK).await;
    assert!(page.status == 200 && page.text().contains("ann@acme.example"), "{}", page.text());
    let answer = scene.come_back(&mut gil, "gil@globex.example", &at_globex).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(LINK)), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d6_a_cookie_from_before_the_sign_out_opens_nothing() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let mut thief = scene.visitor();
    thief.browser.cookies = ann.browser.cookies.clone();
    assert_eq!(ask(&mut thief).await.status, 200);

    let page = ann.open("/.vestibule/sign-out").await;
    assert!(
        page.status == 200 && page.text().contains("You are signed in as Ann"),
        "{}",
        page.text()
    );
    let form = ann.form(&page);
    let ended = ann.step(&form).await;
    assert_eq!(ended.status, 200);
    let text = ended.text();
    assert!(
        text.contains("<strong>Example Help Center</strong>") && text.contains(">Ended<"),
        "{text}"
    );
    assert!(
        text.contains("<strong>Acme</strong>") && text.contains("still signed in there"),
        "{text}"
    );
    assert_eq!(ann.cookie(SESSION), None, "the cookie is taken away");
    assert_eq!(ask(&mut thief).await.status, 302);
    assert!(scene.audit_log().contains("\"signed_out\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_signed_out_from_elsewhere() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let path = "/.vestibule/sign-out";
    let form = ("content-type", "application/x-www-form-urlencoded");
    for origin in [&[][..], &[("origin", "null")], &[("origin", "https://evil.example")]] {
        let answer = ann.ask(Method::POST, path, &[&[form], origin].concat(), "").await;
        assert_eq!(answer.status, 400, "{origin:?}");
    }
    assert_eq!(ask(&mut ann).await.status, 200);
}
