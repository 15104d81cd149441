//! OAuth 2.0 without OpenID Connect, after GitHub.

use e2e::{Scene, Visitor, sets_session};
use fakes::http_client::Answer;
use fakes::oauth2::{OAuth2Flaw, OAuth2Options, OAuth2Provider, number_of};
use fakes::people::{Company, Person};

use crate::stage::{LINK, parameter};

fn hooli() -> Company {
    let people = vec![Person::new("Hal Hooper", "hal@hooli.example")];
    Company { slug: "hooli", label: "Hooli", domain: "hooli.example", people }
}

/// A scene in which Hooli's people sign in by OAuth 2.0; `more` are further settings of it.
async fn with_hooli(public_address: bool, more: &str) -> (Scene, OAuth2Provider) {
    let mut scene = Scene::start().await;
    let clock = scene.clock.peers();
    let options = OAuth2Options { clock, public_address, ..OAuth2Options::of(hooli()) };
    let hooli = OAuth2Provider::start_with(options).unwrap();
    let section = format!(
        r#"identity_providers:
  hooli:
    label: Hooli
    domains: [hooli.example]
    oauth2:
      authorization_endpoint: "{}"
      token_endpoint: "{}"
      userinfo_endpoint: "{}"
      client_id: {}
      client_secret: {{ file: hooli }}
      scopes: ["user:email"]
{}
    claims: {{ subject: id, name: name }}"#,
        hooli.authorization_endpoint,
        hooli.token_endpoint,
        hooli.user_endpoint,
        hooli.client_id,
        more.replace("EMAILS", &hooli.emails_endpoint),
    );
    scene.edit("identity_providers:", &section);
    scene.edit("sign_in:", "sign_in:\n  - { domain: hooli.example, use: hooli }");
    let file = scene.folder.path().join("hooli");
    std::fs::copy(scene.folder.path().join("globex"), &file).unwrap();
    std::fs::write(file, &hooli.client_secret).unwrap();
    scene.restart_gateway().await;
    (scene, hooli)
}

const LISTED: &str = "      emails_endpoint: \"EMAILS\"";

/// It says nothing of the address at this path.
const SILENT: &str = "      email_verified: proofs.email\n      accept_risk: []";

/// What the gateway answers when Hal comes back.
async fn come_back(
    scene: &Scene,
    hooli: &OAuth2Provider,
    flaw: Option<OAuth2Flaw>,
) -> (Visitor, Answer) {
    let hal = hooli.person("hal");
    let mut browser = scene.visitor();
    let url = browser.begin(LINK, &hal.email).await;
    let callback = hooli.authorize(&url, &hal, flaw).unwrap();
    let answer = browser.follow(callback.as_str()).await;
    (browser, answer)
}

