//! Answers that are used again: later, at the same time, after a restart, without a store.

use std::sync::Arc;

use e2e::{Scene, Visitor, sets_session};
use fakes::http_client;
use fakes::saml::{Answer, Form, Sign};
use store::fault::{Fault, Operation};
use store::{FaultyStore, Store};
use tokio::task::JoinSet;

use crate::stage::{Stage, attribute, brought, enters};

/// An answer whose Assertion has always the same ID. The Response is signed, with an ID of its own.
fn same_assertion() -> Answer {
    let mut answer = Answer::changed_before_signing(|assertion| {
        assertion.replace(&attribute(&assertion, "ID"), "_the-same-assertion-each-time")
    });
    answer.sign = Sign::Response;
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_an_assertion_is_used_once() {
    let mut stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let (mut browser, form) = stage.brought(&stage.acme, &ann, sign).await;
        enters(&mut browser, &form, &ann).await;
        for mut browser in [browser, stage.visitor()] {
            let cause = stage.cause_of_form(&mut browser, &form).await;
            assert_eq!(cause, "attempt-unknown");
        }
    }
    // The same assertion for the next request, here and in the process that comes after this one.
    let (mut browser, form) = stage.brought(&stage.acme, &ann, same_assertion()).await;
    enters(&mut browser, &form, &ann).await;
    assert_eq!(stage.cause_of(same_assertion()).await, "saml-assertion-replayed");
    let (mut browser, form) = stage.brought(&stage.acme, &ann, same_assertion()).await;
    stage.scene.restart_with(&[]).await;
    assert_eq!(stage.cause_of_form(&mut browser, &form).await, "saml-assertion-replayed");
    stage.passes_honest_answers().await;
}

/// Posts each form in its browser, all at the same time.
async fn at_once(carried: Vec<(Visitor, Form)>) -> Vec<http_client::Answer> {
    let mut posts = JoinSet::new();
    for (mut browser, form) in carried {
        posts.spawn(async move { browser.post_response(&form).await });
    }
    posts.join_all().await
}

/// Exactly one of the answers opens a session; the others are refused for one cause.
fn one_wins(scene: &Scene, answers: &[http_client::Answer], cause: &str) {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| sets_session(answer));
    assert_eq!(won.len(), 1);
    let (now, none) = (scene.traces(), lost.len());
    assert!(lost.iter().all(|answer| scene.cause(&now, answer) == cause), "of {none}");
    let log = scene.audit_log();
    assert_eq!(log.lines().filter(|line| line.contains("sign_in_succeeded")).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b2_of_twenty_posts_of_one_answer_one_wins() {
    let stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    let (browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
    let tabs = (0..20).map(|_| {
        let mut tab = stage.visitor();
        tab.browser.clone_from(&browser.browser);
        (tab, form.clone())
    });
    let carried = tabs.collect();
    one_wins(&stage, &at_once(carried).await, "attempt-unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b2_of_twenty_answers_with_one_assertion_one_wins() {
    let stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    let mut carried = Vec::new();
    for _ in 0..20 {
        carried.push(stage.brought(&stage.acme, &ann, same_assertion()).await);
    }
    one_wins(&stage, &at_once(carried).await, "saml-assertion-replayed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b3_without_its_store_the_gateway_signs_nobody_in() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let store = Arc::new(FaultyStore::new(Arc::new(scene.open_store().await)));
    scene.start_gateway_over(Arc::clone(&store) as Arc<dyn Store>);
    let ann = scene.acme.person("ann");
    for (operation, fault, may_try_again) in [
        // Whether the mark or the attempt is gone is not known: the answer never counts again.
        (Operation::PutIfAbsent, Fault::Unavailable, false),
        (Operation::PutIfAbsent, Fault::LostAnswer, false),
        (Operation::Take, Fault::LostAnswer, false),
        (Operation::Take, Fault::Unavailable, true),
    ] {
        let (mut browser, form) = brought(&scene, &scene.acme, &ann, Sign::Both).await;
        let before = scene.traces();
        store.fail(operation, fault);
        let answer = browser.post_response(&form).await;
        assert_eq!(scene.cause(&before, &answer), "store-unavailable", "{operation:?}");
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
        store.heal();
        let again = browser.post_response(&form).await;
        assert_eq!(sets_session(&again), may_try_again, "{operation:?} {fault:?}");
    }
    store.fail_all(Fault::Unavailable);
    let before = scene.traces();
    let answer = scene.visitor().open(crate::stage::LINK).await;
    assert_eq!(scene.cause(&before, &answer), "store-unavailable");
    store.heal();
    let (mut browser, form) = brought(&scene, &scene.acme, &ann, Sign::Both).await;
    enters(&mut browser, &form, &ann).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b7_a_request_is_answered_once() {
    let stage = Stage::start().await;
    let ann = stage.acme.person("ann");
    // Two answers to one request: the second one is too late, though its assertion is fresh.
    let mut browser = stage.visitor();
    let url = browser.begin(crate::stage::LINK, "ann@acme.example").await;
    let first = stage.acme.respond(&url, &ann, Sign::Both);
    let second = stage.acme.respond(&url, &ann, Sign::Both);
    enters(&mut browser, &first, &ann).await;
    assert_eq!(stage.cause_of_form(&mut browser, &second).await, "attempt-unknown");
    // Also when the first one was refused.
    let mut browser = stage.visitor();
    let url = browser.begin(crate::stage::LINK, "ann@acme.example").await;
    let flawed = stage.acme.respond(&url, &ann, fakes::saml::Flaw::WrongAudience);
    let honest = stage.acme.respond(&url, &ann, Sign::Both);
    assert_eq!(stage.cause_of_form(&mut browser, &flawed).await, "saml-audience-foreign");
    assert_eq!(stage.cause_of_form(&mut browser, &honest).await, "attempt-unknown");
    stage.passes_honest_answers().await;
}
