//! The identity provider's own factor (capabilities T23).

use std::sync::Arc;

use e2e::{Scene, Visitor, sets_session};
use fakes::Person;
use fakes::http_client::Answer;
use fakes::saml;

use crate::world::*;

const RULE: &str = "{ idp: [acme, globex], require: totp }";

/// Bob signs in at globex, whose ID token says these things.
async fn bob_with(scene: &Scene, visitor: &mut Visitor, claims: serde_json::Value) -> Answer {
    let at_provider = visitor.begin(LINK, BOB).await;
    let said: fakes::openid::ClaimsMutation = Arc::new(move |token| {
        for (name, value) in claims.as_object().unwrap() {
            token[name] = value.clone();
        }
    });
    let answer = fakes::openid::OidcAnswer { claims: Some(said), ..Default::default() };
    let back = scene.globex.authorize(&at_provider, &Person::new("Bob Tester", BOB), answer);
    visitor.follow(back.expect("a good request").as_str()).await
}

fn asks(answer: &Answer) -> bool {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let asks = location(answer).starts_with(PAGE);
    assert_ne!(asks, sets_session(answer));
    asks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_amr_of_an_identity_provider_that_is_not_trusted_is_ignored() {
    let scene = scene(&[RULE]).await;
    let before = scene.traces();
    let forged = serde_json::json!({ "amr": ["mfa", "otp", "hwk"], "acr": "phr", "mfa": true });
    assert!(asks(&bob_with(&scene, &mut scene.visitor(), forged).await));
    assert_eq!(scene.traces(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_identity_providers_factor_counts_by_the_listed_values_alone() {
    let trusted = "    label: Globex\n    second_factor: { amr: [mfa], acr: [phr] }";
    let scene = scene_with(&[RULE], vec![("    label: Globex", trusted.to_owned())]).await;
    for (claims, asked) in [
        (serde_json::json!({ "amr": ["pwd", "mfa"] }), false),
        (serde_json::json!({ "acr": "phr" }), false),
        (serde_json::json!({ "amr": ["pwd"], "acr": "1" }), true),
        (serde_json::json!({ "amr": ["MFA"] }), true),
        (serde_json::json!({ "groups": ["mfa"], "nested": { "amr": ["mfa"] } }), true),
        (serde_json::json!({}), true),
    ] {
        let mut bob = scene.visitor();
        let answer = bob_with(&scene, &mut bob, claims.clone()).await;
        assert_eq!(asks(&answer), asked, "{claims}");
    }
    // What is no list of methods, or no class, is no ID token at all.
    for claims in [
        serde_json::json!({ "amr": "mfa" }),
        serde_json::json!({ "amr": [["mfa"]] }),
        serde_json::json!({ "acr": ["phr"] }),
    ] {
        let refused = bob_with(&scene, &mut scene.visitor(), claims.clone()).await;
        assert!(refused.status == 403 && !sets_session(&refused), "{claims}");
    }
    // Acme is trusted for nothing.
    let ann = scene.sign_in(&mut scene.visitor(), ANN, LINK).await;
    assert!(asks(&ann));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_factor_of_the_provider_ends_with_the_trust_in_it() {
    let trusted = "    label: Globex\n    second_factor: { amr: [mfa] }";
    let mut scene = scene_with(&[RULE], vec![("    label: Globex", trusted.to_owned())]).await;
    let mut bob = scene.visitor();
    let claims = serde_json::json!({ "amr": ["mfa"] });
    assert!(!asks(&bob_with(&scene, &mut bob, claims).await));
    assert_eq!(ask(&mut bob, LINK).await.status, 200);
    scene.restart_with(&[("\n    second_factor: { amr: [mfa] }", "")]).await;
    let stopped = ask(&mut bob, LINK).await;
    assert!(location(&stopped).starts_with(PAGE), "{}", stopped.status);
}

const MFA: &str = "https://refeds.org/profile/mfa";

/// Somebody signs in by SAML, and the assertion says this AuthnContextClassRef.
async fn by_saml(scene: &Scene, idp: &saml::SamlIdp, email: &str, class: &str) -> Answer {
    let mut visitor = scene.visitor();
    let at_provider = visitor.begin(LINK, email).await;
    let answer = saml::Answer::default().in_context(class);
    let form = idp.respond(&at_provider, &Person::new("Some Body", email), answer);
    visitor.post_response(&form).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authn_context_counts_from_a_saml_provider_that_is_trusted_for_it_and_from_no_other() {
    let trusted = format!("acme: {{ second_factor: {{ authn_context: [\"{MFA}\"] }}, label: Acme,");
    let rule = "{ idp: [acme, initech], require: totp }";
    let scene = scene_with(&[rule], vec![("acme: { label: Acme,", trusted)]).await;
    assert!(!asks(&by_saml(&scene, &scene.acme, ANN, MFA).await), "trusted, and as listed");
    let before = scene.traces();
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    for class in [password, "https://REFEDS.org/profile/mfa", "https://refeds.org/profile/mfa/"] {
        assert!(asks(&by_saml(&scene, &scene.acme, ANN, class).await), "{class}");
    }
    let forged = by_saml(&scene, &scene.initech, "ida@initech.example", MFA).await;
    assert!(asks(&forged), "Initech is trusted for nothing");
    assert_eq!(scene.traces(), before);
    assert!(scene.audit_log().contains("\"factor\":\"identity_provider\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_code_does_not_outlive_the_identity_provider() {
    let mut scene = scene(&[ACME]).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    scene.restart_with(&[("acme: { label: Acme,", "acme: { enabled: false, label: Acme,")]).await;
    let before = scene.traces();
    let refused = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert!(refused.status == 403 && !sets_session(&refused), "{}", refused.text());
    assert_eq!(scene.traces(), before, "nothing was written");
    let cause = &scene.recorded(&e2e::reference(&refused))[0].event;
    assert!(format!("{cause:?}").contains("idp-disabled"), "{cause:?}");
}
