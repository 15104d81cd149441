//! Our SAML key rolled over, and what is kept of identity providers across a restart.

use std::time::Duration;

use e2e::{Scene, SceneOptions, until};
use fakes::saml::{Answer, Encryption};
use fakes::server::Behaviour;

use crate::rollover::step;

const KEYS: &str = "assertion: [{ file: assertion.pem }] }";
const HOUR: Duration = Duration::from_secs(3600);

/// A scene with a key for SAML and signed requests, which Acme insists on.
async fn scene() -> Scene {
    let with_key = "assertion: [{ file: assertion.pem }], saml: [{ file: saml.pem }] }";
    let saml = "acme.example], saml: { ";
    let instead = vec![
        (KEYS, with_key.to_owned()),
        (saml, format!("{saml}request: {{ signed: always }}, encryption: required, ")),
    ];
    let scene = Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await;
    fetch_our_metadata(&scene).await;
    scene.acme.want_signed_requests();
    scene
}

/// What Acme does once an hour.
async fn fetch_our_metadata(scene: &Scene) {
    let metadata = scene.visitor().open("/.vestibule/saml/acme/metadata").await;
    scene.acme.know(&metadata.text());
}

/// A sign-in with a signed request and an answer encrypted to what Acme knows of us.
async fn signs_in(scene: &Scene, when: &str) {
    let mut visitor = scene.visitor();
    let at_acme = visitor.begin("/", "ann@acme.example").await;
    let ann = scene.acme.person("ann");
    let answer = Answer::default().encrypted(Encryption::default());
    let form = scene.acme.respond(&at_acme, &ann, answer);
    let entered = visitor.post_response(&form).await;
    assert_eq!(entered.status, 303, "{when}: {}", entered.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_sign_in_fails_while_our_saml_key_rolls_over() {
    let scene = scene().await;
    // The identity provider reads our metadata at half past, we act at the full hour: whatever it
    // knows is up to an hour old.
    for (hour, word) in [(0, "stage"), (2, "activate"), (4, "retire")] {
        signs_in(&scene, &format!("hour {hour}, before {word}")).await;
        step(&scene, word, "saml").await;
        signs_in(&scene, &format!("hour {hour}, after {word}")).await;
        for half in 0..2 {
            scene.clock.advance(HOUR / 2);
            signs_in(&scene, &format!("hour {hour}, {half} half hours after {word}")).await;
            fetch_our_metadata(&scene).await;
            scene.clock.advance(HOUR / 2);
            signs_in(&scene, &format!("hour {hour}, fetched after {word}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n06_an_operator_sees_who_has_read_the_staged_key() {
    let scene = scene().await;
    let published = async || {
        let told = scene.command(&["keys", "published"]).await;
        assert_eq!(told.code, Some(0), "{}", told.err);
        told.out
    };
    let line = |text: &str, name: &str| {
        text.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
    };
    let before = published().await;
    assert!(line(&before, "acme").contains("with every key"), "{before}");
    assert!(line(&before, "initech").contains("nobody"), "{before}");
    step(&scene, "stage", "saml").await;
    let staged = published().await;
    assert!(line(&staged, "acme").contains("without"), "{staged}");
    fetch_our_metadata(&scene).await;
    let fetched = published().await;
    assert!(line(&fetched, "acme").contains("with every key"), "{fetched}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n06_what_was_read_at_one_site_says_nothing_about_another() {
    let other = "  other:\n    hosts: [other.localhost]\n    upstream: { url: \"http://127.0.0.1:9\" }\nidentity_providers:";
    let with_key = "assertion: [{ file: assertion.pem }], saml: [{ file: saml.pem }] }";
    let instead = vec![(KEYS, with_key.to_owned()), ("identity_providers:", other.to_owned())];
    let scene = Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await;
    fetch_our_metadata(&scene).await;
    let told = scene.command(&["keys", "published"]).await;
    let line = |start: &str| told.out.lines().find(|line| line.starts_with(start)).unwrap();
    assert!(line("acme at help: ").contains("with every key"), "{}", told.out);
    assert!(line("acme at other: ").contains("nobody"), "{}", told.out);
    let elsewhere = scene.url("/.vestibule/saml/acme/metadata");
    let elsewhere = elsewhere.replace("help.localhost", "other.localhost");
    assert_eq!(scene.visitor().follow(&elsewhere).await.status, 200);
    let told = scene.command(&["keys", "published"]).await;
    let line = |start: &str| told.out.lines().find(|line| line.starts_with(start)).unwrap();
    assert!(line("acme at other: ").contains("with every key"), "{}", told.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_while_identity_providers_are_down_keeps_their_metadata() {
    // Nobody looks whether the provider answers: its people are sent there all the same.
    let instead = vec![("{ label: Acme,", "{ label: Acme, probe: false,".to_owned())];
    let mut scene = Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await;
    drop(scene.signed_in("ann@acme.example").await);
    drop(scene.signed_in("gil@globex.example").await);
    let kept = async || scene.audit_log().matches("metadata_refreshed").count() >= 4;
    until("all metadata is fetched and kept", kept).await;
    scene.stop_gateway().await;
    scene.acme.behave(Behaviour::Unreachable);
    drop(scene.open_store().await);
    scene.start_gateway();
    let mut ann = scene.visitor();
    let page = ann.open("/").await;
    let form = ann.form(&page).with("email", "ann@acme.example");
    // What was kept is put back a moment after the start.
    let sent = async || ann.step(&form).await.status == 303;
    until("the kept metadata is used", sent).await;
}
