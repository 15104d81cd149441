//! Metadata that a federation signs (SAML Metadata §3), and a federation's size.

use crate::forge::{ACME, DSIG, EVIL, IDP, Key, Method, NOW, signature};
use openssl::nid::Nid;
use saml::{IdpMetadata, MetadataError, ParseOptions};
use std::sync::LazyLock;

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

/// Who signs the federation's metadata.
static PUBLISHER: LazyLock<Key> = LazyLock::new(|| Key::rsa(3072));

fn root(id: &str, entities: &str) -> String {
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"{id}\">{entities}</md:EntitiesDescriptor>"
    )
}

/// The document with a signature as the root's first child.
fn signed(document: &str, id: &str, key: &Key, method: &Method) -> String {
    let made = signature(document, id, key, method);
    let at = document.find('>').unwrap() + 1;
    format!("{}{made}{}", &document[..at], &document[at..])
}

fn parse(xml: &str, signers: &[Vec<u8>]) -> Result<IdpMetadata, MetadataError> {
    let options = ParseOptions { expected_entity: Some(IDP), signers };
    IdpMetadata::parse(xml.as_bytes(), options, NOW)
}

fn cause(xml: &str, signers: &[Vec<u8>]) -> String {
    parse(xml, signers).unwrap_err().refusal().cause
}

#[test]
fn a26_metadata_must_be_signed_by_whom_the_operator_pinned() {
    let pinned = [PUBLISHER.der()];
    let plain = root("_m", &ACME.metadata_xml());
    let good = signed(&plain, "_m", &PUBLISHER, &Method::sha256());
    assert_eq!(parse(&good, &pinned).unwrap().entity_id, IDP);
    assert!(parse(&good, &[EVIL.der(), PUBLISHER.der()]).is_ok(), "one of several");
    assert!(parse(&format!("\u{feff}{good}"), &pinned).is_ok());
    assert!(parse(&good, &[]).is_ok(), "nobody is pinned");
    // One entity, signed by an elliptic key.
    let ec = Key::ec(Nid::SECP384R1);
    let entity = ACME.metadata_xml().replacen("entityID", "ID=\"_e\" entityID", 1);
    let single = signed(&entity, "_e", &ec, &Method::sha("ecdsa", 384));
    assert!(parse(&single, &[ec.der()]).is_ok());

    assert_eq!(cause(&plain, &pinned), "saml-metadata-unsigned");
    assert_eq!(cause(&good, &[EVIL.der()]), "saml-metadata-signature");
    let evil = signed(&plain, "_m", &EVIL, &Method::sha256());
    assert_eq!(cause(&evil, &pinned), "saml-metadata-signature");
    let altered = good.replace("idp.example/sso", "evil.example/sso");
    assert_eq!(cause(&altered, &pinned), "saml-metadata-signature");
    assert_eq!(cause(&good, &[vec![1, 2, 3]]), "saml-metadata-signer-unusable");
    let weak = Key::rsa(1024);
    assert_eq!(cause(&good, &[weak.der()]), "saml-metadata-signer-unusable");
}

#[test]
fn a26_only_a_signature_over_the_whole_counts() {
    let pinned = [PUBLISHER.der()];
    let entity = ACME.metadata_xml().replacen("entityID", "ID=\"_e\" entityID", 1);
    let inner = signed(&entity, "_e", &PUBLISHER, &Method::sha256());
    // A genuine entity inside something else, and beside a forged one.
    assert_eq!(cause(&root("_m", &inner), &pinned), "saml-metadata-unsigned");
    let forged = EVIL.metadata_xml();
    assert_eq!(cause(&root("_m", &format!("{forged}{inner}")), &pinned), "saml-metadata-unsigned");
    let nested = signed(&root("_m", &inner), "_m", &PUBLISHER, &Method::sha256());
    assert_eq!(cause(&nested, &pinned), "saml-metadata-signature");
    // The root's signature that names the entity.
    let start = inner.find("<ds:Signature ").unwrap();
    let end = inner.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let moved = root("_m", &entity);
    let at = moved.find('>').unwrap() + 1;
    let moved = format!("{}{}{}", &moved[..at], &inner[start..end], &moved[at..]);
    assert_eq!(cause(&moved, &pinned), "saml-metadata-signature");
    for (from, to) in [
        (format!("{DSIG}enveloped-signature"), "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        ("xmldsig-more#rsa-sha256".to_owned(), "xmldsig-more#rsa-md5"),
        ("#_m".to_owned(), ""),
    ] {
        let method = Method::sha256().edit(&from, to);
        let bad = signed(&root("_m", &ACME.metadata_xml()), "_m", &PUBLISHER, &method);
        assert_eq!(cause(&bad, &pinned), "saml-metadata-signature", "{from}");
    }
    let twice = root(
        "_m",
        &format!("{entity}{}", EVIL.metadata_xml().replacen("entityID", "ID=\"_e\" entityID", 1)),
    );
    let twice = signed(&twice, "_m", &PUBLISHER, &Method::sha256());
    assert_eq!(cause(&twice, &pinned), "saml-metadata-signature", "ids are ambiguous");
}

/// As large as the largest federations: 3000 entities, 10 MB, signed as a whole.
#[test]
fn a_whole_federation_is_verified_and_one_entity_kept() {
    let certificate = ACME.base64();
    let noise = "<md:Extensions><x xmlns=\"urn:x\">".to_owned()
        + &"y".repeat(1400)
        + "</x></md:Extensions>";
    let entity = |id: String| {
        let xml = ACME.metadata_xml().replace(IDP, &id);
        xml.replacen("<md:IDPSSODescriptor", &format!("{noise}<md:IDPSSODescriptor"), 1)
    };
    let mut all: String = (0..2999).map(|n| entity(format!("https://idp{n}.example/m"))).collect();
    all.push_str(&root("_inner", &ACME.metadata_xml()));
    assert!(all.len() > 7_000_000 && all.contains(&certificate), "{}", all.len());
    let large = signed(&root("_m", &all), "_m", &PUBLISHER, &Method::sha256());
    println!("{} bytes", large.len());
    let found = parse(&large, &[PUBLISHER.der()]).unwrap();
    assert_eq!((found.entity_id.as_str(), found.signing_certificates().len()), (IDP, 1));
    let altered = large.replacen("https://idp7.example/m", "https://idp8.example/x", 1);
    assert_eq!(cause(&altered, &[PUBLISHER.der()]), "saml-metadata-signature");
}
