//! From what an identity provider proved to an [`Identity`].

use std::collections::{BTreeMap, BTreeSet};

use domain::{DomainName, DomainPattern, EmailAddress, Identity, IdpName, PersonKey, Subject};

use crate::expression::{Expression, Found, NAME_ID};
use crate::{SignInError, Verified};

/// More groups than any person has; whoever sends them sends everybody's.
const MAX_GROUPS: usize = 2000;
/// A distinguished name of a deep directory fits.
const MAX_GROUP: usize = 512;

/// The claim that names a tenant (Microsoft Entra ID); no ID token of a tenant that is not listed
/// gets this far.
const TENANT: &str = "tid";

/// Where one identity provider's claims or attributes carry what the gateway needs.
///
/// Subject: what `subject` says, else the protocol's own (a NameID that is not transient, or `sub`).
/// Address: what `email` says and nothing else: `preferred_username` and the NameID count only
/// where an expression names them, since in many products their owner can change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRules {
    /// Where the e-mail address is.
    pub email: Expression,
    /// Where the name to show is; without it the e-mail address is shown.
    pub name: Option<Expression>,
    /// Where the groups are.
    pub groups: Option<Expression>,
    /// Where the subject is, when it is not the protocol's own.
    pub subject: Option<Expression>,
    /// Claims that the identity keeps beside these, because a rule reads them.
    pub kept: BTreeSet<String>,
}

/// Verified claims or attributes, exactly as signed, unmapped: every value a list of texts.
/// A single text is a list of one; numbers and booleans are their JSON text.
pub type Claims = BTreeMap<String, Vec<String>>;

/// How one identity provider's claims are read, and for which domains it may speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Where its claims are.
    pub rules: ClaimRules,
    /// Its domains.
    pub domains: Vec<DomainPattern>,
    /// Where several companies sign in through it: the domains of each, by its claim `tid`. Empty:
    /// it speaks for all of its domains.
    pub tenants: BTreeMap<String, Vec<DomainPattern>>,
}

/// What a mapping makes of claims, field by field, with the identity that a sign-in would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Subject, address, name and groups, in this order.
    pub fields: [Field; 4],
    /// What the sign-in goes on with, or why it ends.
    pub identity: Result<Identity, SignInError>,
}

/// One field of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `subject`, `email`, `name` or `groups`.
    pub name: &'static str,
    /// The expression, in one line.
    pub expression: String,
    /// What it found; `None` when no claim is there.
    pub found: Option<Found>,
    /// What the sign-in takes it for; `None` when it cannot be used or nothing was found.
    pub value: Option<Vec<String>>,
}

impl Mapping {
    /// The identity that `idp` proved.
    ///
    /// # Errors
    /// When subject or address are missing or strange, the address is not `idp`'s to vouch for, or
    /// the groups are none that somebody can have.
    pub fn identity(&self, idp: &IdpName, verified: Verified) -> Result<Identity, SignInError> {
        self.preview(idp, verified).identity
    }

    /// As [`Mapping::identity`], showing how each field came about: one code path, so what is shown
    /// is what a sign-in does.
    pub fn preview(&self, idp: &IdpName, verified: Verified) -> Preview {
        let Verified { subject, mut claims, email_verified, idp_session, session_deadline, .. } =
            verified;
        // Never an attribute that calls itself so: the name is the protocol's own word.
        match subject {
            Some(subject) => claims.insert(NAME_ID.to_owned(), vec![subject]),
            None => claims.remove(NAME_ID),
        };
        let own = Expression::Claim(NAME_ID.to_owned());
        let by_subject = self.rules.subject.as_ref();
        let subject = by_subject.unwrap_or(&own).read(&claims);
        let email = self.rules.email.read(&claims);
        let name = self.rules.name.as_ref().and_then(|rule| rule.read(&claims));
        let groups = self.rules.groups.as_ref().and_then(|rule| rule.read(&claims));
        let kept = self.rules.kept.iter().filter_map(|name| claims.get_key_value(name));
        let kept = kept.map(|(name, values)| (name.clone(), values.clone())).collect();

        let person = self.subject(subject.as_ref());
        let tenant = claims.get(TENANT).and_then(|values| values.first());
        let address = self.email(email.as_ref(), email_verified, tenant.map(String::as_str));
        let shown = name.as_ref().and_then(single).and_then(readable);
        let shown = shown.or_else(|| address.as_ref().ok().map(|a| a.as_str().to_owned()));
        let members = groups.as_ref().map(|found| normalised(&found.values)).transpose();

        let one = |text: &str| vec![text.to_owned()];
        let said = |rule: Option<&Expression>| rule.map_or_else(String::new, ToString::to_string);
        let field = |name, expression, found, value| Field { name, expression, found, value };
        let own_name = by_subject.map_or_else(|| OWN_SUBJECT.to_owned(), ToString::to_string);
        let fields = [
            field("subject", own_name, subject, person.as_ref().ok().map(|s| one(s.as_str()))),
            field(
                "email",
                self.rules.email.to_string(),
                email,
                address.as_ref().ok().map(|a| one(a.as_str())),
            ),
            field("name", said(self.rules.name.as_ref()), name, shown.as_deref().map(one)),
            field(
                "groups",
                said(self.rules.groups.as_ref()),
                groups,
                members.as_ref().ok().and_then(Clone::clone),
            ),
        ];
        let identity = || {
            let person = PersonKey { idp: idp.clone(), subject: person? };
            let (email, groups) = (address?, members?);
            let display_name = shown.unwrap_or_else(|| email.as_str().to_owned());
            Ok(Identity {
                person,
                email,
                display_name,
                groups,
                claims: kept,
                idp_session,
                session_deadline,
            })
        };
        Preview { fields, identity: identity() }
    }

