//! Encrypted assertions, names and attributes: what is read, and every way not to be.

use crate::forge::{
    ACME, Answer, Check, EVIL, Key, Method, Sign, answer, at, cause_of, enveloped, metadata_of,
};
use crate::seal::{OURS, OURS_EC, OURS_OLD, Seal, XENC, sp};
use openssl::nid::Nid;
use saml::{IdpMetadata, ParseOptions, SignedPart};
use std::sync::LazyLock;

static EC: LazyLock<Key> = LazyLock::new(|| Key::ec(Nid::X9_62_PRIME256V1));

fn check() -> Check {
    Check { sp: sp(&[&OURS]), ..Check::new() }
}

fn inner(answer: &Answer, signed: bool) -> String {
    match signed {
        true => enveloped(&answer.assertion, "_assertion", answer.key, &answer.method),
        false => answer.assertion.clone(),
    }
}

/// The response with this in the assertion's place, perhaps signed around it.
fn around(answer: &Answer, content: &str, signed: bool) -> String {
    let response = answer.response.replace("{ASSERTION}", content);
    match signed {
        true => enveloped(&response, "_response", answer.key, &answer.method),
        false => response,
    }
}

/// An answer whose assertion is encrypted, with what `sign` says signed.
fn encrypted(sign: Sign, seal: &Seal) -> String {
    let answer = answer();
    let plain = inner(&answer, matches!(sign, Sign::Assertion | Sign::Both));
    let content = seal.seal("EncryptedAssertion", &plain);
    around(&answer, &content, matches!(sign, Sign::Response | Sign::Both))
}

const GCM: [&str; 3] = ["xmlenc11#aes128-gcm", "xmlenc11#aes192-gcm", "xmlenc11#aes256-gcm"];
const CBC: [&str; 3] = ["xmlenc#aes128-cbc", "xmlenc#aes192-cbc", "xmlenc#aes256-cbc"];

#[test]
fn encrypted_assertions_are_read_however_they_are_signed() {
    for sign in [Sign::Response, Sign::Assertion, Sign::Both] {
        for cipher in GCM {
            for (transport, hashes) in [
                ("xmlenc#rsa-oaep-mgf1p", ("sha1", "sha1")),
                ("xmlenc#rsa-oaep-mgf1p", ("sha256", "sha1")),
                ("xmlenc11#rsa-oaep", ("sha256", "sha256")),
                ("xmlenc11#rsa-oaep", ("sha384", "sha512")),
            ] {
                for beside in [false, true] {
                    let seal = Seal { transport, hashes, beside, ..Seal::to(&OURS).cipher(cipher) };
                    let assertion = check().run(&encrypted(sign, &seal));
                    let what = format!("{sign:?} {cipher} {transport} {hashes:?} {beside}");
                    let assertion = assertion.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(assertion.name_id().value(), "ann-4711", "{what}");
                    assert!(assertion.encrypted() && !assertion.used_cbc(), "{what}");
                }
            }
        }
    }
}

#[test]
fn plaintext_without_its_namespaces_is_read_where_it_stands() {
    let answer = answer();
    let declaration = format!(" xmlns:saml=\"{}\"", crate::forge::SAML);
    let bare = inner(&answer, true).replacen(&declaration, "", 1);
    let content = Seal::to(&OURS).seal("EncryptedAssertion", &bare);
    // The signature was made with the namespace in scope: in its place, it still is.
    let content = content.replacen(
        "<saml:EncryptedAssertion",
        "<saml:EncryptedAssertion xmlns:x=\"urn:x\"",
        1,
    );
    let response =
        answer.response.replacen("<samlp:Response", &format!("<samlp:Response{declaration}"), 1);
    let xml = response.replace("{ASSERTION}", &content);
    assert!(check().run(&xml).is_ok(), "{:?}", check().run(&xml));
}

#[test]
fn every_key_of_ours_decrypts_also_one_that_is_about_to_be_retired() {
    let both = Check { sp: sp(&[&OURS_EC, &OURS, &OURS_OLD]), ..Check::new() };
    for key in [&*OURS, &*OURS_OLD] {
        let key: &'static Key = key;
        assert!(both.run(&encrypted(Sign::Assertion, &Seal::to(key))).is_ok());
    }
    let retired = check();
    let old = encrypted(Sign::Assertion, &Seal::to(&OURS_OLD));
    assert_eq!(cause_of(&retired, &old), "saml-decryption-failed");
}

