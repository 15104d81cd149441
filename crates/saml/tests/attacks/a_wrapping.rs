//! Signature wrapping: a genuine signature beside content that it does not cover.

use crate::forge::{
    EVIL, Method, SAML, SAMLP, Sign, accepted, answer, cause, enveloped, signature,
};

/// The assertion that an attacker wants to be believed.
fn forged() -> String {
    answer().assertion("_assertion", "_forged").assertion("ann-4711", "root").assertion
}

fn genuine() -> String {
    enveloped(&answer().assertion, "_assertion", &crate::forge::ACME, &Method::sha256())
}

/// The genuine assertion without its signature, and the signature.
fn parts() -> (String, String) {
    let assertion = answer().assertion;
    let signature = signature(&assertion, "_assertion", &crate::forge::ACME, &Method::sha256());
    (assertion, signature)
}

fn response_with(content: &str) -> String {
    answer().response.replace("{ASSERTION}", content)
}

fn inside(element: &str, child: &str) -> String {
    let end = element.rfind("</").unwrap();
    format!("{}{child}{}", &element[..end], &element[end..])
}

fn behind_issuer(element: &str, child: &str) -> String {
    element.replacen("</saml:Issuer>", &format!("</saml:Issuer>{child}"), 1)
}

#[test]
fn a1_a_forged_assertion_before_or_behind_the_signed_one_is_refused() {
    for content in [forged() + &genuine(), genuine() + &forged()] {
        assert_eq!(cause(&response_with(&content)), "saml-assertions-several");
    }
    // The same inside a response whose own signature does not cover it.
    let signed = answer().sign(Sign::Response);
    let with_forged = signed.replace("<saml:Assertion ", &(forged() + "<saml:Assertion "));
    assert_eq!(cause(&with_forged), "saml-assertions-several");
    assert_eq!(accepted(&response_with(&genuine())).name_id().value(), "ann-4711");
}

#[test]
fn a1_two_genuinely_signed_assertions_are_refused() {
    let second = answer().assertion("_assertion", "_second").assertion;
    let second = enveloped(&second, "_second", &crate::forge::ACME, &Method::sha256());
    assert_eq!(cause(&response_with(&(genuine() + &second))), "saml-assertions-several");
    let mut both = answer();
    both.assertion = genuine() + &second;
    assert_eq!(cause(&both.sign(Sign::Response)), "saml-assertions-several");
}

/// XSW1 and XSW2: the signed response inside or beside a forged one.
#[test]
fn a2_xsw_1_and_2_wrapped_responses_are_refused() {
    let original = answer().response.replace("{ASSERTION}", &answer().assertion);
    let signature = signature(&original, "_response", &crate::forge::ACME, &Method::sha256());
    let evil = answer().response("_response", "_evil").response.replace("{ASSERTION}", &forged());
    let signature_with_original = signature
        .replace("</ds:Signature>", &format!("<ds:Object>{original}</ds:Object></ds:Signature>"));
    for xml in [
        behind_issuer(&evil, &signature_with_original),
        behind_issuer(&evil, &(original.clone() + &signature)),
        inside(&evil, &(original.clone() + &signature)),
        inside(&evil, &original.replace("</saml:Issuer>", &format!("</saml:Issuer>{signature}"))),
    ] {
        assert_eq!(cause(&xml), "saml-structure");
    }
}

/// XSW3 to XSW6: the signed assertion beside, inside, or around the forged one.
#[test]
fn a2_xsw_3_to_6_wrapped_assertions_are_refused() {
    let (original, signature) = parts();
    for content in [
        forged() + &genuine(),
        inside(&forged(), &genuine()),
        behind_issuer(&forged(), &signature) + &original,
        behind_issuer(
            &forged(),
            &signature.replace(
                "</ds:Signature>",
                &format!("<ds:Object>{original}</ds:Object></ds:Signature>"),
            ),
        ),
        behind_issuer(&forged(), &inside(&signature, &original)),
    ] {
        assert_eq!(cause(&response_with(&content)), "saml-assertions-several");
    }
}

