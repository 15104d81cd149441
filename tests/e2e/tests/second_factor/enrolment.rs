//! Setting an app up, on the way in.

use domain::Clock;
use e2e::sets_session;
use fakes::Authenticator;

use crate::world::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_enrols_keeps_codes_and_lands_on_the_page_that_was_asked_for() {
    let scene = scene(&[ACME]).await;
    let mut ann = scene.visitor();
    let before = scene.traces();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let text = page.text();
    assert_eq!(page.status, 200);
    for part in [
        "Protect your sign-in",
        "<svg",
        "otpauth://totp/",
        "autocomplete=\"one-time-code\"",
        "inputmode=\"numeric\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(page.body.len() < 50_000, "{}", page.body.len());
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let app = Authenticator::of_page(&text).unwrap();
    let code = app.code(scene.clock.now().as_seconds());
    let shown = submit(&mut ann, &page, &[("code", &code)]).await;
    let codes = codes_of(&shown);
    assert!(codes.len() == 10 && !sets_session(&shown), "{}", shown.text());
    assert_eq!(scene.traces(), before, "nobody was called before the codes were kept");
    let wrong = submit(&mut ann, &shown, &[("end", "ZZZZ")]).await;
    assert_eq!((wrong.status, sets_session(&wrong)), (403, false));
    assert_eq!(codes_of(&wrong), [""; 0], "codes are shown once");
    assert_eq!(scene.traces(), before);
    let end = codes[0].rsplit('-').next().unwrap().to_ascii_lowercase();
    let done = submit(&mut ann, &wrong, &[("end", &end)]).await;
    assert_eq!((done.status, location(&done).as_str()), (303, LINK));
    assert!(sets_session(&done));
    let page = ann.open(LINK).await;
    assert!(page.status == 200 && page.text().contains(ANN), "{}", page.text());
    let log = scene.audit_log();
    for event in ["factor_enrolled", "factor_passed", "sign_in_succeeded"] {
        assert_eq!(log.matches(&format!("\"event\":\"{event}\"")).count(), 1, "{event}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_that_enrol_end_with_one_secret() {
    let scene = scene(&[ACME]).await;
    let mut ann = scene.visitor();
    let one = asked(&scene, &mut ann, ANN, LINK).await;
    let other = asked(&scene, &mut ann, ANN, PORTAL_3).await;
    let key = |page: &fakes::http_client::Answer| Authenticator::of_page(&page.text()).unwrap();
    assert_eq!(key(&one), key(&other));
    let (owner, done) = enrol(&scene, &mut ann, &one).await;
    assert_eq!(location(&done), LINK);
    // The other tab still shows the picture: it is told, and goes on with a code of the same app.
    let late = submit(&mut ann, &other, &[("code", &owner.code(&scene))]).await;
    assert_eq!((late.status, location(&late).as_str()), (303, PORTAL_3), "{}", late.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_that_were_not_kept_are_asked_for_at_the_next_sign_in_and_can_be_made_anew() {
    let scene = scene(&[ACME]).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let app = Authenticator::of_page(&page.text()).unwrap();
    let code = app.code(scene.clock.now().as_seconds());
    let lost = codes_of(&submit(&mut ann, &page, &[("code", &code)]).await);
    // The tab is closed; the app counts.
    let owner = Owner { app, codes: lost };
    let mut later = scene.visitor();
    let page = asked(&scene, &mut later, ANN, LINK).await;
    let held = submit(&mut later, &page, &[("code", &owner.code(&scene))]).await;
    assert!(held.status == 200 && !sets_session(&held), "{}", held.text());
    assert_eq!(codes_of(&held), [""; 0]);
    let fresh = submit(&mut later, &held, &[("renew", "yes")]).await;
    let fresh_codes = codes_of(&fresh);
    assert_eq!(fresh_codes.len(), 10);
    let old_end = owner.codes[1].rsplit('-').next().unwrap();
    let refused = submit(&mut later, &fresh, &[("end", old_end)]).await;
    assert_eq!(refused.status, 403, "the old codes are dead");
    let end = fresh_codes[9].rsplit('-').next().unwrap();
    let done = submit(&mut later, &refused, &[("end", end)]).await;
    assert_eq!((done.status, location(&done).as_str()), (303, LINK));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_enrols_a_phone_in_a_session_that_was_left_open() {
    let scene = scene(&[PORTAL]).await;
    let mut ann = scene.signed_in(ANN).await;
    // Right after signing in she may.
    let page = ann.open(PORTAL_3).await;
    assert!(page.text().contains("Protect your sign-in"), "{}", page.text());
    // Later she signs in anew, and comes back to the same page.
    scene.clock.advance(std::time::Duration::from_secs(600));
    let to_page = ask(&mut ann, PORTAL_3).await;
    let to_sign_in = ask(&mut ann, &location(&to_page)).await;
    assert!(
        location(&to_sign_in).starts_with("/.vestibule/sign-in/acme?attempt="),
        "{}",
        location(&to_sign_in)
    );
    let at_provider = location(&ask(&mut ann, &location(&to_sign_in)).await);
    let back = scene.come_back(&mut ann, ANN, &at_provider).await;
    let page = ann.open(&location(&back)).await;
    let (_, done) = enrol(&scene, &mut ann, &page).await;
    assert_eq!(location(&done), PORTAL_3);
    assert_eq!(ask(&mut ann, PORTAL_3).await.status, 200);
}
