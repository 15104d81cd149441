//! What the response around the assertion says of itself.

use fakes::saml::{Answer, Flaw, Sign};

use crate::stage::{Stage, element};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b12_a_signed_response_names_exactly_our_endpoint() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::NoDestination, "saml-destination-missing"),
            (Flaw::WrongDestination, "saml-destination-foreign"),
            (Flaw::DestinationOfOtherCase, "saml-destination-foreign"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b13_every_issuer_is_the_provider_that_was_asked() {
    let stage = Stage::start().await;
    let formatted = Answer::changed_before_signing(|assertion| {
        assertion.replacen(
            "<saml:Issuer>",
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">",
            1,
        )
    });
    stage
        .refuses_changes(vec![
            ("response", Flaw::ForeignResponseIssuer.into(), "saml-issuer-foreign"),
            ("assertion", Flaw::ForeignAssertionIssuer.into(), "saml-issuer-foreign"),
            (
                "assertion of a signed response",
                Answer::from(Flaw::ForeignAssertionIssuer).signed(Sign::Response),
                "saml-issuer-foreign",
            ),
            ("format", formatted, "saml-issuer-foreign"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b14_only_success_is_success() {
    const CODE: &str = "urn:oasis:names:tc:SAML:2.0:status:";
    let stage = Stage::start().await;
    let status = |text: String| {
        Answer::changed(move |r| {
            let status = format!("<samlp:Status>{text}</samlp:Status>");
            r.replace(&element(&r, "samlp:Status"), &status)
        })
    };
    let code = |value: &str, inner: &str| {
        format!("<samlp:StatusCode Value=\"{CODE}{value}\">{inner}</samlp:StatusCode>")
    };
    let denied = code("Responder", &code("RequestDenied", ""));
    stage
        .refuses_changes(vec![
            ("no assertion", Flaw::StatusAuthnFailed.into(), "saml-status-authn-failed"),
            (
                "an assertion all the same",
                Flaw::StatusResponderWithAssertion.into(),
                "saml-status-responder",
            ),
            ("none", Flaw::NoStatus.into(), "saml-status-missing"),
            ("no code", status(String::new()), "saml-status-missing"),
            ("success without assertion", Flaw::NoAssertion.into(), "saml-assertion-missing"),
            ("nested", status(denied), "saml-status-request-denied"),
            (
                "success over failure",
                status(code("Success", &code("AuthnFailed", ""))),
                "saml-status-other",
            ),
            (
                "failure over success",
                status(code("Responder", &code("Success", ""))),
                "saml-status-responder",
            ),
            ("two codes", status(code("Success", "").repeat(2)), "saml-structure"),
            ("unheard of", status(code("Successful", "")), "saml-status-other"),
        ])
        .await;
    let page = stage.carried(Flaw::StatusAuthnFailed).await.text();
    assert!(page.contains("Acme did not let you in"), "{page}");
}
