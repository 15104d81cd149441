//! Hostile XML: ids, document types, sizes, encodings, comments.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::forge::{ACME, Check, Method, Sign, accepted, answer, cause, signature};

fn cause_of_encoded(encoded: &str) -> String {
    Check::new().run_encoded(encoded).unwrap_err().refusal().cause
}

fn signed() -> String {
    answer().sign(Sign::Both)
}

#[test]
fn a6_ambiguous_ids_are_refused() {
    let issuer = "<saml:Issuer";
    for attribute in [
        "ID=\"_assertion\"",
        "Id=\"_assertion\"",
        "id=\"_response\"",
        "iD=\"_assertion\"",
        "xml:id=\"_assertion\"",
        "xml:id=\"_new\"",
        "ID=\"\"",
        "ID=\"1\"",
        "ID=\"a b\"",
        "ID=\"a:b\"",
        "ID=\"x')or('1\"",
        "xmlns:w=\"urn:w\" w:Id=\"_new\"",
    ] {
        let xml = signed().replacen(issuer, &format!("{issuer} {attribute}"), 1);
        assert_eq!(cause(&xml), "saml-ids-ambiguous", "{attribute}");
    }
    let missing = answer().assertion(" ID=\"_assertion\"", "").sign(Sign::Response);
    assert_eq!(cause(&missing), "saml-ids-ambiguous");
    let unsigned_response = answer().response(" ID=\"_response\"", "").sign(Sign::Assertion);
    assert_eq!(accepted(&unsigned_response).id(), "_assertion");
}

#[test]
fn a7_names_that_two_parsers_may_read_differently_change_nothing() {
    // Same local names in other namespaces, other prefixes, undeclared prefixes.
    let lookalike = "<x:Assertion xmlns:x=\"urn:x\"><x:Subject><x:NameID>root</x:NameID></x:Subject></x:Assertion>";
    let xml = answer()
        .assertion("<saml:AttributeStatement>", &format!("<saml:AttributeStatement>{lookalike}"))
        .sign(Sign::Assertion);
    assert_eq!(accepted(&xml).name_id().value(), "ann-4711");
    let renamed = answer().assertion("saml:", "q:").assertion("xmlns:saml", "xmlns:q");
    let signature = signature(&renamed.assertion, "_assertion", &ACME, &Method::sha256());
    let assertion =
        renamed.assertion.replacen("</q:Issuer>", &format!("</q:Issuer>{signature}"), 1);
    let xml = renamed.response.replace("{ASSERTION}", &assertion);
    assert_eq!(accepted(&xml).name_id().value(), "ann-4711");
    for (from, to) in [
        ("<saml:Subject>", "<saml:Subject xmlns:saml=\"\">"),
        ("<saml:Subject>", "<other:Subject>"),
        ("<saml:Subject>", "<saml:subject>"),
        ("<saml:NameID", "<saml:NameID Format=\"x\""),
    ] {
        let refused = Check::new().run(&signed().replace(from, to));
        assert!(refused.is_err(), "{to}: {refused:?}");
    }
}

#[test]
fn a8_relative_namespace_names_are_refused() {
    for declaration in [
        "xmlns:r=\"relative\"",
        "xmlns:r=\"1:x\"",
        "xmlns:r=\"\"",
        "xmlns:r=\"../x\"",
        "xmlns:r=\":x\"",
    ] {
        let xml = answer()
            .sign(Sign::Both)
            .replace("<saml:Subject>", &format!("<saml:Subject {declaration}>"));
        assert_eq!(cause(&xml), "saml-namespace-relative", "{declaration}");
    }
}

#[test]
fn a10_comments_never_shorten_a_name() {
    let whole = "victim@corp.example.evil.example";
    let split = "victim@corp.example<!-- -->.evil.example";
    // A comment that the signer never saw leaves the signature intact, and the name whole.
    for what in [Sign::Response, Sign::Assertion, Sign::Both] {
        let signed =
            answer().assertion("ann-4711", whole).assertion("ann@acme.example", whole).sign(what);
        let commented = accepted(&signed.replace(whole, split));
        assert_eq!(commented.name_id().value(), whole);
        assert_eq!(commented.attributes()["mail"], [whole]);
    }
    let instruction = signed().replace("ann-4711", "ann<?x?>-4711");
    assert_eq!(cause(&instruction), "saml-processing-instruction");
    // Outside what is signed nobody removes comments, so they are refused where text is read.
    let issuer = answer().sign(Sign::Assertion).replacen(
        "/metadata</saml:Issuer>",
        "<!---->/metadata</saml:Issuer>",
        1,
    );
    assert_eq!(cause(&issuer), "saml-issuer-foreign");
}

