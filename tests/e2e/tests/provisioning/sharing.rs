//! S34: new requests go to their customer's organization.

use e2e::{Scene, SceneOptions, Visitor};
use http::Method;
use serde_json::{Value, json};

// What the fake help center echoes lies under `/echo`, as behind a context path.
const REST: &str = "/echo/rest/servicedeskapi/request";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn scene() -> Scene {
    let line = "    session: { idle: 30m, absolute: 12h }";
    let sharing = "    sharing: { field: customfield_10002, portals: { \"3\": force } }";
    let acme = "      - { domain: acme.example, organization: Acme }";
    let bobs = "      - { claim: { from: displayName, is: [Bob Tester] }, organization: Second }";
    Scene::with(SceneOptions {
        instead: vec![(line, format!("{line}\n{sharing}")), (acme, format!("{acme}\n{bobs}"))],
        ..SceneOptions::default()
    })
    .await
}

/// What arrived at the help center.
async fn arrived(visitor: &mut Visitor, path: &str, kind: &str, body: &str) -> String {
    let headers = [("content-type", kind), ("sec-fetch-site", "same-origin")];
    let answer = visitor.ask(Method::POST, path, &headers, body).await;
    let echo: Value = serde_json::from_str(&answer.text()).expect("an echo");
    let begins = echo["begins"].as_str().unwrap().to_owned();
    assert_eq!(echo["bytes"], begins.len().max(body.len()), "the length is that of the body");
    begins
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s34_a_new_request_is_shared_with_the_one_organization_and_none_is_guessed() {
    let scene = scene().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let acme: u64 = {
        let organizations = scene.jsm.organizations();
        organizations.iter().find(|o| o.name == "Acme").unwrap().id.parse().unwrap()
    };
    let request =
        json!({"serviceDeskId": "1", "requestFieldValues": {"summary": "Hi"}}).to_string();
    let shared: Value =
        serde_json::from_str(&arrived(&mut ann, REST, JSON, &request).await).unwrap();
    assert_eq!(shared["requestFieldValues"], json!({"summary": "Hi", "customfield_10002": [acme]}));
    let form = |portal: u8| format!("/echo/servicedesk/customer/portal/{portal}/create/10");
    let plain = arrived(&mut ann, &form(1), FORM, "summary=Hi+there").await;
    assert_eq!(plain, format!("summary=Hi+there&customfield_10002={acme}"));

    // In parts, with a file whose bytes stay.
    let parts = "multipart/form-data; boundary=----FormBoundary7MA4";
    let file = "------FormBoundary7MA4\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n--a--\r\n\r\n------FormBoundary7MA4--\r\n";
    let own = format!(
        "------FormBoundary7MA4\r\nContent-Disposition: form-data; name=\"customfield_10002\"\r\n\r\n{acme}\r\n"
    );
    let in_parts = arrived(&mut ann, &form(1), parts, file).await;
    assert_eq!(in_parts, format!("{own}{file}"));
    let broken = file.replace("--\r\n", "\r\n");
    assert_eq!(arrived(&mut ann, &form(1), parts, &broken).await, broken, "as it came");

    // The customer chose; portal 3 has a word in it.
    let private = "summary=Hi&customfield_10002=";
    assert_eq!(arrived(&mut ann, &form(1), FORM, private).await, private);
    let forced = arrived(&mut ann, &form(3), FORM, private).await;
    assert_eq!(forced, format!("summary=Hi&customfield_10002={acme}"));

    // Nothing else is touched: other calls, a body that is no small one.
    let comment = "/echo/rest/servicedeskapi/request/SUP-1/comment";
    assert_eq!(arrived(&mut ann, comment, JSON, &request).await, request);
    let large = format!("{{\"serviceDeskId\":\"1\",\"x\":\"{}\"}}", "y".repeat(300 * 1024));
    assert_eq!(arrived(&mut ann, REST, JSON, &large).await, large[..1024]);

    // Bob has two organizations, and Uma none.
    for email in ["bob@acme.example", "uma@umbrella.example"] {
        let mut visitor = scene.signed_in(email).await;
        assert_eq!(arrived(&mut visitor, REST, JSON, &request).await, request, "{email}");
    }
    let members = scene.jsm.organization_members("Second");
    assert_eq!(members.len(), 1, "Bob is in two");
}