#[test]
fn names_and_attributes_are_decrypted_in_what_was_signed() {
    let honest = answer();
    let start = honest.assertion.find("<saml:NameID").unwrap();
    let end = honest.assertion.find("</saml:NameID>").unwrap() + "</saml:NameID>".len();
    let name = honest.assertion[start..end].to_owned();
    let start = honest.assertion.find("<saml:Attribute Name=\"groups\"").unwrap();
    let end = honest.assertion.rfind("</saml:Attribute>").unwrap() + "</saml:Attribute>".len();
    let groups = honest.assertion[start..end].to_owned();
    let seal = Seal::to(&OURS);
    let other = |xml: String| xml.replace("_key", "_key2");
    let hidden = answer()
        .assertion(&name, &seal.seal("EncryptedID", &name))
        .assertion(&groups, &other(seal.seal("EncryptedAttribute", &groups)));
    for what in [Sign::Response, Sign::Assertion, Sign::Both] {
        let assertion = check().run(&hidden.sign(what)).unwrap();
        assert_eq!(assertion.name_id().value(), "ann-4711", "{what:?}");
        assert_eq!(assertion.attributes()["groups"], ["staff", "admins"], "{what:?}");
    }
    // Inside an encrypted assertion, too.
    let plain = enveloped(&hidden.assertion, "_assertion", hidden.key, &hidden.method);
    let twice = seal.seal("EncryptedAssertion", &plain).replace("_key", "_key3");
    assert!(check().run(&around(&hidden, &twice, false)).is_ok());
    // Another element in the name's place is no name.
    for bad in ["<saml:Attribute Name=\"x\"/>", "ann", "<saml:NameID/><saml:NameID/>", ""] {
        let wrong = answer().assertion(&name, &seal.seal("EncryptedID", bad));
        assert_eq!(cause_of(&check(), &wrong.sign(Sign::Both)), "saml-decryption-failed", "{bad}");
    }
    let many = seal.seal("EncryptedAttribute", &groups);
    let many: String = (0..20).map(|n| many.replace("_key", &format!("_key{n}"))).collect();
    let flood = answer().assertion(&groups, &many);
    assert_eq!(cause_of(&check(), &flood.sign(Sign::Both)), "saml-xml-limit");
}

#[test]
fn without_a_key_for_rsa_nothing_encrypted_is_read_and_the_operator_learns_why() {
    let xml = encrypted(Sign::Both, &Seal::to(&OURS));
    for ours in [&[][..], &[&*OURS_EC]] {
        let check = Check { sp: sp(ours), ..Check::new() };
        assert_eq!(cause_of(&check, &xml), "saml-encrypted");
    }
}

#[test]
fn a12_an_assertion_in_an_unsigned_response_must_itself_be_signed() {
    let evil = Answer { key: &EVIL, ..answer() };
    let seal = Seal::to(&OURS);
    for (plain, cause) in [
        (inner(&answer(), false), "saml-unsigned"),
        (inner(&evil, true), "saml-signature-invalid"),
        (inner(&answer(), true).replace("ann-4711", "root"), "saml-signature-invalid"),
    ] {
        let content = seal.seal("EncryptedAssertion", &plain);
        assert_eq!(cause_of(&check(), &around(&answer(), &content, false)), cause);
    }
    // A good signature around it does not excuse a bad one inside.
    for plain in [inner(&evil, true), inner(&answer(), true).replace("ann-4711", "root")] {
        let content = seal.seal("EncryptedAssertion", &plain);
        let xml = around(&answer(), &content, true);
        assert_eq!(cause_of(&check(), &xml), "saml-signature-invalid");
    }
    // Nor the other way round.
    let content = seal.seal("EncryptedAssertion", &inner(&answer(), true));
    assert_eq!(cause_of(&check(), &around(&evil, &content, true)), "saml-signature-invalid");
    let altered =
        around(&answer(), &content, true).replace("Version=\"2.0\"", "Version=\"2.0\" x=\"\"");
    assert_eq!(cause_of(&check(), &altered), "saml-signature-invalid");
    assert!(check().run(&around(&answer(), &content, false)).is_ok());
}

