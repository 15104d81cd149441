//! Rules against the running gateway: grace, report only, guests, what is unknown.

use std::time::Duration;

use domain::Clock;

use crate::world::*;

/// attacks.md D15: groups that the identity provider does not send, and a site without a JSM, leave
/// a rule in force for everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d15_what_cannot_be_known_takes_the_strictest_branch() {
    let scene = scene_with(
        &[
            "{ group: admins, idp: acme, require: totp }",
            "{ organization: Elsewhere, idp: globex, require: totp }",
        ],
        vec![
            ("    jsm: support\n", String::new()),
            (
                "acme: { label: Acme,",
                "acme: { claims: { groups: notSent }, label: Acme,".to_owned(),
            ),
        ],
    )
    .await;
    for email in [ANN, BOB] {
        let before = scene.traces();
        asked(&scene, &mut scene.visitor(), email, LINK).await;
        assert_eq!(scene.traces(), before, "{email}");
    }
    // Who is of neither identity provider goes on.
    let mut other = scene.signed_in("cem@initech.example").await;
    assert_eq!(ask(&mut other, LINK).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizations_are_those_that_the_rules_give() {
    let scene = scene(&["{ organization: Acme, require: totp }"]).await;
    asked(&scene, &mut scene.visitor(), ANN, LINK).await;
    let mut bob = scene.signed_in(BOB).await;
    assert_eq!(ask(&mut bob, LINK).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_only_reports_changes_nothing_and_says_what_it_would_have_asked() {
    let scene = scene(&[
        "{ idp: acme, require: totp, report_only: true }",
        "{ portal: \"3\", require: totp, report_only: true }",
    ])
    .await;
    let mut ann = scene.signed_in(ANN).await;
    assert_eq!(scene.audit_log().matches("\"event\":\"factor_reported\"").count(), 1);
    for path in [LINK, PORTAL_3, PORTAL_3] {
        assert_eq!(ask(&mut ann, path).await.status, 200);
    }
    let mut bob = scene.signed_in(BOB).await;
    assert_eq!(ask(&mut bob, LINK).await.status, 200);
    let reports =
        |scene: &e2e::Scene| scene.audit_log().matches("\"event\":\"factor_reported\"").count();
    let before = reports(&scene);
    for _ in 0..3 {
        assert_eq!(ask(&mut bob, PORTAL_3).await.status, 200);
    }
    assert_eq!(reports(&scene), before + 1, "once for each session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_no_app_yet_may_put_it_off_as_often_as_the_rule_says() {
    let scene = scene(&["{ idp: acme, require: totp, grace: { sign_ins: 2 } }"]).await;
    for round in 0..3 {
        let mut ann = scene.visitor();
        let page = asked(&scene, &mut ann, ANN, LINK).await;
        assert!(page.text().contains("Not now"), "{}", page.text());
        let answer = submit(&mut ann, &page, &[("later", "yes")]).await;
        let inside = answer.status == 303 && location(&answer) == LINK;
        assert_eq!(inside, round < 2, "round {round}: {}", answer.status);
        assert_eq!(ask(&mut ann, LINK).await.status == 200, round < 2);
    }
    assert_eq!(scene.audit_log().matches("\"factor\":\"none\"").count(), 2);
    // Who has one is asked for it from the first day.
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let (owner, _) = enrol(&scene, &mut ann, &page).await;
    let mut again = scene.visitor();
    let page = asked(&scene, &mut again, ANN, LINK).await;
    assert!(!page.text().contains("Not now"), "{}", page.text());
    assert_eq!(submit(&mut again, &page, &[("later", "yes")]).await.status, 403);
    assert_eq!(submit(&mut again, &page, &[("code", &owner.code(&scene))]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grace_ends_with_its_day_in_sessions_too() {
    // The clock of a scene stands at the end of 2026 at the earliest.
    let rule = "{ idp: acme, require: totp, grace: { until: 2999-12-31 } }";
    let mut scene = scene(&[rule]).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    assert_eq!(location(&submit(&mut ann, &page, &[("later", "yes")]).await), LINK);
    assert_eq!(ask(&mut ann, LINK).await.status, 200);
    scene.clock.advance(Duration::from_secs(60));
    let yesterday = scene.clock.now().minus(Duration::from_secs(2 * 86_400)).to_string();
    let over = format!("grace: {{ until: {} }}", &yesterday[..10]);
    scene.restart_with(&[("grace: { until: 2999-12-31 }", over.as_str())]).await;
    let stopped = ask(&mut ann, LINK).await;
    assert!(location(&stopped).starts_with(PAGE), "{}", stopped.status);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_has_no_factor_and_is_refused_where_everybody_needs_one() {
    let guests = vec![("{ otherwise: choose }", "{ otherwise: upstream_login }".to_owned())];
    let scene = scene_with(&[PORTAL, ACME], guests).await;
    let mut guest = scene.visitor();
    let page = guest.open(LINK).await;
    let form = guest.form(&page).with("email", "somebody@elsewhere.example");
    assert_eq!(guest.step(&form).await.status, 303);
    assert_eq!(ask(&mut guest, LINK).await.status, 200, "control");
    let before = scene.traces();
    let refused = ask(&mut guest, PORTAL_3).await;
    assert_eq!(scene.cause(&before, &refused), "guest-without-factor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_for_a_network_holds_as_soon_as_the_session_comes_from_there() {
    let trusted = vec![("listen: {", "listen: { trusted_proxies: [127.0.0.1],".to_owned())];
    let scene = scene_with(&["{ outside: [10.0.0.0/8], require: totp }"], trusted).await;
    let mut ann = scene.visitor();
    let from = |address: &'static str| [("accept", "text/html"), ("x-forwarded-for", address)];
    let answer = scene.sign_in(&mut ann, ANN, LINK).await;
    assert!(location(&answer).starts_with(PAGE), "signed in from 127.0.0.1");
    let page = ann.open(&location(&answer)).await;
    let (_, _) = enrol(&scene, &mut ann, &page).await;
    let inside = ann.ask(http::Method::GET, LINK, &from("10.1.2.3"), "").await;
    assert_eq!(inside.status, 200);
}
