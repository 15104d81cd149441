//! What a request asks for comes from the operator's file alone, and what was asked for is checked.

use std::collections::BTreeSet;

use e2e::Scene;
use fakes::openid::{ClientProof, OidcAnswer, OidcFlaw, OpenIdProvider, Overage, ProviderOptions};
use fakes::people;
use serde_json::json;

use crate::stage::{asking_globex, brought, enters, parameter, passes_honest_answers, refuses};

const TENANT: &str = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c13_a_link_adds_nothing_to_an_authentication_request() {
    let scene = Scene::start().await;
    let gil = scene.globex.person("gil");
    let link = "/.vestibule/sign-in/globex?scope=openid+admin&prompt=none&acr_values=low&max_age=0\
                &redirect_uri=https%3A%2F%2Fevil.example&client_id=evil&response_mode=form_post\
                &login_hint=root&state=x&nonce=x&claims=%7B%7D&request_uri=https%3A%2F%2Fevil.example";
    let answer = scene.visitor().ask(http::Method::GET, link, &[], "").await;
    let sent = answer.location().unwrap();
    let names: BTreeSet<_> = sent.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let known = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    ];
    assert_eq!(names, known.map(str::to_owned).into());
    assert_eq!(parameter(&sent, "scope"), "openid email profile");
    assert_eq!(parameter(&sent, "client_id"), scene.globex.client_id);
    assert!(!sent.as_str().contains("evil"), "{sent}");
    assert!(scene.globex.authorize(sent.as_str(), &gil, OidcAnswer::default()).is_ok());
    passes_honest_answers(&scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c13_what_the_file_asks_for_is_asked_for_and_checked() {
    let mut scene = Scene::start().await;
    asking_globex(&mut scene, ", acr_values: [gold], max_age: 10m, prompt: login").await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::OtherAcr, "oidc-acr-refused"),
            (OidcFlaw::NoAcr, "oidc-acr-refused"),
            (OidcFlaw::StaleAuthTime, "oidc-auth-time-too-old"),
            (OidcFlaw::NoAuthTime, "oidc-claim-missing"),
        ],
    )
    .await;
    for request in scene.globex.requests() {
        for pair in [("acr_values", "gold"), ("max_age", "600"), ("prompt", "login")] {
            let pair = (pair.0.to_owned(), pair.1.to_owned());
            assert!(request.parameters.contains(&pair), "{request:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c3_a_trusted_audience_passes_only_beside_us_and_with_our_authorized_party() {
    let mut scene = Scene::start().await;
    asking_globex(&mut scene, ", trusted_audiences: [another-client]").await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::ExtraAudience, "oidc-authorized-party-foreign"),
            (OidcFlaw::WrongAudience, "oidc-audience-foreign"),
            (OidcFlaw::WrongAuthorizedParty, "oidc-authorized-party-foreign"),
        ],
    )
    .await;
    let us = scene.globex.client_id.clone();
    let both = OidcAnswer::changed(move |claims| {
        claims["aud"] = json!([us, "another-client"]);
        claims["azp"] = json!(us);
    });
    let gil = scene.globex.person("gil");
    let (mut browser, callback) = brought(&scene, &scene.globex, &gil, both).await;
    enters(&mut browser, &callback, &gil).await;
}

/// Globex at another provider, which its owner set up differently.
async fn moved(scene: &mut Scene, change: impl FnOnce(&mut ProviderOptions)) {
    let mut options = ProviderOptions {
        clock: scene.clock.peers(),
        redirect_uris: vec![scene.url("/.vestibule/oidc/globex/callback")],
        ..ProviderOptions::of(people::globex())
    };
    change(&mut options);
    let other = OpenIdProvider::start_with(options).unwrap();
    let issuer = format!("issuer: \"{}\"", scene.globex.issuer);
    scene.edit(&issuer, &format!("issuer: \"{}\"", other.issuer));
    scene.globex = other;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c6_of_many_tenants_behind_one_issuer_only_the_listed_sign_in() {
    let mut scene = Scene::start().await;
    moved(&mut scene, |options| options.tenants = vec![TENANT.to_owned(), "other".to_owned()])
        .await;
    asking_globex(&mut scene, &format!(", tenants: [\"{TENANT}\"]")).await;
    let other = OidcAnswer { tenant: Some("other".to_owned()), ..OidcAnswer::default() };
    refuses(&scene, vec![(other, "oidc-tenant-foreign")]).await;
    refuses(
        &scene,
        vec![
            (OidcFlaw::OtherTenantClaim, "oidc-tenant-foreign"),
            (OidcFlaw::NoTenant, "oidc-claim-missing"),
            (OidcFlaw::WrongIssuer, "oidc-issuer-foreign"),
        ],
    )
    .await;
    assert!(scene.audit_log().contains(&format!("{TENANT}/")), "the subject has no tenant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n14_where_the_metadata_names_a_graph_it_is_asked_whatever_the_token_says() {
    let mut scene = Scene::start().await;
    moved(&mut scene, |options| options.tenants = vec![TENANT.to_owned()]).await;
    asking_globex(&mut scene, &format!(", tenants: [\"{TENANT}\"]")).await;
    let gil = scene.globex.person("gil");
    let many = gil.clone().in_groups(&["a", "b", "c", "d"]);
    let mut pages = 0;
    for overage in [Overage::HasGroups, Overage::ForeignSource, Overage::NoSource] {
        let answer = OidcAnswer { overage: Some(overage), ..OidcAnswer::default() };
        let (mut browser, callback) = brought(&scene, &scene.globex, &many, answer).await;
        enters(&mut browser, &callback, &gil).await;
        pages += 2;
        assert_eq!(scene.globex.group_calls(), pages, "{overage:?}");
        scene.clock.advance(std::time::Duration::from_secs(301));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c5_a_client_proves_itself_as_the_file_says_and_no_other_way() {
    let mut scene = Scene::start().await;
    let key = fakes::keys::SigningKey::p256("client");
    std::fs::write(scene.folder.path().join("client.pem"), key.private_key_pem()).unwrap();
    let proof = ClientProof::PrivateKeyJwt(key.public_key_pem());
    moved(&mut scene, |options| options.proof = proof).await;
    // With the secret it is refused there, and the cause names the one thing to mend.
    scene.restart_gateway().await;
    let gil = scene.globex.person("gil");
    let (mut browser, callback) = brought(&scene, &scene.globex, &gil, OidcAnswer::default()).await;
    let before = scene.traces();
    let answer = browser.follow(callback.as_str()).await;
    assert_eq!(scene.cause(&before, &answer), "oidc-client-authentication-unsupported");
    restrict(&scene, "client.pem");
    let by_key = "private_key: { file: client.pem }, key_id: k-1";
    scene.restart_with(&[("client_secret: { file: globex }", by_key)]).await;
    passes_honest_answers(&scene).await;
}

fn restrict(scene: &Scene, name: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = scene.folder.path().join(name);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