#[test]
fn a12_ciphertext_of_another_response_is_not_moved_into_a_signed_one() {
    let seal = Seal::to(&OURS);
    let content = seal.seal("EncryptedAssertion", &inner(&answer(), true));
    let xml = around(&answer(), &content, true);
    let other = seal.seal("EncryptedAssertion", &inner(&answer(), false));
    assert_eq!(cause_of(&check(), &xml.replace(&content, &other)), "saml-signature-invalid");
    let beside = xml.replace(&content, &format!("{content}{}", other.replace("_key", "_k2")));
    assert_eq!(cause_of(&check(), &beside), "saml-assertions-several");
    let plain = xml.replace(&content, &format!("{content}{}", inner(&answer(), false)));
    assert_eq!(cause_of(&check(), &plain), "saml-assertions-several");
}

#[test]
fn a21_broken_ciphertext_is_an_error_and_never_a_panic() {
    for cipher in GCM.into_iter().chain(CBC) {
        let check = Check { cbc_until: Some(at(1)), ..check() };
        let seal = Seal::to(&OURS).cipher(cipher);
        let (data, key) = seal.ciphertext(inner(&answer(), true).as_bytes());
        let run = |data: &[u8], key: &[u8]| {
            let content = seal.element("EncryptedAssertion", data, key);
            cause_of(&check, &around(&answer(), &content, false))
        };
        for length in [1, 8, 15, 16, 17, 27, 28, 31, 32, 33, data.len() - 1, data.len() - 16] {
            assert_eq!(run(&data[..length], &key), "saml-decryption-failed", "{cipher} {length}");
        }
        for at in [0, 12, 16, 40, data.len() / 2, data.len() - 1] {
            let mut broken = data.clone();
            broken[at] ^= 0x80;
            assert_eq!(run(&broken, &key), "saml-decryption-failed", "{cipher} {at}");
        }
        for (at, length) in [(0, key.len()), (100, key.len()), (0, 1), (0, key.len() - 1)] {
            let mut broken = key[..length].to_vec();
            broken[at] ^= 1;
            assert_eq!(run(&data, &broken), "saml-decryption-failed", "{cipher} {at} {length}");
        }
        let long: Vec<u8> = key.iter().chain(&key).copied().collect();
        assert_eq!(run(&data, &long), "saml-decryption-failed");
        let whole = seal.element("EncryptedAssertion", &data, &key);
        assert!(check.run(&around(&answer(), &whole, false)).is_ok(), "{cipher}");
    }
}

#[test]
fn a22_what_is_behind_the_ciphertext_gives_one_answer() {
    let declared =
        |xml: &str| format!("<saml:Assertion xmlns:saml=\"urn:x\">{xml}</saml:Assertion>");
    let good = inner(&answer(), true);
    for plain in [
        String::new(),
        "no xml".to_owned(),
        "<a/>".to_owned(),
        declared(""),
        format!("{good}{good}"),
        format!("{good}<x/>"),
        format!("<x>{good}</x>"),
        format!("<!DOCTYPE a>{good}"),
        format!("<?pi?>{good}"),
        format!("{good}</samlp:Response>"),
        good[..good.len() - 5].to_owned(),
        format!("<saml:Advice>{good}</saml:Advice>"),
    ] {
        let content = Seal::to(&OURS).seal("EncryptedAssertion", &plain);
        let xml = around(&answer(), &content, false);
        assert_eq!(cause_of(&check(), &xml), "saml-decryption-failed", "{plain:.60}");
        // In a response that is signed, too.
        let xml = around(&answer(), &content, true);
        assert_eq!(cause_of(&check(), &xml), "saml-decryption-failed", "{plain:.60}");
    }
    // CBC: a ciphertext that was altered must not tell what it became.
    let live = Check { cbc_until: Some(at(1)), ..check() };
    let seal = Seal::to(&OURS).cipher("xmlenc#aes128-cbc");
    let tampered = inner(&answer(), true).replace("ann-4711", "root");
    for plain in [inner(&answer(), false), tampered, "<a/>".to_owned(), "\u{0}".to_owned()] {
        let content = seal.seal("EncryptedAssertion", &plain);
        let xml = around(&answer(), &content, false);
        assert_eq!(cause_of(&live, &xml), "saml-decryption-failed", "{plain:.40}");
    }
}

