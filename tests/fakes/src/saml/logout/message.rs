//! Logout messages as text, signed and carried.

use super::super::draft::{ASSERTION_NS, PROTOCOL_NS, SUCCESS, optional};
use super::super::redirect::{Binding, signed_query};
use super::super::signature::{Reference, Shape, place};
use super::super::{EVIL_ENTITY, Form};
use super::flaw::LogoutFlaw;
use crate::clock::date_time;
use crate::keys::{Algorithm, SigningKey};
use crate::text::{base64, random_hex, xml_attribute, xml_text};

const DAY: i64 = 86_400;
const SOAP_NS: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// A message on its way to a service provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// The URL to which the browser goes.
    Redirect(String),
    /// The form that the browser posts.
    Post(Form),
    /// What one server posts to the other as `text/xml`.
    Soap {
        /// Where; empty when this is the answer to a SOAP request.
        endpoint: String,
        /// What.
        envelope: String,
    },
}

/// A logout message before it is signed.
pub(super) struct Message {
    pub(super) issuer: String,
    pub(super) destination: String,
    pub(super) now: i64,
    pub(super) relay_state: Option<String>,
    pub(super) content: Content,
    pub(super) flaw: Option<LogoutFlaw>,
}

pub(super) enum Content {
    Request {
        id: String,
        name_id: String,
        format: String,
        qualifiers: Option<(String, String)>,
        session_index: Option<String>,
    },
    Response {
        in_response_to: String,
    },
}

/// Who signs.
pub(super) struct Signer<'a> {
    pub(super) key: &'a SigningKey,
    pub(super) foreign: &'a SigningKey,
}

