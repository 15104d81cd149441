//! Signatures of another shape, by another key, over something else.

use fakes::http_client::get;
use fakes::saml::{Answer, Flaw, KeyKind, Sign};
use fakes::{SigningKey, saml};

use crate::stage::{Stage, another_initech, element, enters, with_initech};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a4_two_references_or_signed_infos_are_refused() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::TwoReferences, "saml-signature-profile"),
            (Flaw::NoReference, "saml-signature-profile"),
            (Flaw::ManyReferences, "saml-too-large"),
            (Flaw::TwoSignedInfos, "saml-signature-profile"),
        ])
        .await;
    let twice = |name: &'static str| {
        Answer::changed(move |response| {
            let part = element(&response, name);
            response.replacen(&part, &format!("{part}{part}"), 1)
        })
    };
    let fifty = Answer::changed(|response| {
        let reference = element(&response, "ds:Reference");
        response.replacen(&reference, &reference.repeat(50), 1)
    });
    assert_eq!(stage.cause_of(fifty).await, "saml-signature-profile");
    for name in ["ds:Reference", "ds:SignedInfo", "ds:SignatureValue"] {
        assert_eq!(stage.cause_of(twice(name)).await, "saml-signature-profile", "{name}");
    }
    assert_eq!(stage.cause_of(twice("ds:Signature")).await, "saml-signature-misplaced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_digest_and_signature_are_text_and_nothing_else() {
    let stage = Stage::start().await;
    let inside = |name: &'static str, content: &'static str| {
        let start = format!("<{name}>");
        Answer::changed(move |r| r.replacen(&start, &format!("{start}{content}"), 1))
    };
    stage
        .refuses_changes(vec![
            ("comment behind", Flaw::CommentInDigestValue.into(), "saml-signature-profile"),
            ("comment behind", Flaw::CommentInSignatureValue.into(), "saml-signature-profile"),
            ("forged digest", Flaw::ForgedDigestBeforeComment.into(), "saml-signature-profile"),
            ("element", inside("ds:DigestValue", "<x></x>"), "saml-signature-profile"),
            ("element", inside("ds:SignatureValue", "<x></x>"), "saml-signature-profile"),
            ("no base64", inside("ds:DigestValue", "%"), "saml-signature-profile"),
            ("no base64", inside("ds:SignatureValue", "&#37;"), "saml-signature-profile"),
            ("instruction", inside("ds:DigestValue", "<?x y?>"), "saml-processing-instruction"),
        ])
        .await;
    // White space around the value is honest: many signers wrap lines.
    stage.passes(inside("ds:SignatureValue", "\n ")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a8_what_cannot_be_canonicalized_is_refused_and_so_is_the_digest_of_nothing() {
    /// SHA-256 of no bytes.
    const NOTHING: &str =
        "<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>";
    let stage = Stage::start().await;
    let void = Answer::changed(|r| r.replace(&element(&r, "ds:DigestValue"), NOTHING));
    let relative = |name: &'static str| {
        let subject = format!("<saml:Subject xmlns:r=\"{name}\">");
        Answer::changed(move |r| r.replace("<saml:Subject>", &subject))
    };
    stage
        .refuses_changes(vec![
            (
                "signed relative namespace",
                Flaw::RelativeNamespace.into(),
                "saml-namespace-relative",
            ),
            ("digest of nothing", void, "saml-signature-invalid"),
            ("relative", relative("relative"), "saml-namespace-relative"),
            ("scheme without its form", relative("1:x"), "saml-namespace-relative"),
            ("empty", relative(""), "saml-namespace-relative"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a11_only_what_is_signed_is_believed() {
    let stage = Stage::start().await;
    let bob = |response: String| response.replace("Ann Archer", "Bob Baker");
    stage
        .refuses_changes(vec![
            ("address", Flaw::Tampered.into(), "saml-signature-invalid"),
            ("name, assertion", Answer::changed(bob), "saml-signature-invalid"),
            (
                "name, response",
                Answer::changed(bob).signed(Sign::Response),
                "saml-signature-invalid",
            ),
            ("name, both", Answer::changed(bob).signed(Sign::Both), "saml-signature-invalid"),
            ("signature", Flaw::TamperedSignatureValue.into(), "saml-signature-invalid"),
            ("unsigned", Flaw::Unsigned.into(), "saml-unsigned"),
        ])
        .await;
    // What stands outside of the signed Assertion is never read as identity.
    let outside =
        "<samlp:Extensions><x:mail xmlns:x=\"urn:x\">bob@acme.example</x:mail></samlp:Extensions>";
    stage
        .passes(Answer::changed(move |r| {
            r.replacen("<samlp:Status>", &format!("{outside}<samlp:Status>"), 1)
        }))
        .await;
    // One good signature does not excuse the other.
    let response_only = Answer::changed(|r| {
        let last = r.rfind("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len() + 10;
        let other = if r[last..].starts_with('A') { "B" } else { "A" };
        format!("{}{other}{}", &r[..last], &r[last + 1..])
    });
    let cause = stage.cause_of(response_only.signed(Sign::Both)).await;
    assert_eq!(cause, "saml-signature-invalid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a13_a_key_that_the_answer_brings_along_is_no_key() {
    let stage = Stage::start().await;
    stage.refuses(&[(Flaw::ForeignKey, "saml-signature-invalid")]).await;
    let own = stage.acme.key().certificate_base64();
    let other = SigningKey::rsa(2048, "Mallory").certificate_base64();
    let exchanged = Answer::changed(move |r| r.replace(&own, &other));
    // KeyInfo is not signed and not read: an honest signature stays honest.
    stage.passes(exchanged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a14_a_public_certificate_is_no_hmac_key() {
    let stage = Stage::start().await;
    let named = |algorithm: &'static str| {
        Answer::changed(move |r| {
            r.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", algorithm)
        })
    };
    stage
        .refuses_changes(vec![
            ("hmac", Flaw::Hmac.into(), "saml-signature-algorithm"),
            (
                "hmac by name",
                named("http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
                "saml-signature-algorithm",
            ),
            (
                "another kind of key by name",
                named("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
                "saml-signature-invalid",
            ),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a15_weak_algorithms_are_refused_without_a_dated_exception() {
    let mut stage = Stage::start().await;
    let md5 = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5";
    let dsa = "http://www.w3.org/2000/09/xmldsig#dsa-sha1";
    let named = |algorithm: &'static str| {
        Answer::changed(move |r| {
            r.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", algorithm)
        })
    };
    stage
        .refuses_changes(vec![
            ("sha1 signature", Flaw::Sha1Signature.into(), "saml-signature-sha1"),
            ("sha1 digest", Flaw::Sha1Digest.into(), "saml-signature-sha1"),
            ("md5", named(md5), "saml-signature-algorithm"),
            ("dsa", named(dsa), "saml-signature-algorithm"),
        ])
        .await;
    // The exception is for one provider, and it ends.
    let place = "domains: [acme.example], saml: {";
    let with_exception = format!("{place} sha1_until: 2026-11-23,");
    stage.scene.restart_with(&[(place, &with_exception)]).await;
    stage.passes(Flaw::Sha1Signature).await;
    stage.passes(Flaw::Sha1Digest).await;
    let counted = "vestibule_weak_saml_messages_total{idp=\"acme\",algorithm=\"SHA-1\"} 2";
    let operations = stage.scene.gateway.as_ref().map(|gateway| gateway.operations).unwrap();
    let metrics = get(&format!("http://{operations}/metrics")).await.unwrap().text();
    assert!(metrics.contains(counted), "{metrics}");
    stage.advance(std::time::Duration::from_secs(2 * 24 * 3600));
    assert_eq!(stage.cause_of(Flaw::Sha1Signature).await, "saml-signature-sha1");
    stage.passes(Sign::Assertion).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a15_a_short_rsa_key_signs_nobody_in() {
    let short = another_initech(KeyKind::Rsa1024);
    let scene = with_initech(&short).await;
    let mut browser = scene.visitor();
    let page = browser.open(crate::stage::LINK).await;
    let before = scene.traces();
    let form =
        fakes::http_client::PageForm::all(&page).remove(0).with("email", "ida@initech.example");
    let cause = scene.cause(&before, &browser.step(&form).await);
    assert_eq!(cause, "saml-metadata-no-signing-certificate");
    let ann = scene.acme.person("ann");
    let (mut browser, form) =
        crate::stage::brought(&scene, &scene.acme, &ann, saml::Answer::default()).await;
    enters(&mut browser, &form, &ann).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a16_other_transforms_are_refused() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::XsltTransform, "saml-signature-profile"),
            (Flaw::XPathTransform, "saml-signature-profile"),
            (Flaw::ThreeTransforms, "saml-signature-profile"),
            (Flaw::NoTransforms, "saml-signature-profile"),
            (Flaw::CanonicalizationWithComments, "saml-signature-profile"),
            (Flaw::InclusiveCanonicalization, "saml-signature-profile"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a17_objects_inside_a_signature_are_refused() {
    let stage = Stage::start().await;
    let part = |content: &'static str| {
        Answer::changed(move |r| {
            r.replacen("</ds:Signature>", &format!("{content}</ds:Signature>"), 1)
        })
    };
    stage
        .refuses_changes(vec![
            ("object", Flaw::ObjectInSignature.into(), "saml-signature-profile"),
            ("retrieval", Flaw::RetrievalMethod.into(), "saml-signature-profile"),
            ("empty object", part("<ds:Object></ds:Object>"), "saml-signature-profile"),
            ("manifest", part("<ds:Manifest></ds:Manifest>"), "saml-signature-profile"),
            ("text", part("text"), "saml-signature-profile"),
        ])
        .await;
}
