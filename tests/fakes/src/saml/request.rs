//! Reads an authentication request as a strict identity provider does.

use url::Url;

use super::draft::{ASSERTION_NS, PROTOCOL_NS};
use super::redirect::{Binding, SignatureSeen, inflate, judge_enveloped, judge_query};
use super::service_provider::ServiceProvider;
use super::signature::DSIG_NS;
use crate::clock::parse_date_time;
use crate::text::from_base64;

/// What an AuthnRequest said.
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
    /// `IsPassive`.
    pub passive: bool,
    /// Format of NameIDPolicy.
    pub name_id_format: Option<String>,
    /// AuthnContextClassRefs that are wanted.
    pub authn_context: Vec<String>,
    /// How it came.
    pub binding: Binding,
    /// Its signature.
    pub signature: SignatureSeen,
    /// The request's XML.
    pub xml: String,
}

/// Why a message is not answered; the text says it in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRequest(pub String);

impl From<&str> for BadRequest {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Where and when a message is read.
pub(super) struct Endpoint<'a> {
    /// Its own URL.
    pub(super) url: &'a str,
    pub(super) now: i64,
    /// Metadata of the sender, by entity id.
    pub(super) known: &'a dyn Fn(&str) -> Option<ServiceProvider>,
}

impl AuthnRequest {
    /// Reads the URL to which a browser was sent. `sso` is the endpoint's own URL.
    ///
    /// # Errors
    /// What a real identity provider would refuse: SAML Bindings §3.4 and SAML Core §3.4.1.
    pub fn parse(url: &str, sso: &str, now: i64) -> Result<Self, BadRequest> {
        Self::from_url(url, &Endpoint { url: sso, now, known: &|_| None })
    }

    pub(super) fn from_url(url: &str, endpoint: &Endpoint<'_>) -> Result<Self, BadRequest> {
        let parsed = Url::parse(url).map_err(|_| BadRequest::from("the URL does not parse"))?;
        let parameters: Vec<(String, String)> =
            parsed.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
        let message = one(&parameters, "SAMLRequest")?.ok_or("SAMLRequest is missing")?;
        let mut request = read(&inflate(&message)?, endpoint)?;
        request.relay_state = relay_state(&parameters)?;
        request.login_hint = request.login_hint.or(one(&parameters, "login_hint")?);
        // SAML Bindings §3.4.4.1: the message itself carries no signature there.
        if judge_enveloped(&request.xml, None) != SignatureSeen::Absent {
            return Err("a message in a URL carries a Signature element".into());
        }
        let known = (endpoint.known)(&request.issuer);
        let keys = known.as_ref().map(|p| p.signing.as_slice());
        request.signature = judge_query(parsed.query().unwrap_or_default(), "SAMLRequest", keys);
        request.held_against(known.as_ref())
    }

    /// Reads the fields of a form (SAML Bindings §3.5).
    pub(super) fn from_form(
        fields: &[(String, String)],
        endpoint: &Endpoint<'_>,
    ) -> Result<Self, BadRequest> {
        let message = one(fields, "SAMLRequest")?.ok_or("SAMLRequest is missing")?;
        let bytes = from_base64(&message).ok_or("SAMLRequest is not base64")?;
        let xml = String::from_utf8(bytes).map_err(|_| "SAMLRequest is no text")?;
        let mut request = read(&xml, endpoint)?;
        request.relay_state = relay_state(fields)?;
        request.login_hint = request.login_hint.or(one(fields, "login_hint")?);
        request.binding = Binding::Post;
        let known = (endpoint.known)(&request.issuer);
        request.signature = judge_enveloped(&xml, known.as_ref().map(|p| p.signing.as_slice()));
        request.held_against(known.as_ref())
    }

    /// What must hold once the sender is known.
    fn held_against(self, known: Option<&ServiceProvider>) -> Result<Self, BadRequest> {
        if let SignatureSeen::Invalid(why) = &self.signature {
            return Err(BadRequest(why.clone()));
        }
        // SAML Bindings §3.4.5.2 and §3.5.5.2: a signed message names where it goes.
        if self.signature != SignatureSeen::Absent && !self.xml.contains(" Destination=") {
            return Err("a signed request without Destination".into());
        }
        let Some(provider) = known else { return Ok(self) };
        if provider.signs_requests && !self.signature.is_valid() {
            return Err("its metadata says AuthnRequestsSigned, and this is not signed".into());
        }
        if !provider.acs.contains(&self.acs) {
            return Err("AssertionConsumerServiceURL is not in its metadata".into());
        }
        Ok(self)
    }
}

