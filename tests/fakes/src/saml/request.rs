//! Reads an authentication request as a strict identity provider does.

use std::io::Read as _;

use url::Url;

use super::draft::{ASSERTION_NS, PROTOCOL_NS};
use crate::clock::parse_date_time;
use crate::text::from_base64;

/// What an AuthnRequest on the HTTP-Redirect binding said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    /// `ID`; the response answers it.
    pub id: String,
    /// Entity id of the service provider.
    pub issuer: String,
    /// `AssertionConsumerServiceURL`.
    pub acs: String,
    /// `RelayState`, exactly as sent.
    pub relay_state: Option<String>,
    /// The NameID that the request's Subject suggests, or the query's `login_hint`.
    pub login_hint: Option<String>,
    /// `ForceAuthn`.
    pub force: bool,
    /// The request's XML.
    pub xml: String,
}

/// Why a request is not answered; the text says it in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRequest(pub String);

impl From<&str> for BadRequest {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl AuthnRequest {
    /// Reads the URL to which a browser was sent. `sso` is the endpoint's own URL.
    ///
    /// # Errors
    /// What a real identity provider would refuse: SAML Bindings §3.4 and SAML Core §3.4.1.
    pub fn parse(url: &str, sso: &str, now: i64) -> Result<Self, BadRequest> {
        let query = Url::parse(url).map_err(|_| BadRequest::from("the URL does not parse"))?;
        let one = |name: &str| {
            let mut values = query.query_pairs().filter(|(n, _)| n == name).map(|(_, v)| v);
            let first = values.next().map(|v| v.into_owned());
            values.next().is_none().then_some(first)
        };
        let duplicate = || BadRequest::from("a parameter is given twice");
        let message = one("SAMLRequest").ok_or_else(duplicate)?;
        let relay_state = one("RelayState").ok_or_else(duplicate)?;
        // SAML Bindings §3.4.3: RelayState MUST NOT exceed 80 bytes.
        if relay_state.as_ref().is_some_and(|r| r.len() > 80) {
            return Err("RelayState is longer than 80 bytes".into());
        }
        let xml = inflate(&message.ok_or(BadRequest::from("SAMLRequest is missing"))?)?;
        let mut request = read(&xml, sso, now)?;
        request.relay_state = relay_state;
        request.login_hint = request.login_hint.or(one("login_hint").flatten());
        Ok(request)
    }
}

fn inflate(message: &str) -> Result<String, BadRequest> {
    let deflated = from_base64(message).ok_or(BadRequest::from("SAMLRequest is not base64"))?;
    let mut xml = String::new();
    let decoder = flate2::read::DeflateDecoder::new(deflated.as_slice());
    let read = decoder.take(100_000).read_to_string(&mut xml);
    read.map_err(|_| BadRequest::from("SAMLRequest does not inflate to text"))?;
    Ok(xml)
}

fn read(xml: &str, sso: &str, now: i64) -> Result<AuthnRequest, BadRequest> {
    let document = roxmltree::Document::parse(xml).map_err(|e| BadRequest(e.to_string()))?;
    let root = document.root_element();
    if !root.has_tag_name((PROTOCOL_NS, "AuthnRequest")) {
        return Err("the message is no AuthnRequest".into());
    }
    let need = |name: &str| {
        root.attribute(name).map(str::to_owned).ok_or(BadRequest(format!("{name} is missing")))
    };
    if need("Version")? != "2.0" {
        return Err("Version is not 2.0".into());
    }
    let id = need("ID")?;
    if !id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || id.len() < 17 {
        return Err("ID is no NCName, or has fewer than 64 random bits".into());
    }
    if root.attribute("Destination").is_some_and(|d| d != sso) {
        return Err("Destination is another endpoint".into());
    }
    let issued = parse_date_time(&need("IssueInstant")?).ok_or("IssueInstant is no UTC time")?;
    if (issued - now).abs() > 300 {
        return Err("IssueInstant is more than five minutes off".into());
    }
    let binding = root.attribute("ProtocolBinding");
    if binding.is_some_and(|b| b != "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST") {
        return Err("only answers on HTTP-POST".into());
    }
    let child = |name: &str| root.children().find(|n| n.has_tag_name((ASSERTION_NS, name)));
    let issuer = child("Issuer").and_then(|n| n.text()).ok_or("Issuer is missing")?;
    let hint = child("Subject").and_then(|s| s.children().find(|n| n.has_tag_name("NameID")));
    Ok(AuthnRequest {
        id,
        issuer: issuer.to_owned(),
        acs: need("AssertionConsumerServiceURL")?,
        relay_state: None,
        login_hint: hint.and_then(|n| n.text()).map(str::to_owned),
        force: matches!(root.attribute("ForceAuthn"), Some("true" | "1")),
        xml: xml.to_owned(),
    })
}