async fn hal_enters(scene: &Scene, hooli: &OAuth2Provider) {
    let (mut browser, answer) = come_back(scene, hooli, None).await;
    assert!(sets_session(&answer), "{}", answer.text());
    let hal = hooli.person("hal");
    let page = browser.open(LINK).await.text();
    assert!(page.contains(&hal.name) && page.contains(&hal.email), "{page}");
    assert!(scene.audit_log().contains(&format!("\"{}\"", number_of(&hal))), "id is the subject");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t04_a_verified_primary_address_signs_in_and_every_flaw_is_refused_for_its_cause() {
    let (scene, hooli) = with_hooli(false, LISTED).await;
    let mut wrong = Vec::new();
    for (flaw, wanted) in [
        (OAuth2Flaw::AccessDenied, "oidc-provider-denied"),
        (OAuth2Flaw::ForeignState, "attempt-unknown"),
        (OAuth2Flaw::NoState, "oidc-callback-state-missing"),
        (OAuth2Flaw::DuplicateCode, "oidc-callback-duplicate-parameter"),
        (OAuth2Flaw::TokenErrorWith200, "oidc-code-refused"),
        (OAuth2Flaw::TokenServerError, "oidc-token-endpoint-failed"),
        (OAuth2Flaw::TokenNotJson, "oidc-token-response-unreadable"),
        (OAuth2Flaw::NoAccessToken, "oauth2-access-token-missing"),
        (OAuth2Flaw::OtherTokenType, "oidc-token-type-foreign"),
        (OAuth2Flaw::TokenHuge, "idp-answer-too-large"),
        (OAuth2Flaw::TokenRedirect, "oidc-token-endpoint-failed"),
        (OAuth2Flaw::UserServerError, "oidc-userinfo-failed"),
        (OAuth2Flaw::UserArray, "oidc-userinfo-unreadable"),
        (OAuth2Flaw::NoId, "subject-missing"),
        (OAuth2Flaw::NullId, "subject-missing"),
        (OAuth2Flaw::UserHuge, "idp-answer-too-large"),
        (OAuth2Flaw::EmailsServerError, "oidc-userinfo-failed"),
        (OAuth2Flaw::EmailsObject, "oidc-userinfo-unreadable"),
        (OAuth2Flaw::NoEmails, "address-missing"),
        (OAuth2Flaw::NoPrimary, "address-missing"),
        (OAuth2Flaw::PrimaryUnverified, "address-unverified"),
        (OAuth2Flaw::PrimarySilent, "address-unverified"),
        (OAuth2Flaw::VerifiedAsText, "address-unverified"),
        (OAuth2Flaw::TwoPrimaries, "oidc-userinfo-unreadable"),
        (OAuth2Flaw::ForeignPrimary, "domain-foreign"),
    ] {
        // What one answer did to the provider's health is forgotten by then.
        scene.clock.advance(std::time::Duration::from_secs(31));
        let before = scene.traces();
        let (_, answer) = come_back(&scene, &hooli, Some(flaw)).await;
        assert!(answer.status >= 400, "{flaw:?} was answered with {}", answer.status);
        let found = scene.cause(&before, &answer);
        if found != wanted {
            wrong.push((flaw, found, wanted));
        }
    }
    assert!(wrong.is_empty(), "refused for another cause than expected: {wrong:#?}");
    scene.clock.advance(std::time::Duration::from_secs(31));
    hal_enters(&scene, &hooli).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t04_an_address_that_is_not_said_to_be_verified_is_a_risk_that_is_accepted_by_name() {
    let (mut scene, hooli) = with_hooli(true, SILENT).await;
    let before = scene.traces();
    let (_, answer) = come_back(&scene, &hooli, None).await;
    assert_eq!(scene.cause(&before, &answer), "address-unverified");
    scene.restart_with(&[("accept_risk: []", "accept_risk: [unverified_email]")]).await;
    hal_enters(&scene, &hooli).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_and_c5_hold_without_openid_connect_too() {
    let (scene, hooli) = with_hooli(false, LISTED).await;
    let hal = hooli.person("hal");
    let mut browser = scene.visitor();
    let url: url::Url = browser.begin(LINK, &hal.email).await.parse().unwrap();
    assert_eq!(parameter(&url, "code_challenge_method"), "S256");
    let callback = hooli.authorize(url.as_str(), &hal, None).unwrap();
    let before = scene.traces();
    let answer = scene.visitor().follow(callback.as_str()).await;
    assert_eq!(scene.cause(&before, &answer), "browser-unbound");
    // The attempt is gone with it, in the right browser too.
    let answer = browser.follow(callback.as_str()).await;
    assert_eq!(scene.cause(&before, &answer), "attempt-unknown");
    // A code of somebody else's sign-in has another challenge.
    let stolen = browser.begin(LINK, &hal.email).await;
    let stolen = hooli.authorize(&stolen, &hal, None).unwrap();
    let mut thief = scene.visitor();
    let own = thief.begin(LINK, &hal.email).await;
    let own = hooli.authorize(&own, &hal, None).unwrap();
    let injected = crate::stage::with_parameter(&own, "code", &parameter(&stolen, "code"));
    let answer = thief.follow(injected.as_str()).await;
    assert_eq!(scene.cause(&before, &answer), "oidc-code-refused");
    hal_enters(&scene, &hooli).await;
}
