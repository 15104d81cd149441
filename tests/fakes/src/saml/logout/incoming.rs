//! Reads logout messages of service providers as a strict identity provider does.

use super::super::draft::{ASSERTION_NS, PROTOCOL_NS};
use super::super::redirect::{Binding, SignatureSeen, inflate, judge_enveloped, judge_query};
use super::super::request::{BadRequest, Endpoint, head, one, relay_state};
use crate::clock::parse_date_time;
use crate::text::from_base64;
use url::Url;

const SOAP_NS: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// A message as it arrives.
#[derive(Debug, Clone, Copy)]
pub enum Delivery<'a> {
    /// The whole URL.
    Redirect(&'a str),
    /// The fields of a form.
    Post(&'a [(String, String)]),
    /// The envelope.
    Soap(&'a str),
}

/// A LogoutRequest that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequestSeen {
    /// `ID`.
    pub id: String,
    /// Entity id of the service provider.
    pub issuer: String,
    /// Value of the NameID.
    pub name_id: String,
    /// Format of the NameID.
    pub format: Option<String>,
    /// NameQualifier and SPNameQualifier.
    pub qualifiers: (Option<String>, Option<String>),
    /// Every SessionIndex.
    pub session_indexes: Vec<String>,
    /// How it came.
    pub binding: Binding,
    /// RelayState, exactly as sent.
    pub relay_state: Option<String>,
    /// Its signature.
    pub signature: SignatureSeen,
    /// How many sessions it ended.
    pub ended: usize,
}

/// A LogoutResponse that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponseSeen {
    /// Entity id of the service provider.
    pub issuer: String,
    /// The request that it answers.
    pub in_response_to: Option<String>,
    /// Every status code's value, the outer one first.
    pub status: Vec<String>,
    /// How it came.
    pub binding: Binding,
    /// RelayState, exactly as sent.
    pub relay_state: Option<String>,
    /// Its signature.
    pub signature: SignatureSeen,
}

impl LogoutResponseSeen {
    /// Whether it says Success and nothing that takes it back.
    pub fn is_success(&self) -> bool {
        self.status == [super::super::draft::SUCCESS]
    }
}

/// Either.
pub(super) enum Received {
    Request(LogoutRequestSeen),
    Response(LogoutResponseSeen),
}

