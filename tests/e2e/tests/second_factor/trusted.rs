//! Browsers in which no factor is asked for a while (capabilities T25).

use std::time::Duration;

use e2e::{Scene, Visitor};

use crate::world::*;

const TRUSTING: &str = "{ idp: acme, require: totp, trusted_browser: 30d }";
const BROWSER: &str = "__Host-vestibule-browser";

/// Ann trusts the browser; her session there ends.
async fn trusting(scene: &Scene) -> (Owner, Visitor) {
    let (owner, _) = enrolled(scene, ANN, LINK).await;
    let mut ann = scene.visitor();
    let page = asked(scene, &mut ann, ANN, LINK).await;
    assert!(page.text().contains("for 30 days"), "{}", page.text());
    let done = submit(&mut ann, &page, &[("code", &owner.code(scene)), ("trust", "yes")]).await;
    assert_eq!(location(&done), LINK);
    let cookies = done.headers.get_all("set-cookie").iter();
    let kept = cookies.filter_map(|c| c.to_str().ok()).find(|c| c.starts_with(BROWSER)).unwrap();
    assert!(kept.contains("Max-Age=7776000"), "{kept}");
    scene.clock.advance(Duration::from_secs(13 * 3600));
    (owner, ann)
}

/// Signs in; whether a code is asked for.
async fn is_asked(scene: &Scene, visitor: &mut Visitor, email: &str, path: &str) -> bool {
    let answer = scene.sign_in(visitor, email, path).await;
    let next = ask(visitor, &location(&answer)).await;
    assert!(next.status == 200 || location(&next) == path, "{}", next.text());
    next.status == 200
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_browser_stands_for_the_code_for_its_days_its_person_and_itself() {
    let scene = scene(&[TRUSTING, "{ idp: globex, require: totp, trusted_browser: 30d }"]).await;
    let (_, mut ann) = trusting(&scene).await;
    assert!(!is_asked(&scene, &mut ann, ANN, LINK).await);
    assert_eq!(ask(&mut ann, LINK).await.status, 200);
    assert!(is_asked(&scene, &mut scene.visitor(), ANN, LINK).await, "another browser");
    // Another person in the same browser.
    enrolled(&scene, BOB, LINK).await;
    let out = ann.open("/.vestibule/sign-out").await;
    submit(&mut ann, &out, &[]).await;
    assert!(is_asked(&scene, &mut ann, BOB, LINK).await, "another person");
    scene.clock.advance(Duration::from_secs(30 * 86_400));
    assert!(is_asked(&scene, &mut ann, ANN, LINK).await, "after its days");
    let log = scene.audit_log();
    assert!(
        log.contains("\"event\":\"browser_trusted\"")
            && log.contains("\"factor\":\"trusted_browser\"")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_browser_never_stands_for_a_portal_that_says_so() {
    let scene = scene(&[TRUSTING, PORTAL]).await;
    let (owner, mut ann) = trusting(&scene).await;
    assert!(is_asked(&scene, &mut ann, ANN, PORTAL_3).await, "on the way in");
    assert!(!is_asked(&scene, &mut ann, ANN, LINK).await, "control");
    let before = scene.traces();
    let page = ann.open(PORTAL_3).await;
    assert!(page.text().contains("Confirm that it is you"), "in the session");
    assert!(!page.text().contains("checkbox"), "and offers no trust: {}", page.text());
    assert_eq!(scene.traces(), before);
    // Nor does the box that a browser sends all the same.
    let fields = [("code", owner.code(&scene)), ("trust", "yes".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(location(&submit(&mut ann, &page, &fields).await), PORTAL_3);
    assert_eq!(scene.audit_log().matches("\"event\":\"browser_trusted\"").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_became_stricter_shortens_what_was_trusted_before() {
    let mut scene = scene(&[TRUSTING]).await;
    let (_, mut ann) = trusting(&scene).await;
    scene.clock.advance(Duration::from_secs(6 * 86_400));
    scene.restart_with(&[("trusted_browser: 30d", "trusted_browser: 7d")]).await;
    assert!(!is_asked(&scene, &mut ann, ANN, LINK).await, "within seven days");
    scene.clock.advance(Duration::from_secs(86_400));
    assert!(is_asked(&scene, &mut ann, ANN, LINK).await, "after them");
    scene.restart_with(&[("trusted_browser: 7d", "trusted_browser: never")]).await;
    assert!(is_asked(&scene, &mut ann, ANN, LINK).await);
}
