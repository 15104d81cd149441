//! Encrypted answers: every honest combination, and what is wrong with the others.

use e2e::{Scene, SceneOptions};
use fakes::saml::{
    Answer, ContentCipher, EncryptedPart, Encryption, EncryptionFlaw, Flaw, KeyPlace, KeyTransport,
    Sign,
};
use http::Method;

use crate::stage::{brought, enters};

const KEYS: &str = "assertion: [{ file: assertion.pem }] }";
const ACME: &str = "acme.example], saml: { ";

/// A scene with a key of our own, which Acme knows, and with more settings for Acme.
pub(crate) async fn scene(acme: &str) -> Scene {
    scene_with_key("saml.pem", acme).await
}

/// The same with the key that is in `file`.
pub(crate) async fn scene_with_key(file: &str, acme: &str) -> Scene {
    let instead = vec![
        (KEYS, format!("assertion: [{{ file: assertion.pem }}], saml: [{{ file: {file} }}] }}")),
        (ACME, format!("{ACME}{acme}")),
    ];
    let scene = Scene::with(SceneOptions { instead, ..SceneOptions::default() }).await;
    let metadata =
        scene.visitor().ask(Method::GET, "/.vestibule/saml/acme/metadata", &[], "").await.text();
    scene.acme.know(&metadata);
    scene
}

async fn passes(scene: &Scene, answer: impl Into<Answer>) {
    let ann = scene.acme.person("ann");
    let (mut browser, form) = brought(scene, &scene.acme, &ann, answer).await;
    enters(&mut browser, &form, &ann).await;
}

async fn cause(scene: &Scene, answer: impl Into<Answer>) -> String {
    let ann = scene.acme.person("ann");
    let (mut browser, form) = brought(scene, &scene.acme, &ann, answer).await;
    let before = scene.traces();
    scene.cause(&before, &browser.post_response(&form).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_an_encrypted_assertion_counts_for_a_signature_alone() {
    let scene = scene("").await;
    let encrypted = |answer: Answer| answer.encrypted(Encryption::default());
    for (flaw, expected) in
        [(Flaw::Unsigned, "saml-unsigned"), (Flaw::ForeignKey, "saml-signature-invalid")]
    {
        assert_eq!(cause(&scene, encrypted(flaw.into())).await, expected, "{flaw:?}");
    }
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        passes(&scene, encrypted(sign.into())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a22_every_honest_combination_is_read_and_no_other() {
    let scene = scene("").await;
    let mut accepted = 0;
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        for part in [EncryptedPart::Assertion, EncryptedPart::NameId, EncryptedPart::Attributes] {
            for (cipher, transport, place) in [
                (ContentCipher::Aes128Gcm, KeyTransport::Oaep, KeyPlace::Inside),
                (ContentCipher::Aes256Gcm, KeyTransport::OaepSha256, KeyPlace::Beside),
            ] {
                let order = Encryption { place, ..Encryption::of(&[part]).with(cipher, transport) };
                passes(&scene, Answer::from(sign).encrypted(order)).await;
                accepted += 1;
            }
        }
        for cipher in [ContentCipher::Aes128Cbc, ContentCipher::Aes256Cbc] {
            let order = Encryption::default().with(cipher, KeyTransport::Oaep);
            let answer = Answer::from(sign).encrypted(order);
            assert_eq!(cause(&scene, answer).await, "saml-encryption-cbc", "{cipher:?}");
        }
        let old = Encryption::default().with(ContentCipher::Aes128Gcm, KeyTransport::Rsa15);
        let answer = Answer::from(sign).encrypted(old);
        assert_eq!(cause(&scene, answer).await, "saml-encryption-algorithm");
    }
    println!("{accepted} combinations of signing and encryption were accepted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a21_broken_ciphertext_is_refused_whatever_is_broken() {
    let scene = scene("").await;
    for flaw in EncryptionFlaw::ALL {
        let expected = match flaw {
            EncryptionFlaw::NoKey
            | EncryptionFlaw::ExternalKey
            | EncryptionFlaw::CipherReference
            | EncryptionFlaw::EmptyCiphertext => "saml-encryption-profile",
            EncryptionFlaw::UnknownCipher | EncryptionFlaw::UnknownTransport => {
                "saml-encryption-algorithm"
            }
            EncryptionFlaw::TwoEncryptedAssertions | EncryptionFlaw::PlainAssertionBeside => {
                "saml-assertions-several"
            }
            _ => "saml-decryption-failed",
        };
        let answer = Answer::from(Sign::Assertion).encrypted(*flaw);
        assert_eq!(cause(&scene, answer).await, expected, "{flaw:?}");
    }
    passes(&scene, Answer::from(Sign::Assertion).encrypted(Encryption::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a22_cbc_is_read_only_under_the_operators_dated_exception() {
    let scene = scene("cbc_until: 2026-12-31, ").await;
    let cbc = || Encryption::default().with(ContentCipher::Aes128Cbc, KeyTransport::Oaep);
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        passes(&scene, Answer::from(sign).encrypted(cbc())).await;
    }
    // Whatever an altered ciphertext becomes, the answer is the same.
    for flaw in [
        EncryptionFlaw::BrokenContent,
        EncryptionFlaw::ZeroPadding,
        EncryptionFlaw::LongPadding,
        EncryptionFlaw::ShortCiphertext,
        EncryptionFlaw::BrokenKey,
        EncryptionFlaw::PlaintextNoXml,
    ] {
        let order = Encryption { flaw: Some(flaw), ..cbc() };
        let answer = Answer::from(Sign::Assertion).encrypted(order);
        assert_eq!(cause(&scene, answer).await, "saml-decryption-failed", "{flaw:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b24_a_weaker_sign_in_than_was_asked_for_is_refused() {
    let strong = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken";
    let scene = scene(&format!("request: {{ authn_context: [\"{strong}\"] }}, ")).await;
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
    let weak = Answer::from(Sign::Both).in_context(password);
    assert_eq!(cause(&scene, weak).await, "saml-authn-context");
    passes(&scene, Answer::from(Sign::Both).in_context(strong)).await;
}
