//! Single logout between the fake and a tiny service provider.

use super::*;
use crate::saml::redirect::signed_query;
use crate::saml::service_provider::ServiceProvider;
use crate::saml::signature::{Reference, Shape, place};

/// A service provider that the fake can play with: the identity provider's own metadata shape,
/// read the other way round, tells whether its messages verify.
fn verifies(idp: &SamlIdp, carried: &Carried) -> bool {
    let key = idp.key();
    let keys = ServiceProvider::read(&service_provider(&key)).unwrap().signing;
    match carried {
        Carried::Redirect(url) => {
            let query = url.split_once('?').unwrap().1;
            let name = if query.contains("SAMLResponse=") { "SAMLResponse" } else { "SAMLRequest" };
            redirect::judge_query(query, name, Some(&keys)).is_valid()
        }
        Carried::Post(form) => {
            let value = form.field("SAMLRequest").or(form.field("SAMLResponse")).unwrap();
            let xml = String::from_utf8(crate::text::from_base64(value).unwrap()).unwrap();
            redirect::judge_enveloped(&xml, Some(&keys)).is_valid()
        }
        Carried::Soap { envelope, .. } => {
            let start = envelope.find("<samlp:").unwrap();
            let end = envelope.find("</soap:Body>").unwrap();
            redirect::judge_enveloped(&envelope[start..end], Some(&keys)).is_valid()
        }
    }
}

fn signed_in(idp: &SamlIdp) -> IdpSession {
    idp.respond(&request_url(idp), &idp.person("ann"), Answer::default());
    idp.session_of(&idp.person("ann"))
}

fn logout_request(session: &IdpSession, destination: &str) -> String {
    let issued = crate::clock::date_time(FakeClock::system().now());
    format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         Destination=\"{destination}\" ID=\"_0123456789abcdef0123\" IssueInstant=\"{issued}\" \
         Version=\"2.0\"><saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{SP}\
         </saml:Issuer><saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         Format=\"{}\">{}</saml:NameID><samlp:SessionIndex>{}</samlp:SessionIndex>\
         </samlp:LogoutRequest>",
        session.format,
        session.name_id,
        session.session_index.clone().unwrap(),
    )
}

fn enveloped(xml: &str, key: &SigningKey) -> String {
    let uri = "#_0123456789abcdef0123".to_owned();
    let reference = Reference { uri, content: xml.as_bytes().to_vec() };
    place(xml, &Shape::honest(key, key.algorithm()).sign(&[reference]))
}

#[test]
fn its_requests_verify_on_every_binding() {
    let (idp, _) = acquainted();
    let session = signed_in(&idp);
    for binding in [Binding::Redirect, Binding::Post, Binding::Soap] {
        assert!(verifies(&idp, &idp.logout_request(&session, binding)), "{binding:?}");
        for flaw in [LogoutFlaw::Unsigned, LogoutFlaw::ForeignKey, LogoutFlaw::Tampered] {
            let order = LogoutOrder { flaw: Some(flaw), ..binding.into() };
            assert!(!verifies(&idp, &idp.logout_request(&session, order)), "{binding:?} {flaw:?}");
        }
        for flaw in LogoutFlaw::of_requests(binding) {
            let order = LogoutOrder { flaw: Some(flaw), ..binding.into() };
            idp.logout_request(&session, order);
        }
    }
}

#[test]
fn a_signed_request_ends_the_session_and_is_answered_as_it_came() {
    let (idp, key) = acquainted();
    let session = signed_in(&idp);
    let xml = logout_request(&session, &idp.slo_url);
    let query = signed_query("SAMLRequest", &xml, Some("handle"), Some((&key, key.algorithm())));
    let url = format!("{}?{query}", idp.slo_url);
    let answer = idp.answer_logout(Delivery::Redirect(&url), LogoutAnswer::default()).unwrap();
    assert!(verifies(&idp, &answer));
    let Carried::Redirect(back) = answer else { panic!("another binding") };
    assert!(back.starts_with("https://help.localhost/slo?SAMLResponse="));
    assert!(back.contains("RelayState=handle"));
    assert!(idp.sessions().is_empty());

    let session = signed_in(&idp);
    let xml = enveloped(&logout_request(&session, &idp.slo_url), &key);
    let fields = [("SAMLRequest".to_owned(), base64(xml.as_bytes()))];
    let answer = idp.answer_logout(Delivery::Post(&fields), LogoutAnswer::default()).unwrap();
    assert!(matches!(&answer, Carried::Post(form) if form.field("SAMLResponse").is_some()));

    let session = signed_in(&idp);
    let xml = enveloped(&logout_request(&session, &idp.soap_url), &key);
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{xml}</s:Body>\
         </s:Envelope>"
    );
    let answer = idp.answer_logout(Delivery::Soap(&envelope), LogoutAnswer::default()).unwrap();
    assert!(verifies(&idp, &answer) && matches!(answer, Carried::Soap { .. }));
    assert_eq!(idp.logout_requests().iter().map(|r| r.ended).collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn an_unsigned_or_forged_request_ends_nothing() {
    let (idp, _) = acquainted();
    let session = signed_in(&idp);
    let xml = logout_request(&session, &idp.slo_url);
    let foreign = SigningKey::first(KeyKind::Rsa2048, "somebody");
    for signer in [None, Some((&foreign, foreign.algorithm()))] {
        let query = signed_query("SAMLRequest", &xml, None, signer);
        let url = format!("{}?{query}", idp.slo_url);
        let answer = idp.answer_logout(Delivery::Redirect(&url), LogoutAnswer::default());
        assert!(answer.is_err());
    }
    assert_eq!(idp.sessions().len(), 1);
}

#[test]
fn a_session_index_of_another_session_ends_nothing() {
    let (idp, key) = acquainted();
    let mut session = signed_in(&idp);
    session.session_index = Some("_another".to_owned());
    let xml = logout_request(&session, &idp.slo_url);
    let query = signed_query("SAMLRequest", &xml, None, Some((&key, key.algorithm())));
    let url = format!("{}?{query}", idp.slo_url);
    idp.answer_logout(Delivery::Redirect(&url), LogoutAnswer::default()).unwrap();
    assert_eq!(idp.logout_requests()[0].ended, 0);
    assert_eq!(idp.sessions().len(), 1);
}
