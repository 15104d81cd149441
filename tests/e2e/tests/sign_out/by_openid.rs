//! OpenID Connect: RP-initiated, back-channel and front-channel logout.

use std::time::Duration;

use e2e::{Scene, SceneOptions, Visitor};
use fakes::Behaviour;
use fakes::http_client::Answer;
use fakes::openid::{LogoutTokenFlaw, Named};
use http::Method;

use crate::{is_signed_in, sign_out};

const BACKCHANNEL: &str = "/.vestibule/oidc/globex/backchannel-logout";
const FRONTCHANNEL: &str = "/.vestibule/oidc/globex/frontchannel-logout";

async fn signed_in(scene: &Scene) -> Visitor {
    scene.signed_in("gil@globex.example").await
}

async fn send(scene: &Scene, token: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("logout_token={token}");
    scene.visitor().ask(Method::POST, BACKCHANNEL, &headers, &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_signs_out_here_and_at_the_openid_provider() {
    let scene = Scene::start().await;
    scene.globex.register_post_logout_redirect(&scene.url("/.vestibule/sign-out"));
    let mut gil = signed_in(&scene).await;
    let going = sign_out(&mut gil).await;
    assert_eq!(going.status, 303, "{}", going.text());
    assert!(!is_signed_in(&mut gil).await, "our session is still there");
    let url = going.location().expect("a redirect").to_string();
    let back = scene.globex.end_session(&url).ok().flatten().expect("a way back");
    let seen = scene.globex.end_sessions().pop().expect("an end-session request");
    assert_eq!((seen.ended, seen.subject.is_some()), (1, true), "no id_token_hint: {seen:?}");
    let page = gil.follow(back.as_str()).await;
    for said in ["You are signed out", "Globex", "Ended"] {
        assert!(page.text().contains(said), "{said} is not in: {}", page.text());
    }
    assert!(!page.text().contains("still signed in"), "{}", page.text());
    // A second look at the same address says no more than it knows.
    let again = gil.follow(back.as_str()).await;
    assert!(again.status == 200 && !again.text().contains("Globex"), "{}", again.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d6_nobody_is_told_that_they_are_signed_out_while_they_are_not() {
    let scene = Scene::start().await;
    let mut gil = signed_in(&scene).await;
    let page = gil.open("/.vestibule/sign-out?state=AAAAAAAAAAAAAAAAAAAAAA").await;
    assert!(!page.text().contains("You are signed out"), "{}", page.text());
    assert!(is_signed_in(&mut gil).await);
    // It is the page that asks.
    gil.step(&gil.form(&page)).await;
    assert!(!is_signed_in(&mut gil).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n16_who_signs_out_is_not_sent_to_a_provider_that_does_not_answer() {
    let scene = Scene::start().await;
    let mut gil = signed_in(&scene).await;
    scene.globex.behave(Behaviour::Unreachable);
    // What was seen at the sign-in holds no more.
    scene.clock.advance(Duration::from_secs(31));
    let page = sign_out(&mut gil).await;
    assert_eq!(page.status, 200, "{}", page.text());
    for said in ["You are signed out", "Globex", "Did not answer"] {
        assert!(page.text().contains(said), "{said} is not in: {}", page.text());
    }
    assert!(!is_signed_in(&mut gil).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_single_logout_off_the_browser_stays_here() {
    let secret = "client_secret: { file: globex } }";
    let off = "client_secret: { file: globex }, single_logout: false }".to_owned();
    let instead = vec![(secret, off)];
    let scene = Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await;
    let mut gil = signed_in(&scene).await;
    let page = sign_out(&mut gil).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("still signed in"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_token_ends_by_sid_and_by_sub() {
    let scene = Scene::start().await;
    for (named, ended) in [(Named::Session, 1), (Named::Both, 1), (Named::Subject, 2)] {
        let mut laptop = signed_in(&scene).await;
        let mut phone = signed_in(&scene).await;
        let mut other = scene.signed_in("gus@globex.example").await;
        // The newest session is the phone's.
        let session = scene.globex.session_of(&scene.globex.person("gil"));
        let token = scene.globex.logout_token(&session, named, None);
        let answer = send(&scene, &token).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
        assert!(!is_signed_in(&mut phone).await, "{named:?}");
        assert_eq!(is_signed_in(&mut laptop).await, ended == 1, "{named:?}");
        assert!(is_signed_in(&mut other).await, "{named:?}: somebody else was signed out");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_forged_logout_tokens_end_nothing() {
    let scene = Scene::start().await;
    let mut gil = signed_in(&scene).await;
    let session = scene.globex.session_of(&scene.globex.person("gil"));
    for flaw in LogoutTokenFlaw::ALL {
        let before = scene.traces();
        let token = scene.globex.logout_token(&session, Named::Both, Some(*flaw));
        let refused = send(&scene, &token).await;
        assert_eq!(refused.status, 400, "{flaw:?}: {}", refused.text());
        scene.cause(&before, &refused);
        assert!(is_signed_in(&mut gil).await, "{flaw:?} ended a session");
    }
    println!("c11: {} forged logout tokens refused", LogoutTokenFlaw::ALL.len());
    // The control, and its replay.
    let token = scene.globex.logout_token(&session, Named::Both, None);
    assert_eq!(send(&scene, &token).await.status, 200);
    assert!(!is_signed_in(&mut gil).await);
    let mut gil = signed_in(&scene).await;
    let before = scene.traces();
    let replayed = send(&scene, &token).await;
    assert_eq!(scene.cause(&before, &replayed), "oidc-logout-token-replayed");
    assert!(is_signed_in(&mut gil).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_another_providers_logout_token_ends_nothing() {
    let scene = Scene::start().await;
    let mut gil = signed_in(&scene).await;
    let session = scene.globex.session_of(&scene.globex.person("gil"));
    let token = scene.globex.logout_token(&session, Named::Both, None);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let elsewhere = "/.vestibule/oidc/umbrella/backchannel-logout";
    let body = format!("logout_token={token}");
    let refused = scene.visitor().ask(Method::POST, elsewhere, &headers, &body).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(is_signed_in(&mut gil).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c12_a_front_channel_logout_ends_the_named_session_alone() {
    let scene = Scene::start().await;
    let mut laptop = signed_in(&scene).await;
    let mut phone = signed_in(&scene).await;
    let session = scene.globex.session_of(&scene.globex.person("gil"));
    for query in ["", "?iss=https%3A%2F%2Fevil.example&sid=x", "?sid=x"] {
        let refused =
            scene.visitor().ask(Method::GET, &format!("{FRONTCHANNEL}{query}"), &[], "").await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.text());
    }
    assert!(is_signed_in(&mut phone).await && is_signed_in(&mut laptop).await);
    let url = scene.globex.front_channel_url(&scene.url(FRONTCHANNEL), &session);
    let answer = scene.visitor().follow(url.as_str()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!is_signed_in(&mut phone).await);
    assert!(is_signed_in(&mut laptop).await, "another session was ended");
    // No session at the provider was touched.
    assert_eq!(scene.globex.end_sessions().len(), 0);
}
