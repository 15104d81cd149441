//! The response around the assertion.

use crate::forge::{ACS, Check, EVIL, IDP, Sign, accepted, answer, cause, cause_of};
use saml::RequestId;

const SIGNED: [Sign; 3] = [Sign::Response, Sign::Assertion, Sign::Both];

#[test]
fn b4_unsolicited_responses_are_refused() {
    let attribute = format!(" InResponseTo=\"{}\"", crate::forge::request());
    for what in SIGNED {
        let xml = answer().response(&attribute, "").sign(what);
        assert_eq!(cause(&xml), "saml-unsolicited");
    }
    let nowhere = answer()
        .response(&attribute, "")
        .assertion(&format!("InResponseTo=\"{}\" ", crate::forge::request()), "");
    assert_eq!(cause(&nowhere.sign(Sign::Both)), "saml-unsolicited");
}

#[test]
fn b5_answers_to_another_request_are_refused() {
    let other = Check { request: Some(RequestId::from_random([8; 20])), ..Check::new() };
    for what in SIGNED {
        assert_eq!(cause_of(&other, &answer().sign(what)), "saml-request-foreign");
    }
    let id = crate::forge::request();
    for wrong in ["", "_", &id.as_str().to_uppercase(), &format!("{id} ")] {
        let (from, to) = (format!("InResponseTo=\"{id}\""), format!("InResponseTo=\"{wrong}\""));
        assert_eq!(
            cause(&answer().response(&from, &to).sign(Sign::Assertion)),
            "saml-request-foreign"
        );
        assert_eq!(
            cause(&answer().assertion(&from, &to).sign(Sign::Assertion)),
            "saml-request-foreign"
        );
    }
}

/// The request went to one identity provider, another one answers.
#[test]
fn b6_answers_of_another_identity_provider_are_refused() {
    let other = answer()
        .response(IDP, "https://evil.example/metadata")
        .assertion(IDP, "https://evil.example/metadata")
        .key(&EVIL);
    assert_eq!(cause(&other.sign(Sign::Both)), "saml-issuer-foreign");
    assert_eq!(cause(&answer().key(&EVIL).sign(Sign::Both)), "saml-signature-invalid");
}

/// This crate keeps no state: it hands out what must be consumed once, and the same every time.
#[test]
fn b7_the_same_answer_gives_the_same_ids_to_consume() {
    let xml = answer().sign(Sign::Both);
    assert_eq!(accepted(&xml), accepted(&xml));
    assert_eq!(accepted(&xml).id(), "_assertion");
}

#[test]
fn b12_destinations_are_compared_byte_by_byte() {
    for wrong in [
        ACS.to_uppercase(),
        ACS.replace("help", "help2"),
        format!("{ACS}/"),
        format!("{ACS}?x"),
        ACS.replace("https", "http"),
        ACS.replace(".com", ".com:443"),
        String::new(),
        format!(" {ACS}"),
    ] {
        for what in SIGNED {
            let xml = answer()
                .response(&format!("Destination=\"{ACS}\""), &format!("Destination=\"{wrong}\""))
                .sign(what);
            assert_eq!(cause(&xml), "saml-destination-foreign", "{wrong}");
        }
    }
    let without = || answer().response(&format!(" Destination=\"{ACS}\""), "");
    assert_eq!(cause(&without().sign(Sign::Response)), "saml-destination-missing");
    assert_eq!(cause(&without().sign(Sign::Both)), "saml-destination-missing");
    assert_eq!(accepted(&without().sign(Sign::Assertion)).id(), "_assertion");
}

#[test]
fn b13_every_issuer_is_the_identity_provider_that_was_asked() {
    for wrong in [
        "https://evil.example",
        "",
        "https://idp.example/METADATA",
        "https://idp.example/metadata ",
    ] {
        let issuer = |to: &str| format!("{to}</saml:Issuer>");
        for what in SIGNED {
            let response = answer().response(&issuer(IDP), &issuer(wrong)).sign(what);
            assert_eq!(cause(&response), "saml-issuer-foreign", "{wrong:?}");
            let assertion = answer().assertion(&issuer(IDP), &issuer(wrong)).sign(what);
            assert_eq!(cause(&assertion), "saml-issuer-foreign", "{wrong:?}");
        }
    }
    let format =
        answer().assertion("<saml:Issuer>", "<saml:Issuer Format=\"urn:x\">").sign(Sign::Assertion);
    assert_eq!(cause(&format), "saml-issuer-foreign");
    let full = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://idp.example/metadata</saml:Issuer>";
    assert_eq!(accepted(&answer().response(full, "").sign(Sign::Assertion)).id(), "_assertion");
}

