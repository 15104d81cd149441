//! From what an identity provider proved to an [`Identity`].

use std::collections::BTreeMap;

use domain::{DomainPattern, EmailAddress, Identity, IdpName, PersonKey};

use crate::{SignInError, Verified};

/// Names of the claims or attributes that carry what the gateway needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// Where the e-mail address is.
    pub email: String,
    /// Where the name to show is; without it the e-mail address is shown.
    pub name: Option<String>,
    /// Where the groups are.
    pub groups: Option<String>,
    /// Where the subject is, when it is not the protocol's own (NameID, `sub`).
    pub subject: Option<String>,
}

/// Verified claims or attributes, exactly as signed, unmapped: every value a list of texts.
/// A single text is a list of one; numbers and booleans are their JSON text.
pub type Claims = BTreeMap<String, Vec<String>>;

/// How one identity provider's claims are read, and for which domains it may speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Names of its claims.
    pub names: ClaimNames,
    /// Its domains.
    pub domains: Vec<DomainPattern>,
}

impl Mapping {
    /// The identity that `idp` proved.
    ///
    /// # Errors
    /// When subject or address are missing or strange, or the address is not `idp`'s to vouch for.
    pub fn identity(&self, idp: &IdpName, verified: Verified) -> Result<Identity, SignInError> {
        let Verified { subject, claims, email_verified, idp_session, session_deadline } = verified;
        let subject_name = self.names.subject.as_deref();
        let subject = match subject_name {
            Some(name) => single(&claims, name).map(str::to_owned),
            None => subject,
        };
        let missing =
            || SignInError::SubjectMissing(subject_name.unwrap_or("NameID or sub").to_owned());
        let subject = subject.and_then(|s| s.parse().ok()).ok_or_else(missing)?;
        let email = self.email(&claims, email_verified)?;
        let display_name = self.names.name.as_deref().and_then(|name| single(&claims, name));
        let display_name =
            display_name.and_then(readable).unwrap_or_else(|| email.as_str().to_owned());
        // An absent claim is not an empty list: nothing may be taken away because of it.
        let groups = self.names.groups.as_ref().and_then(|name| claims.get(name)).cloned();
        let person = PersonKey { idp: idp.clone(), subject };
        Ok(Identity { person, email, display_name, groups, idp_session, session_deadline })
    }

    fn email(&self, claims: &Claims, verified: Option<bool>) -> Result<EmailAddress, SignInError> {
        let name = &self.names.email;
        let values = claims.get(name).filter(|v| !v.is_empty());
        let values = values.ok_or_else(|| SignInError::AddressMissing(name.clone()))?;
        let invalid = || SignInError::AddressInvalid(name.clone());
        let [value] = values.as_slice() else { return Err(invalid()) };
        let email: EmailAddress = value.parse().map_err(|_| invalid())?;
        if verified == Some(false) {
            return Err(SignInError::AddressUnverified);
        }
        let domain = email.domain();
        if !self.domains.iter().any(|pattern| pattern.matches(&domain)) {
            return Err(SignInError::DomainForeign(domain.to_string()));
        }
        Ok(email)
    }
}

fn single<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    match claims.get(name).map(Vec::as_slice) {
        Some([value]) => Some(value),
        _ => None,
    }
}

/// A name that can stand on one line of a page or a header: no control characters, at most 200
/// characters.
fn readable(name: &str) -> Option<String> {
    let clean: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    let trimmed = clean.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}