impl Message {
    fn parameter(&self) -> &'static str {
        match self.content {
            Content::Request { .. } => "SAMLRequest",
            Content::Response { .. } => "SAMLResponse",
        }
    }

    /// The message, canonical, unsigned.
    fn text(&self) -> String {
        let flaw = self.flaw;
        let root = match (flaw, &self.content) {
            (Some(LogoutFlaw::OtherRoot), _) => "AuthnRequest",
            (_, Content::Request { .. }) => "LogoutRequest",
            (_, Content::Response { .. }) => "LogoutResponse",
        };
        let destination = match flaw {
            Some(LogoutFlaw::WrongDestination) => Some("https://evil.example/slo"),
            Some(LogoutFlaw::NoDestination) => None,
            _ => Some(self.destination.as_str()).filter(|d| !d.is_empty()),
        };
        let issued = match flaw {
            Some(LogoutFlaw::IssuedTomorrow) => self.now + DAY,
            Some(LogoutFlaw::IssuedYesterday) => self.now - DAY,
            _ => self.now,
        };
        let issuer = match flaw {
            Some(LogoutFlaw::NoIssuer) => String::new(),
            Some(LogoutFlaw::ForeignIssuer) => issuer(EVIL_ENTITY),
            _ => issuer(&self.issuer),
        };
        let version = if flaw == Some(LogoutFlaw::OtherVersion) { "1.1" } else { "2.0" };
        let (id, middle, until, content) = self.parts();
        format!(
            "<samlp:{root} xmlns:samlp=\"{PROTOCOL_NS}\"{} ID=\"{id}\"{middle} \
             IssueInstant=\"{}\"{until} Version=\"{version}\">{issuer}{content}</samlp:{root}>",
            optional("Destination", destination),
            date_time(issued),
        )
    }

    /// ID, the attributes before and behind IssueInstant, and the content.
    fn parts(&self) -> (String, String, String, String) {
        match &self.content {
            Content::Request { id, .. } => {
                let until = match self.flaw {
                    Some(LogoutFlaw::Expired) => self.now - 3600,
                    _ => self.now + 300,
                };
                let until = optional("NotOnOrAfter", Some(&date_time(until)));
                (id.clone(), String::new(), until, self.subject())
            }
            Content::Response { in_response_to } => {
                let answered = match self.flaw {
                    Some(LogoutFlaw::NoInResponseTo) => None,
                    Some(LogoutFlaw::WrongInResponseTo) => Some("_00000000000000000000000bad"),
                    _ => Some(in_response_to.as_str()),
                };
                let middle = optional("InResponseTo", answered);
                (format!("_l{}", random_hex()), middle, String::new(), self.status())
            }
        }
    }

    fn subject(&self) -> String {
        let Content::Request { name_id, format, qualifiers, session_index, .. } = &self.content
        else {
            return String::new();
        };
        let (own, theirs) = qualifiers.as_ref().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
        let name_id = match self.flaw {
            Some(LogoutFlaw::ForeignNameId) => "nobody-at-all",
            _ => name_id,
        };
        let name = match self.flaw {
            Some(LogoutFlaw::NoNameId) => String::new(),
            _ => format!(
                "<saml:NameID xmlns:saml=\"{ASSERTION_NS}\" Format=\"{}\"{}{}>{}</saml:NameID>",
                xml_attribute(format),
                optional("NameQualifier", own),
                optional("SPNameQualifier", theirs),
                xml_text(name_id)
            ),
        };
        let index = match self.flaw {
            Some(LogoutFlaw::ForeignSessionIndex) => Some("_nobody"),
            _ => session_index.as_deref(),
        };
        let index = index.map_or(String::new(), |i| {
            format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", xml_text(i))
        });
        name + &index
    }

    fn status(&self) -> String {
        let code = |value: &str, inner: &str| {
            format!("<samlp:StatusCode Value=\"{value}\">{inner}</samlp:StatusCode>")
        };
        let inner = |name: &str| code(&format!("{STATUS}{name}"), "");
        let status = match self.flaw {
            Some(LogoutFlaw::NoStatus) => return String::new(),
            Some(LogoutFlaw::Denied) => {
                code(&format!("{STATUS}Requester"), &inner("RequestDenied"))
            }
            Some(LogoutFlaw::Partial) => code(SUCCESS, &inner("PartialLogout")),
            _ => code(SUCCESS, ""),
        };
        format!("<samlp:Status>{status}</samlp:Status>")
    }

    /// Signs the message and puts it on its way.
    pub(super) fn carry(&self, binding: Binding, signer: &Signer<'_>) -> Carried {
        let (key, algorithm) = match self.flaw {
            Some(LogoutFlaw::ForeignKey) => (signer.foreign, signer.foreign.algorithm()),
            Some(LogoutFlaw::Sha1) if !signer.key.is_elliptic() => (signer.key, Algorithm::RsaSha1),
            _ => (signer.key, signer.key.algorithm()),
        };
        if binding == Binding::Redirect {
            return Carried::Redirect(self.url(key, algorithm));
        }
        let xml = self.enveloped(key, algorithm);
        if binding == Binding::Soap {
            let envelope = match self.flaw {
                Some(LogoutFlaw::NotBase64) => xml,
                Some(LogoutFlaw::Empty) => String::new(),
                _ => format!(
                    "<soap:Envelope xmlns:soap=\"{SOAP_NS}\"><soap:Body>{xml}</soap:Body>\
                     </soap:Envelope>"
                ),
            };
            return Carried::Soap { endpoint: self.destination.clone(), envelope };
        }
        let value = match self.flaw {
            Some(LogoutFlaw::NotBase64) => "%%%".to_owned(),
            _ => base64(xml.as_bytes()),
        };
        let mut fields = vec![(self.parameter().to_owned(), value)];
        fields.extend(self.relay_state.clone().map(|r| ("RelayState".to_owned(), r)));
        Carried::Post(Form { action: self.destination.clone(), fields })
    }

    fn enveloped(&self, key: &SigningKey, algorithm: Algorithm) -> String {
        let text = self.text();
        if self.flaw == Some(LogoutFlaw::Unsigned) {
            return text;
        }
        let id = text.split(" ID=\"").nth(1).and_then(|rest| rest.split('"').next());
        let uri = format!("#{}", id.unwrap_or_default());
        let reference = Reference { uri, content: text.clone().into_bytes() };
        let shape = Shape::honest(key, algorithm);
        let signed = place(&text, &shape.sign(&[reference]));
        match self.flaw {
            Some(LogoutFlaw::Wrapped) => {
                let forged = tampered(&text).replacen(" ID=\"_", " ID=\"_f", 1);
                let extensions = format!("<samlp:Extensions>{signed}</samlp:Extensions>");
                place(&forged, &extensions)
            }
            Some(LogoutFlaw::Tampered) => tampered(&signed),
            other => spoiled(other, signed),
        }
    }

    fn url(&self, key: &SigningKey, algorithm: Algorithm) -> String {
        let name = self.parameter();
        let xml = match self.flaw {
            Some(LogoutFlaw::Bomb) => {
                let padding = " ".repeat(20 * 1024 * 1024);
                self.text().replacen("<saml:Issuer", &format!("{padding}<saml:Issuer"), 1)
            }
            other => spoiled(other, self.text()),
        };
        let signer = (self.flaw != Some(LogoutFlaw::Unsigned)).then_some((key, algorithm));
        let mut query = signed_query(name, &xml, self.relay_state.as_deref(), signer);
        let value = |n: &str| {
            let start = format!("{n}=");
            query.split('&').find_map(|p| p.strip_prefix(&start)).unwrap_or_default().to_owned()
        };
        let twice = |n: &str| format!("{query}&{n}={}", value(n));
        query = match self.flaw {
            Some(LogoutFlaw::DuplicateMessage) => twice(name),
            Some(LogoutFlaw::DuplicateRelayState) => format!("{query}&RelayState=b&RelayState=b"),
            Some(LogoutFlaw::DuplicateAlgorithm) => twice("SigAlg"),
            Some(LogoutFlaw::DuplicateSignature) => twice("Signature"),
            Some(LogoutFlaw::RelayStateChanged) => match query.contains("RelayState=") {
                true => query.replacen("RelayState=", "RelayState=changed", 1),
                false => format!("{query}&RelayState=changed"),
            },
            Some(LogoutFlaw::NotBase64) => query.replacen(&value(name), "%25%25%25", 1),
            Some(LogoutFlaw::Tampered) => {
                let mut other = form_urlencoded::Serializer::new(String::new());
                other.append_pair(name, &super::super::redirect::deflate(&tampered(&xml)));
                query.replacen(&format!("{name}={}", value(name)), &other.finish(), 1)
            }
            Some(LogoutFlaw::Reencoded) => lower_case_escapes(&query),
            _ => query,
        };
        let separator = if self.destination.contains('?') { '&' } else { '?' };
        format!("{}{separator}{query}", self.destination)
    }
}

fn issuer(entity: &str) -> String {
    format!("<saml:Issuer xmlns:saml=\"{ASSERTION_NS}\">{}</saml:Issuer>", xml_text(entity))
}

/// Another NameID, or an answer to another request.
fn tampered(xml: &str) -> String {
    match xml.find("</saml:NameID>") {
        Some(end) => format!("{}-else{}", &xml[..end], &xml[end..]),
        None => xml.replacen(" InResponseTo=\"_", " InResponseTo=\"_0", 1),
    }
}

fn spoiled(flaw: Option<LogoutFlaw>, mut xml: String) -> String {
    match flaw {
        Some(LogoutFlaw::Doctype) => format!("<!DOCTYPE samlp:LogoutRequest>{xml}"),
        Some(LogoutFlaw::Empty) => String::new(),
        Some(LogoutFlaw::Truncated) => {
            xml.truncate(xml.len().saturating_sub(20));
            xml
        }
        _ => xml,
    }
}

/// `%2B` becomes `%2b`: the same value, other bytes.
fn lower_case_escapes(query: &str) -> String {
    let mut pieces = query.split('%');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        out.push('%');
        out.push_str(&code.to_lowercase());
        out.push_str(rest);
    }
    out
}