/// No parameter more than once.
pub(super) fn one(fields: &[(String, String)], name: &str) -> Result<Option<String>, BadRequest> {
    let mut values = fields.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone());
    let first = values.next();
    if values.next().is_some() {
        return Err("a parameter is given twice".into());
    }
    Ok(first)
}

/// SAML Bindings §3.4.3: RelayState MUST NOT exceed 80 bytes.
pub(super) fn relay_state(fields: &[(String, String)]) -> Result<Option<String>, BadRequest> {
    let found = one(fields, "RelayState")?;
    if found.as_ref().is_some_and(|r| r.len() > 80) {
        return Err("RelayState is longer than 80 bytes".into());
    }
    Ok(found)
}

/// SAML Core §3.2.1: what every request has; gives ID and Issuer.
pub(super) fn head(
    root: roxmltree::Node<'_, '_>,
    endpoint: &Endpoint<'_>,
) -> Result<(String, String), BadRequest> {
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
    if root.attribute("Destination").is_some_and(|d| d != endpoint.url) {
        return Err("Destination is another endpoint".into());
    }
    let issued = parse_date_time(&need("IssueInstant")?).ok_or("IssueInstant is no UTC time")?;
    if (issued - endpoint.now).abs() > 300 {
        return Err("IssueInstant is more than five minutes off".into());
    }
    let mut elements = root.children().filter(roxmltree::Node::is_element);
    let issuer = elements.next().filter(|n| n.has_tag_name((ASSERTION_NS, "Issuer")));
    let issuer = issuer.and_then(|n| n.text()).ok_or("Issuer is not the first element")?;
    let signature = |n: &roxmltree::Node<'_, '_>| n.has_tag_name((DSIG_NS, "Signature"));
    if elements.position(|n| signature(&n)).is_some_and(|at| at != 0) {
        return Err("the Signature does not follow Issuer".into());
    }
    Ok((id, issuer.to_owned()))
}

fn read(xml: &str, endpoint: &Endpoint<'_>) -> Result<AuthnRequest, BadRequest> {
    let document = roxmltree::Document::parse(xml).map_err(|e| BadRequest(e.to_string()))?;
    let root = document.root_element();
    if !root.has_tag_name((PROTOCOL_NS, "AuthnRequest")) {
        return Err("the message is no AuthnRequest".into());
    }
    let (id, issuer) = head(root, endpoint)?;
    let binding = root.attribute("ProtocolBinding");
    if binding.is_some_and(|b| b != "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST") {
        return Err("only answers on HTTP-POST".into());
    }
    let flag = |name: &str| matches!(root.attribute(name), Some("true" | "1"));
    let child = |ns: &str, name: &str| root.children().find(|n| n.has_tag_name((ns, name)));
    let hint = child(ASSERTION_NS, "Subject")
        .and_then(|s| s.children().find(|n| n.has_tag_name((ASSERTION_NS, "NameID"))));
    let policy = child(PROTOCOL_NS, "NameIDPolicy");
    let contexts = child(PROTOCOL_NS, "RequestedAuthnContext")
        .into_iter()
        .flat_map(|n| n.children())
        .filter(|n| n.has_tag_name((ASSERTION_NS, "AuthnContextClassRef")));
    let acs = root.attribute("AssertionConsumerServiceURL");
    Ok(AuthnRequest {
        id,
        issuer,
        acs: acs.ok_or("AssertionConsumerServiceURL is missing")?.to_owned(),
        relay_state: None,
        login_hint: hint.and_then(|n| n.text()).map(str::to_owned),
        force: flag("ForceAuthn"),
        passive: flag("IsPassive"),
        name_id_format: policy.and_then(|n| n.attribute("Format")).map(str::to_owned),
        authn_context: contexts.filter_map(|n| n.text()).map(str::to_owned).collect(),
        binding: Binding::Redirect,
        signature: SignatureSeen::Absent,
        xml: xml.to_owned(),
    })
}
