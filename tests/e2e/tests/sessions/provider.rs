//! What identity providers and upstream sign-ins say about sessions.

use std::time::Duration;

use e2e::{Scene, Visitor};
use fakes::saml::Answer;
use http::Method;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";

async fn signed_in_until(scene: &Scene, seconds: u64) -> Visitor {
    let mut visitor = scene.visitor();
    let at_acme = visitor.begin(LINK, "ann@acme.example").await;
    let answer =
        Answer { session_ends_after: Some(Duration::from_secs(seconds)), ..Answer::default() };
    let form = scene.acme.respond(&at_acme, &scene.acme.person("ann"), answer);
    assert_eq!(visitor.post_response(&form).await.status, 303);
    visitor
}

async fn is_signed_in(visitor: &mut Visitor) -> bool {
    visitor.open(LINK).await.text().contains("Signed in as")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b23_a_session_ends_when_the_identity_provider_says() {
    let scene = Scene::start().await;
    let mut short = signed_in_until(&scene, 600).await;
    let mut long = signed_in_until(&scene, 7 * 24 * 3600).await;
    scene.clock.advance(Duration::from_secs(599));
    assert!(is_signed_in(&mut short).await, "it ended too early");
    scene.clock.advance(Duration::from_secs(1));
    assert!(!is_signed_in(&mut short).await, "it outlived SessionNotOnOrAfter");
    // Ours is the sooner end of the other one: twelve hours, whatever the provider allows.
    for _ in 0..48 {
        assert!(is_signed_in(&mut long).await, "it ended too early");
        scene.clock.advance(Duration::from_secs(15 * 60));
    }
    assert!(!is_signed_in(&mut long).await, "it outlived our own limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b25_headers_of_the_ecp_profile_open_no_other_way() {
    let scene = Scene::start().await;
    let before = scene.traces();
    let ecp = [
        ("accept", "text/html, application/vnd.paos+xml"),
        (
            "paos",
            "ver=\"urn:liberty:paos:2003-08\";\"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\"",
        ),
        ("sec-fetch-mode", "navigate"),
    ];
    let mut client = scene.visitor();
    let answer = client.ask(Method::GET, LINK, &ecp, "").await;
    assert_eq!(answer.status, 302, "{}", answer.text());
    assert!(answer.header("location").is_some_and(|to| to.starts_with("/.vestibule/sign-in")));
    let envelope = "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"/>";
    let headers = [("content-type", "application/vnd.paos+xml")];
    let acs = client.ask(Method::POST, "/.vestibule/saml/acme/acs", &headers, envelope).await;
    assert_eq!(acs.status, 400, "{}", acs.text());
    assert_eq!(scene.traces(), before, "something was reached");
    // The control: the ordinary way is open beside it.
    assert!(is_signed_in(&mut scene.signed_in("ann@acme.example").await).await);
}

/// A rule is asked at each sign-in, and JSM at the first one of a person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b28_whoever_is_suspended_does_not_get_in_through_the_provider() {
    let mut scene = Scene::start().await;
    let account = scene.jsm.add_customer("bob@acme.example", "Bob");
    scene.jsm.put_on_desk("1", &account);
    scene.jsm.revoke(&account);
    let mut bob = scene.visitor();
    let refused = scene.sign_in(&mut bob, "bob@acme.example", LINK).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(!e2e::sets_session(&refused));

    drop(scene.signed_in("ann@acme.example").await);
    let off = "sign_in:\n  - { people: [ann@acme.example], use: acme, mode: \"off\" }\n";
    scene.edit("sign_in:\n", off);
    scene.restart_gateway().await;
    let before = scene.traces();
    let mut ann = scene.visitor();
    // Past the form that would route her: straight to the identity provider.
    let at_acme = ann.follow(&scene.url("/.vestibule/sign-in/acme")).await;
    let at_acme = at_acme.location().unwrap().to_string();
    let refused = scene.come_back(&mut ann, "ann@acme.example", &at_acme).await;
    assert_eq!(scene.cause(&before, &refused), "denied-by-rule");
    // The control: nobody suspended her colleague.
    assert!(is_signed_in(&mut scene.signed_in("cyd@acme.example").await).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d12_no_token_and_no_claim_is_on_any_endpoint_of_ours() {
    let scene = Scene::start().await;
    let mut gil = scene.signed_in("gil@globex.example").await;
    for path in
        ["session", "jwks.json", "sign-in", "sign-out", "account", "debug", "token", "userinfo"]
    {
        let answer = gil.ask(Method::GET, &format!("/.vestibule/{path}"), &[], "").await;
        let text = answer.text();
        for secret in ["eyJ", "id_token", "access_token", "globex-it", "gil@globex.example"] {
            // Whose account it is stands on the page for its owner, and nothing else does.
            if path == "account" && secret.contains('@') {
                continue;
            }
            assert!(!text.contains(secret), "{secret} is on {path}: {text}");
        }
        let dumped: Vec<_> =
            answer.headers.iter().filter(|(_, v)| v.as_bytes().starts_with(b"eyJ")).collect();
        assert!(dumped.is_empty(), "{path}: {dumped:?}");
    }
}
