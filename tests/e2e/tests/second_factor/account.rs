//! The account page: what is one's own, and what can be ended from there.

use std::time::Duration;

use domain::Clock;
use e2e::{Scene, Visitor};
use fakes::Authenticator;
use fakes::http_client::{Answer, PageForm};
use http::Method;

use crate::world::*;

const ACCOUNT: &str = "/.vestibule/account";

/// The form of a page that has this field.
fn form_with(page: &Answer, field: &str) -> PageForm {
    let has = |form: &PageForm| form.fields.iter().any(|(name, _)| name == field);
    PageForm::all(page).into_iter().find(has).unwrap_or_else(|| panic!("no form with {field}"))
}

async fn is_in(visitor: &mut Visitor) -> bool {
    let answer = visitor.ask(Method::GET, "/.vestibule/session", &[], "").await;
    answer.text().contains("\"signed_in\":true")
}

#[tokio::test]
async fn a_customer_sees_devices_and_sign_ins_and_signs_one_out_there() {
    let scene = Scene::start().await;
    let mut phone = scene.signed_in(ANN).await;
    let mut laptop = scene.signed_in(ANN).await;
    let mut other = scene.signed_in("bob@acme.example").await;
    let page = laptop.open(ACCOUNT).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    for part in [ANN, "Ann Tester", "come from Acme", "127.0.0.1", "This device", "<table>"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("bob"), "only what is one's own");
    assert_eq!(text.matches("name=\"device\"").count(), 1, "not the device that asks");
    let done = laptop.step(&form_with(&page, "device")).await;
    assert_eq!(done.status, 303);
    assert!(!is_in(&mut phone).await, "signed out there");
    assert!(is_in(&mut laptop).await && is_in(&mut other).await, "and nowhere else");
    let page = laptop.open(&format!("{ACCOUNT}?done=yes")).await;
    assert!(page.text().contains("Done."));
    assert_eq!(page.text().matches("name=\"device\"").count(), 0);
    assert_eq!(page.text().matches("<tr><td>").count(), 2, "both sign-ins are listed");
}

/// What the last four characters of a code are.
fn end(code: &str) -> &str {
    code.rsplit('-').next().unwrap_or_default()
}

/// The form with the changes of the second step, with one of its buttons pressed.
fn change(page: &Answer, wish: &str, code: &str) -> PageForm {
    let mut form = PageForm::all(page)
        .into_iter()
        .find(|form| !form.fields.iter().any(|(name, _)| name == "device" || name == "forget"))
        .unwrap_or_else(|| panic!("no form for changes"));
    form.fields.retain(|(name, _)| name != "do" && name != "code");
    form.fields.push(("do".to_owned(), wish.to_owned()));
    form.fields.push(("code".to_owned(), code.to_owned()));
    form
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_and_app_are_replaced_with_a_code_and_the_old_are_dead() {
    let scene = scene(&[ACME]).await;
    let (owner, mut ann) = enrolled(&scene, ANN, LINK).await;
    scene.clock.advance(Duration::from_secs(6 * 60));
    let page = ann.open(ACCOUNT).await;
    assert!(page.text().contains("10 recovery codes left"), "{}", page.text());
    assert!(page.text().contains("Code of your app, or a recovery code"));
    // Without a code, and with a wrong one, nothing changes.
    for wrong in ["", "000000"] {
        let refused = ann.step(&change(&page, "codes", wrong)).await;
        assert_eq!(refused.status, 403, "{}", refused.text());
        assert!(codes_of(&refused).is_empty());
    }
    let shown = ann.step(&change(&page, "codes", &owner.code(&scene))).await;
    let fresh = codes_of(&shown);
    assert_eq!(fresh.len(), 10, "{}", shown.text());
    let kept = ann.step(&form_with(&shown, "end").with("end", "WRNG").with("do", "kept")).await;
    assert_eq!(kept.status, 403);
    let kept = form_with(&shown, "end").with("end", end(&fresh[2])).with("do", "kept");
    assert_eq!(ann.step(&kept).await.status, 303);
    // A recovery code pays for another app, and counts no more afterwards.
    let page = ann.open(ACCOUNT).await;
    let old = ann.step(&change(&page, "app", &owner.codes[0])).await;
    assert_eq!(old.status, 403, "an old code is dead");
    let setup = ann.step(&change(&page, "app", &fresh[0])).await;
    let app = Authenticator::of_page(&setup.text()).expect("a key on the page");
    let now = |scene: &Scene| scene.clock.now().as_seconds();
    let confirm = form_with(&setup, "code").with("code", &app.code(now(&scene)));
    let shown = ann.step(&confirm).await;
    let last = codes_of(&shown);
    assert_eq!(last.len(), 10, "{}", shown.text());
    let kept = form_with(&shown, "end").with("end", end(&last[9])).with("do", "kept");
    assert_eq!(ann.step(&kept).await.status, 303);
    let mut later = scene.visitor();
    let asked = asked(&scene, &mut later, ANN, LINK).await;
    let old = submit(&mut later, &asked, &[("code", &owner.code(&scene))]).await;
    assert_eq!(old.status, 403, "the old app is dead");
    let done = submit(&mut later, &asked, &[("code", &app.code(now(&scene)))]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let log = scene.audit_log();
    for event in ["recovery_codes_renewed", "recovery_code_used", "factor_enrolled"] {
        assert!(log.contains(&format!("\"event\":\"{event}\"")), "{event}");
    }
    assert!(fresh.iter().chain(&owner.codes).all(|code| !log.contains(code.as_str())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_browser_is_listed_and_forgotten() {
    let scene = scene(&["{ idp: acme, require: totp, trusted_browser: 30d }"]).await;
    let (owner, mut first) = enrolled(&scene, ANN, LINK).await;
    assert!(first.open(ACCOUNT).await.text().contains("None"));
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let done = submit(&mut ann, &page, &[("code", &owner.code(&scene)), ("trust", "yes")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let page = ann.open(ACCOUNT).await;
    assert_eq!(ann.step(&form_with(&page, "forget")).await.status, 303);
    assert!(!ann.open(ACCOUNT).await.text().contains("name=\"forget\""));
    assert!(scene.audit_log().contains("\"event\":\"browser_forgotten\""));
    ann.set_cookie(SESSION, "");
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    assert!(page.text().contains("name=\"code\""), "asked again");
}

#[tokio::test]
async fn nobody_ends_what_is_not_theirs_or_from_elsewhere() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in(ANN).await;
    let mut second = scene.signed_in(ANN).await;
    let mut bob = scene.signed_in("bob@acme.example").await;
    let form = form_with(&ann.open(ACCOUNT).await, "device");
    // Another person who knows the device's id.
    let answer = bob.step(&form).await;
    assert_eq!(answer.status, 303, "neither said nor done");
    assert!(is_in(&mut second).await);
    // Another site that makes the browser send the form.
    let body = form.fields.iter().map(|(name, value)| format!("{name}={value}"));
    let body = body.collect::<Vec<_>>().join("&");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = ann.ask(Method::POST, ACCOUNT, &headers, &body).await;
    assert_eq!(answer.status, 400);
    assert!(is_in(&mut second).await);
    // Nobody at all.
    let mut stranger = scene.visitor();
    let answer = stranger.ask(Method::GET, ACCOUNT, &[], "").await;
    assert_eq!(answer.status, 303);
    assert!(!answer.text().contains(ANN));
    assert_eq!(ann.step(&form).await.status, 303);
    assert!(!is_in(&mut second).await, "the same form from the right page works");
}