/// XSW7 and XSW8: the second assertion hides in Extensions or in an Object.
#[test]
fn a2_xsw_7_and_8_assertions_in_extensions_and_objects_are_refused() {
    let (original, signature) = parts();
    let extensions = |content: &str| format!("<samlp:Extensions>{content}</samlp:Extensions>");
    let object = |content: &str| {
        signature
            .replace("</ds:Signature>", &format!("<ds:Object>{content}</ds:Object></ds:Signature>"))
    };
    for content in [
        extensions(&forged()) + &genuine(),
        extensions(&genuine()) + &forged(),
        behind_issuer(&forged(), &object(&original)),
        behind_issuer(&original, &object(&forged())),
    ] {
        assert_eq!(cause(&response_with(&content)), "saml-assertions-several");
    }
    let only_hidden = response_with(&extensions(&genuine()));
    assert_eq!(cause(&only_hidden), "saml-structure");
}

/// The five vectors of pysaml2's CVE-2020-5390, by their shapes.
#[test]
fn a2_pysaml2_vectors_are_refused() {
    let (original, signature) = parts();
    let wrapper =
        |content: &str| format!("<xsw:Wrapper xmlns:xsw=\"urn:xsw\">{content}</xsw:Wrapper>");
    let advice = |content: &str| format!("<saml:Advice>{content}</saml:Advice>");
    let vectors = [
        // assertion in assertion first, second, and wrapped
        (behind_issuer(&forged(), &(signature.clone() + &original)), "saml-assertions-several"),
        (inside(&forged(), &(signature.clone() + &original)), "saml-assertions-several"),
        (
            behind_issuer(&forged(), &wrapper(&(original.clone() + &signature))),
            "saml-assertions-several",
        ),
        // in Extensions of the response, and in Advice
        (
            format!("<samlp:Extensions>{original}{signature}</samlp:Extensions>{}", forged()),
            "saml-assertions-several",
        ),
        (inside(&forged(), &advice(&genuine())), "saml-assertions-several"),
        // a wrapper that the response does not know
        (wrapper(&genuine()), "saml-structure"),
        (forged() + &wrapper(&signature), "saml-structure"),
    ];
    for (content, expected) in vectors {
        assert_eq!(cause(&response_with(&content)), expected, "{content}");
    }
}

#[test]
fn a2_the_root_must_be_a_response_of_saml_2() {
    let genuine = answer().sign(Sign::Both);
    let old = SAMLP.replace("2.0", "1.0");
    for xml in [
        genuine_assertion_alone(),
        genuine.replace(SAMLP, &old),
        format!("<wrap>{genuine}</wrap>"),
        "<samlp:Response/>".to_owned().replace("samlp:", ""),
    ] {
        assert_eq!(cause(&xml), "saml-structure");
    }
    let foreign = response_with(
        &genuine_assertion_alone().replace(SAML, "urn:oasis:names:tc:SAML:1.0:assertion"),
    );
    assert_eq!(cause(&foreign), "saml-structure");
}

fn genuine_assertion_alone() -> String {
    genuine()
}

/// A signature in the response that, by its Reference, signs the assertion alone.
#[test]
fn a3_the_reference_decides_what_is_signed_not_the_place() {
    let (original, signature) = parts();
    let suggests_whole = behind_issuer(&response_with(&original), &signature);
    assert_eq!(cause(&suggests_whole), "saml-signature-reference");

    let response = response_with(&answer().assertion);
    let of_response =
        crate::forge::signature(&response, "_response", &crate::forge::ACME, &Method::sha256());
    let in_assertion = response_with(&behind_issuer(&answer().assertion, &of_response));
    assert_eq!(cause(&in_assertion), "saml-signature-reference");
}