    fn subject(&self, found: Option<&Found>) -> Result<Subject, SignInError> {
        let named = self.rules.subject.as_ref();
        let missing = || {
            SignInError::SubjectMissing(named.map_or(OWN_SUBJECT.to_owned(), ToString::to_string))
        };
        found.and_then(single).and_then(|text| text.parse().ok()).ok_or_else(missing)
    }

    fn email(
        &self,
        found: Option<&Found>,
        verified: Option<bool>,
        tenant: Option<&str>,
    ) -> Result<EmailAddress, SignInError> {
        let rule = &self.rules.email;
        let found = found.filter(|found| !found.values.is_empty());
        let found = found.ok_or_else(|| SignInError::AddressMissing(rule.to_string()))?;
        let invalid = || SignInError::AddressInvalid(rule.to_string());
        let email: EmailAddress =
            single(found).ok_or_else(invalid)?.parse().map_err(|_| invalid())?;
        if verified == Some(false) {
            return Err(SignInError::AddressUnverified);
        }
        if !self.speaks_for(&email.domain(), tenant) {
            return Err(SignInError::DomainForeign(email.domain().to_string()));
        }
        Ok(email)
    }

    fn speaks_for(&self, domain: &DomainName, tenant: Option<&str>) -> bool {
        let among = |all: &[DomainPattern]| all.iter().any(|pattern| pattern.matches(domain));
        let own = || tenant.and_then(|id| self.tenants.get(id)).is_some_and(|own| among(own));
        among(&self.domains) && (self.tenants.is_empty() || own())
    }
}

/// How messages call the protocol's own subject.
const OWN_SUBJECT: &str = "NameID or sub";

fn single(found: &Found) -> Option<&str> {
    match found.values.as_slice() {
        [value] => Some(value),
        _ => None,
    }
}

/// Trimmed, each once, in the order in which they came. What is strange is refused, not left out:
/// a rule may demand a second factor of a group.
fn normalised(groups: &[String]) -> Result<Vec<String>, SignInError> {
    let mut seen = std::collections::HashSet::new();
    let mut kept = Vec::new();
    for group in groups {
        let group = group.trim();
        if group.chars().any(char::is_control) {
            return Err(SignInError::GroupsUnusable("one has control characters"));
        }
        if group.chars().count() > MAX_GROUP {
            return Err(SignInError::GroupsUnusable("one has more than 512 characters"));
        }
        if !group.is_empty() && seen.insert(group) {
            kept.push(group.to_owned());
        }
    }
    if kept.len() > MAX_GROUPS {
        return Err(SignInError::GroupsUnusable("there are more than 2000"));
    }
    Ok(kept)
}

/// A name that can stand on one line of a page or a header: no control characters, none that turn
/// the direction of writing, at most 200 characters.
fn readable(name: &str) -> Option<String> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = name.chars().filter(|c| !c.is_control() && !turns(*c)).take(200).collect();
    let trimmed = clean.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

#[cfg(test)]
mod tests;
