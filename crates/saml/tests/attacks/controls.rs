//! Honest messages, which must pass: else every refusal here proves nothing.

use openssl::nid::Nid;
use std::sync::LazyLock;

use crate::forge::{ACME, Check, EVIL, Key, Method, NOW, Sign, accepted, answer, at, metadata_of};
use saml::{IdpMetadata, ParseOptions};

#[test]
fn signed_responses_assertions_and_both_are_accepted() {
    for what in [Sign::Response, Sign::Assertion, Sign::Both] {
        let assertion = accepted(&answer().sign(what));
        assert_eq!(assertion.id(), "_assertion", "{what:?}");
        assert_eq!(assertion.name_id().value(), "ann-4711");
        assert!(!assertion.name_id().is_transient() && !assertion.used_sha1());
        assert_eq!(assertion.attributes()["mail"], ["ann@acme.example"]);
        assert_eq!(
            assertion.attributes()["urn:oid:0.9.2342.19200300.100.1.3"],
            ["ann@acme.example"]
        );
        assert_eq!(assertion.attributes()["groups"], ["staff", "admins"]);
        assert_eq!(assertion.session_index(), Some("_session"));
        assert_eq!(assertion.session_not_on_or_after(), Some(at(3600)));
        let context = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
        assert_eq!(assertion.authn_context(), Some(context));
        assert_eq!((assertion.authn_instant(), assertion.expires()), (NOW, at(360)));
    }
}

#[test]
fn each_accepted_algorithm_verifies() {
    static P256: LazyLock<Key> = LazyLock::new(|| Key::ec(Nid::X9_62_PRIME256V1));
    static P384: LazyLock<Key> = LazyLock::new(|| Key::ec(Nid::SECP384R1));
    static P521: LazyLock<Key> = LazyLock::new(|| Key::ec(Nid::SECP521R1));
    let cases: [(&'static Key, &str, u16); 6] = [
        (&ACME, "rsa", 256),
        (&ACME, "rsa", 384),
        (&ACME, "rsa", 512),
        (&P256, "ecdsa", 256),
        (&P384, "ecdsa", 384),
        (&P521, "ecdsa", 512),
    ];
    for (key, kind, bits) in cases {
        let check = Check { idp: key.metadata(), ..Check::new() };
        let xml = answer().key(key).method(Method::sha(kind, bits)).sign(Sign::Both);
        assert!(check.run(&xml).is_ok(), "{kind}-{bits}: {:?}", check.run(&xml));
    }
}

#[test]
fn any_of_several_metadata_keys_may_sign() {
    let others: Vec<Key> = (0..4).map(|_| Key::ec(Nid::X9_62_PRIME256V1)).collect();
    let keys: Vec<&Key> = others.iter().chain([&*ACME]).collect();
    let idp =
        IdpMetadata::parse(metadata_of(&keys).as_bytes(), ParseOptions::default(), NOW).unwrap();
    assert_eq!(idp.signing_certificates().len(), 5);
    let check = Check { idp, ..Check::new() };
    // The fifth key is tried because KeyInfo mentions its certificate.
    assert!(check.run(&answer().sign(Sign::Both)).is_ok());
}

/// samael alone stops at the first key that is of another type or size.
#[test]
fn keys_of_other_types_and_sizes_do_not_hide_the_right_one() {
    static P256: LazyLock<Key> = LazyLock::new(|| Key::ec(Nid::X9_62_PRIME256V1));
    let (p384, large) = (Key::ec(Nid::SECP384R1), Key::rsa(3072));
    let without_key_info = |xml: String| {
        let start = xml.find("<ds:KeyInfo>").unwrap();
        let end = xml.find("</ds:KeyInfo>").unwrap() + "</ds:KeyInfo>".len();
        xml[..start].to_owned() + &xml[end..]
    };
    for order in [[&p384, &large, &P256, &ACME], [&large, &p384, &ACME, &P256]] {
        let idp = IdpMetadata::parse(metadata_of(&order).as_bytes(), ParseOptions::default(), NOW)
            .unwrap();
        let check = Check { idp, ..Check::new() };
        for (key, method) in [(&*ACME, Method::sha256()), (&*P256, Method::sha("ecdsa", 256))] {
            let xml = without_key_info(answer().key(key).method(method).sign(Sign::Assertion));
            assert!(check.run(&xml).is_ok(), "{:?}", check.run(&xml));
        }
    }
}

#[test]
fn response_and_assertion_may_be_signed_with_different_keys() {
    let idp =
        IdpMetadata::parse(metadata_of(&[&ACME, &EVIL]).as_bytes(), ParseOptions::default(), NOW)
            .unwrap();
    let check = Check { idp, ..Check::new() };
    let assertion =
        crate::forge::enveloped(&answer().assertion, "_assertion", &EVIL, &Method::sha256());
    let mut both = answer();
    both.assertion = assertion;
    assert!(check.run(&both.sign(Sign::Response)).is_ok());
}

#[test]
fn line_breaks_in_base64_are_accepted() {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(answer().sign(Sign::Both));
    let wrapped: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
    assert!(Check::new().run_encoded(&wrapped.join("\r\n")).is_ok());
}

/// attacks.md A24: the original bytes are verified, whatever their style.
#[test]
fn a24_unusual_but_honest_markup_is_verified_as_sent() {
    let xml = answer()
        .assertion("<saml:Subject>", "<saml:Subject\n  >\t<!-- one -->")
        .assertion("ann-4711", "&#97;nn-<![CDATA[4711]]>")
        .assertion(" Version=\"2.0\"", " \r\n Version = '2&#46;0' ")
        .response("<samlp:Status>", "\n  <samlp:Status>")
        .sign(Sign::Both);
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}\n");
    assert_eq!(accepted(&declared).name_id().value(), "ann-4711");
}