#[test]
fn a22_rsa_1_5_never_and_cbc_only_before_its_date() {
    let old = Seal { transport: "xmlenc#rsa-1_5", ..Seal::to(&OURS) };
    let live = Check { cbc_until: Some(at(1)), ..check() };
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        assert_eq!(cause_of(&live, &encrypted(sign, &old)), "saml-encryption-algorithm");
        for cipher in CBC {
            let xml = encrypted(sign, &Seal::to(&OURS).cipher(cipher));
            assert_eq!(cause_of(&check(), &xml), "saml-encryption-cbc", "{cipher}");
            let over = Check { cbc_until: Some(at(0)), ..check() };
            assert_eq!(cause_of(&over, &xml), "saml-encryption-cbc", "{cipher}");
            assert!(live.run(&xml).unwrap().used_cbc(), "{sign:?} {cipher}");
        }
    }
}

#[test]
fn a22_other_shapes_of_encryption_are_refused() {
    let honest = encrypted(Sign::Assertion, &Seal::to(&OURS));
    let edited = |from: &str, to: &str| {
        assert!(honest.contains(from), "{from}");
        honest.replace(from, to)
    };
    let start = honest.find("<xenc:EncryptedKey").unwrap();
    let end = honest.find("</xenc:EncryptedKey>").unwrap() + "</xenc:EncryptedKey>".len();
    let key = honest[start..end].to_owned();
    let several: String = (0..5).map(|n| key.replace("_key", &format!("_key{n}"))).collect();
    for (bad, cause) in [
        (edited("aes128-gcm", "tripledes-cbc"), "saml-encryption-algorithm"),
        (edited("aes128-gcm", ""), "saml-encryption-algorithm"),
        (edited("rsa-oaep-mgf1p", "kw-aes128"), "saml-encryption-algorithm"),
        (edited("xmldsig#sha1", "xmldsig-more#md5"), "saml-encryption-algorithm"),
        (edited("xmlenc#Element", "xmlenc#Content"), "saml-encryption-profile"),
        (edited("CipherValue>", "CipherReference>"), "saml-encryption-profile"),
        (edited("xenc:EncryptedData", "xenc:Encrypted"), "saml-encryption-profile"),
        (edited(&key, ""), "saml-encryption-profile"),
        (edited(&key, &several), "saml-xml-limit"),
        (
            edited("<ds:DigestMethod", "<xenc:OAEPparams>AA==</xenc:OAEPparams><ds:DigestMethod"),
            "saml-encryption-profile",
        ),
        (edited("<xenc:CipherValue>", "<xenc:CipherValue><!---->"), "saml-encryption-profile"),
        (edited("<xenc:CipherValue>", "<xenc:CipherValue>*"), "saml-encryption-profile"),
    ] {
        assert_eq!(cause_of(&check(), &bad), cause, "{bad}");
    }
    let external =
        format!("<ds:RetrievalMethod Type=\"{XENC}EncryptedKey\" URI=\"http://evil.example/k\"/>");
    assert_eq!(cause_of(&check(), &edited(&key, &external)), "saml-encryption-profile");
}

