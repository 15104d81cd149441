//! A code of the app, on the way in.

use std::time::Duration;

use domain::Clock;
use e2e::{Scene, reference, sets_session};
use http::Method;

use crate::world::*;

fn cookie_parts(scene: &Scene) -> usize {
    scene.audit_log().matches("\"event\":\"sign_in_succeeded\"").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_code_says_our_time_and_a_right_one_lets_in() {
    let scene = scene(&[ACME]).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    assert!(page.text().contains("Confirm that it is you"), "{}", page.text());
    let before = scene.traces();
    let wrong = submit(&mut ann, &page, &[("code", "000000")]).await;
    let time = scene.clock.now().to_string();
    assert_eq!((wrong.status, sets_session(&wrong)), (403, false));
    assert!(wrong.text().contains(&format!("{} UTC", &time[11..19])), "{}", wrong.text());
    assert_eq!(scene.traces(), before);
    assert!(scene.audit_log().contains("factor-code-wrong"));
    // With the blanks that apps show.
    let code = owner.code(&scene);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let done = submit(&mut ann, &wrong, &[("code", &spaced)]).await;
    assert_eq!((done.status, location(&done).as_str()), (303, LINK), "{}", done.text());
    assert_eq!(ask(&mut ann, LINK).await.status, 200);
}

/// attacks.md D1: the id of a session that an attacker planted is never taken up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_the_session_after_the_factor_has_a_new_id() {
    let scene = scene(&[ACME, PORTAL]).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let planted = "A".repeat(43);
    ann.set_cookie(SESSION, &planted);
    let done = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let signed_in = ann.cookie(SESSION).unwrap().to_owned();
    assert_ne!(signed_in, planted);
    // At a step-up too: the id of before is dead.
    scene.clock.advance(Duration::from_secs(900));
    let page = ann.open(PORTAL_3).await;
    let stepped = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert_eq!(location(&stepped), PORTAL_3);
    let renewed = ann.cookie(SESSION).unwrap().to_owned();
    assert_ne!(renewed, signed_in);
    assert_eq!(ask(&mut ann, PORTAL_3).await.status, 200);
    ann.set_cookie(SESSION, &signed_in);
    let dead = ask(&mut ann, LINK).await;
    assert!(location(&dead).starts_with("/.vestibule/sign-in"), "{}", location(&dead));
}

/// attacks.md D13: guesses count on the person, however the address is written and from wherever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d13_guesses_are_counted_on_the_person_and_not_on_the_typed_name() {
    let scene = scene(&[ACME]).await;
    let (_, _) = enrolled(&scene, ANN, LINK).await;
    let mut refused = None;
    for (round, typed) in ["ann@acme.example", "ANN@acme.example", "Ann@ACME.example."]
        .iter()
        .cycle()
        .take(60)
        .enumerate()
    {
        let mut stranger = scene.visitor();
        let at_provider = stranger.begin(LINK, typed).await;
        let back = scene.come_back(&mut stranger, ANN, &at_provider).await;
        let page = stranger.open(&location(&back)).await;
        let answer = submit(&mut stranger, &page, &[("code", &format!("{round:06}"))]).await;
        assert!(!sets_session(&answer));
        if answer.status == 429 {
            refused = Some((round, answer));
            break;
        }
        assert_eq!(answer.status, 403);
    }
    let (round, answer) = refused.expect("guessing is limited");
    assert!(round < 30, "limited after {round} guesses");
    assert!(
        answer.header("retry-after").is_some() && answer.text().contains("data-waits"),
        "{}",
        answer.text()
    );
}

/// attacks.md D14.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_a_code_opens_one_session_and_no_second_one() {
    let scene = scene(&[ACME]).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let (mut one, mut two) = (scene.visitor(), scene.visitor());
    let first = asked(&scene, &mut one, ANN, LINK).await;
    let second = asked(&scene, &mut two, ANN, LINK).await;
    let code = owner.code(&scene);
    let done = submit(&mut one, &first, &[("code", &code)]).await;
    assert_eq!(done.status, 303);
    let replayed = submit(&mut two, &second, &[("code", &code)]).await;
    assert_eq!((replayed.status, sets_session(&replayed)), (403, false));
    assert!(replayed.text().contains("was used before"), "{}", replayed.text());
    // Earlier codes are dead, too, though their thirty seconds are not over.
    let earlier = owner.app.code(scene.clock.now().as_seconds() - 30);
    assert_eq!(submit(&mut two, &second, &[("code", &earlier)]).await.status, 403);
    let done = submit(&mut two, &second, &[("code", &owner.code(&scene))]).await;
    assert_eq!(done.status, 303, "{}", done.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_stale_tabs_and_replayed_posts_lead_to_the_page_and_open_nothing() {
    let scene = scene(&[ACME]).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let code = owner.code(&scene);
    let done = submit(&mut ann, &page, &[("code", &code)]).await;
    assert_eq!(location(&done), LINK);
    let sessions = cookie_parts(&scene);
    // Back shows the page again, or the browser posts it again: both go where the tab was going.
    let again = ann.follow(page.url.as_str()).await;
    assert_eq!((again.status, location(&again).as_str()), (303, LINK));
    let replayed = submit(&mut ann, &page, &[("code", &code)]).await;
    assert_eq!((replayed.status, location(&replayed).as_str()), (303, LINK));
    assert!(!sets_session(&replayed));
    assert_eq!(cookie_parts(&scene), sessions);
    // Without the session the same address is nothing but the way to sign in.
    let mut signed_out = scene.visitor();
    let stranger = signed_out.follow(page.url.as_str()).await;
    assert!(location(&stranger).starts_with("/.vestibule/sign-in?attempt="));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_of_one_browser_and_half_an_hour() {
    let scene = scene(&[ACME]).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    for other in [scene.visitor(), scene.signed_in(BOB).await] {
        let mut other = other;
        let answer = other.follow(page.url.as_str()).await;
        assert!(answer.status == 403 && !sets_session(&answer), "{}", answer.text());
        let cause = &scene.recorded(&reference(&answer))[0].event;
        assert!(format!("{cause:?}").contains("browser-"), "{cause:?}");
    }
    let before = scene.traces();
    let foreign = [
        ("origin", "https://evil.example"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
    ];
    let handle = page.url.query_pairs().next().unwrap().1.into_owned();
    let body = format!("attempt={handle}&code={}", owner.code(&scene));
    let posted = ann.ask(Method::POST, PAGE, &foreign, &body).await;
    assert_eq!(scene.cause(&before, &posted), "origin-foreign");
    scene.clock.advance(Duration::from_secs(1800));
    let late = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert_eq!(scene.cause(&before, &late), "attempt-over");
}
