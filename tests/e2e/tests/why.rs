//! `vestibule why CODE`: one cause and a remedy for whatever was refused.
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]

use e2e::{Scene, SceneOptions, Wire, reference};
use fakes::http_client::Answer as Page;
use fakes::saml::{Answer, Flaw};
use http::Method;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_names_the_one_cause_of_each_refusal() {
    let mut scene = Scene::with(SceneOptions {
        instead: vec![(
            "initech: { label: Initech,",
            "initech: { label: Initech, enabled: false,".to_owned(),
        )],
        ..SceneOptions::default()
    })
    .await;
    let mut cases = refused_answers(&scene).await;
    cases.extend(refused_requests(&scene).await);
    assert!(cases.len() >= 10);
    for (cause, code) in &cases {
        explains(&scene, cause, code).await;
    }
    scene.stop_gateway().await;
    for (cause, code) in &cases {
        explains(&scene, cause, code).await;
    }
    let unknown = scene.command(&["why", "2222-2222"]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("nothing is recorded under 2222-2222"), "{}", unknown.err);
}

/// Answers of identity providers that are refused: cause and code.
async fn refused_answers(scene: &Scene) -> Vec<(&'static str, String)> {
    let ann = scene.acme.person("ann");
    let mut cases = Vec::new();
    for (cause, flaw) in [
        ("saml-unsigned", Flaw::Unsigned),
        ("saml-audience-foreign", Flaw::WrongAudience),
        ("saml-expired", Flaw::Expired),
        ("domain-foreign", Flaw::ForeignDomainEmail),
    ] {
        let mut visitor = scene.visitor();
        let at_acme = visitor.begin(LINK, "ann@acme.example").await;
        let answer = visitor.post_response(&scene.acme.respond(&at_acme, &ann, flaw)).await;
        cases.push((cause, code(cause, &answer)));
    }

    let mut replayer = scene.visitor();
    let at_acme = replayer.begin(LINK, "ann@acme.example").await;
    let form = scene.acme.respond(&at_acme, &ann, Answer::default());
    assert_eq!(replayer.post_response(&form).await.status, 303);
    cases.push(("attempt-unknown", code("replay", &replayer.post_response(&form).await)));

    let mut victim = scene.visitor();
    let at_acme = victim.begin(LINK, "ann@acme.example").await;
    let form = scene.acme.respond(&at_acme, &ann, Answer::default());
    let mut other = scene.visitor();
    other.open("/").await;
    cases.push(("browser-other", code("other browser", &other.post_response(&form).await)));

    let mut gil = scene.visitor();
    let at_globex = gil.begin(LINK, "gil@globex.example").await;
    let denied = fakes::openid::OidcFlaw::AccessDenied;
    let back =
        scene.globex.authorize(&at_globex, &scene.globex.person("gil"), denied).expect("a request");
    cases.push(("oidc-provider-denied", code("denied", &gil.follow(back.as_str()).await)));
    cases
}

/// Requests that are refused before any identity provider is asked: cause and code.
async fn refused_requests(scene: &Scene) -> Vec<(&'static str, String)> {
    let mut visitor = scene.visitor();
    let mut cases = Vec::new();
    for (cause, path) in [
        ("idp-unknown", "/.vestibule/sign-in/nobody"),
        ("idp-disabled", "/.vestibule/sign-in/initech"),
        ("endpoint-unknown", "/.vestibule/nothing"),
        ("method-wrong", "/.vestibule/saml/acme/acs"),
    ] {
        cases.push((
            cause,
            code(cause, &visitor.ask(Method::GET, path, &[("accept", "text/html")], "").await),
        ));
    }
    let script = visitor.ask(Method::GET, "/rest/x", &[], "").await;
    cases.push(("sign-in-required", code("script", &script)));
    let ambiguous = Wire::get(scene, "/a/../b", "").await;
    cases.push(("path-ambiguous", json_code(&ambiguous.body)));
    let unknown =
        Wire::ask(scene, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
    cases.push(("host-unknown", json_code(&unknown.body)));
    cases
}

fn code(what: &str, answer: &Page) -> String {
    assert!((400..=503).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
    reference(answer)
}

fn json_code(body: &str) -> String {
    let after = body.split("\"reference\":\"").nth(1).expect("a code");
    after.chars().take(9).collect()
}

async fn explains(scene: &Scene, cause: &str, code: &str) {
    let why = scene.command(&["why", code]).await;
    assert_eq!(why.code, Some(0), "{cause}: {}", why.err);
    let said: Vec<&str> = why
        .out
        .lines()
        .filter_map(|line| line.trim().strip_prefix("cause:"))
        .map(str::trim)
        .collect();
    assert_eq!(said, [cause], "{}", why.out);
    for part in ["what:", "whose:", "remedy:", code] {
        assert!(why.out.contains(part), "{}", why.out);
    }
}