#[test]
fn what_must_be_signed_or_encrypted_is_so_or_refused() {
    let plain = |sign| answer().sign(sign);
    let sealed = |sign| encrypted(sign, &Seal::to(&OURS));
    for (signed, accepted, cause) in [
        (SignedPart::Either, &[Sign::Response, Sign::Assertion, Sign::Both][..], ""),
        (SignedPart::Response, &[Sign::Response, Sign::Both], "saml-part-unsigned"),
        (SignedPart::Assertion, &[Sign::Assertion, Sign::Both], "saml-part-unsigned"),
        (SignedPart::Both, &[Sign::Both], "saml-part-unsigned"),
    ] {
        let check = Check { signed, ..check() };
        for sign in [Sign::Response, Sign::Assertion, Sign::Both] {
            for xml in [plain(sign), sealed(sign)] {
                match accepted.contains(&sign) {
                    true => assert!(check.run(&xml).is_ok(), "{signed:?} {sign:?}"),
                    false => assert_eq!(cause_of(&check, &xml), cause, "{signed:?} {sign:?}"),
                }
            }
        }
    }
    let required = Check { encryption_required: true, ..check() };
    for sign in [Sign::Response, Sign::Assertion, Sign::Both] {
        assert_eq!(cause_of(&required, &plain(sign)), "saml-not-encrypted");
        assert!(required.run(&sealed(sign)).is_ok());
    }
}

#[test]
fn a_response_and_its_assertion_may_be_signed_with_keys_of_two_kinds() {
    let idp = |keys: &[&Key]| {
        IdpMetadata::parse(metadata_of(keys).as_bytes(), ParseOptions::default(), crate::forge::NOW)
            .unwrap()
    };
    let ec = Method::sha("ecdsa", 256);
    let both: [(&Key, Method, &Key, Method); 2] =
        [(&EC, ec.clone(), &ACME, Method::sha256()), (&ACME, Method::sha256(), &EC, ec)];
    for (inner_key, inner_method, outer_key, outer_method) in both {
        let answer = answer();
        let assertion = enveloped(&answer.assertion, "_assertion", inner_key, &inner_method);
        for sealed in [false, true] {
            let content = match sealed {
                true => Seal::to(&OURS).seal("EncryptedAssertion", &assertion),
                false => assertion.clone(),
            };
            let response = answer.response.replace("{ASSERTION}", &content);
            let xml = enveloped(&response, "_response", outer_key, &outer_method);
            let known = Check { idp: idp(&[&ACME, &EC]), signed: SignedPart::Both, ..check() };
            let assertion = known.run(&xml).unwrap();
            assert_eq!(assertion.name_id().value(), "ann-4711");
            for one in [&*ACME, &*EC] {
                let half = Check { idp: idp(&[one]), ..check() };
                assert_eq!(cause_of(&half, &xml), "saml-signature-invalid");
            }
            if sealed {
                continue;
            }
            // Each of the two signatures counts.
            for (from, to) in
                [("ann-4711", "root"), ("Version=\"2.0\">", "Version=\"2.0\" x=\"\">")]
            {
                let altered = xml.replacen(from, to, 1);
                assert_eq!(cause_of(&known, &altered), "saml-signature-invalid", "{from}");
            }
        }
    }
}

#[test]
fn b4_an_answer_that_nobody_asked_for_names_no_request() {
    let unasked = Check { request: None, ..check() };
    let named = format!(" InResponseTo=\"{}\"", crate::forge::request());
    let neither = || answer().assertion(&named, "").response(&named, "");
    for sign in [Sign::Response, Sign::Assertion, Sign::Both] {
        assert!(unasked.run(&neither().sign(sign)).is_ok());
        assert_eq!(cause_of(&check(), &neither().sign(sign)), "saml-unsolicited");
        for half in [answer().assertion(&named, ""), answer().response(&named, ""), answer()] {
            assert_eq!(cause_of(&unasked, &half.sign(sign)), "saml-request-foreign", "{sign:?}");
        }
    }
}

#[test]
fn b24_another_way_to_authenticate_than_was_asked_for_is_refused() {
    let strong = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken".to_owned();
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password".to_owned();
    let check = |classes: &[&String]| Check {
        authn_context: classes.iter().map(|class| (*class).clone()).collect(),
        ..check()
    };
    let xml = answer().sign(Sign::Both);
    assert_eq!(cause_of(&check(&[&strong]), &xml), "saml-authn-context");
    assert!(check(&[&strong, &password]).run(&xml).is_ok());
    let none = answer().assertion("saml:AuthnContextClassRef", "saml:AuthnContextDeclRef");
    assert_eq!(cause_of(&check(&[&password]), &none.sign(Sign::Both)), "saml-authn-context");
    assert!(check(&[]).run(&none.sign(Sign::Both)).is_ok());
}
