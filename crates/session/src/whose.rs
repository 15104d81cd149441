//! Groups of sessions, as they are found in the store.

use domain::{IdpName, PersonKey, SiteName};

use crate::{Facts, Sealer, Who};

/// Kinds of names in the store.
const BY_PERSON: &str = "sessions-of-person/";
const BY_IDP: &str = "sessions-of-idp/";
const BY_IDP_SESSION: &str = "sessions-of-idp-session/";
const BY_IDP_SUBJECT: &str = "sessions-of-idp-subject/";
const BY_ORGANIZATION: &str = "sessions-of-organization/";
const BY_SITE: &str = "sessions-of-site/";

/// A group of sessions that can be listed, or ended at once.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of one person.
    Person(&'a PersonKey),
    /// Of everybody whom an identity provider signed in.
    Idp(&'a IdpName),
    /// Of one session at an identity provider (SAML `SessionIndex`, OpenID Connect `sid`).
    IdpSession(&'a IdpName, &'a str),
    /// Of one subject, as the identity provider's protocol names it (NameID, `sub`).
    IdpSubject(&'a IdpName, &'a str),
    /// Of everybody to whom the rules gave an organization.
    Organization(&'a str),
    /// Of one site.
    Site(&'a SiteName),
}

impl<'a> Whose<'a> {
    /// Name of the group in the store.
    pub(crate) fn name(self, sealer: &Sealer) -> String {
        let (kind, parts) = self.kind();
        sealer.name(kind, &parts)
    }

    fn kind(self) -> (&'static str, Vec<&'a [u8]>) {
        match self {
            Self::Person(person) => {
                let (idp, subject) = (person.idp.as_str(), person.subject.as_str());
                (BY_PERSON, vec![idp.as_bytes(), subject.as_bytes()])
            }
            Self::Idp(idp) => (BY_IDP, vec![idp.as_str().as_bytes()]),
            Self::IdpSession(idp, id) => {
                (BY_IDP_SESSION, vec![idp.as_str().as_bytes(), id.as_bytes()])
            }
            Self::IdpSubject(idp, subject) => {
                (BY_IDP_SUBJECT, vec![idp.as_str().as_bytes(), subject.as_bytes()])
            }
            Self::Organization(name) => (BY_ORGANIZATION, vec![name.as_bytes()]),
            Self::Site(site) => (BY_SITE, vec![site.as_str().as_bytes()]),
        }
    }
}

/// Names of all groups that a session is in.
pub(crate) fn groups(sealer: &Sealer, facts: &Facts) -> Vec<String> {
    let mut groups = vec![Whose::Site(&facts.site)];
    if let Who::Person(customer) = &facts.who {
        let identity = &customer.identity;
        let idp = &identity.person.idp;
        groups.extend([Whose::Person(&identity.person), Whose::Idp(idp)]);
        if let Some(there) = &identity.idp_session {
            groups.push(Whose::IdpSubject(idp, &there.subject));
            groups.extend(there.id.as_ref().map(|id| Whose::IdpSession(idp, id)));
        }
    }
    groups.extend(facts.organizations.iter().map(|name| Whose::Organization(name)));
    groups.into_iter().map(|whose| whose.name(sealer)).collect()
}
