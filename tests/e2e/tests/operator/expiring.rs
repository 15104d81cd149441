//! Signing certificates of identity providers that end: in the audit log, as a metric, by `check`.

use std::time::Duration;

use domain::{Clock, Timestamp};
use e2e::{Scene, until};
use fakes::http_client::get;
use fakes::server::Behaviour;
use gateway::Asking;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate until 2026-12-01T00:00:00Z, eight days after a scene begins. Nobody has its key.
pub(crate) const NEAR: &str = "MIIBAzCBqgIBATAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANpZHAwHhcNMjUwMTAxMDAwMDAwWhcNMjYxMjAxMDAw\
    MDAwWjAOMQwwCgYDVQQDDANpZHAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT4WwVmoHd8wp8CSygHUYD9FwxS\
    yWqMHuKq34BAfzSI6ZRyOW+RpyLRxNY7/N/i4lCx/1diIXC6x+FOUsIdtVNkMAoGCCqGSM49BAMCA0gAMEUCIEqq\
    U/+qGNLGODLKhgaQGXMmTxTVLw0sk9D2WBh9U4nOAiEAkSgcq0bIXmvI1o1AzvBrZU6MmY9XnyIzI/Te+jEjdQE=";

/// The same until 2020-01-31T00:00:00Z, which is past for whatever clock a program reads.
const PAST: &str = "MIIBAjCBqgIBAjAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANpZHAwHhcNMTkwMTAxMDAwMDAwWhcNMjAwMTMxMDAw\
    MDAwWjAOMQwwCgYDVQQDDANpZHAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT4WwVmoHd8wp8CSygHUYD9FwxS\
    yWqMHuKq34BAfzSI6ZRyOW+RpyLRxNY7/N/i4lCx/1diIXC6x+FOUsIdtVNkMAoGCCqGSM49BAMCA0cAMEQCIEAB\
    I6PPYdalFAm3K9a2p5+F6ufiH+HYuJ+TL1WGgjZ1AiAIKIjKjcBLurxvoes0Nnj61LYfWT+ubHdtb7RICjcrhw==";

/// A scene with one more identity provider, Hooli, whose metadata is a file with this certificate.
pub(crate) async fn with_hooli(certificate: &str) -> Scene {
    let metadata = format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         entityID=\"https://idp.hooli.example/metadata\"><IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>\
         </KeyDescriptor><SingleSignOnService \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.hooli.example/sso\"/></IDPSSODescriptor></EntityDescriptor>"
    );
    let mut scene = Scene::start().await;
    scene.put_file("hooli.xml", &metadata);
    scene.edit(
        "identity_providers:\n",
        "identity_providers:\n  hooli: { label: Hooli, domains: [hooli.example], saml: { metadata: { file: hooli.xml } } }\n",
    );
    scene.restart_gateway().await;
    scene
}

/// How often the end of a certificate was said; that happens once a day.
pub(crate) fn said(scene: &Scene) -> usize {
    scene.audit_log().matches("certificate_expiring").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signing_certificate_that_ends_soon_is_an_event_each_day_and_a_metric() {
    let scene = with_hooli(NEAR).await;
    until("its end is said", async || said(&scene) == 1).await;
    let log = scene.audit_log();
    let line = log.lines().find(|line| line.contains("certificate_expiring")).unwrap();
    assert!(line.contains("\"hooli\"") && line.contains("\"until\":1796083200000"), "{line}");
    let operations = scene.gateway.as_ref().map(|gateway| gateway.operations).unwrap();
    let text = get(&format!("http://{operations}/metrics")).await.unwrap().text();
    let metric = "vestibule_signing_certificate_expiry_timestamp_seconds{idp=\"hooli\"} 1796083200";
    assert!(text.lines().any(|line| line == metric), "{text}");
    // After its end, too.
    for day in 2..=10 {
        scene.clock.advance(DAY);
        until("its end is said again", async || said(&scene) == day).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_warns_of_a_signing_certificate_that_ends_and_the_file_stays_good() {
    let scene = with_hooli(PAST).await;
    let checked = scene.command(&["check"]).await;
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert!(checked.out.contains("good: 1 sites, 5 identity providers"), "{}", checked.out);
    let warning = "warning: identity_providers.hooli: a signing certificate of its metadata ended at \
                   2020-01-31T00:00:00Z; ask it for the next one";
    assert!(checked.err.contains(warning), "{}", checked.err);

    let scene = with_hooli(NEAR).await;
    let settings = scene.settings();
    let near = |now| gateway::check_providers(&settings, Asking::FilesAlone, now);
    let begin = scene.clock.now();
    let found = near(begin).await.unwrap();
    assert!(matches!(&found.ending[..], [line] if line.contains(" ends at ")), "{found:?}");
    assert!(found.unusable.is_empty(), "nobody was asked: {found:?}");
    let months_before = Timestamp::from_seconds(begin.as_seconds() - 30 * 86_400);
    assert!(near(months_before).await.unwrap().ending.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_online_names_an_identity_provider_that_cannot_be_used() {
    let scene = Scene::start().await;
    let settings = scene.settings();
    let ask = || gateway::check_providers(&settings, Asking::Everybody, scene.clock.now());
    let good = ask().await.unwrap();
    assert!(good.unusable.is_empty() && good.ending.is_empty(), "{good:?}");
    scene.initech.behave(Behaviour::Unreachable);
    let found = ask().await.unwrap();
    let [line] = &found.unusable[..] else { panic!("{found:?}") };
    assert!(line.starts_with("identity_providers.initech: "), "{line}");
}