/// The message with what surrounds it.
struct Unpacked {
    xml: String,
    binding: Binding,
    relay_state: Option<String>,
    /// Raw query and the message's parameter, on HTTP-Redirect.
    query: Option<(String, &'static str)>,
}

/// Reads what `delivery` brings; the signature must be one of a registered service provider.
pub(super) fn read(
    delivery: Delivery<'_>,
    endpoint: &Endpoint<'_>,
) -> Result<Received, BadRequest> {
    let unpacked = unpack(delivery)?;
    let document =
        roxmltree::Document::parse(&unpacked.xml).map_err(|e| BadRequest(e.to_string()))?;
    let root = document.root_element();
    let (id, issuer) = head(root, endpoint)?;
    let known = (endpoint.known)(&issuer).ok_or("the service provider is not known")?;
    let signature = match &unpacked.query {
        Some((query, name)) => judge_query(query, name, Some(&known.signing)),
        None => judge_enveloped(&unpacked.xml, Some(&known.signing)),
    };
    // SAML Profiles §4.4.3.1 and §4.4.4.1: signed, or the sender authenticated otherwise.
    if !signature.is_valid() {
        return Err(BadRequest(format!("the message is not signed well: {signature:?}")));
    }
    if root.attribute("Destination").is_none() && unpacked.binding != Binding::Soap {
        return Err("a signed message without Destination".into());
    }
    if root.has_tag_name((PROTOCOL_NS, "LogoutResponse")) {
        return Ok(Received::Response(LogoutResponseSeen {
            issuer,
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            status: status(root),
            binding: unpacked.binding,
            relay_state: unpacked.relay_state,
            signature,
        }));
    }
    if !root.has_tag_name((PROTOCOL_NS, "LogoutRequest")) {
        return Err("the message is neither LogoutRequest nor LogoutResponse".into());
    }
    let until = root.attribute("NotOnOrAfter").map(|t| parse_date_time(t).ok_or("no time"));
    if until.transpose()?.is_some_and(|t| t <= endpoint.now) {
        return Err("the request has expired".into());
    }
    let name = root.children().find(|n| n.has_tag_name((ASSERTION_NS, "NameID")));
    let name = name.ok_or("NameID is missing")?;
    let attribute = |name_: &str| name.attribute(name_).map(str::to_owned);
    let indexes = root.children().filter(|n| n.has_tag_name((PROTOCOL_NS, "SessionIndex")));
    Ok(Received::Request(LogoutRequestSeen {
        id,
        issuer,
        name_id: name.text().ok_or("NameID is empty")?.to_owned(),
        format: attribute("Format"),
        qualifiers: (attribute("NameQualifier"), attribute("SPNameQualifier")),
        session_indexes: indexes.filter_map(|n| n.text()).map(str::to_owned).collect(),
        binding: unpacked.binding,
        relay_state: unpacked.relay_state,
        signature,
        ended: 0,
    }))
}

fn status(root: roxmltree::Node<'_, '_>) -> Vec<String> {
    let codes = root.descendants().filter(|n| n.has_tag_name((PROTOCOL_NS, "StatusCode")));
    codes.filter_map(|n| n.attribute("Value")).map(str::to_owned).collect()
}

fn unpack(delivery: Delivery<'_>) -> Result<Unpacked, BadRequest> {
    match delivery {
        Delivery::Redirect(url) => {
            let url = Url::parse(url).map_err(|_| BadRequest::from("the URL does not parse"))?;
            let fields: Vec<(String, String)> =
                url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
            let (name, message) = message(&fields)?;
            Ok(Unpacked {
                xml: inflate(&message)?,
                binding: Binding::Redirect,
                relay_state: relay_state(&fields)?,
                query: Some((url.query().unwrap_or_default().to_owned(), name)),
            })
        }
        Delivery::Post(fields) => {
            let bytes = from_base64(&message(fields)?.1).ok_or("the message is not base64")?;
            Ok(Unpacked {
                xml: String::from_utf8(bytes).map_err(|_| "the message is no text")?,
                binding: Binding::Post,
                relay_state: relay_state(fields)?,
                query: None,
            })
        }
        Delivery::Soap(envelope) => Ok(Unpacked {
            xml: soap_body(envelope)?,
            binding: Binding::Soap,
            relay_state: None,
            query: None,
        }),
    }
}

fn message(fields: &[(String, String)]) -> Result<(&'static str, String), BadRequest> {
    match (one(fields, "SAMLRequest")?, one(fields, "SAMLResponse")?) {
        (Some(message), None) => Ok(("SAMLRequest", message)),
        (None, Some(message)) => Ok(("SAMLResponse", message)),
        _ => Err("neither a request nor an answer, or both".into()),
    }
}

/// The message, with the namespaces of the envelope that it uses declared by itself; senders put no
/// prefix of theirs outside.
fn soap_body(envelope: &str) -> Result<String, BadRequest> {
    let document = roxmltree::Document::parse(envelope).map_err(|e| BadRequest(e.to_string()))?;
    let root = document.root_element();
    if !root.has_tag_name((SOAP_NS, "Envelope")) {
        return Err("no SOAP envelope".into());
    }
    let body = root.children().find(|n| n.has_tag_name((SOAP_NS, "Body")));
    let mut content = body.into_iter().flat_map(|b| b.children()).filter(|n| n.is_element());
    match (content.next(), content.next()) {
        (Some(message), None) => Ok(envelope[message.range()].to_owned()),
        _ => Err("the body is not one message".into()),
    }
}
