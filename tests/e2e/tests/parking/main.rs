//! A half-written request is never lost: forms that meet an ended session, and who gets them back.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is a check")]

mod deep_links;
mod factor;
mod inject;
mod kept;
mod narrow;
mod refused;
mod replicas;

use std::time::Duration;

use bytes::Bytes;
use domain::AuditEvent;
use e2e::{Scene, Visitor};
use fakes::http_client::{Answer, PageForm};
use http::Method;

const ANN: &str = "ann@acme.example";
/// Where the fake help center hashes what it gets.
const UPLOAD: &str = "/upload?portal=1&x=%20y";
/// Longer than a session may idle.
const IDLE: Duration = Duration::from_secs(45 * 60);
const MEGABYTE: usize = 1024 * 1024;

/// A multipart form with a file of so many bytes, none of which depends on another's value.
fn form(size: usize) -> Bytes {
    let mut body = b"--b\r\nContent-Disposition: form-data; name=\"summary\"\r\n\r\nIt broke\r\n\
        --b\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"a.bin\"\r\n\r\n"
        .to_vec();
    let mut state = 42_u64;
    for _ in 0..size / 8 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        body.extend(state.to_be_bytes());
    }
    body.extend(b"\r\n--b--\r\n");
    body.into()
}

/// What a browser says of a form on a page of ours.
fn fields(scene: &Scene) -> Vec<(String, String)> {
    let own = scene.url("");
    [
        ("accept", "text/html,application/xhtml+xml"),
        ("content-type", "multipart/form-data; boundary=b"),
        ("origin", own.as_str()),
        ("referer", &format!("{own}/servicedesk/customer/portal/1/create")),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-site", "same-origin"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The same with other fields in place of some; an empty value leaves one out.
fn fields_but(scene: &Scene, others: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields = fields(scene);
    for (name, value) in others {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    fields
}

async fn post(
    visitor: &mut Visitor,
    scene: &Scene,
    fields: Vec<(String, String)>,
    body: Bytes,
) -> Answer {
    let url = scene.url(UPLOAD).parse().unwrap();
    visitor.browser.request(Method::POST, url, fields, body).await.unwrap()
}

/// Submits a form of ours.
async fn submit(visitor: &mut Visitor, scene: &Scene, body: &Bytes) -> Answer {
    post(visitor, scene, fields(scene), body.clone()).await
}

/// Somebody whose session has ended while a form was open.
async fn too_late(scene: &Scene) -> Visitor {
    let ann = scene.signed_in(ANN).await;
    scene.clock.advance(IDLE);
    scene.helpcenter.forget();
    ann
}

/// Signs in from where a submitted form led; gives the page on which that ends.
async fn sign_in_again(
    scene: &Scene,
    visitor: &mut Visitor,
    parked: &Answer,
    email: &str,
) -> Answer {
    assert_eq!(parked.status, 303, "{}", parked.text());
    let location = parked.location().unwrap();
    assert!(location.path().starts_with("/.vestibule/sign-in"), "{location}");
    let page = visitor.follow(location.as_str()).await;
    let at_provider = visitor.type_address(&page, email).await;
    let answer = scene.come_back(visitor, email, &at_provider).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    visitor.follow(answer.location().unwrap().as_str()).await
}

/// The button of a page: the first form sends, the second deletes.
async fn press(visitor: &mut Visitor, page: &Answer, which: usize) -> Answer {
    let forms = PageForm::all(page);
    visitor.step(forms.get(which).unwrap_or_else(|| panic!("{}", page.text()))).await
}

/// What reached the help center by POST.
fn arrived(scene: &Scene) -> usize {
    scene.helpcenter.requests().iter().filter(|request| request.method == "POST").count()
}

/// Whether the help center says that it got this body.
fn is_whole(answer: &Answer, body: &Bytes) -> bool {
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is = |field: &str, wanted: serde_json::Value| said.get(field) == Some(&wanted);
    is("bytes", body.len().into()) && is("sha256", sha256(body).into())
}

fn sha256(body: &Bytes) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The cause on a refusal page.
fn cause(scene: &Scene, answer: &Answer) -> String {
    let records = scene.recorded(&e2e::reference(answer));
    let refused = records.into_iter().find_map(|record| match record.event {
        AuditEvent::Refused { refusal, .. } => Some(refusal.cause),
        _ => None,
    });
    refused.unwrap_or_else(|| panic!("no refusal: {}", answer.text()))
}