#[test]
fn a3_references_by_other_means_are_refused() {
    let own = "URI=\"#_assertion\"";
    for reference in [
        "URI=\"\"",
        "URI=\"#xpointer(id('_assertion'))\"",
        "URI=\"#xpointer(/)\"",
        "URI=\"_assertion\"",
        "URI=\"#element(/1/4)\"",
        "Id=\"x\"",
        "URI=\"#_Assertion\"",
        "URI=\"# _assertion\"",
        "URI=\"#\"",
        "URI=\"http://127.0.0.1:9/x\"",
        "URI=\"file:///etc/passwd\"",
        "URI=\"cid:_assertion\"",
    ] {
        let xml = answer().method(Method::sha256().edit(own, reference)).sign(Sign::Assertion);
        assert_eq!(cause(&xml), "saml-signature-reference", "{reference}");
    }
}

#[test]
fn a9_signatures_elsewhere_are_refused() {
    let (_, signature) = parts();
    let detail = |content: &str| {
        format!("</samlp:StatusCode><samlp:StatusDetail>{content}</samlp:StatusDetail>")
    };
    let status = answer().response.replace("Success\"/>", "Success\"></samlp:StatusCode>");
    let in_detail = status.replace("</samlp:StatusCode>", &detail(&signature));
    for xml in [
        in_detail.replace("{ASSERTION}", &answer().assertion),
        response_with(&format!(
            "<samlp:Extensions>{signature}</samlp:Extensions>{}",
            answer().assertion
        )),
        response_with(
            &answer().assertion.replace("<saml:Subject>", &format!("<saml:Subject>{signature}")),
        ),
    ] {
        assert_eq!(cause(&xml), "saml-signature-misplaced");
    }
    let twice = genuine().replacen("<ds:Signature", &format!("{signature}<ds:Signature"), 1);
    assert_eq!(cause(&response_with(&twice)), "saml-signature-misplaced");
}

/// The identity comes from signed bytes: nothing around a signed assertion changes it.
#[test]
fn a11_what_is_not_signed_is_not_read() {
    let signed = answer().sign(Sign::Assertion);
    let around = signed.replace(
        "<samlp:Status>",
        "<samlp:Extensions><x:NameID xmlns:x=\"urn:x\">root</x:NameID></samlp:Extensions><samlp:Status>",
    );
    assert_eq!(accepted(&around), accepted(&signed));
    for (from, to) in [
        ("ann-4711", "root"),
        ("ann@acme.example", "root@acme.example"),
        ("staff", "root"),
        ("_session", "_other"),
    ] {
        for what in [Sign::Assertion, Sign::Response, Sign::Both] {
            assert_eq!(
                cause(&answer().sign(what).replace(from, to)),
                "saml-signature-invalid",
                "{from}"
            );
        }
    }
}

#[test]
fn a11_a_signature_of_another_document_is_refused() {
    let (original, _) = parts();
    let other = answer().assertion("ann-4711", "eve").assertion;
    let borrowed = signature(&other, "_assertion", &crate::forge::ACME, &Method::sha256());
    assert_eq!(
        cause(&response_with(&behind_issuer(&original, &borrowed))),
        "saml-signature-invalid"
    );
}

#[test]
fn a11_unsigned_responses_are_refused() {
    assert_eq!(cause(&answer().sign(Sign::Nothing)), "saml-unsigned");
}

#[test]
fn a13_a_certificate_in_key_info_is_not_trusted() {
    for what in [Sign::Assertion, Sign::Response, Sign::Both] {
        assert_eq!(cause(&answer().key(&EVIL).sign(what)), "saml-signature-invalid");
    }
    // One good signature does not vouch for the other.
    let mut mixed = answer();
    mixed.assertion = enveloped(&mixed.assertion, "_assertion", &EVIL, &Method::sha256());
    assert_eq!(cause(&mixed.sign(Sign::Response)), "saml-signature-invalid");
}
