//! What a verified assertion says.

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use roxmltree::Node;

use crate::gate::Covered;
use crate::protocol::{moment, required_moment};
use crate::xml::{SAML, child, children, shown, text};
use crate::{Expectation, ResponseError};

pub(crate) const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// An assertion that passed every check of `verify_response`. There is no other way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAssertion {
    id: String,
    name_id: NameId,
    attributes: BTreeMap<String, Vec<String>>,
    session_index: Option<String>,
    session_not_on_or_after: Option<Timestamp>,
    authn_context: Option<String>,
    authn_instant: Timestamp,
    expires: Timestamp,
    used_sha1: bool,
    used_cbc: bool,
    encrypted: bool,
}

impl VerifiedAssertion {
    /// Its id, unique at its issuer: the key of the replay mark (attacks.md B1).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who was signed in.
    pub fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// Values by `Name`, and by `FriendlyName` where that is unambiguous. A name without values
    /// has an empty list; values that are nil or structured are left out.
    pub fn attributes(&self) -> &BTreeMap<String, Vec<String>> {
        &self.attributes
    }

    /// The identity provider's own session, for single logout.
    pub fn session_index(&self) -> Option<&str> {
        self.session_index.as_deref()
    }

    /// When our session must end at the latest (attacks.md B23).
    pub fn session_not_on_or_after(&self) -> Option<Timestamp> {
        self.session_not_on_or_after
    }

    /// How the customer was authenticated: `AuthnContextClassRef`.
    pub fn authn_context(&self) -> Option<&str> {
        self.authn_context.as_deref()
    }

    /// When the customer was authenticated, which may be long ago.
    pub fn authn_instant(&self) -> Timestamp {
        self.authn_instant
    }

    /// From when on the assertion is refused as expired, skew included: how long the replay mark
    /// must live.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether a signature or digest used SHA-1, under the operator's dated exception.
    pub fn used_sha1(&self) -> bool {
        self.used_sha1
    }

    /// Whether something was encrypted with AES-CBC, under the operator's dated exception.
    pub fn used_cbc(&self) -> bool {
        self.used_cbc
    }

    /// Whether the assertion came encrypted.
    pub fn encrypted(&self) -> bool {
        self.encrypted
    }
}

/// A subject's name (SAML Core §2.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    value: String,
    format: Option<String>,
    name_qualifier: Option<String>,
    sp_name_qualifier: Option<String>,
}

impl NameId {
    /// The name, byte by byte as signed; never empty.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Its format, a URI.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// In whose name space it is unique.
    pub fn name_qualifier(&self) -> Option<&str> {
        self.name_qualifier.as_deref()
    }

    /// For which service provider it was made.
    pub fn sp_name_qualifier(&self) -> Option<&str> {
        self.sp_name_qualifier.as_deref()
    }

    /// Whether it is another one at every sign-in, and so names nobody.
    pub fn is_transient(&self) -> bool {
        self.format() == Some(TRANSIENT)
    }
}

/// What was seen on the way to the assertion.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) sha1: bool,
    pub(crate) cbc: bool,
    pub(crate) encrypted: bool,
}

/// Reads an assertion that passed `protocol::check`.
pub(crate) fn read(
    assertion: Node<'_, '_>,
    covered: &Covered,
    seen: Seen,
    expectation: &Expectation<'_>,
    now: Timestamp,
) -> Result<VerifiedAssertion, ResponseError> {
    let conditions =
        child(assertion, SAML, "Conditions")?.ok_or(ResponseError::ConditionsMissing)?;
    let statement = Statement::read(assertion)?;
    acceptable(&statement, expectation.authn_context)?;
    let old = |since| statement.instant.plus(expectation.clock_skew) < since;
    if expectation.authenticated_since.is_some_and(old) {
        return Err(ResponseError::AuthenticatedBefore);
    }
    // Without tolerance: a session that lasts for the difference of two clocks is none.
    if statement.not_on_or_after.is_some_and(|end| now >= end) {
        return Err(ResponseError::SessionOver);
    }
    Ok(VerifiedAssertion {
        id: covered.assertion_id.clone(),
        name_id: name_id(assertion)?,
        attributes: attributes(assertion)?,
        session_index: statement.session_index,
        session_not_on_or_after: statement.not_on_or_after,
        authn_context: statement.authn_context,
        authn_instant: statement.instant,
        expires: required_moment(conditions, "NotOnOrAfter")?.plus(expectation.clock_skew),
        used_sha1: seen.sha1,
        used_cbc: seen.cbc,
        encrypted: seen.encrypted,
    })
}

