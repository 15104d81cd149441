//! Hearing from the provider that somebody signed out there.

use std::time::Duration;

use e2e::{Scene, Visitor};
use fakes::http_client::Answer;
use fakes::openid::{LogoutTokenFlaw, Named, OidcAnswer};
use fakes::people::Person;
use http::Method;

use crate::stage::{LINK, asking_globex, brought, enters};

const BACK: &str = "/.vestibule/oidc/globex/backchannel-logout";
const FRONT: &str = "/.vestibule/oidc/globex/frontchannel-logout";

async fn told(scene: &Scene, token: &str) -> Answer {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    scene.visitor().ask(Method::POST, BACK, &form, &format!("logout_token={token}")).await
}

async fn cause(scene: &Scene, token: &str) -> String {
    let before = scene.traces();
    let answer = told(scene, token).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    scene.cause(&before, &answer)
}

async fn signed_in(scene: &Scene, person: &Person) -> Visitor {
    let (mut browser, callback) =
        brought(scene, &scene.globex, person, OidcAnswer::default()).await;
    enters(&mut browser, &callback, person).await;
    browser
}

/// Whether this browser still sees the help center.
async fn is_in(browser: &mut Visitor, person: &Person) -> bool {
    browser.open(LINK).await.text().contains(&person.email)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_a_logout_token_that_is_wrong_in_one_way_ends_nothing() {
    use LogoutTokenFlaw as Flaw;
    let scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    let mut browser = signed_in(&scene, &gil).await;
    let session = scene.globex.session_of(&gil);
    let mut wrong = Vec::new();
    for flaw in Flaw::ALL {
        let wanted = match flaw {
            Flaw::NoIssuedAt | Flaw::NoTokenId | Flaw::NoExpiry => "claim-missing",
            Flaw::IssuedTomorrow => "issued-in-future",
            Flaw::IssuedYesterday => "issued-long-ago",
            Flaw::Expired => "expired",
            Flaw::NoEvents | Flaw::OtherEvent | Flaw::EventIsText | Flaw::EventsList => {
                "event-foreign"
            }
            Flaw::Nonce => "with-nonce",
            Flaw::WrongAudience => "audience-foreign",
            Flaw::WrongIssuer => "issuer-foreign",
            Flaw::Nobody => "names-nobody",
            Flaw::SubjectNumber => "claim-unusable",
            Flaw::AlgorithmNone | Flaw::HmacWithSecret => "algorithm-refused",
            Flaw::ForeignKey | Flaw::BadSignature | Flaw::Tampered => "signature-wrong",
            Flaw::UnknownKeyId => "key-unknown",
            Flaw::OtherType => "kind-wrong",
            Flaw::TwoParts => "malformed",
            Flaw::IdToken => "event-foreign",
        };
        let token = scene.globex.logout_token(&session, Named::Both, Some(*flaw));
        let found = cause(&scene, &token).await;
        if found != format!("oidc-logout-token-{wanted}") {
            wrong.push((flaw, found, wanted));
        }
        assert!(is_in(&mut browser, &gil).await, "{flaw:?} ended a session");
    }
    assert!(wrong.is_empty(), "refused for another cause than expected: {wrong:#?}");
    // Beside them an honest one does, and is recorded.
    let honest = scene.globex.logout_token(&session, Named::Both, None);
    assert_eq!(told(&scene, &honest).await.status, 200);
    assert!(!is_in(&mut browser, &gil).await);
    scene.until_audited(1, &["sessions_ended_by_provider", "\"count\":1"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_a_logout_token_ends_what_it_names_and_only_once() {
    let scene = Scene::start().await;
    let (gil, gro) = (scene.globex.person("gil"), scene.globex.person("gro"));
    let mut first = signed_in(&scene, &gil).await;
    let of_first = scene.globex.session_of(&gil);
    let mut second = signed_in(&scene, &gil).await;
    let mut third = signed_in(&scene, &gil).await;
    let mut other = signed_in(&scene, &gro).await;
    let uma = scene.umbrella.person("uma");
    let (mut elsewhere, callback) =
        brought(&scene, &scene.umbrella, &uma, OidcAnswer::default()).await;
    enters(&mut elsewhere, &callback, &uma).await;

    // By `sid`: that one.
    let by_sid = scene.globex.logout_token(&of_first, Named::Session, None);
    assert_eq!(told(&scene, &by_sid).await.status, 200);
    assert!(!is_in(&mut first, &gil).await);
    assert!(is_in(&mut second, &gil).await);
    // The same again, when somebody has signed in anew.
    let mut first = signed_in(&scene, &gil).await;
    assert_eq!(cause(&scene, &by_sid).await, "oidc-logout-token-replayed");
    assert!(is_in(&mut first, &gil).await);
    // By `sub`: all of that person's.
    let by_sub = scene.globex.logout_token(&of_first, Named::Subject, None);
    assert_eq!(told(&scene, &by_sub).await.status, 200);
    for browser in [&mut first, &mut second, &mut third] {
        assert!(!is_in(browser, &gil).await);
    }
    assert!(is_in(&mut other, &gro).await && is_in(&mut elsewhere, &uma).await);
    // Another provider's token, at this address and at its own.
    let foreign = scene.umbrella.logout_token(&scene.umbrella.session_of(&uma), Named::Both, None);
    let found = cause(&scene, &foreign).await;
    assert!(found.starts_with("oidc-logout-token-"), "{found}");
    assert!(is_in(&mut elsewhere, &uma).await);
    // Long after it could be remembered, it has expired.
    scene.clock.advance(Duration::from_secs(20 * 60));
    assert_eq!(cause(&scene, &by_sub).await, "oidc-logout-token-issued-long-ago");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_no_form_and_no_single_logout_means_no_effect() {
    let mut scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    let mut browser = signed_in(&scene, &gil).await;
    let token = scene.globex.logout_token(&scene.globex.session_of(&gil), Named::Both, None);
    let before = scene.traces();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for body in [
        String::new(),
        "logout_token=".to_owned(),
        format!("logout_token={token}&logout_token={token}"),
    ] {
        let answer = scene.visitor().ask(Method::POST, BACK, &form, &body).await;
        assert_eq!(answer.status, 400, "{body:.40}");
        scene.cause(&before, &answer);
    }
    let by_query = format!("{BACK}?logout_token={token}");
    let answer = scene.visitor().ask(Method::GET, &by_query, &[], "").await;
    assert!(answer.status >= 400, "{}", answer.status);
    let unknown = BACK.replace("globex", "nobody");
    let answer = scene.visitor().ask(Method::POST, &unknown, &form, "logout_token=a").await;
    assert!(answer.status >= 400);
    assert!(is_in(&mut browser, &gil).await);

    asking_globex(&mut scene, ", single_logout: false").await;
    let before = scene.traces();
    let answer = told(&scene, &token).await;
    assert_eq!(scene.cause(&before, &answer), "idp-single-logout-off");
    assert!(is_in(&mut browser, &gil).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c12_a_front_channel_logout_ends_one_session_here_and_nothing_at_the_provider() {
    let scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    let mut browser = signed_in(&scene, &gil).await;
    let session = scene.globex.session_of(&gil);
    let mut other = signed_in(&scene, &gil).await;
    let honest = scene.globex.front_channel_url(&scene.url(FRONT), &session);
    let query = honest.query().unwrap();
    let calls = (scene.globex.token_calls(), scene.globex.key_calls());
    for (query, wanted) in [
        (query.replace("iss=http", "iss=https"), "oidc-front-channel-issuer-foreign"),
        (format!("sid={}", session.sid), "oidc-front-channel-incomplete"),
        (query.split('&').next().unwrap().to_owned(), "oidc-front-channel-incomplete"),
        (format!("{query}&sid=x"), "field-repeated"),
    ] {
        let before = scene.traces();
        let answer = scene.visitor().ask(Method::GET, &format!("{FRONT}?{query}"), &[], "").await;
        assert_eq!(scene.cause(&before, &answer), wanted, "{query}");
        assert!(is_in(&mut browser, &gil).await);
    }
    // A session that nobody has: nothing happens, and nobody learns whether it is there.
    let guessed = query.replace(&session.sid, "guessed");
    let answer = scene.visitor().ask(Method::GET, &format!("{FRONT}?{guessed}"), &[], "").await;
    let found = scene.visitor().ask(Method::GET, &format!("{FRONT}?{query}"), &[], "").await;
    assert_eq!((answer.status, answer.text()), (found.status, found.text()));
    assert_eq!(found.status, 200);
    assert!(!is_in(&mut browser, &gil).await);
    assert!(is_in(&mut other, &gil).await, "only the session that was named");
    assert_eq!(scene.globex.sessions().len(), 2, "the provider's own sessions go on");
    assert_eq!((scene.globex.token_calls(), scene.globex.key_calls()), calls);
}
