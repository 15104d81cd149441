//! Signing out here and at the identity provider, whoever begins.

mod by_openid;
mod by_saml;

use e2e::{Scene, SceneOptions, Visitor};
use fakes::http_client::Answer;

const KEYS: &str = "assertion: [{ file: assertion.pem }] }";
const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";

/// The ordinary scene with a key of ours for SAML, which both SAML providers know.
async fn scene() -> Scene {
    let with_key = "assertion: [{ file: assertion.pem }], saml: [{ file: saml.pem }] }";
    let instead = vec![(KEYS, with_key.to_owned())];
    let scene = Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await;
    for (name, idp) in [("acme", &scene.acme), ("initech", &scene.initech)] {
        let metadata = scene.visitor().open(&format!("/.vestibule/saml/{name}/metadata")).await;
        idp.know(&metadata.text());
    }
    scene
}

/// Presses the button of the sign-out page; stops at the answer.
async fn sign_out(visitor: &mut Visitor) -> Answer {
    let page = visitor.open("/.vestibule/sign-out").await;
    visitor.step(&visitor.form(&page)).await
}

async fn is_signed_in(visitor: &mut Visitor) -> bool {
    visitor.open(LINK).await.text().contains("Signed in as")
}