#[test]
fn b14_every_status_but_success_is_refused_with_its_own_cause() {
    let code = |value: &str| {
        format!("<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{value}\"/>")
    };
    let nested = |top: &str, second: &str| {
        format!("{}{second}</samlp:StatusCode>", code(top).replace("/>", ">"))
    };
    for (status, expected) in [
        (nested("Responder", &code("AuthnFailed")), "saml-status-authn-failed"),
        (nested("Responder", &code("RequestDenied")), "saml-status-request-denied"),
        (nested("Responder", &code("UnknownPrincipal")), "saml-status-unknown-principal"),
        (nested("Responder", &code("NoPassive")), "saml-status-no-passive"),
        (nested("Requester", &code("NoAuthnContext")), "saml-status-no-authn-context"),
        (nested("Requester", &code("InvalidNameIDPolicy")), "saml-status-invalid-name-id-policy"),
        (nested("Requester", &code("RequestUnsupported")), "saml-status-request-unsupported"),
        (nested("Requester", &code("Unheard")), "saml-status-requester"),
        (code("Requester"), "saml-status-requester"),
        (code("Responder"), "saml-status-responder"),
        (code("VersionMismatch"), "saml-status-version-mismatch"),
        (nested("Success", &code("AuthnFailed")), "saml-status-other"),
        (code("success"), "saml-status-other"),
        (code(""), "saml-status-other"),
        ("<samlp:StatusCode/>".to_owned(), "saml-status-other"),
        ("<samlp:StatusCode Value=\"Success\"/>".to_owned(), "saml-status-other"),
        (String::new(), "saml-status-missing"),
        (code("Success") + &code("Success"), "saml-structure"),
    ] {
        for what in SIGNED {
            let xml = answer().response(&code("Success"), &status).sign(what);
            assert_eq!(cause(&xml), expected, "{status}");
        }
        // An identity provider that refuses sends no assertion and often no signature.
        let bare = answer().response(&code("Success"), &status).response.replace("{ASSERTION}", "");
        assert_eq!(cause(&bare), expected, "{status}");
    }
    let no_status =
        answer().response(&format!("<samlp:Status>{}</samlp:Status>", code("Success")), "");
    assert_eq!(cause(&no_status.sign(Sign::Assertion)), "saml-status-missing");
    assert_eq!(cause(&answer().response.replace("{ASSERTION}", "")), "saml-assertion-missing");
}

#[test]
fn other_versions_are_refused() {
    for version in ["Version=\"1.1\"", "Version=\"2\"", "Version=\"\"", "X=\"2.0\""] {
        assert_eq!(
            cause(&answer().response("Version=\"2.0\"", version).sign(Sign::Both)),
            "saml-version"
        );
        assert_eq!(
            cause(&answer().assertion("Version=\"2.0\"", version).sign(Sign::Both)),
            "saml-version"
        );
    }
}

#[test]
fn refusals_quote_what_was_found_shortly_and_on_one_line() {
    let hostile = format!("https://evil.example/\n{}", "x".repeat(5000)).replace('\n', "&#10;");
    let xml = answer()
        .response(&format!("Destination=\"{ACS}\""), &format!("Destination=\"{hostile}\""))
        .sign(Sign::Both);
    let refusal = Check::new().run(&xml).unwrap_err().refusal();
    assert!(refusal.explanation.contains("\"https://evil.example/\\n"), "{}", refusal.explanation);
    assert!(refusal.explanation.len() < 400 && !refusal.explanation.contains('\n'));
    assert!(refusal.remedy.contains("assertion consumer service"));
}
