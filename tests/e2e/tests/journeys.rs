//! The main job: from a deep link to the page, with the customer in JSM.
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use e2e::{Scene, Visitor, asks_again};
use fakes::jsm::Operation;
use fakes::server::Behaviour;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042?x=1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saml_customer_reaches_the_page_and_exists_in_jsm() {
    let scene = Scene::start().await;
    reaches_the_page(&scene, "ann@acme.example").await;
    assert_eq!(scene.jsm.customers().len(), 1);
    assert_eq!(scene.jsm.desk_members("1").len(), 1);
    assert_eq!(scene.jsm.organization_members("Acme").len(), 1);
    reaches_the_page(&scene, "ida@initech.example").await;
    assert_eq!((scene.jsm.customers().len(), scene.jsm.desk_members("1").len()), (2, 2));
    assert_eq!(scene.jsm.organization_members("Acme").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_openid_customer_reaches_the_page_and_exists_in_jsm() {
    let scene = Scene::start().await;
    reaches_the_page(&scene, "gil@globex.example").await;
    assert_eq!(scene.jsm.organization_members("Globex").len(), 1);
    reaches_the_page(&scene, "uma@umbrella.example").await;
    assert_eq!((scene.jsm.customers().len(), scene.jsm.desk_members("1").len()), (2, 2));
    assert_eq!(scene.jsm.organization_members("Globex").len(), 1);
}

/// Signs in from a deep link with a fragment, as the page's script sends it.
async fn reaches_the_page(scene: &Scene, email: &str) {
    let mut visitor = scene.visitor();
    let page = visitor.open(LINK).await;
    let form = visitor.form(&page).with("email", email).with("fragment", "#comment-7");
    let sent = visitor.step(&form).await;
    let at_provider = sent.location().expect("the identity provider").to_string();
    let answer = scene.come_back(&mut visitor, email, &at_provider).await;
    let location = format!("{LINK}#comment-7");
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some(location.as_str())),
        "{}",
        answer.text()
    );
    let page = visitor.open(LINK).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains(&format!("&lt;{email}&gt;")), "{}", page.text());
    assert!(page.text().contains("x=1"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_sign_in_calls_jsm_for_nothing() {
    let scene = Scene::start().await;
    for email in ["ann@acme.example", "gil@globex.example"] {
        scene.signed_in(email).await;
        scene.jsm.forget_calls();
        let mut again = scene.signed_in(email).await;
        assert_eq!(again.open(LINK).await.status, 200);
        assert_eq!(scene.jsm.calls().len(), 0, "{email}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_tabs_each_reach_their_own_page_after_one_sign_in() {
    let scene = Scene::start().await;
    let mut browser = scene.visitor();
    let links: Vec<String> =
        (1000..1010).map(|n| format!("/servicedesk/customer/portal/1/SUP-{n}?tab={n}")).collect();
    let mut tabs = Vec::new();
    for link in &links {
        tabs.push(browser.open(link).await);
    }
    let fourth = browser.type_address(&tabs[3], "ann@acme.example").await;
    let answer = scene.come_back(&mut browser, "ann@acme.example", &fourth).await;
    assert_eq!(answer.header("location"), Some(links[3].as_str()));
    for (tab, link) in tabs.iter().zip(&links) {
        let reloaded = browser.follow(tab.url.as_str()).await;
        assert_eq!((reloaded.status, reloaded.header("location")), (302, Some(link.as_str())));
        // A customer who types the address all the same is not sent through the sign-in again.
        let form = browser.form(tab).with("email", "ann@acme.example").with("fragment", "#here");
        let submitted = browser.step(&form).await;
        let location = format!("{link}#here");
        assert_eq!(
            (submitted.status, submitted.header("location")),
            (303, Some(location.as_str()))
        );
    }
    assert_eq!(scene.acme.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_may_be_at_the_provider_at_once() {
    let scene = Scene::start().await;
    let mut browser = scene.visitor();
    let (one, two) = ("/servicedesk/customer/portal/1", "/servicedesk/customer/portal/2");
    let first = browser.begin(one, "ann@acme.example").await;
    let second = browser.begin(two, "ann@acme.example").await;
    for (at_provider, link) in [(second, two), (first, one)] {
        let answer = scene.come_back(&mut browser, "ann@acme.example", &at_provider).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(link)),
            "{}",
            answer.text()
        );
        assert_eq!(browser.open(link).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_first_sign_ins_at_once_create_one_customer() {
    let scene = Arc::new(Scene::start().await);
    let mut ready: Vec<(Visitor, String)> = Vec::new();
    for _ in 0..50 {
        let mut visitor = scene.visitor();
        let at_provider = visitor.begin(LINK, "ann@acme.example").await;
        ready.push((visitor, at_provider));
    }
    let mut sign_ins = tokio::task::JoinSet::new();
    for (mut visitor, at_provider) in ready {
        let scene = Arc::clone(&scene);
        sign_ins.spawn(async move {
            let answer = scene.come_back(&mut visitor, "ann@acme.example", &at_provider).await;
            assert_eq!(answer.header("location"), Some(LINK), "{}", answer.text());
            visitor.cookie("__Host-vestibule").expect("a session").to_owned()
        });
    }
    let sessions: BTreeSet<String> = sign_ins.join_all().await.into_iter().collect();
    assert_eq!(sessions.len(), 50);
    assert_eq!(scene.jsm.customers().len(), 1);
    assert_eq!(scene.jsm.count(Operation::CreateCustomer), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_may_choose_instead_of_typing() {
    let scene = Scene::start().await;
    let mut ann = scene.visitor();
    let page = ann.open(LINK).await;
    let text = page.text();
    for label in ["Acme", "Initech", "Globex", "Umbrella"] {
        assert!(text.contains(&format!("Continue with {label}")), "{text}");
    }
    let form = ann.form(&page).with("idp", "acme");
    let at_acme = ann.step(&form).await.location().expect("Acme").to_string();
    assert!(at_acme.starts_with(&scene.acme.sso_url));
    let answer = scene.come_back(&mut ann, "ann@acme.example", &at_acme).await;
    assert_eq!(answer.header("location"), Some(LINK), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_straight_to_a_provider_leads_there() {
    let scene = Scene::start().await;
    let mut gil = scene.visitor();
    let sent = gil.follow(&scene.url("/.vestibule/sign-in/globex")).await;
    let at_globex = sent.location().expect("Globex").to_string();
    assert!(at_globex.starts_with(&scene.globex.issuer), "{at_globex}");
    let answer = scene.come_back(&mut gil, "gil@globex.example", &at_globex).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_address_shows_the_page_again_and_keeps_the_target() {
    let scene = Scene::start().await;
    let mut ann = scene.visitor();
    let mut page = ann.open(LINK).await;
    for typo in [
        "",
        "ann",
        "ann@",
        "@acme.example",
        "ann@@acme.example",
        "ann@acme.example\r\nx",
        "<b>@acme",
    ] {
        let form = ann.form(&page).with("email", typo);
        page = ann.step(&form).await;
        assert_eq!(page.status, 200, "{typo:?}");
        assert!(page.text().contains("Please enter an e-mail address"), "{}", page.text());
        assert!(!page.text().contains("<b>"), "{}", page.text());
    }
    let at_acme = ann.type_address(&page, " Ann@ACME.example ").await;
    let answer = scene.come_back(&mut ann, "ann@acme.example", &at_acme).await;
    assert_eq!(answer.header("location"), Some(LINK), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_no_rule_knows_is_offered_the_choice() {
    let scene = Scene::start().await;
    let mut visitor = scene.visitor();
    let page = visitor.open(LINK).await;
    let form = visitor.form(&page).with("email", "somebody@elsewhere.example");
    let offer = visitor.step(&form).await;
    assert_eq!(offer.status, 200);
    assert!(offer.text().contains("Continue with Acme") && !offer.text().contains("own sign-in"));
    let form = visitor.form(&offer).with("idp", "globex");
    let at_globex = visitor.step(&form).await.location().expect("Globex").to_string();
    let answer = scene.come_back(&mut visitor, "gil@globex.example", &at_globex).await;
    assert_eq!(answer.header("location"), Some(LINK), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_jsm_down_known_customers_get_in_and_new_ones_wait_on_a_page_that_goes_on() {
    let scene = Scene::start().await;
    scene.signed_in("ann@acme.example").await;
    scene.jsm.behave(Behaviour::Unreachable);
    let mut ann = scene.signed_in("ann@acme.example").await;
    assert_eq!(ann.open(LINK).await.status, 200);

    let mut bob = scene.visitor();
    let sign_in = scene.sign_in(&mut bob, "bob@acme.example", LINK);
    let page = scene.as_time_passes(sign_in).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Setting up your account"), "{}", page.text());
    assert_eq!(bob.cookie("__Host-vestibule"), None);
    let again = asks_again(&page).expect("it asks again by itself");

    scene.jsm.recover();
    for _ in 0..60 {
        scene.clock.advance(Duration::from_secs(1));
        let page = bob.follow(again.as_str()).await;
        if page.status == 303 {
            assert_eq!(page.header("location"), Some(LINK), "{}", page.text());
            break;
        }
        assert_eq!(page.status, 200, "{}", page.text());
    }
    assert!(bob.cookie("__Host-vestibule").is_some());
    assert_eq!(scene.jsm.customers().len(), 2);
}
