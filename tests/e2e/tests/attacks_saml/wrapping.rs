//! Genuine signatures beside content that they do not cover.

use fakes::saml::{Answer, Flaw, Sign};

use crate::stage::{Stage, attribute, element};

/// The Assertion of an answer, as somebody would like it to be: Bob's, unsigned, with its own ID.
fn forged(response: &str) -> String {
    let genuine = element(response, "saml:Assertion");
    let unsigned = genuine.replace(&element(&genuine, "ds:Signature"), "");
    unsigned
        .replace(&attribute(&genuine, "ID"), "_forged")
        .replace("Ann Archer", "Bob Baker")
        .replace("ann@acme.example", "bob@acme.example")
        .replace("id-ann-acme-example", "id-bob-acme-example")
}

/// The signed Assertion of an answer is moved: `place` makes what stands there instead of it, from
/// the signed and the forged one.
fn moved(place: impl Fn(&str, &str) -> String + Send + Sync + 'static) -> Answer {
    Answer::changed(move |response| {
        let genuine = element(&response, "saml:Assertion");
        response.replace(&genuine, &place(&genuine, &forged(&response)))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a1_a_forged_assertion_beside_the_signed_one_is_refused() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::Xsw3, "saml-assertions-several"),
            (Flaw::ForgedBehind, "saml-assertions-several"),
            (Flaw::TwoAssertions, "saml-assertions-several"),
        ])
        .await;
    let beside = |signed: &str, forged: &str| format!("{forged}{signed}");
    for sign in [Sign::Assertion, Sign::Both] {
        assert_eq!(stage.cause_of(moved(beside).signed(sign)).await, "saml-assertions-several");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a2_wrapped_signatures_are_refused() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::Xsw1, "saml-structure"),
            (Flaw::Xsw2, "saml-structure"),
            (Flaw::Xsw3, "saml-assertions-several"),
            (Flaw::Xsw4, "saml-assertions-several"),
            (Flaw::Xsw5, "saml-assertions-several"),
            (Flaw::Xsw6, "saml-assertions-several"),
            (Flaw::Xsw7, "saml-ids-ambiguous"),
            (Flaw::Xsw8, "saml-assertions-several"),
            (Flaw::ResponseInResponse, "saml-structure"),
            (Flaw::SignedInAdvice, "saml-assertions-several"),
            (Flaw::SignedInExtensions, "saml-assertions-several"),
        ])
        .await;
}

/// The shapes of CVE-2020-5390.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a2_the_vectors_against_pysaml2_are_refused() {
    let stage = Stage::start().await;
    let inside =
        |outer: &str, end: &str, content: &str| outer.replacen(end, &format!("{content}{end}"), 1);
    let wrapped = |content: &str| format!("<w:Wrapper xmlns:w=\"urn:w\">{content}</w:Wrapper>");
    let behind_issuer = move |outer: &str, content: &str| inside(outer, "<saml:Subject>", content);
    stage
        .refuses_changes(vec![
            (
                "assertion in assertion, first",
                moved(move |signed, forged| behind_issuer(forged, signed)),
                "saml-assertions-several",
            ),
            (
                "assertion in assertion, last",
                moved(move |signed, forged| inside(forged, "</saml:Assertion>", signed)),
                "saml-assertions-several",
            ),
            (
                "assertion in a wrapper in an assertion",
                moved(move |signed, forged| behind_issuer(forged, &wrapped(signed))),
                "saml-assertions-several",
            ),
            (
                "wrapper before the forged assertion",
                moved(move |signed, forged| format!("{}{forged}", wrapped(signed))),
                "saml-structure",
            ),
            (
                "assertion in extensions",
                moved(|signed, forged| {
                    format!("<samlp:Extensions>{signed}</samlp:Extensions>{forged}")
                }),
                "saml-assertions-several",
            ),
            ("only a wrapper", moved(move |signed, _| wrapped(signed)), "saml-structure"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a3_a_signature_speaks_only_for_the_element_that_its_reference_names() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::ResponseSignatureNamesAssertion, "saml-signature-reference"),
            (Flaw::AssertionSignatureNamesResponse, "saml-signature-reference"),
            (Flaw::EmptyReference, "saml-signature-reference"),
            (Flaw::XPointerReference, "saml-signature-reference"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a9_a_signature_in_a_corner_of_the_response_counts_for_nothing() {
    let stage = Stage::start().await;
    let to_corner = |corner: &'static str, before: &'static str| {
        Answer::changed(move |response| {
            let signature = element(&response, "ds:Signature");
            let corner = format!("<samlp:{corner}>{signature}</samlp:{corner}>{before}");
            response.replace(&signature, "").replacen(before, &corner, 1)
        })
    };
    stage
        .refuses_changes(vec![
            ("extensions", to_corner("Extensions", "<samlp:Status>"), "saml-signature-misplaced"),
            (
                "status detail",
                to_corner("StatusDetail", "</samlp:Status>"),
                "saml-signature-misplaced",
            ),
            (
                "signed in status detail",
                Flaw::SignedInStatusDetail.into(),
                "saml-assertions-several",
            ),
        ])
        .await;
}
