//! What we send: our metadata and authentication requests.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use saml::ServiceProvider;

use crate::forge::{ACME, ACS, NOW, SP, request};

#[test]
fn metadata_is_well_formed_whatever_the_names() {
    let sp =
        ServiceProvider { entity_id: "https://x/?a=1&b=\"<'>".to_owned(), acs: ACS.to_owned() };
    let xml = sp.metadata();
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(document.root_element().attribute("entityID"), Some(sp.entity_id.as_str()));
    let find =
        |name| document.descendants().find(move |node| node.tag_name().name() == name).unwrap();
    assert_eq!(find("AssertionConsumerService").attribute("Location"), Some(ACS));
    assert_eq!(find("SPSSODescriptor").attribute("WantAssertionsSigned"), Some("true"));
    assert_eq!(find("NameIDFormat").text().unwrap().split(':').next_back(), Some("persistent"));
}

#[test]
fn authentication_requests_inflate_to_what_was_meant() {
    let sp = ServiceProvider { entity_id: SP.to_owned(), acs: ACS.to_owned() };
    let url =
        sp.authn_request(&ACME.metadata(), &request(), "state-1", Some("ann+x@acme.example"), NOW);
    assert!(url.as_str().starts_with("https://idp.example/sso?tenant=1&SAMLRequest="), "{url}");
    let value = |key: &str| {
        let mut found = url.query_pairs().filter(|(name, _)| name == key).map(|(_, value)| value);
        let only = found.next().unwrap().into_owned();
        assert!(found.next().is_none());
        only
    };
    assert_eq!(value("RelayState"), "state-1");
    assert_eq!(value("login_hint"), "ann+x@acme.example");
    let deflated = STANDARD.decode(value("SAMLRequest")).unwrap();
    let mut xml = String::new();
    flate2::read::DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
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
    let sp = ServiceProvider { entity_id: SP.to_owned(), acs: ACS.to_owned() };
    let url = sp.authn_request(&ACME.metadata(), &request(), "", None, NOW);
    assert!(!url.as_str().contains("RelayState") && !url.as_str().contains("login_hint"));
}