#[test]
fn a18_document_types_and_entities_are_refused() {
    let with = |prolog: &str| format!("{prolog}{}", signed());
    for prolog in [
        "<!DOCTYPE samlp:Response>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE x [<!ENTITY e \"root\">]>",
        "<!DOCTYPE x [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;&a;\">]>",
        "<!DOCTYPE x [<!ATTLIST saml:Assertion Other ID #IMPLIED>]>",
        "<?xml version=\"1.0\"?>\n<!DOCTYPE x>",
        "<!-- --><!DOCTYPE x>",
    ] {
        assert_eq!(cause(&with(prolog)), "saml-document-type", "{prolog}");
    }
    assert_eq!(cause(&signed().replace("ann-4711", "&e;")), "saml-xml-malformed");
}

#[test]
fn a19_oversized_messages_are_refused_before_they_are_decoded() {
    assert_eq!(cause_of_encoded(&"A".repeat(50 * 1024 * 1024)), "saml-too-large");
    assert_eq!(cause_of_encoded(&"A".repeat(256 * 1024 + 1)), "saml-too-large");
    let largest = 256 * 1024 / 4 * 3;
    let padding = " ".repeat(largest - signed().len());
    assert_eq!(accepted(&(signed() + &padding)).id(), "_assertion");
    assert_eq!(cause(&(signed() + &padding + " ")), "saml-too-large");
}

#[test]
fn a19_other_encodings_of_the_field_are_refused() {
    let encoded = STANDARD.encode(signed());
    for bad in [
        String::new(),
        "=".to_owned(),
        "%3C".to_owned(),
        encoded.clone() + "=",
        encoded.trim_end_matches('=').to_owned() + "A",
        encoded.replace('A', "-"),
        format!("{encoded}{encoded}\0"),
        signed(),
    ] {
        let cause = cause_of_encoded(&bad);
        assert!(["saml-base64-invalid", "saml-xml-malformed"].contains(&cause.as_str()), "{cause}");
    }
}

#[test]
fn a20_floods_of_attributes_namespaces_levels_and_nodes_are_refused() {
    let put = |content: &str| answer().response.replace("{ASSERTION}", content);
    let attributes: String = (0..9_000).map(|n| format!(" a{n}=\"\"")).collect();
    assert_eq!(cause(&put(&format!("<x{attributes}/>"))), "saml-xml-limit");
    let namespaces: String = (0..5_000).map(|n| format!(" xmlns:n{n}=\"u:{n}\"")).collect();
    assert_eq!(cause(&put(&format!("<x{namespaces}/>"))), "saml-xml-limit");
    let spread: String = (0..100).map(|n| format!("<x xmlns:n{n}=\"u:{n}\">")).collect();
    assert_eq!(cause(&put(&spread)), "saml-xml-limit");
    assert_eq!(cause(&put(&"<x>".repeat(60_000))), "saml-xml-limit");
    assert_eq!(cause(&put(&"<x/>".repeat(40_000))), "saml-xml-limit");
}

#[test]
fn a23_malformed_messages_are_refused() {
    let genuine = signed();
    let end = genuine.len() - "</samlp:Response>".len();
    for bad in [
        genuine[..end].to_owned(),
        genuine.clone() + "junk",
        genuine.clone() + "<x/>",
        genuine.replace("ann-4711", "a & b"),
        genuine.replace("Version=\"2.0\">", "Version=2.0>"),
        genuine.replace("<saml:Subject>", "<saml:Subject x=\"1\" x=\"2\">"),
        genuine.replace("</saml:Subject>", "</saml:subject>"),
        genuine.replace("ann-4711", "ann\u{1}"),
        "\0".to_owned(),
        "junk".to_owned(),
        " ".to_owned(),
    ] {
        assert_eq!(cause(&bad), "saml-xml-malformed", "{bad:.60}");
    }
}

