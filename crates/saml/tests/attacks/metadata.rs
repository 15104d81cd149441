//! Metadata of identity providers.

use openssl::nid::Nid;
use openssl::pkey::PKey;
use saml::{IdpMetadata, MetadataError, ParseOptions};

use crate::forge::{ACME, EVIL, IDP, Key, NOW, SAMLP, at, metadata_of};

fn parse(xml: &str) -> Result<IdpMetadata, MetadataError> {
    IdpMetadata::parse(xml.as_bytes(), ParseOptions::default(), NOW)
}

fn pinned(entity: &str) -> ParseOptions<'_> {
    ParseOptions { expected_entity: Some(entity), ..ParseOptions::default() }
}

fn cause(xml: &str) -> String {
    parse(xml).unwrap_err().refusal().cause
}

fn edited(from: &str, to: &str) -> String {
    let xml = ACME.metadata_xml();
    assert!(xml.contains(from), "{from}");
    xml.replace(from, to)
}

fn federation(entities: &[String]) -> String {
    let md = "urn:oasis:names:tc:SAML:2.0:metadata";
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"{md}\">{}</md:EntitiesDescriptor>",
        entities.concat()
    )
}

#[test]
fn honest_metadata_is_read() {
    let idp = parse(&ACME.metadata_xml()).unwrap();
    assert_eq!((idp.entity_id.as_str(), idp.valid_until), (IDP, None));
    assert_eq!(idp.sso_redirect.as_ref().unwrap().as_str(), "https://idp.example/sso?tenant=1");
    let [certificate] = idp.signing_certificates() else { panic!("not one certificate") };
    assert_eq!(certificate.expires(), at(9000));
    assert_eq!(certificate.fingerprint().len(), 64);
    let marked = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><!-- x -->{}",
        ACME.metadata_xml()
    );
    assert!(parse(&marked).is_ok());
    assert!(parse(&edited(" use=\"signing\"", "")).is_ok(), "a key without `use` signs too");
    assert_eq!(parse(&metadata_of(&[&ACME, &ACME])).unwrap().signing_certificates().len(), 1);
}

#[test]
fn an_expired_certificate_is_accepted_and_can_be_warned_about() {
    let later = at(10_000);
    let idp =
        IdpMetadata::parse(ACME.metadata_xml().as_bytes(), ParseOptions::default(), later).unwrap();
    assert!(idp.signing_certificates().iter().all(|certificate| certificate.expires() < later));
}

#[test]
fn a15_weak_keys_are_not_used() {
    let weak = Key::rsa(1024);
    let error = parse(&weak.metadata_xml()).unwrap_err();
    assert_eq!(error, MetadataError::NoSigningCertificate("an RSA key below 2048 bits"));
    let beside = parse(&metadata_of(&[&weak, &ACME])).unwrap();
    assert_eq!(beside.signing_certificates().len(), 1);
    let odd = [Key::ec(Nid::SECP256K1), Key::certified(PKey::generate_ed25519().unwrap())];
    for key in odd {
        assert_eq!(cause(&key.metadata_xml()), "saml-metadata-no-signing-certificate");
    }
}

#[test]
fn a25_metadata_without_a_usable_signing_key_is_refused() {
    let certificate = ACME.base64();
    let key_value = "<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>";
    let xml = ACME.metadata_xml();
    let (start, end) =
        (xml.find("<ds:X509Data>").unwrap(), xml.find("</ds:X509Data>").unwrap() + 14);
    let descriptor =
        (xml.find("<md:KeyDescriptor").unwrap(), xml.find("</md:KeyDescriptor>").unwrap() + 19);
    for bad in [
        edited("use=\"signing\"", "use=\"encryption\""),
        edited("use=\"signing\"", "use=\"\""),
        edited(&certificate, ""),
        edited(&certificate, "AAAA"),
        edited(&certificate, &certificate[..certificate.len() - 8]),
        edited(&certificate, &format!("{certificate}!")),
        edited(&certificate, &format!("<!---->{certificate}")),
        format!("{}{key_value}{}", &xml[..start], &xml[end..]),
        format!("{}{}", &xml[..descriptor.0], &xml[descriptor.1..]),
    ] {
        let error = parse(&bad).unwrap_err();
        assert_eq!(error.refusal().cause, "saml-metadata-no-signing-certificate");
        assert!(
            error.to_string().starts_with("metadata has no usable signing certificate"),
            "{error}"
        );
    }
}

#[test]
fn a26_expired_metadata_is_refused_at_the_second() {
    let until = |seconds| edited("entityID=", &format!("validUntil=\"{}\" entityID=", at(seconds)));
    assert_eq!(cause(&until(0)), "saml-metadata-expired");
    assert_eq!(cause(&until(-1)), "saml-metadata-expired");
    assert_eq!(parse(&until(1)).unwrap().valid_until, Some(at(1)));
    assert_eq!(
        cause(&edited("entityID=", "validUntil=\"soon\" entityID=")),
        "saml-metadata-moment-unreadable"
    );
    let role = edited("protocolSupport", &format!("validUntil=\"{}\" protocolSupport", at(5)));
    assert_eq!(parse(&role).unwrap().valid_until, Some(at(5)));
    let outer = federation(&[until(9)]).replacen(
        "xmlns:md",
        &format!("validUntil=\"{}\" xmlns:md", at(7)),
        1,
    );
    assert_eq!(parse(&outer).unwrap().valid_until, Some(at(7)));
}

