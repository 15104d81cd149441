//! What the rules do with people who have no identity provider, or more than one way.

use e2e::{Scene, SceneOptions, reference};
use fakes::helpcenter::HelpCenter;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";

async fn scene_with(rule: &'static str, instead: &str) -> Scene {
    let instead = vec![(rule, instead.to_owned())];
    Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_denies_refuses_with_a_code() {
    let scene = scene_with("{ otherwise: choose }", "{ otherwise: deny }").await;
    let before = scene.traces();
    let mut stranger = scene.visitor();
    let page = stranger.open(LINK).await;
    let form = stranger.form(&page).with("email", "somebody@elsewhere.example");
    let refused = stranger.step(&form).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("You may not sign in here"), "{}", refused.text());
    assert_eq!(scene.cause(&before, &refused), "denied-by-rule");
    // Who is known is let in beside it.
    let mut ann = scene.signed_in("ann@acme.example").await;
    assert_eq!(ann.open(LINK).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_reaches_the_upstream_without_identity() {
    let scene = scene_with("{ otherwise: choose }", "{ otherwise: upstream_login }").await;
    let mut guest = scene.visitor();
    let page = guest.open(LINK).await;
    let form = guest
        .form(&page)
        .with("email", "somebody@elsewhere.example")
        .with("fragment", "#comment-7");
    let answer = guest.step(&form).await;
    let location = format!("{LINK}#comment-7");
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some(location.as_str())),
        "{}",
        answer.text()
    );
    let page = guest.open(LINK).await;
    assert!(page.status == 200 && page.text().contains("Signed in as nobody"), "{}", page.text());
    assert_no_identity(&scene.helpcenter);
    assert_eq!(scene.jsm.calls().len(), 0);
    // The rules that name somebody stand before it.
    let mut ann = scene.signed_in("ann@acme.example").await;
    assert!(ann.open(LINK).await.text().contains("ann@acme.example"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_session_ends_with_the_rule_that_admits_guests() {
    let mut scene = scene_with("{ otherwise: choose }", "{ otherwise: upstream_login }").await;
    let mut guest = scene.visitor();
    let page = guest.open(LINK).await;
    let form = guest.form(&page).with("email", "somebody@elsewhere.example");
    guest.step(&form).await;
    assert_eq!(guest.follow(&scene.url(LINK)).await.status, 200);
    scene.edit("{ otherwise: upstream_login }", "{ otherwise: choose }");
    scene.restart_gateway().await;
    assert_eq!(guest.follow(&scene.url(LINK)).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn optional_and_preferred_offer_both_ways() {
    for mode in ["optional", "preferred"] {
        let rule = format!("{{ domain: acme.example, use: acme, mode: {mode} }}");
        let scene = scene_with("{ domain: acme.example, use: acme }", &rule).await;
        let mut ann = scene.visitor();
        let page = ann.open(LINK).await;
        let form = ann.form(&page).with("email", "ann@acme.example");
        let offer = ann.step(&form).await;
        let text = offer.text();
        assert!(
            text.contains("Continue with Acme") && text.contains("own sign-in"),
            "{mode}: {text}"
        );
        assert!(!text.contains("Continue with Globex"), "{mode}: {text}");

        let mut guest = scene.visitor();
        guest.browser = ann.browser.clone();
        let form = guest.form(&offer).with("guest", "ann@acme.example");
        let answer = guest.step(&form).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(LINK)),
            "{}",
            answer.text()
        );
        assert!(guest.open(LINK).await.text().contains("Signed in as nobody"));
        assert_no_identity(&scene.helpcenter);

        let form = ann.form(&offer).with("idp", "acme");
        let at_acme = ann.step(&form).await.location().expect("Acme").to_string();
        let answer = scene.come_back(&mut ann, "ann@acme.example", &at_acme).await;
        assert_eq!(answer.header("location"), Some(LINK), "{mode}: {}", answer.text());
        assert!(ann.open(LINK).await.text().contains("ann@acme.example"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_becomes_a_guest_by_a_form_of_their_own() {
    let scene = scene_with(
        "{ domain: acme.example, use: acme }",
        "{ domain: acme.example, use: acme, mode: optional }",
    )
    .await;
    let mut mallory = scene.visitor();
    let page = mallory.open(LINK).await;
    for email in ["ida@initech.example", "somebody@elsewhere.example"] {
        let form = mallory.form(&page).with("email", "").with("guest", email);
        let refused = mallory.step(&form).await;
        assert_eq!(refused.status, 403, "{email}");
        reference(&refused);
        assert_eq!(mallory.cookie("__Host-vestibule"), None);
    }
    assert_eq!(scene.helpcenter.connections(), 0);
}

fn assert_no_identity(helpcenter: &HelpCenter) {
    let requests = helpcenter.requests();
    assert!(!requests.is_empty());
    for request in requests {
        let told = request
            .headers
            .iter()
            .find(|(name, _)| name.starts_with("x-vestibule") || name == "x-remote-user");
        assert_eq!(told, None);
    }
}
