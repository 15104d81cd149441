//! The fake's signatures, judged by two independent verifiers.

mod encryption;
mod logout;
mod metadata;
mod requests;

use std::io::Write as _;
use std::process::Command;

use super::*;
use crate::Behaviour;
use crate::http_client;
use crate::people;
use crate::text::base64;

const ACS: &str = "https://help.localhost/.vestibule/saml/acme/acs";
const SP: &str = "https://help.localhost/.vestibule/saml/acme/metadata";

fn request_url(idp: &SamlIdp) -> String {
    let issued = crate::clock::date_time(FakeClock::system().now());
    let xml = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_0123456789abcdef0123\" \
         Version=\"2.0\" IssueInstant=\"{issued}\" Destination=\"{}\" \
         AssertionConsumerServiceURL=\"{ACS}\"><saml:Issuer>{SP}</saml:Issuer>\
         </samlp:AuthnRequest>",
        idp.sso_url
    );
    let mut encoder =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(xml.as_bytes()).unwrap();
    let message = base64(&encoder.finish().unwrap());
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", &message)
        .append_pair("RelayState", "handle")
        .finish();
    format!("{}?{query}", idp.sso_url)
}

/// What the command-line tool of libxmlsec1 says of the first signature.
fn xmlsec_accepts(idp: &SamlIdp, xml: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (document, certificate) = (folder.path().join("r.xml"), folder.path().join("c.pem"));
    std::fs::write(&document, xml).unwrap();
    std::fs::write(&certificate, idp.key().certificate_pem()).unwrap();
    let output = Command::new("xmlsec1")
        .args(["--verify", "--pubkey-cert-pem"])
        .arg(&certificate)
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:Response"])
        .arg(&document)
        .output()
        .expect("xmlsec1 (Debian package xmlsec1)");
    output.status.success()
}

fn bergshamra_accepts(idp: &SamlIdp, xml: &str) -> bool {
    let key = bergshamra::keys::loader::load_x509_cert_pem(idp.key().certificate_pem().as_bytes());
    let mut keys = bergshamra::KeysManager::new();
    keys.add_key(key.unwrap());
    let results = bergshamra::verify_all(&bergshamra::DsigContext::new(keys), xml);
    results.is_ok_and(|all| !all.is_empty() && all.iter().all(|r| r.is_valid()))
}

fn answered(idp: &SamlIdp, answer: impl Into<Answer>) -> String {
    idp.respond(&request_url(idp), &idp.person("ann"), answer).xml()
}

#[test]
fn honest_responses_verify_however_they_are_signed() {
    for key in [KeyKind::Rsa2048, KeyKind::P256] {
        for attributes in [AttributeNames::Plain, AttributeNames::Oid] {
            let options = IdpOptions { key, attributes, ..IdpOptions::of(people::acme()) };
            let idp = SamlIdp::start_with(options).unwrap();
            for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
                let xml = answered(&idp, sign);
                assert!(xmlsec_accepts(&idp, &xml), "xmlsec1 refuses {key:?} {sign:?}: {xml}");
                assert!(bergshamra_accepts(&idp, &xml), "bergshamra refuses {key:?} {sign:?}");
            }
        }
    }
}

/// Flaws of content lie under a signature that verifies: else a test could pass for the wrong
/// reason.
#[test]
fn flawed_content_is_validly_signed() {
    let idp = SamlIdp::start(people::acme());
    let content = Flaw::ALL.iter().take_while(|f| **f != Flaw::Unsigned);
    let shapes = [
        Flaw::Sha1Signature,
        Flaw::Sha1Digest,
        Flaw::XsltTransform,
        Flaw::XPathTransform,
        Flaw::ThreeTransforms,
        Flaw::CanonicalizationWithComments,
        Flaw::InclusiveCanonicalization,
        Flaw::EmptyReference,
        Flaw::XPointerReference,
        Flaw::TwoReferences,
        Flaw::ManyReferences,
        Flaw::ResponseSignatureNamesAssertion,
        Flaw::AssertionSignatureNamesResponse,
        Flaw::ObjectInSignature,
        Flaw::CommentInDigestValue,
        Flaw::CommentInSignatureValue,
        Flaw::Xsw3,
        Flaw::Xsw4,
        Flaw::ForgedBehind,
        Flaw::SignedInStatusDetail,
        Flaw::SignedInAdvice,
        Flaw::SignedInExtensions,
        Flaw::CommentInNameId,
        Flaw::ProcessingInstruction,
        Flaw::Doctype,
    ];
    for flaw in content.chain(&shapes) {
        let xml = answered(&idp, *flaw);
        assert!(xmlsec_accepts(&idp, &xml), "the signature of {flaw:?} does not verify: {xml}");
    }
}

