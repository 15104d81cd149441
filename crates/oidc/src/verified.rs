//! What an ID token proved.

use std::collections::BTreeMap;

use domain::{Authentication, Subject};
use serde_json::{Map, Value};

use crate::{claims, numeric_date};

/// Google's issuer.
const GOOGLE: &str = "https://accounts.google.com";

/// An ID token that passed every check. There is no other way to one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedIdToken {
    subject: Subject,
    /// As signed, but for what userinfo or a distributed claim filled in.
    members: Map<String, Value>,
    claims: BTreeMap<String, Vec<String>>,
}

impl VerifiedIdToken {
    /// From the claims of a verified token; `None` when it has no usable subject.
    ///
    /// With many tenants behind one issuer, the subject is `tid/oid`, or `tid/sub` where the token
    /// has no `oid`: within one tenant only is either unique, and an address never is.
    pub(crate) fn new(members: Map<String, Value>, template: bool) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let sub: Subject = text("sub")?.parse().ok()?;
        let subject = if template {
            let within = text("oid").unwrap_or(sub.as_str());
            format!("{}/{within}", text("tid")?).parse().ok()?
        } else {
            sub
        };
        let claims = claims::flatten(&members);
        Some(Self { subject, members, claims })
    }

    /// Who it is, for ever, at this provider.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// `sub` as signed: how the provider names the person in logout tokens and at userinfo.
    pub fn sub(&self) -> &str {
        self.text("sub").unwrap_or_default()
    }

    /// `sid`: the provider's own session (OpenID Connect Back-Channel Logout §2.1).
    pub fn sid(&self) -> Option<&str> {
        self.text("sid")
    }

    /// What the provider says of the address; `None` when it says nothing.
    ///
    /// Google verifies an address once, and the account keeps it when its domain passes on: it
    /// answers for an address only at `gmail.com`, or where `hd` says that a Workspace manages the
    /// account (Google Identity, "Verify the Google ID token").
    pub fn email_verified(&self) -> Option<bool> {
        let own = || self.text("email").is_some_and(|email| email.ends_with("@gmail.com"));
        if self.text("iss") == Some(GOOGLE) && self.text("hd").is_none() && !own() {
            return Some(false);
        }
        boolean(self.members.get("email_verified"))
    }

    /// How the provider says that the person was authenticated. Ask before userinfo fills anything
    /// in: what is not signed says nothing here.
    pub fn authentication(&self) -> Authentication {
        let methods = self.member("amr").and_then(Value::as_array);
        let texts =
            |all: &Vec<Value>| all.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Authentication {
            methods: methods.map(texts).unwrap_or_default(),
            class: self.text("acr").map(str::to_owned),
            at: self.member("auth_time").and_then(numeric_date::parse),
        }
    }

    /// Every claim exactly as signed, as lists of texts; members of nested objects by dotted path.
    pub fn claims(&self) -> &BTreeMap<String, Vec<String>> {
        &self.claims
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Value::as_str)
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// The same with the claims that it lacks taken from `others`.
    pub(crate) fn filled_in(mut self, others: Map<String, Value>) -> Self {
        for (name, value) in others {
            self.members.entry(name).or_insert(value);
        }
        self.claims = claims::flatten(&self.members);
        self
    }

    /// The same without one claim.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.members.remove(name);
        self
    }
}

/// Some providers write booleans as texts; the library takes those too and refuses the rest.
pub(crate) fn boolean(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(value) => Some(*value),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
