//! Sessions: how long they live, how they end, and what passes for one.
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Clock;
use e2e::{Scene, SceneOptions, Visitor, Wire, until};
use fakes::http_client::Answer;
use http::Method;
use store::fault::Fault;
use store::{Area, Entry, FaultyStore, Store};

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";
const SESSION: &str = "__Host-vestibule";
const MINUTE: Duration = Duration::from_secs(60);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Asks for a page without following a redirect.
async fn ask(visitor: &mut Visitor) -> Answer {
    visitor.ask(Method::GET, LINK, &[("accept", "text/html")], "").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d6_a_cookie_from_before_the_sign_out_opens_nothing() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let mut thief = scene.visitor();
    thief.browser.cookies = ann.browser.cookies.clone();
    assert_eq!(ask(&mut thief).await.status, 200);

    let page = ann.open("/.vestibule/sign-out").await;
    assert!(
        page.status == 200 && page.text().contains("You are signed in as Ann"),
        "{}",
        page.text()
    );
    let form = ann.form(&page);
    let ended = ann.step(&form).await;
    assert_eq!(ended.status, 200);
    let text = ended.text();
    assert!(text.contains("Example Help Center:</strong> ended"), "{text}");
    assert!(text.contains("Acme:</strong> you may still be signed in there"), "{text}");
    assert_eq!(ann.cookie(SESSION), None, "the cookie is taken away");
    assert_eq!(ask(&mut thief).await.status, 302);
    assert!(scene.audit_log().contains("\"signed_out\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_signed_out_from_elsewhere() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let path = "/.vestibule/sign-out";
    let form = ("content-type", "application/x-www-form-urlencoded");
    for origin in [&[][..], &[("origin", "null")], &[("origin", "https://evil.example")]] {
        let answer = ann.ask(Method::POST, path, &[&[form], origin].concat(), "").await;
        assert_eq!(answer.status, 400, "{origin:?}");
    }
    assert_eq!(ask(&mut ann).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_session_ends_at_the_exact_moment() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    // A use within a minute of the last one that was written is not written.
    scene.clock.advance(MINUTE - MILLISECOND);
    assert_eq!(ask(&mut ann).await.status, 200);
    // 30 min after the sign-in, and the minute that may be missing.
    scene.clock.advance(30 * MINUTE);
    assert_eq!(ask(&mut ann).await.status, 200);
    scene.clock.advance(31 * MINUTE - MILLISECOND);
    assert_eq!(ask(&mut ann).await.status, 200);
    scene.clock.advance(31 * MINUTE);
    assert_eq!(ask(&mut ann).await.status, 302);
    // Time does not bring it back, and asking does not either.
    assert_eq!(ask(&mut ann).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_used_ends_at_its_absolute_limit() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    for _ in 0..23 {
        scene.clock.advance(30 * MINUTE);
        assert_eq!(ask(&mut ann).await.status, 200);
    }
    scene.clock.advance(30 * MINUTE - MILLISECOND);
    assert_eq!(ask(&mut ann).await.status, 200);
    scene.clock.advance(MILLISECOND);
    assert_eq!(ask(&mut ann).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_whether_there_is_a_session_does_not_prolong_it() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    for minute in 0..30 {
        let answer = ann.ask(Method::GET, "/.vestibule/session", &[], "").await;
        assert!(answer.text().contains("\"signed_in\":true"), "minute {minute}: {}", answer.text());
        scene.clock.advance(MINUTE);
    }
    scene.clock.advance(MINUTE);
    let answer = ann.ask(Method::GET, "/.vestibule/session", &[], "").await;
    assert!(answer.text().contains("\"signed_in\":false"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_attempts_outlive_a_restart() {
    let mut scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let mut gil = scene.visitor();
    let at_globex = gil.begin(LINK, "gil@globex.example").await;
    scene.restart_gateway().await;
    let page = ann.open(LINK).await;
    assert!(page.status == 200 && page.text().contains("ann@acme.example"), "{}", page.text());
    let answer = scene.come_back(&mut gil, "gil@globex.example", &at_globex).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(LINK)), "{}", answer.text());
}

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
    assert!(at_other.text().contains("\"signed_in\":false"), "{}", at_other.text());
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d9_an_edited_or_swapped_record_opens_nothing() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let store = Arc::new(scene.open_store().await);
    scene.start_gateway_over(store.clone());
    let (mut ann, anns) = with_record(&scene, store.as_ref(), "ann@acme.example").await;
    let (mut bob, bobs) = with_record(&scene, store.as_ref(), "bob@acme.example").await;
    let now = scene.clock.now();
    let read = async |key: &str| {
        store.get(Area::Sessions, key, now).await.expect("the store").expect("a record")
    };
    let write = async |key: &str, value: Vec<u8>| {
        let entry = Entry { value, deadline: now.plus(MINUTE), groups: Vec::new() };
        store.put(Area::Sessions, key, entry, now).await.expect("the store");
    };
    let (good, foreign) = (read(&anns).await, read(&bobs).await);
    for index in (0..good.len()).step_by(7) {
        let mut edited = good.clone();
        edited[index] ^= 0x10;
        write(&anns, edited).await;
        assert_eq!(ask(&mut ann).await.status, 302, "byte {index}");
    }
    for bad in [foreign, Vec::new(), good[..good.len() - 1].to_vec(), [&good[..], b"x"].concat()] {
        write(&anns, bad).await;
        assert_eq!(ask(&mut ann).await.status, 302);
    }
    write(&anns, good).await;
    assert_eq!(ask(&mut ann).await.status, 200);
    assert_eq!(ask(&mut bob).await.status, 200);
}

/// Signs somebody in; gives the key of the session's record, too.
async fn with_record(scene: &Scene, store: &dyn Store, email: &str) -> (Visitor, String) {
    let mut visitor = scene.visitor();
    let at_acme = visitor.begin(LINK, email).await;
    let mut changes = store.changes();
    assert_eq!(scene.come_back(&mut visitor, email, &at_acme).await.status, 303);
    let now = scene.clock.now();
    let mut last = None;
    while let Ok(change) = changes.try_recv() {
        if change.area == Area::Sessions
            && store.get(Area::Sessions, &change.key, now).await.expect("the store").is_some()
        {
            last = Some(change.key);
        }
    }
    (visitor, last.expect("a session's record"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_fails_is_never_no_session() {
    let mut scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let cookie = ann.cookie(SESSION).map(str::to_owned);
    scene.stop_gateway().await;
    let store = Arc::new(FaultyStore::new(Arc::new(scene.open_store().await)));
    scene.start_gateway_over(store.clone());
    store.fail_all(Fault::Unavailable);
    let connections = scene.helpcenter.connections();
    for (headers, path) in [
        (&[("accept", "text/html")][..], LINK),
        (&[("accept", "application/json")], LINK),
        (&[("accept", "text/html")], "/.vestibule/sign-in"),
        (&[], "/.vestibule/session"),
    ] {
        let answer = ann.ask(Method::GET, path, headers, "").await;
        assert_eq!(answer.status, 503, "{path} {headers:?}: {}", answer.text());
        assert!(
            answer.header("retry-after").is_some() && answer.header("set-cookie").is_none(),
            "{path}"
        );
        assert_eq!(answer.header("location"), None, "no sign-in was begun");
    }
    assert_eq!(ann.cookie(SESSION), cookie.as_deref());
    // A stranger is told the same: no sign-in begins that could not end.
    assert_eq!(ask(&mut scene.visitor()).await.status, 503);
    assert_eq!(scene.helpcenter.connections(), connections);
    store.heal();
    until("the session is back", async || ask(&mut ann).await.status == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opened_session_is_not_trusted_without_the_store() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let store = Arc::new(FaultyStore::new(Arc::new(scene.open_store().await)));
    scene.start_gateway_over(store.clone());
    let mut ann = scene.signed_in("ann@acme.example").await;
    assert_eq!(ask(&mut ann).await.status, 200);
    store.fail_all(Fault::Unavailable);
    store.cut_feed();
    scene.clock.advance(Duration::from_secs(1));
    until("what was cached is asked for again", async || {
        let status = ask(&mut ann).await.status;
        assert!([200, 503].contains(&status), "{status}");
        status == 503
    })
    .await;
    store.heal();
    assert_eq!(ask(&mut ann).await.status, 200);
}