/// B24: when the operator asked for a certain way to authenticate, no other one is taken.
fn acceptable(statement: &Statement, wanted: &[String]) -> Result<(), ResponseError> {
    let found = statement.authn_context.as_deref();
    if wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|class| class == found)) {
        return Ok(());
    }
    Err(ResponseError::AuthnContext(found.map_or_else(|| "no stated way".to_owned(), shown)))
}

fn name_id(assertion: Node<'_, '_>) -> Result<NameId, ResponseError> {
    let subject = child(assertion, SAML, "Subject")?.ok_or(ResponseError::NameIdMissing)?;
    if children(subject, SAML, "EncryptedID").next().is_some() {
        return Err(ResponseError::Encrypted("name id"));
    }
    let name = child(subject, SAML, "NameID")?.ok_or(ResponseError::NameIdMissing)?;
    NameId::read(name)
}

impl NameId {
    /// Reads a `NameID` that was digested for a signature.
    pub(crate) fn read(name: Node<'_, '_>) -> Result<Self, ResponseError> {
        let value = text(name).filter(|value| !value.trim().is_empty());
        let attribute = |key: &str| name.attribute(key).map(str::to_owned);
        Ok(NameId {
            value: value.ok_or(ResponseError::NameIdMissing)?,
            format: attribute("Format"),
            name_qualifier: attribute("NameQualifier"),
            sp_name_qualifier: attribute("SPNameQualifier"),
        })
    }
}

/// The authentication statements in one: the first one's facts, the earliest end.
struct Statement {
    session_index: Option<String>,
    not_on_or_after: Option<Timestamp>,
    authn_context: Option<String>,
    instant: Timestamp,
}

impl Statement {
    fn read(assertion: Node<'_, '_>) -> Result<Self, ResponseError> {
        let mut whole: Option<Self> = None;
        for statement in children(assertion, SAML, "AuthnStatement") {
            let end = moment(statement, "SessionNotOnOrAfter")?;
            let Some(first) = whole.as_mut() else {
                whole = Some(Self {
                    session_index: statement.attribute("SessionIndex").map(str::to_owned),
                    not_on_or_after: end,
                    authn_context: authn_context(statement)?,
                    instant: required_moment(statement, "AuthnInstant")?,
                });
                continue;
            };
            first.not_on_or_after = first.not_on_or_after.into_iter().chain(end).min();
        }
        whole.ok_or(ResponseError::AuthnStatementMissing)
    }
}

fn authn_context(statement: Node<'_, '_>) -> Result<Option<String>, ResponseError> {
    let Some(context) = child(statement, SAML, "AuthnContext")? else { return Ok(None) };
    Ok(child(context, SAML, "AuthnContextClassRef")?.and_then(text))
}

fn attributes(assertion: Node<'_, '_>) -> Result<BTreeMap<String, Vec<String>>, ResponseError> {
    let mut by_name = BTreeMap::<String, Vec<String>>::new();
    let mut names_of_friendly = BTreeMap::<&str, BTreeSet<&str>>::new();
    let statements = children(assertion, SAML, "AttributeStatement");
    for attribute in statements.flat_map(|statement| children(statement, SAML, "Attribute")) {
        let name = attribute.attribute("Name").filter(|name| !name.is_empty());
        let name = name.ok_or(ResponseError::AttributeName)?;
        let values = children(attribute, SAML, "AttributeValue").filter_map(value);
        by_name.entry(name.to_owned()).or_default().extend(values);
        if let Some(friendly) = attribute.attribute("FriendlyName") {
            names_of_friendly.entry(friendly).or_default().insert(name);
        }
    }
    for (friendly, names) in names_of_friendly {
        let mut names = names.into_iter();
        let (Some(name), None) = (names.next(), names.next()) else { continue };
        if let (false, Some(values)) = (by_name.contains_key(friendly), by_name.get(name)) {
            by_name.insert(friendly.to_owned(), values.clone());
        }
    }
    Ok(by_name)
}

/// A value as text; a NameID inside it counts as its text (eduPersonTargetedID is sent so).
fn value(node: Node<'_, '_>) -> Option<String> {
    const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
    if matches!(node.attribute((INSTANCE, "nil")), Some("true" | "1")) {
        return None;
    }
    match child(node, SAML, "NameID") {
        Ok(Some(name)) => text(name),
        _ => text(node),
    }
}