#[test]
fn a26_endpoints_are_protected() {
    for location in [
        "http://idp.example/sso",
        "ftp://idp.example/",
        "javascript:alert(1)",
        "/sso",
        "",
        "https://",
        "https://user@idp.example/",
        "https://idp.example/#x",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://10.0.0.1/",
        "data:text/html,x",
    ] {
        let xml = edited("https://idp.example/sso?tenant=1", location);
        assert_eq!(cause(&xml), "saml-metadata-endpoint-insecure", "{location}");
    }
    for location in [
        "http://localhost:8080/sso",
        "http://idp.localhost/",
        "http://127.0.0.1:1/",
        "http://[::1]/",
    ] {
        assert!(parse(&edited("https://idp.example/sso?tenant=1", location)).is_ok(), "{location}");
    }
    let by_post = parse(&edited("HTTP-Redirect", "HTTP-POST")).unwrap();
    assert!(by_post.sso_redirect.is_none() && by_post.sso_post.is_some());
    assert_eq!(cause(&edited("HTTP-Redirect", "SOAP")), "saml-metadata-no-endpoint");
    assert_eq!(cause(&edited(" Location=", " Elsewhere=")), "saml-metadata-no-endpoint");
}

#[test]
fn a26_a_changed_entity_id_is_refused() {
    let parse =
        |expected| IdpMetadata::parse(EVIL.metadata_xml().as_bytes(), pinned(expected), NOW);
    assert!(parse(IDP).is_ok());
    let error = parse("https://other.example").unwrap_err();
    assert_eq!(error.refusal().cause, "saml-metadata-entity-foreign");
    assert!(error.to_string().contains(IDP));
}

#[test]
fn federations_need_a_choice() {
    let other = ACME.metadata_xml().replace(IDP, "https://other.example");
    let sp = "<md:EntityDescriptor entityID=\"https://sp.example\"><md:SPSSODescriptor/></md:EntityDescriptor>".to_owned();
    let both =
        federation(&[ACME.metadata_xml(), federation(std::slice::from_ref(&other)), sp.clone()]);
    assert_eq!(cause(&both), "saml-metadata-ambiguous");
    let chosen = IdpMetadata::parse(both.as_bytes(), pinned("https://other.example"), NOW).unwrap();
    assert_eq!(chosen.entity_id, "https://other.example");
    let sp_chosen =
        IdpMetadata::parse(both.as_bytes(), pinned("https://sp.example"), NOW).unwrap_err();
    assert_eq!(sp_chosen, MetadataError::NoIdentityProvider);
    assert_eq!(
        parse(&federation(&[sp.clone(), other])).unwrap().entity_id,
        "https://other.example"
    );
    assert_eq!(cause(&federation(&[sp])), "saml-metadata-no-identity-provider");
    let twice = federation(&[ACME.metadata_xml(), EVIL.metadata_xml()]);
    let error = IdpMetadata::parse(twice.as_bytes(), pinned(IDP), NOW).unwrap_err();
    assert_eq!(error, MetadataError::EntityTwice(IDP.to_owned()));
}

#[test]
fn other_documents_are_refused_with_their_cause() {
    let old = SAMLP.replace("2.0", "1.1");
    for (bad, expected) in [
        ("<html><body>Sign in</body></html>".to_owned(), "saml-metadata-not-metadata"),
        ("Not found".to_owned(), "saml-metadata-malformed"),
        (String::new(), "saml-metadata-malformed"),
        (format!("<!DOCTYPE x>{}", ACME.metadata_xml()), "saml-metadata-document-type"),
        (
            format!("<?xml version=\"1.0\" encoding=\"latin1\"?>{}", ACME.metadata_xml()),
            "saml-metadata-encoding",
        ),
        (edited(&format!("entityID=\"{IDP}\""), ""), "saml-metadata-entity-id-missing"),
        (edited(IDP, &"x".repeat(1025)), "saml-metadata-entity-id-missing"),
        (edited(SAMLP, &old), "saml-metadata-no-identity-provider"),
        ("<x>".repeat(100), "saml-metadata-limit"),
    ] {
        assert_eq!(cause(&bad), expected, "{bad:.80}");
    }
    assert_eq!(
        IdpMetadata::parse(b"\xff", ParseOptions::default(), NOW).unwrap_err().refusal().cause,
        "saml-metadata-encoding"
    );
    let large = vec![b' '; 20 * 1024 * 1024 + 1];
    assert_eq!(
        IdpMetadata::parse(&large, ParseOptions::default(), NOW).unwrap_err(),
        MetadataError::TooLarge(large.len())
    );
}
