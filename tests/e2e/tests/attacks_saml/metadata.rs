//! Metadata that could switch checks off, or lead elsewhere.

use std::time::Duration;

use e2e::Scene;
use fakes::http_client::PageForm;
use fakes::saml::{Answer, KeyKind, MetadataFlaw, Sign};
use gateway::{Feed, StartError};
use http::Method;

use crate::stage::{LINK, Stage, another_initech, brought, enters, with_initech};

/// The cause for which nobody is sent to Initech.
async fn cause_of_sending(scene: &Scene) -> String {
    let mut browser = scene.visitor();
    let page = browser.open(LINK).await;
    let before = scene.traces();
    let form = PageForm::all(&page).remove(0).with("email", "ida@initech.example");
    scene.cause(&before, &browser.step(&form).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a25_a_provider_without_a_signing_key_signs_nobody_in_and_harms_nobody_else() {
    for flaw in
        [MetadataFlaw::NoKey, MetadataFlaw::EncryptionKeyOnly, MetadataFlaw::BrokenCertificate]
    {
        let initech = another_initech(KeyKind::Rsa2048);
        initech.set_metadata(Some(flaw));
        let scene = with_initech(&initech).await;
        let cause = cause_of_sending(&scene).await;
        assert_eq!(cause, "saml-metadata-no-signing-certificate", "{flaw:?}");
        let rejected = ["metadata_rejected", "initech", "saml-metadata-no-signing-certificate"];
        scene.until_audited(1, &rejected).await;
        let ann = scene.acme.person("ann");
        let (mut browser, form) = brought(&scene, &scene.acme, &ann, Sign::Both).await;
        enters(&mut browser, &form, &ann).await;
        // It recovers by itself.
        initech.set_metadata(None);
        scene.clock.advance(Duration::from_secs(61));
        scene.until_audited(1, &["metadata_refreshed", "initech"]).await;
        let ida = initech.person("ida");
        let (mut browser, form) = brought(&scene, &initech, &ida, Sign::Both).await;
        enters(&mut browser, &form, &ida).await;
    }
}

/// SAML Metadata §2.4.1.1: a key without `use` is for any.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a25_a_key_without_a_use_verifies_signatures() {
    let initech = another_initech(KeyKind::Rsa2048);
    initech.set_metadata(Some(MetadataFlaw::NoUse));
    let scene = with_initech(&initech).await;
    let ida = initech.person("ida");
    let (mut browser, form) = brought(&scene, &initech, &ida, Answer::default()).await;
    enters(&mut browser, &form, &ida).await;
    let (mut browser, form) = brought(&scene, &initech, &ida, fakes::saml::Flaw::Unsigned).await;
    let before = scene.traces();
    assert_eq!(scene.cause(&before, &browser.post_response(&form).await), "saml-unsigned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a25_a_metadata_file_without_a_signing_key_refuses_start() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    drop(scene.open_store().await);
    let path = scene.folder.path().join("vestibule.yaml");
    scene.edit(&format!("url: \"{}\"", scene.acme.metadata_url), "file: acme.xml");
    for flaw in
        [MetadataFlaw::NoKey, MetadataFlaw::EncryptionKeyOnly, MetadataFlaw::BrokenCertificate]
    {
        scene.acme.set_metadata(Some(flaw));
        scene.put_file("acme.xml", &scene.acme.metadata());
        let settings = config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let clock = std::sync::Arc::new(scene.clock.clone());
        let start = move || gateway::start(settings, clock, Feed::Acceptor).map(|_| ());
        let error = tokio::task::spawn_blocking(start).await.unwrap().unwrap_err();
        let StartError::Federation(errors) = &error else { panic!("{error}") };
        assert_eq!(errors[0].refusal().cause, "saml-metadata-no-signing-certificate", "{flaw:?}");
    }
    scene.acme.set_metadata(None);
    scene.put_file("acme.xml", &scene.acme.metadata());
    scene.start_gateway();
    let ann = scene.acme.person("ann");
    let (mut browser, form) = brought(&scene, &scene.acme, &ann, Sign::Both).await;
    enters(&mut browser, &form, &ann).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a26_the_last_good_metadata_outlives_every_bad_one() {
    let stage = Stage::start().await;
    stage.until_audited(1, &["metadata_refreshed", "\"acme\""]).await;
    stage.passes_honest_answers().await;
    for (round, (flaw, cause)) in [
        (MetadataFlaw::Expired, "saml-metadata-expired"),
        (MetadataFlaw::ForeignEntity, "saml-metadata-entity-foreign"),
        (MetadataFlaw::PlainHttpEndpoint, "saml-metadata-endpoint-insecure"),
        (MetadataFlaw::NoKey, "saml-metadata-no-signing-certificate"),
        (MetadataFlaw::PostOnly, "saml-metadata-no-endpoint"),
        (MetadataFlaw::OtherRole, "saml-metadata-no-identity-provider"),
        (MetadataFlaw::Doctype, "saml-metadata-document-type"),
        (MetadataFlaw::Html, "saml-metadata-document-type"),
        (MetadataFlaw::Empty, "saml-metadata-malformed"),
        (MetadataFlaw::Huge, "idp-answer-too-large"),
        (MetadataFlaw::ServerError, "idp-document-missing"),
    ]
    .into_iter()
    .enumerate()
    {
        stage.acme.set_metadata(Some(flaw));
        let alarms = alarms(&stage, cause);
        stage.advance(Duration::from_secs(61 * 60));
        stage.until_audited(alarms + 1, &["metadata_rejected", "\"acme\"", cause]).await;
        stage.passes(Sign::Both).await;
        assert_eq!(stage.cause_of(fakes::saml::Flaw::ForeignKey).await, "saml-signature-invalid");
        // Told again once it is good again.
        stage.acme.set_metadata(None);
        stage.advance(Duration::from_secs(61));
        stage.until_audited(round + 2, &["metadata_refreshed", "\"acme\""]).await;
    }
    stage.passes_honest_answers().await;
}

/// Its keys must not sign anybody in any more, and nobody may be sent there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a26_who_moves_in_the_file_is_not_met_where_they_were() {
    let mut stage = Stage::start().await;
    stage.until_audited(1, &["metadata_refreshed", "\"acme\""]).await;
    let (old, new) = (stage.acme.metadata_url.clone(), stage.initech.metadata_url.clone());
    stage.scene.restart_with(&[(&old, &new)]).await;
    let sent = stage.visitor().ask(Method::GET, "/.vestibule/sign-in/acme", &[], "").await;
    let place = sent.location().expect("a redirect").origin();
    let new: url::Url = new.parse().unwrap();
    assert_eq!(place, new.origin(), "sent to where it was");
}

fn alarms(stage: &Stage, cause: &str) -> usize {
    let log = stage.audit_log();
    let told = |line: &&str| line.contains("metadata_rejected") && line.contains(cause);
    log.lines().filter(told).filter(|line| line.contains("\"acme\"")).count()
}

/// A new key in metadata is followed, an old one that is gone from it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a26_keys_come_and_go_with_metadata_alone() {
    let stage = Stage::start().await;
    stage.until_audited(1, &["metadata_refreshed", "\"acme\""]).await;
    // The unknown key makes the gateway look, once a minute at most (N05).
    stage.acme.rotate_key();
    stage.passes_honest_answers().await;
    stage.acme.rotate_key();
    assert_eq!(stage.cause_of(Sign::Both).await, "saml-signature-invalid");
    stage.advance(Duration::from_secs(61));
    stage.passes_honest_answers().await;
    // A key that metadata does not name is none, however often it is tried.
    for _ in 0..3 {
        stage.advance(Duration::from_secs(61));
        assert_eq!(stage.cause_of(fakes::saml::Flaw::ForeignKey).await, "saml-signature-invalid");
    }
    stage.passes_honest_answers().await;
}
