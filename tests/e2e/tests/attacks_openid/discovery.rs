//! What a provider publishes: only what is its own, over https, is taken.

use e2e::{Place, Scene, SceneOptions};
use fakes::openid::PublishFlaw;

use crate::stage::passes_honest_answers;

/// The cause for which nobody is sent to Globex.
async fn cause_of_start(scene: &Scene) -> String {
    let before = scene.traces();
    let answer =
        scene.visitor().ask(http::Method::GET, "/.vestibule/sign-in/globex", &[], "").await;
    scene.cause(&before, &answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c14_discovery_leads_nowhere_that_the_file_does_not_name() {
    let mut wrong = Vec::new();
    for (flaw, wanted) in [
        (PublishFlaw::ForeignIssuer, "oidc-metadata-issuer-foreign"),
        (PublishFlaw::PlainHttpEndpoints, "oidc-metadata-endpoint-refused"),
        (PublishFlaw::DiscoveryRedirect, "idp-document-missing"),
        (PublishFlaw::DiscoveryServerError, "idp-document-missing"),
        (PublishFlaw::DiscoveryHtml, "oidc-metadata-unreadable"),
        (PublishFlaw::DiscoveryHuge, "idp-answer-too-large"),
        (PublishFlaw::NoKeys, "oidc-keys-missing"),
        (PublishFlaw::EncryptionKeyOnly, "oidc-keys-missing"),
        (PublishFlaw::KeysServerError, "idp-document-missing"),
    ] {
        // Before its first start: what it once read and kept would hide the flaw.
        let unstarted = SceneOptions { gateway: Place::Behind, ..SceneOptions::default() };
        let mut scene = Scene::with(unstarted).await;
        scene.globex.set_published(Some(flaw));
        scene.start_gateway();
        let found = cause_of_start(&scene).await;
        if found != wanted {
            wrong.push((flaw, found, wanted));
        }
        // Nobody is asked whom the link names, either.
        let link =
            "/.vestibule/sign-in/globex?iss=https://evil.example&issuer=https://evil.example";
        let answer = scene.visitor().ask(http::Method::GET, link, &[], "").await;
        assert!(answer.status >= 400);
        // It was the document: with a good one, and when the failure is forgotten, all is well.
        scene.globex.set_published(None);
        scene.clock.advance(std::time::Duration::from_secs(30));
        passes_honest_answers(&scene).await;
    }
    assert!(wrong.is_empty(), "refused for another cause than expected: {wrong:#?}");
}
