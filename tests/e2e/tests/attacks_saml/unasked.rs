//! Sign-ins that begin at the identity provider, where the operator lets them.

use e2e::{Scene, Visitor, sets_session};
use fakes::http_client::PageForm;
use fakes::people::Person;
use fakes::saml::Form;

use crate::encryption::scene;

fn arriving(scene: &Scene, person: &Person) -> Form {
    let acs = scene.url("/.vestibule/saml/acme/acs");
    let entity = scene.url("/.vestibule/saml/acme/metadata");
    scene.acme.unsolicited(&acs, &entity, person, Some("https://evil.example/"))
}

async fn cause(scene: &Scene, browser: &mut Visitor, form: &Form) -> String {
    let before = scene.traces();
    scene.cause(&before, &browser.post_response(form).await)
}

/// Brings the answer as far as the question.
async fn asked(scene: &Scene, browser: &mut Visitor, person: &Person) -> PageForm {
    let before = scene.traces();
    let page = browser.post_response(&arriving(scene, person)).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(!sets_session(&page) && scene.traces() == before, "something happened unasked");
    assert!(page.text().contains(&person.name) && page.text().contains(&person.email));
    PageForm::all(&page).remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b16_a_sign_in_begun_at_the_provider_takes_the_same_path() {
    let scene = scene("idp_initiated: true, ").await;
    let ann = scene.acme.person("ann");
    let mut browser = scene.visitor();
    let question = asked(&scene, &mut browser, &ann).await;
    let entered = browser.step(&question).await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (303, Some("/")),
        "{}",
        entered.text()
    );
    assert!(sets_session(&entered));
    let page = browser.open("/servicedesk/customer/portals").await.text();
    assert!(page.contains(&ann.name), "{page}");
    // The rules hold: a domain of somebody else.
    let stranger = Person { email: "ann@globex.example".to_owned(), ..ann.clone() };
    let mut other = scene.visitor();
    assert_eq!(cause(&scene, &mut other, &arriving(&scene, &stranger)).await, "domain-foreign");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b16_a_rule_that_denies_holds_for_it_too() {
    let mut scene = scene("idp_initiated: true, ").await;
    let rule = "  - { domain: acme.example, use: acme }";
    let ann = scene.acme.person("ann");
    let mut browser = scene.visitor();
    let question = asked(&scene, &mut browser, &ann).await;
    scene.restart_with(&[(rule, "  - { domain: acme.example, use: acme, mode: off }")]).await;
    let before = scene.traces();
    assert_eq!(scene.cause(&before, &browser.step(&question).await), "denied-by-rule");
    assert_eq!(cause(&scene, &mut browser, &arriving(&scene, &ann)).await, "denied-by-rule");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b5_nobody_is_signed_in_by_an_answer_that_another_brought() {
    let scene = scene("idp_initiated: true, ").await;
    let ann = scene.acme.person("ann");
    let mut browser = scene.visitor();
    let question = asked(&scene, &mut browser, &ann).await;
    // The question of one browser in another one, and one that a page of somebody else sends.
    let mut stranger = scene.visitor();
    stranger.open(crate::stage::LINK).await;
    let before = scene.traces();
    assert_eq!(scene.cause(&before, &stranger.step(&question).await), "browser-other");
    let again = asked(&scene, &mut browser, &ann).await;
    let fields: Vec<_> = again.fields.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let body = fields.join("&");
    let posted = browser.ask(http::Method::POST, again.action.path(), &headers, &body);
    assert_eq!(scene.cause(&before, &posted.await), "origin-foreign");
    assert!(sets_session(&browser.step(&again).await));
    // Once.
    let before = scene.traces();
    assert_eq!(scene.cause(&before, &browser.step(&again).await), "attempt-unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_an_answer_that_nobody_asked_for_is_used_once() {
    let mut scene = scene("idp_initiated: true, ").await;
    let ann = scene.acme.person("ann");
    let form = arriving(&scene, &ann);
    let mut browser = scene.visitor();
    assert_eq!(browser.post_response(&form).await.status, 200);
    assert_eq!(cause(&scene, &mut browser, &form).await, "saml-assertion-replayed");
    let mut other = scene.visitor();
    assert_eq!(cause(&scene, &mut other, &form).await, "saml-assertion-replayed");
    // An answer to a request is none of these, also when the request is over.
    let mut honest = scene.visitor();
    let url = honest.begin(crate::stage::LINK, "ann@acme.example").await;
    let answer = scene.acme.respond(&url, &ann, fakes::saml::Sign::Both).without("RelayState");
    assert_eq!(cause(&scene, &mut honest, &answer).await, "attempt-unknown");
    // B4: off again.
    scene.restart_with(&[("idp_initiated: true, ", "")]).await;
    let form = arriving(&scene, &ann);
    assert_eq!(cause(&scene, &mut scene.visitor(), &form).await, "attempt-unknown");
}
