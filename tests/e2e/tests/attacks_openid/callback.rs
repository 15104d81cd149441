//! Authorization responses: state, PKCE, issuer, doubled parameters.

use std::collections::BTreeSet;

use e2e::{Scene, sets_session};
use fakes::openid::{OidcAnswer, OidcFlaw};
use tokio::task::JoinSet;

use crate::stage::{
    LINK, brought, cause_of_callback, enters, parameter, passes_honest_answers, refuses,
    with_parameter, without_parameter,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_a_state_is_ours_or_the_answer_is_refused() {
    let scene = Scene::start().await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::NoState, "oidc-callback-state-missing"),
            (OidcFlaw::ForeignState, "attempt-unknown"),
        ],
    )
    .await;
    let gil = scene.globex.person("gil");
    let long = "A".repeat(4096);
    for state in ["https://evil.example/", "//evil.example", "<script>", long.as_str()] {
        let (mut browser, callback) =
            brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
        let callback = with_parameter(&callback, "state", state);
        let cause = cause_of_callback(&scene, &mut browser, &callback).await;
        assert_eq!(cause, "attempt-unknown", "{state:.20}");
    }
    assert_eq!(scene.globex.token_calls(), 1, "a code went to the token endpoint");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_a_state_is_used_once() {
    let scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    let (mut browser, callback) = brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
    enters(&mut browser, &callback, &gil).await;
    assert_eq!(cause_of_callback(&scene, &mut browser, &callback).await, "attempt-unknown");
    // With a fresh code, and after an answer that was refused.
    let mut browser = scene.visitor();
    let url = browser.begin(LINK, &gil.email).await;
    let flawed = scene.globex.authorize(&url, &gil, OidcFlaw::WrongNonce).unwrap();
    let honest = scene.globex.authorize(&url, &gil, OidcAnswer::default()).unwrap();
    assert_eq!(cause_of_callback(&scene, &mut browser, &flawed).await, "oidc-nonce-wrong");
    assert_eq!(cause_of_callback(&scene, &mut browser, &honest).await, "attempt-unknown");
    // Twenty at the same time: one session.
    let (browser, callback) = brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
    let mut posts = JoinSet::new();
    for _ in 0..20 {
        let (mut tab, callback) = (scene.visitor(), callback.to_string());
        tab.browser.clone_from(&browser.browser);
        posts.spawn(async move { tab.follow(&callback).await });
    }
    let answers = posts.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| sets_session(answer));
    let now = scene.traces();
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|answer| scene.cause(&now, answer) == "attempt-unknown"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_an_answer_in_another_browser_is_refused() {
    let scene = Scene::start().await;
    let (gil, gro) = (scene.globex.person("gil"), scene.globex.person("gro"));
    let (_, callback) = brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
    let cause = cause_of_callback(&scene, &mut scene.visitor(), &callback).await;
    assert_eq!(cause, "browser-unbound");
    let (mut other, _) = brought(&scene, &scene.globex, &gro, OidcAnswer::default()).await;
    let (_, callback) = brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
    assert_eq!(cause_of_callback(&scene, &mut other, &callback).await, "browser-other");
    assert_eq!(scene.globex.token_calls(), 0, "a code went to the token endpoint");
    passes_honest_answers(&scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c5_every_request_has_its_own_s256_challenge_and_every_code_its_verifier() {
    let scene = Scene::start().await;
    let (gil, gro) = (scene.globex.person("gil"), scene.globex.person("gro"));
    // A stolen code, brought under the thief's own state: the verifier is another one.
    let (_, stolen) = brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
    let (mut thief, own) = brought(&scene, &scene.globex, &gro, OidcAnswer::default()).await;
    let injected = with_parameter(&own, "code", &parameter(&stolen, "code"));
    let cause = cause_of_callback(&scene, &mut thief, &injected).await;
    assert_eq!(cause, "oidc-code-refused");
    // Nothing in a link takes the challenge away or weakens it.
    let weaker = "/.vestibule/sign-in/globex?code_challenge_method=plain&code_challenge=x&nonce=x";
    let answer = scene.visitor().ask(http::Method::GET, weaker, &[], "").await;
    let sent = answer.location().unwrap();
    assert!(scene.globex.authorize(sent.as_str(), &gil, OidcAnswer::default()).is_ok(), "{sent}");
    passes_honest_answers(&scene).await;
    let requests = scene.globex.requests();
    for request in &requests {
        let method = ("code_challenge_method".to_owned(), "S256".to_owned());
        assert!(request.parameters.contains(&method), "{request:?}");
    }
    for values in [
        requests.iter().map(|r| r.challenge.clone()).collect::<BTreeSet<_>>(),
        requests.iter().filter_map(|r| r.nonce.clone()).collect(),
        requests.iter().filter_map(|r| r.state.clone()).collect(),
    ] {
        assert_eq!(values.len(), requests.len(), "a value comes twice: {values:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c6_an_answer_counts_only_as_that_of_the_provider_that_was_asked() {
    let scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    refuses(
        &scene,
        vec![
            (OidcFlaw::WrongIssParameter, "oidc-callback-issuer-foreign"),
            (OidcFlaw::NoIssParameter, "oidc-callback-issuer-missing"),
        ],
    )
    .await;
    // RFC 9207: the code of a mixed-up answer goes nowhere; only the honest one went.
    assert_eq!(scene.globex.token_calls(), 1);
    assert_eq!(scene.umbrella.token_calls(), 1);
    // Globex's answer at the address of another, with its own issuer and with theirs.
    for iss in [&scene.globex.issuer, &scene.umbrella.issuer] {
        let (mut browser, callback) =
            brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
        let mut moved = with_parameter(&callback, "iss", iss);
        moved.set_path("/.vestibule/oidc/umbrella/callback");
        let cause = cause_of_callback(&scene, &mut browser, &moved).await;
        assert_eq!(cause, "attempt-other-provider");
    }
    for (path, cause) in [
        ("/.vestibule/oidc/acme/callback", "attempt-other-provider"),
        ("/.vestibule/oidc/nobody/callback", "idp-unknown"),
    ] {
        let (mut browser, mut callback) =
            brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
        callback.set_path(path);
        assert_eq!(cause_of_callback(&scene, &mut browser, &callback).await, cause);
    }
    assert_eq!((scene.globex.token_calls(), scene.umbrella.token_calls()), (1, 1));
    // An ID token in the name of another issuer.
    refuses(&scene, vec![(OidcFlaw::WrongIssuer, "oidc-issuer-foreign")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c7_a_parameter_that_comes_twice_is_refused() {
    let scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    refuses(
        &scene,
        vec![
            (OidcFlaw::DuplicateState, "oidc-callback-duplicate-parameter"),
            (OidcFlaw::DuplicateCode, "oidc-callback-duplicate-parameter"),
        ],
    )
    .await;
    for extra in ["iss=x", "id_token=a&id_token=b", "%73tate=x", "code=", "error=a&error=b"] {
        let (mut browser, mut callback) =
            brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
        let query = format!("{}&{extra}", callback.query().unwrap());
        callback.set_query(Some(&query));
        let cause = cause_of_callback(&scene, &mut browser, &callback).await;
        assert_eq!(cause, "oidc-callback-duplicate-parameter", "{extra}");
    }
    // Both a code and an error, and neither.
    let (mut browser, callback) = brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
    let both = with_parameter(&callback, "error", "access_denied");
    let cause = cause_of_callback(&scene, &mut browser, &both).await;
    assert_eq!(cause, "oidc-callback-without-code");
    let neither = without_parameter(&callback, "code");
    let cause = cause_of_callback(&scene, &mut browser, &neither).await;
    assert_eq!(cause, "oidc-callback-without-code");
    // Only the honest one of `refuses` was redeemed; this one still is.
    assert_eq!(scene.globex.token_calls(), 1);
    enters(&mut browser, &callback, &gil).await;
}