#[test]
fn broken_signatures_do_not_verify() {
    let idp = SamlIdp::start(people::acme());
    for flaw in [
        Flaw::Unsigned,
        Flaw::ForeignKey,
        Flaw::Tampered,
        Flaw::TamperedSignatureValue,
        Flaw::Hmac,
        Flaw::NoTransforms,
        Flaw::Xsw5,
        Flaw::Truncated,
    ] {
        let xml = answered(&idp, flaw);
        assert!(!bergshamra_accepts(&idp, &xml), "{flaw:?} verifies");
    }
}

#[test]
fn every_flaw_leaves_something_to_send() {
    let idp = SamlIdp::start(people::acme());
    let url = request_url(&idp);
    for flaw in Flaw::ALL {
        let form = idp.respond(&url, &idp.person("ann"), *flaw);
        assert_eq!(form.action, ACS);
        assert_eq!(form.field("RelayState"), Some("handle"));
        assert!(form.field("SAMLResponse").is_some());
    }
}

#[test]
fn forged_parts_name_another_person() {
    let idp = SamlIdp::start(people::acme());
    for flaw in [Flaw::Xsw1, Flaw::Xsw3, Flaw::Xsw8, Flaw::Tampered, Flaw::TwoSignedInfos] {
        let xml = answered(&idp, flaw);
        assert!(xml.contains("bob@acme.example"), "{flaw:?}");
    }
    assert!(
        answered(&idp, Flaw::CommentInNameId).contains("bob@acme.example<!-- -->.evil.example")
    );
}

#[test]
fn a_rotated_key_is_another_one() {
    let idp = SamlIdp::start(people::acme());
    let before = idp.key().certificate_base64();
    idp.rotate_key_with_overlap();
    let overlap = idp.metadata();
    assert!(overlap.contains(&before) && overlap.contains(&idp.key().certificate_base64()));
    idp.rotate_key();
    assert!(!idp.metadata().contains(&before));
}

#[tokio::test]
async fn a_browser_is_asked_who_it_is_and_sent_on_with_a_form() {
    let idp = SamlIdp::start(people::acme());
    let url = request_url(&idp);
    let page = http_client::get(&url).await.unwrap();
    assert!(page.text().contains("Ann Archer (ann@acme.example)"));
    let page = http_client::get(&format!("{url}&person=ann%40acme.example")).await.unwrap();
    assert!(page.text().contains(&format!("action=\"{ACS}\"")), "{}", page.text());
    idp.set_auto(Some(idp.person("bob")));
    assert!(http_client::get(&url).await.unwrap().text().contains("SAMLResponse"));
    assert_eq!(idp.requests().len(), 3);
    let metadata = http_client::get(&idp.metadata_url).await.unwrap().text();
    assert_eq!(metadata, idp.metadata());
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let idp = SamlIdp::start(people::acme());
    for query in ["", "?SAMLRequest=AAAA", "?SAMLRequest=%25", "?SAMLRequest=a&SAMLRequest=b"] {
        let answer = http_client::get(&format!("{}{query}", idp.sso_url)).await.unwrap();
        assert_eq!(answer.status, 400, "{query}");
    }
    let long = format!("{}{}", request_url(&idp), "x".repeat(90));
    assert!(idp.try_respond(&long, &idp.person("ann"), Answer::default()).is_err());
}

#[tokio::test]
async fn an_unreachable_provider_closes_connections_and_a_dropped_one_its_port() {
    let idp = SamlIdp::start(people::acme());
    idp.behave(Behaviour::Unreachable);
    assert!(http_client::get(&idp.metadata_url).await.is_err());
    idp.behave(Behaviour::Normal);
    assert!(http_client::get(&idp.metadata_url).await.is_ok());
    let url = idp.metadata_url.clone();
    drop(idp);
    assert!(http_client::get(&url).await.is_err());
}

/// Metadata of a service provider with this key for everything.
fn service_provider(key: &SigningKey) -> String {
    let certificate = key.certificate_base64();
    let descriptor = |usage: &str| {
        format!(
            "<md:KeyDescriptor use=\"{usage}\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\
             {certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    };
    let logout: String = [("HTTP-Redirect", "/slo"), ("HTTP-POST", "/slo"), ("SOAP", "/soap")]
        .map(|(binding, path)| {
            format!(
                "<md:SingleLogoutService \
                 Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" \
                 Location=\"https://help.localhost{path}\"/>"
            )
        })
        .concat();
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{SP}\"><md:SPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{}{}{logout}\
         <md:AssertionConsumerService index=\"0\" \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{ACS}\"/>\
         </md:SPSSODescriptor></md:EntityDescriptor>",
        descriptor("signing"),
        descriptor("encryption"),
    )
}

/// An identity provider that knows a service provider, and that one's key.
fn acquainted() -> (SamlIdp, SigningKey) {
    let idp = SamlIdp::start(people::acme());
    let key = SigningKey::first(KeyKind::Rsa2048, "service provider");
    idp.know(&service_provider(&key));
    (idp, key)
}
