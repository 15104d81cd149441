//! What passes for a session's cookie.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::{Scene, SceneOptions, Wire};

use crate::{LINK, SESSION, ask};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_a_planted_session_id_never_becomes_valid() {
    let scene = Scene::start().await;
    let planted = URL_SAFE_NO_PAD.encode([7; 32]);
    let mut ann = scene.visitor();
    ann.set_cookie(SESSION, &planted);
    assert_eq!(ask(&mut ann).await.status, 302);
    assert_eq!(scene.sign_in(&mut ann, "ann@acme.example", LINK).await.status, 303);
    let first = ann.cookie(SESSION).expect("a session").to_owned();
    assert_ne!(first, planted);
    let mut mallory = scene.visitor();
    mallory.set_cookie(SESSION, &planted);
    assert_eq!(ask(&mut mallory).await.status, 302);
    assert_eq!(ask(&mut ann).await.status, 200);

    // A second sign-in in the same browser, through a link straight to the provider: a new id
    // again, and the old session has ended.
    let mut other = scene.visitor();
    let at_acme = other.begin(LINK, "ann@acme.example").await;
    other.set_cookie(SESSION, &first);
    assert_eq!(scene.come_back(&mut other, "ann@acme.example", &at_acme).await.status, 303);
    assert_ne!(other.cookie(SESSION), Some(first.as_str()));
    assert_eq!(ask(&mut other).await.status, 200);
    assert_eq!(ask(&mut ann).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_what_is_no_session_cookie_is_no_session() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let good = ann.cookie(SESSION).expect("a session").to_owned();
    let mut bytes = URL_SAFE_NO_PAD.decode(&good).expect("base64url");
    let mut forged =
        vec![String::new(), "x".to_owned(), "null".to_owned(), "A".repeat(43), "é".repeat(43)];
    forged.extend([
        format!("{good}="),
        format!("{good}A"),
        good[..42].to_owned(),
        format!("\"{good}\""),
    ]);
    // Another id, and another key for the same id.
    for index in [0, 15, 16, 31] {
        bytes[index] ^= 1;
        forged.push(URL_SAFE_NO_PAD.encode(&bytes));
        bytes[index] ^= 1;
    }
    let connections = scene.helpcenter.connections();
    for value in forged {
        let reply =
            Wire::get(&scene, LINK, &format!("Accept: text/html\r\nCookie: {SESSION}={value}\r\n"))
                .await;
        assert_eq!(reply.status, 302, "{value}: {}", reply.head);
    }
    assert_eq!(scene.helpcenter.connections(), connections);
    let reply =
        Wire::get(&scene, LINK, &format!("Accept: text/html\r\nCookie: {SESSION}={good}\r\n"))
            .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_a_session_of_one_site_opens_no_other() {
    let scene = Scene::with(SceneOptions {
        instead: vec![(
            "identity_providers:",
            "  other:\n    hosts: [other.localhost]\n    upstream: { url: \"http://127.0.0.1:9\" }\nidentity_providers:".to_owned(),
        )],
        ..SceneOptions::default()
    })
    .await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let jar = ann.browser.cookies["help.localhost"].clone();
    ann.browser.cookies.insert("other.localhost".to_owned(), jar);
    let other = scene.url("/.vestibule/session").replace("help.localhost", "other.localhost");
    let at_other = ann.follow(&other).await;
    assert_eq!(at_other.status, 302, "who is signed in is told so: {}", at_other.text());
    let page = ann.follow(&other.replace(".vestibule/session", "x")).await;
    assert_eq!(page.status, 302, "{}", page.text());

    // A sign-in that one site began cannot be ended at the other.
    let mut bob = scene.visitor();
    let at_acme = bob.begin(LINK, "bob@acme.example").await;
    let mut form =
        scene.acme.respond(&at_acme, &scene.acme.person("bob"), fakes::saml::Answer::default());
    form.action = form.action.replace("help.localhost", "other.localhost");
    bob.browser
        .cookies
        .insert("other.localhost".to_owned(), bob.browser.cookies["help.localhost"].clone());
    let before = scene.traces();
    let refused = bob.post_response(&form).await;
    assert_eq!(scene.cause(&before, &refused), "attempt-other-site");
    assert_eq!(ask(&mut ann).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_crafted_cookie_headers_are_bounded() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let session = format!("{SESSION}={}", ann.cookie(SESSION).expect("a session"));
    let many = |count: usize| (0..count).map(|n| format!("c{n}=v; ")).collect::<String>();
    let ask = async |cookies: String| {
        let lines = format!("Accept: text/html\r\nCookie: {cookies}\r\n");
        Wire::get(&scene, LINK, &lines).await.status
    };
    assert_eq!(ask(format!("{}{session}", many(500))).await, 200);
    assert_eq!(ask(format!("{}{session}", many(1001))).await, 302);
    assert_eq!(ask(format!("big={}; {session}", "x".repeat(64 * 1024))).await, 302);
    let huge = ask(format!("big={}; {session}", "x".repeat(2 * 1024 * 1024))).await;
    assert!([0, 400, 431].contains(&huge), "{huge}");
    assert_eq!(ask(format!("{};{session}", ";=;".repeat(10_000))).await, 302);
    assert_eq!(ask(session).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d5_two_cookies_of_our_name_are_no_session() {
    let scene = Scene::start().await;
    let ann = scene.signed_in("ann@acme.example").await;
    let good = format!("{SESSION}={}", ann.cookie(SESSION).expect("a session"));
    let planted = format!("{SESSION}={}", URL_SAFE_NO_PAD.encode([7; 32]));
    for lines in [
        format!("Cookie: {good}; {planted}\r\n"),
        format!("Cookie: {planted}; {good}\r\n"),
        format!("Cookie: {good}; {good}\r\n"),
        format!("Cookie: {good}\r\nCookie: {planted}\r\n"),
        format!("Cookie: {good}\r\ncookie: a=1; {SESSION}=\r\n"),
    ] {
        let reply = Wire::get(&scene, LINK, &format!("Accept: text/html\r\n{lines}")).await;
        assert_eq!(reply.status, 302, "{lines}");
    }
    // Names differ in case from ours: somebody else's cookie.
    let lines = format!("Accept: text/html\r\nCookie: {good}; __host-vestibule=x\r\n");
    assert_eq!(Wire::get(&scene, LINK, &lines).await.status, 200);
}
