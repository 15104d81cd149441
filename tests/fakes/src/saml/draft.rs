//! A SAML response before it is signed, and its text.
//!
//! The text is in exclusive canonical form by construction (Exclusive XML Canonicalization 1.0):
//! each element declares the prefix that it is the first to use, attributes stand in the order of
//! their names, no element is self-closing. So the bytes can be digested as they are.

use crate::clock::date_time;
use crate::people::Person;
use crate::text::{random_hex, xml_attribute, xml_text};

pub(crate) const ASSERTION_NS: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(crate) const PROTOCOL_NS: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(crate) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
pub(crate) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
pub(crate) const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// How the people of this identity provider prove who they are.
pub(crate) const PASSWORD: &str =
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// Everything a response says.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) response_id: String,
    pub(crate) assertion_id: String,
    pub(crate) issued: i64,
    pub(crate) destination: Option<String>,
    pub(crate) in_response_to: Option<String>,
    pub(crate) response_issuer: Option<String>,
    pub(crate) assertion_issuer: String,
    /// Outer code first; empty: no Status at all.
    pub(crate) status: Vec<String>,
    pub(crate) has_assertion: bool,
    /// Format and value.
    pub(crate) name_id: Option<(String, String)>,
    pub(crate) confirmation: Option<Confirmation>,
    pub(crate) conditions: Option<Conditions>,
    /// NameQualifier and SPNameQualifier of the NameID.
    pub(crate) qualifiers: Option<(String, String)>,
    /// `None`: no AuthnStatement.
    pub(crate) authn_context: Option<String>,
    pub(crate) session_index: Option<String>,
    pub(crate) session_not_on_or_after: Option<i64>,
    pub(crate) attributes: Vec<Attribute>,
}

#[derive(Debug, Clone)]
pub(crate) struct Confirmation {
    pub(crate) method: String,
    pub(crate) recipient: Option<String>,
    pub(crate) in_response_to: Option<String>,
    pub(crate) not_on_or_after: Option<i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    pub(crate) not_before: Option<i64>,
    pub(crate) not_on_or_after: Option<i64>,
    /// Audiences of each AudienceRestriction.
    pub(crate) restrictions: Vec<Vec<String>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) name: Option<String>,
    pub(crate) friendly_name: Option<String>,
    pub(crate) values: Vec<String>,
}

/// For whom a response is made.
pub(crate) struct Addressee<'a> {
    pub(crate) acs: &'a str,
    pub(crate) service_provider: &'a str,
    pub(crate) request_id: &'a str,
}

impl Draft {
    /// A response with nothing wrong in it.
    pub(crate) fn honest(issuer: &str, to: &Addressee<'_>, person: &Person, now: i64) -> Self {
        let assertion_id = format!("_a{}", random_hex());
        Self {
            response_id: format!("_r{}", random_hex()),
            session_index: Some(format!("_s{assertion_id}")),
            assertion_id,
            issued: now,
            destination: Some(to.acs.to_owned()),
            in_response_to: Some(to.request_id.to_owned()),
            response_issuer: Some(issuer.to_owned()),
            assertion_issuer: issuer.to_owned(),
            status: vec![SUCCESS.to_owned()],
            has_assertion: true,
            name_id: Some((PERSISTENT.to_owned(), person.subject.clone())),
            confirmation: Some(Confirmation {
                method: BEARER.to_owned(),
                recipient: Some(to.acs.to_owned()),
                in_response_to: Some(to.request_id.to_owned()),
                not_on_or_after: Some(now + 300),
            }),
            conditions: Some(Conditions {
                not_before: Some(now - 5),
                not_on_or_after: Some(now + 300),
                restrictions: vec![vec![to.service_provider.to_owned()]],
            }),
            qualifiers: None,
            authn_context: Some(PASSWORD.to_owned()),
            session_not_on_or_after: None,
            attributes: Vec::new(),
        }
    }

    /// The Assertion, canonical, unsigned.
    pub(crate) fn assertion(&self) -> String {
        format!(
            "<saml:Assertion xmlns:saml=\"{ASSERTION_NS}\" ID=\"{}\" IssueInstant=\"{}\" \
             Version=\"2.0\"><saml:Issuer>{}</saml:Issuer>{}{}{}{}</saml:Assertion>",
            self.assertion_id,
            date_time(self.issued),
            xml_text(&self.assertion_issuer),
            self.subject(),
            self.conditions.as_ref().map(Conditions::text).unwrap_or_default(),
            self.statement(),
            self.attribute_statement(),
        )
    }

