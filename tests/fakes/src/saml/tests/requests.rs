//! Signatures of authentication requests, as the fake judges them.

use super::*;
use crate::keys::Algorithm;
use crate::saml::redirect::signed_query;
use crate::saml::signature::{Reference, Shape, place};

fn request(idp: &SamlIdp) -> String {
    let issued = crate::clock::date_time(FakeClock::system().now());
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         AssertionConsumerServiceURL=\"{ACS}\" Destination=\"{}\" ID=\"_0123456789abcdef0123\" \
         IssueInstant=\"{issued}\" Version=\"2.0\"><saml:Issuer \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{SP}</saml:Issuer>\
         </samlp:AuthnRequest>",
        idp.sso_url
    )
}

fn by_redirect(idp: &SamlIdp, signer: Option<&SigningKey>) -> String {
    let signer = signer.map(|key| (key, Algorithm::RsaSha256));
    let query = signed_query("SAMLRequest", &request(idp), Some("handle"), signer);
    format!("{}?{query}", idp.sso_url)
}

fn by_post(idp: &SamlIdp, signer: Option<&SigningKey>) -> Vec<(String, String)> {
    let mut xml = request(idp);
    if let Some(key) = signer {
        let uri = "#_0123456789abcdef0123".to_owned();
        let reference = Reference { uri, content: xml.clone().into_bytes() };
        xml = place(&xml, &Shape::honest(key, key.algorithm()).sign(&[reference]));
    }
    vec![("SAMLRequest".to_owned(), base64(xml.as_bytes()))]
}

#[test]
fn a_request_signed_by_a_registered_key_is_answered() {
    let (idp, key) = acquainted();
    idp.want_signed_requests();
    let ann = idp.person("ann");
    idp.respond(&by_redirect(&idp, Some(&key)), &ann, Answer::default());
    idp.respond_to_form(&by_post(&idp, Some(&key)), &ann, Answer::default()).unwrap();
    let seen = idp.requests();
    assert!(seen.iter().all(|r| r.signature.is_valid()), "{seen:?}");
    assert_eq!(
        seen.iter().map(|r| r.binding).collect::<Vec<_>>(),
        [Binding::Redirect, Binding::Post]
    );
}

#[test]
fn an_unsigned_forged_or_changed_request_is_not() {
    let (idp, key) = acquainted();
    idp.want_signed_requests();
    let foreign = SigningKey::first(KeyKind::Rsa2048, "somebody");
    let ann = idp.person("ann");
    for signer in [None, Some(&foreign)] {
        assert!(idp.try_respond(&by_redirect(&idp, signer), &ann, Answer::default()).is_err());
        assert!(idp.respond_to_form(&by_post(&idp, signer), &ann, Answer::default()).is_err());
    }
    let changed = by_redirect(&idp, Some(&key)).replace("RelayState=handle", "RelayState=other");
    assert!(idp.try_respond(&changed, &ann, Answer::default()).is_err());
}

#[test]
fn without_metadata_of_the_service_provider_a_signature_is_noted_and_not_judged() {
    let idp = SamlIdp::start(people::acme());
    let key = SigningKey::first(KeyKind::Rsa2048, "service provider");
    idp.respond(&by_redirect(&idp, Some(&key)), &idp.person("ann"), Answer::default());
    idp.respond(&by_redirect(&idp, None), &idp.person("ann"), Answer::default());
    let seen: Vec<_> = idp.requests().into_iter().map(|r| r.signature).collect();
    assert_eq!(seen, [SignatureSeen::Unknown, SignatureSeen::Absent]);
}