/// dependencies: libxml2 would decode UTF-7 and find other markup than the gate saw.
#[test]
fn a23_encodings_other_than_utf_8_are_refused() {
    for declared in ["UTF-7", "UTF-16", "ISO-8859-1", "utf8", "US-ASCII", "EBCDIC-CP-US"] {
        let xml = format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>{}", signed());
        assert_eq!(cause(&xml), "saml-encoding-not-utf8", "{declared}");
    }
    assert_eq!(cause(&format!("\u{feff}{}", signed())), "saml-encoding-not-utf8");
    let utf16: Vec<u8> = signed().encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        utf16,
        b"\xff\xfe<\0".to_vec(),
        signed().replace("ann", "\u{e9}").into_bytes().split_off(9),
    ] {
        let refused = Check::new().run_encoded(&STANDARD.encode(bytes));
        assert!(refused.is_err());
    }
    assert_eq!(cause_of_encoded(&STANDARD.encode(b"<x>\xe9</x>")), "saml-encoding-not-utf8");
    assert_eq!(
        cause(&format!("<?xml-stylesheet href=\"x\"?>{}", signed())),
        "saml-processing-instruction"
    );
}

#[test]
fn a27_missing_and_empty_parts_are_refused_without_a_crash() {
    for (from, to, expected) in [
        (" Name=\"groups\"", "", "saml-attribute-name-missing"),
        ("Name=\"groups\"", "Name=\"\"", "saml-attribute-name-missing"),
        ("ann-4711", "", "saml-name-id-missing"),
        ("ann-4711", " \n ", "saml-name-id-missing"),
        ("ann-4711", "<saml:x/>ann", "saml-name-id-missing"),
        ("<saml:Audience>", "<saml:Audience/><saml:Audience>x", "saml-audience-foreign"),
        ("saml:NameID", "saml:BaseID", "saml-name-id-missing"),
        ("saml:NameID", "saml:EncryptedID", "saml-encrypted"),
        ("saml:AuthnStatement", "saml:Statement", "saml-authn-statement-missing"),
        (" AuthnInstant", " Instant", "saml-moment-unreadable"),
        ("SessionNotOnOrAfter=\"2", "SessionNotOnOrAfter=\"x", "saml-moment-unreadable"),
        (
            "<saml:Issuer>https://idp.example/metadata</saml:Issuer>",
            "<saml:Issuer></saml:Issuer>",
            "saml-issuer-foreign",
        ),
    ] {
        let xml = answer().assertion(from, to).sign(Sign::Assertion);
        assert_eq!(cause(&xml), expected, "{from} -> {to}");
    }
    for part in [
        "Subject",
        "Conditions",
        "AuthnStatement",
        "AttributeStatement",
        "SubjectConfirmation",
        "AudienceRestriction",
    ] {
        let empty = drop_content(&answer().assertion, part, &format!("<saml:{part}/>"));
        let gone = drop_content(&answer().assertion, part, "");
        for assertion in [empty, gone] {
            let mut message = answer();
            message.assertion = assertion;
            let result = Check::new().run(&message.sign(Sign::Both));
            assert!(result.is_err() || part == "AttributeStatement", "{part} is not missed");
        }
    }
}

fn drop_content(xml: &str, part: &str, replacement: &str) -> String {
    let start = xml.find(&format!("<saml:{part}")).unwrap();
    let end_tag = format!("</saml:{part}>");
    let end = xml.find(&end_tag).unwrap() + end_tag.len();
    format!("{}{replacement}{}", &xml[..start], &xml[end..])
}

#[test]
fn a27_doubled_parts_are_refused() {
    for part in ["Subject", "Conditions", "Issuer"] {
        let xml = answer().assertion;
        let start = xml.find(&format!("<saml:{part}")).unwrap();
        let end_tag = format!("</saml:{part}>");
        let end = xml.find(&end_tag).unwrap() + end_tag.len();
        let mut message = answer();
        message.assertion = format!("{}{}{}", &xml[..end], &xml[start..end], &xml[end..]);
        assert_eq!(cause(&message.sign(Sign::Assertion)), "saml-structure", "{part}");
    }
    let names = answer().assertion(
        "<saml:SubjectConfirmation ",
        "<saml:NameID>root</saml:NameID><saml:SubjectConfirmation ",
    );
    assert_eq!(cause(&names.sign(Sign::Assertion)), "saml-structure");
}

#[test]
fn encrypted_assertions_are_refused_with_a_cause_of_their_own() {
    let xml = answer().response.replace(
        "{ASSERTION}",
        "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>",
    );
    assert_eq!(cause(&xml), "saml-encrypted");
}