#[test]
fn a_thousand_attributes_are_read() {
    let many: String = (0..1_000)
        .map(|n| format!("<saml:Attribute Name=\"a{n}\"><saml:AttributeValue>{n}</saml:AttributeValue></saml:Attribute>"))
        .collect();
    let xml = answer()
        .assertion("<saml:AttributeStatement>", &format!("<saml:AttributeStatement>{many}"))
        .sign(Sign::Both);
    assert_eq!(accepted(&xml).attributes()["a999"], ["999"]);
}

#[test]
fn friendly_names_never_shadow_names() {
    let two_of_one = answer()
        .assertion("Name=\"groups\"", "FriendlyName=\"mail\" Name=\"groups\"")
        .sign(Sign::Assertion);
    assert!(!accepted(&two_of_one).attributes().contains_key("mail"), "which one is meant is open");
    let shadow = answer()
        .assertion("Name=\"groups\"", "FriendlyName=\"mail\" Name=\"groups\"")
        .assertion(
            "FriendlyName=\"mail\" Name=\"urn:oid:0.9.2342.19200300.100.1.3\"",
            "Name=\"mail\"",
        )
        .sign(Sign::Assertion);
    assert_eq!(accepted(&shadow).attributes()["mail"], ["ann@acme.example"]);
}

#[test]
fn structured_and_nil_values_are_left_out_and_name_ids_read() {
    let xml = answer()
        .assertion(
            "<saml:AttributeValue>staff</saml:AttributeValue>",
            "<saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>\
             <saml:AttributeValue><x>y</x></saml:AttributeValue>\
             <saml:AttributeValue><saml:NameID>targeted</saml:NameID></saml:AttributeValue>",
        )
        .sign(Sign::Assertion);
    assert_eq!(accepted(&xml).attributes()["groups"], ["targeted", "admins"]);
}

#[test]
fn transient_name_ids_are_flagged() {
    let xml =
        answer().assertion("nameid-format:persistent", "nameid-format:transient").sign(Sign::Both);
    assert!(accepted(&xml).name_id().is_transient());
}
