//! What we say: our metadata and authentication requests.

use std::sync::Arc;

use saml::{
    AuthnRequest, IdpMetadata, Outgoing, ParseOptions, RequestError, RequestSigning, SamlRequest,
    ServiceProvider,
};
use url::Url;

use crate::forge::{ACME, ACS, NOW, SP, inflated, request, sp_with};
use crate::seal::keys;

fn sp() -> ServiceProvider {
    sp_with(Arc::default())
}

fn redirect(sp: &ServiceProvider, relay_state: &str, settings: &SamlRequest) -> Url {
    let login_hint = Some("ann+x@acme.example");
    let request = AuthnRequest { id: &request(), relay_state, login_hint, settings };
    match sp.authn_request(&ACME.metadata(), &request, NOW).unwrap() {
        Outgoing::Redirect(url) => url,
        Outgoing::Post { .. } => panic!("not asked for"),
    }
}

fn value(url: &Url, key: &str) -> String {
    let mut found = url.query_pairs().filter(|(name, _)| name == key).map(|(_, value)| value);
    let only = found.next().unwrap().into_owned();
    assert!(found.next().is_none());
    only
}

#[test]
fn metadata_is_well_formed_whatever_the_names() {
    let sp = ServiceProvider { entity_id: "https://x/?a=1&b=\"<'>".to_owned(), ..sp() };
    let xml = sp.metadata(RequestSigning::Always);
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("entityID"), Some(sp.entity_id.as_str()));
    let find =
        |name| document.descendants().find(move |node| node.tag_name().name() == name).unwrap();
    assert_eq!(find("AssertionConsumerService").attribute("Location"), Some(ACS));
    assert_eq!(find("SPSSODescriptor").attribute("WantAssertionsSigned"), Some("true"));
    assert_eq!(find("NameIDFormat").text().unwrap().split(':').next_back(), Some("persistent"));
    // Without a key nothing is promised that needs one.
    assert_eq!(find("SPSSODescriptor").attribute("AuthnRequestsSigned"), Some("false"));
    assert!(!xml.contains("KeyDescriptor") && !xml.contains("SingleLogoutService"), "{xml}");
}

#[test]
fn authentication_requests_inflate_to_what_was_meant() {
    let url = redirect(&sp(), "state-1", &SamlRequest::default());
    assert!(url.as_str().starts_with("https://idp.example/sso?tenant=1&SAMLRequest="), "{url}");
    assert_eq!(value(&url, "RelayState"), "state-1");
    assert_eq!(value(&url, "login_hint"), "ann+x@acme.example");
    let xml = inflated(&value(&url, "SAMLRequest"));
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("ID"), Some(request().as_str()));
    assert_eq!(root.attribute("AssertionConsumerServiceURL"), Some(ACS));
    assert_eq!(root.attribute("IssueInstant"), Some(NOW.to_string().as_str()));
    assert_eq!(root.attribute("Destination"), Some("https://idp.example/sso?tenant=1"));
    assert_eq!(root.attribute("ForceAuthn"), None);
    assert_eq!(root.first_element_child().unwrap().text(), Some(SP));
}

#[test]
fn an_empty_relay_state_is_left_out() {
    let settings = SamlRequest { login_hint: saml::LoginHint::None, ..SamlRequest::default() };
    let url = redirect(&sp(), "", &settings);
    assert!(!url.as_str().contains("RelayState") && !url.as_str().contains("login_hint"));
}

#[test]
fn a_request_that_must_be_signed_is_never_sent_without_a_key() {
    let settings = SamlRequest { signed: RequestSigning::Always, ..SamlRequest::default() };
    let request =
        AuthnRequest { id: &request(), relay_state: "", login_hint: None, settings: &settings };
    let made = sp().authn_request(&ACME.metadata(), &request, NOW);
    assert_eq!(made, Err(RequestError::NoKey));
}

#[test]
fn a_request_is_signed_where_file_and_metadata_say_so() {
    let sp = sp_with(keys(&[&ACME]));
    let silent = ACME.metadata_xml();
    let wanting = silent
        .replace("<md:IDPSSODescriptor ", "<md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" ");
    assert_ne!(silent, wanting);
    for (signed, metadata, expected) in [
        (RequestSigning::AsMetadataSays, &silent, false),
        (RequestSigning::AsMetadataSays, &wanting, true),
        (RequestSigning::Always, &silent, true),
        (RequestSigning::Never, &wanting, false),
    ] {
        let settings = SamlRequest { signed, ..SamlRequest::default() };
        let request =
            AuthnRequest { id: &request(), relay_state: "", login_hint: None, settings: &settings };
        let metadata =
            IdpMetadata::parse(metadata.as_bytes(), ParseOptions::default(), NOW).unwrap();
        let made = sp.authn_request(&metadata, &request, NOW).unwrap();
        let Outgoing::Redirect(url) = made else { panic!("not asked for") };
        assert_eq!(url.as_str().contains("&Signature="), expected, "{signed:?}");
    }
}
