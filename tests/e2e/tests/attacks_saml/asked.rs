//! What an authentication request says is what the operator's file says, and it is signed as it says.

use e2e::Scene;
use fakes::http_client::PageForm;
use fakes::saml::{Answer, AuthnRequest, Binding, Sign, SignatureSeen};

use crate::encryption::{scene, scene_with_key};
use crate::stage::{LINK, brought, enters};

const TOKEN: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken";

/// The request that the identity provider got last.
fn asked(scene: &Scene) -> AuthnRequest {
    scene.acme.requests().pop().unwrap()
}

/// Ann signs in by a request in the URL.
async fn passes(scene: &Scene, answer: impl Into<Answer>) {
    let ann = scene.acme.person("ann");
    let (mut browser, form) = brought(scene, &scene.acme, &ann, answer).await;
    enters(&mut browser, &form, &ann).await;
}

/// Ann signs in by a request that a form carries.
async fn passes_by_post(scene: &Scene) {
    let ann = scene.acme.person("ann");
    let mut browser = scene.visitor();
    let page = browser.open(LINK).await;
    let typed = PageForm::all(&page).remove(0).with("email", &ann.email);
    let carrying = browser.step(&typed).await;
    assert_eq!(carrying.status, 200, "{}", carrying.text());
    let form = PageForm::all(&carrying).remove(0);
    assert!(form.post && form.action.as_str().starts_with(&scene.acme.sso_url));
    let answer = scene.acme.respond_to_form(&form.fields, &ann, Sign::Both).unwrap();
    enters(&mut browser, &answer, &ann).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_says_nothing_that_the_file_does_not() {
    let scene = scene("").await;
    passes(&scene, Sign::Both).await;
    let request = asked(&scene);
    assert!(!request.force && !request.passive && request.name_id_format.is_none());
    assert!(request.authn_context.is_empty() && !request.xml.contains("Subject"), "{request:?}");
    // In the query, where it binds nobody.
    assert_eq!(request.login_hint.as_deref(), Some("somebody@acme.example"));
    assert_eq!(request.signature, SignatureSeen::Absent, "Acme does not want it signed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_says_all_that_the_file_does() {
    for (how, force, passive) in [("force_authn", true, false), ("passive", false, true)] {
        let wanted = format!(
            "request: {{ {how}: true, name_id: email, authn_context: [\"{TOKEN}\"], \
             login_hint: subject }}, "
        );
        let scene = scene(&wanted).await;
        passes(&scene, Answer::from(Sign::Both).in_context(TOKEN)).await;
        let request = asked(&scene);
        assert_eq!((request.force, request.passive), (force, passive), "{request:?}");
        let email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
        assert_eq!(request.name_id_format.as_deref(), Some(email));
        assert_eq!(request.authn_context, [TOKEN]);
        assert_eq!(request.login_hint.as_deref(), Some("somebody@acme.example"));
        // SAML Core §3.4.1: the order of the schema.
        let parts =
            ["saml:Issuer", "saml:Subject", "samlp:NameIDPolicy", "samlp:RequestedAuthnContext"];
        let places = parts.map(|part| request.xml.find(&format!("<{part}")).unwrap());
        assert!(places.is_sorted(), "{}", request.xml);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hint_goes_along_where_none_is_wanted() {
    let scene = scene("request: { login_hint: none }, ").await;
    passes(&scene, Sign::Both).await;
    assert_eq!(asked(&scene).login_hint, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_signed_with_either_kind_of_key_by_either_binding() {
    for (key, algorithm) in [("saml.pem", "rsa-sha256"), ("saml-p256.pem", "ecdsa-sha256")] {
        let is_signed = |scene: &Scene, binding: Binding| {
            let request = asked(scene);
            let SignatureSeen::Valid(seen) = &request.signature else { panic!("{request:?}") };
            assert!(request.binding == binding && seen.ends_with(algorithm), "{request:?}");
        };
        let by_query = scene_with_key(key, "request: { signed: always }, ").await;
        by_query.acme.want_signed_requests();
        passes(&by_query, Sign::Both).await;
        is_signed(&by_query, Binding::Redirect);
        let by_post = scene_with_key(key, "request: { signed: always, binding: post }, ").await;
        by_post.acme.want_signed_requests();
        passes_by_post(&by_post).await;
        is_signed(&by_post, Binding::Post);
    }
}