    /// The Response around `content` (an Assertion, or nothing), canonical, unsigned.
    pub(crate) fn response(&self, content: &str) -> String {
        let issuer = self.response_issuer.as_ref().map_or(String::new(), |issuer| {
            format!("<saml:Issuer xmlns:saml=\"{ASSERTION_NS}\">{}</saml:Issuer>", xml_text(issuer))
        });
        format!(
            "<samlp:Response xmlns:samlp=\"{PROTOCOL_NS}\"{} ID=\"{}\"{} IssueInstant=\"{}\" \
             Version=\"2.0\">{issuer}{}{content}</samlp:Response>",
            optional("Destination", self.destination.as_deref()),
            self.response_id,
            optional("InResponseTo", self.in_response_to.as_deref()),
            date_time(self.issued),
            self.status_text(),
        )
    }

    fn status_text(&self) -> String {
        if self.status.is_empty() {
            return String::new();
        }
        let nested = self.status.iter().rev().fold(String::new(), |inner, code| {
            let code = xml_attribute(code);
            format!("<samlp:StatusCode Value=\"{code}\">{inner}</samlp:StatusCode>")
        });
        format!("<samlp:Status>{nested}</samlp:Status>")
    }

    fn subject(&self) -> String {
        if self.name_id.is_none() && self.confirmation.is_none() {
            return String::new();
        }
        let name_id = self.name_id.as_ref().map_or(String::new(), |(format, value)| {
            let (own, theirs) =
                self.qualifiers.as_ref().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
            format!(
                "<saml:NameID Format=\"{format}\"{}{}>{}</saml:NameID>",
                optional("NameQualifier", own),
                optional("SPNameQualifier", theirs),
                xml_text(value)
            )
        });
        let confirmation = self.confirmation.as_ref().map(Confirmation::text).unwrap_or_default();
        format!("<saml:Subject>{name_id}{confirmation}</saml:Subject>")
    }

    fn statement(&self) -> String {
        let Some(context) = &self.authn_context else { return String::new() };
        let until = self.session_not_on_or_after.map(date_time);
        format!(
            "<saml:AuthnStatement AuthnInstant=\"{}\"{}{}><saml:AuthnContext>\
             <saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef></saml:AuthnContext>\
             </saml:AuthnStatement>",
            date_time(self.issued),
            optional("SessionIndex", self.session_index.as_deref()),
            optional("SessionNotOnOrAfter", until.as_deref()),
            xml_text(context),
        )
    }

    fn attribute_statement(&self) -> String {
        if self.attributes.is_empty() {
            return String::new();
        }
        let attributes: String = self.attributes.iter().map(Attribute::text).collect();
        format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>")
    }
}

impl Confirmation {
    fn text(&self) -> String {
        let until = self.not_on_or_after.map(date_time);
        format!(
            "<saml:SubjectConfirmation Method=\"{}\"><saml:SubjectConfirmationData{}{}{}>\
             </saml:SubjectConfirmationData></saml:SubjectConfirmation>",
            self.method,
            optional("InResponseTo", self.in_response_to.as_deref()),
            optional("NotOnOrAfter", until.as_deref()),
            optional("Recipient", self.recipient.as_deref()),
        )
    }
}

impl Conditions {
    fn text(&self) -> String {
        let (from, until) = (self.not_before.map(date_time), self.not_on_or_after.map(date_time));
        let audience = |a: &String| format!("<saml:Audience>{}</saml:Audience>", xml_text(a));
        let restriction = |audiences: &Vec<String>| {
            let audiences: String = audiences.iter().map(audience).collect();
            format!("<saml:AudienceRestriction>{audiences}</saml:AudienceRestriction>")
        };
        format!(
            "<saml:Conditions{}{}>{}</saml:Conditions>",
            optional("NotBefore", from.as_deref()),
            optional("NotOnOrAfter", until.as_deref()),
            self.restrictions.iter().map(restriction).collect::<String>(),
        )
    }
}

impl Attribute {
    fn text(&self) -> String {
        let value =
            |v: &String| format!("<saml:AttributeValue>{}</saml:AttributeValue>", xml_text(v));
        format!(
            "<saml:Attribute{}{}>{}</saml:Attribute>",
            optional("FriendlyName", self.friendly_name.as_deref()),
            optional("Name", self.name.as_deref()),
            self.values.iter().map(value).collect::<String>(),
        )
    }
}

pub(crate) fn optional(name: &str, value: Option<&str>) -> String {
    value.map_or(String::new(), |value| format!(" {name}=\"{}\"", xml_attribute(value)))
}
