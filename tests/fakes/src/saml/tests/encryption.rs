//! What the fake encrypts, opened by two independent readers.

use super::*;

/// What bergshamra makes of a document with encrypted parts.
fn opened(key: &SigningKey, xml: &str) -> Option<String> {
    let loaded = bergshamra::keys::loader::load_pem_auto(key.private_key_pem().as_bytes(), None);
    let mut keys = bergshamra::KeysManager::new();
    keys.add_key(loaded.unwrap());
    bergshamra::enc::decrypt::decrypt(&bergshamra::EncContext::new(keys), xml).ok()
}

/// What the command-line tool of libxmlsec1 makes of it.
fn xmlsec_opens(key: &SigningKey, xml: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let (document, file) = (folder.path().join("r.xml"), folder.path().join("k.pem"));
    std::fs::write(&document, xml).unwrap();
    std::fs::write(&file, key.private_key_pem()).unwrap();
    let output = Command::new("xmlsec1")
        .args(["--decrypt", "--privkey-pem"])
        .arg(&file)
        .args(["--id-attr:Id", "http://www.w3.org/2001/04/xmlenc#:EncryptedKey"])
        .arg(&document)
        .output()
        .expect("xmlsec1 (Debian package xmlsec1)");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

const ALGORITHMS: [(ContentCipher, KeyTransport); 5] = [
    (ContentCipher::Aes128Gcm, KeyTransport::Oaep),
    (ContentCipher::Aes256Gcm, KeyTransport::OaepSha256),
    (ContentCipher::Aes128Cbc, KeyTransport::Oaep),
    (ContentCipher::Aes256Cbc, KeyTransport::Rsa15),
    (ContentCipher::Aes256Gcm, KeyTransport::Rsa15),
];

#[test]
fn whatever_is_encrypted_opens_with_the_service_providers_key() {
    let (idp, key) = acquainted();
    for (content, transport) in ALGORITHMS {
        for part in [EncryptedPart::Assertion, EncryptedPart::NameId, EncryptedPart::Attributes] {
            let order = Encryption::of(&[part]).with(content, transport);
            let xml = answered(&idp, Answer::from(order));
            let what = format!("{content:?} {transport:?} {part:?}: {xml}");
            // bergshamra on aws-lc has no RSAES-PKCS1-v1_5.
            let plain = match transport {
                KeyTransport::Rsa15 => xmlsec_opens(&key, &xml),
                _ => opened(&key, &xml),
            };
            let plain = plain.expect(&what);
            let secret = match part {
                EncryptedPart::NameId => "id-ann-acme-example",
                _ => "ann@acme.example",
            };
            assert!(!xml.contains(secret) && plain.contains(secret), "{what}");
        }
    }
}

#[test]
fn libxmlsec1_opens_a_key_inside_and_one_beside() {
    let (idp, key) = acquainted();
    for place in [KeyPlace::Inside, KeyPlace::Beside] {
        let order = Encryption { place, ..Encryption::default() };
        let xml = answered(&idp, Answer::from(order));
        let plain = xmlsec_opens(&key, &xml);
        assert!(plain.is_some_and(|p| p.contains("ann@acme.example")), "{place:?}: {xml}");
    }
}

/// SAML Core §5.4 and §6: the assertion is signed before it is encrypted, the response after.
#[test]
fn signatures_inside_and_outside_of_an_encryption_verify() {
    let (idp, key) = acquainted();
    let order = Encryption::of(&[EncryptedPart::Assertion, EncryptedPart::NameId]);
    for sign in [Sign::Response, Sign::Both] {
        let xml = answered(&idp, Answer::signing(sign).encrypted(order.clone()));
        assert!(xmlsec_accepts(&idp, &xml), "{sign:?}: {xml}");
    }
    let xml = answered(&idp, Answer::signing(Sign::Assertion).encrypted(order));
    assert!(!xml.contains("SignatureValue"));
    let opened = opened(&key, &xml).unwrap();
    let start = opened.find("<saml:Assertion").unwrap();
    let end = opened.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
    assert!(xmlsec_accepts(&idp, &opened[start..end]), "{opened}");
    for part in [EncryptedPart::NameId, EncryptedPart::Attributes] {
        let xml = answered(&idp, Answer::signing(Sign::Both).encrypted(Encryption::of(&[part])));
        assert!(xmlsec_accepts(&idp, &xml) && bergshamra_accepts(&idp, &xml), "{part:?}: {xml}");
    }
}

#[test]
fn broken_encryption_does_not_open() {
    let (idp, key) = acquainted();
    for flaw in [
        EncryptionFlaw::ForeignRecipient,
        EncryptionFlaw::BrokenTag,
        EncryptionFlaw::BrokenContent,
        EncryptionFlaw::ShortCiphertext,
        EncryptionFlaw::EmptyCiphertext,
        EncryptionFlaw::WrongKeyLength,
        EncryptionFlaw::BrokenKey,
        EncryptionFlaw::NoKey,
    ] {
        let xml = answered(&idp, Answer::from(Encryption::from(flaw)));
        let plain = opened(&key, &xml).unwrap_or_default();
        assert!(!plain.contains("ann@acme.example"), "{flaw:?}");
    }
    for flaw in EncryptionFlaw::ALL {
        assert!(answered(&idp, Answer::from(Encryption::from(*flaw))).contains("Encrypted"));
    }
}
