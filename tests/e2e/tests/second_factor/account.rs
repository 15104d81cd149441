//! The account page: what is one's own, and what can be ended from there.

use e2e::{Scene, Visitor};
use fakes::http_client::{Answer, PageForm};
use http::Method;

const ACCOUNT: &str = "/.vestibule/account";
const ANN: &str = "ann@acme.example";

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
