//! Who is signed in where, as the identity provider remembers it.

use super::{Core, SamlIdp};
use crate::people::Person;

/// One session of a person at a service provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpSession {
    /// Entity id of the service provider.
    pub service_provider: String,
    /// Who.
    pub person: Person,
    /// Value of the NameID that it was told.
    pub name_id: String,
    /// Format of the NameID.
    pub format: String,
    /// NameQualifier and SPNameQualifier.
    pub qualifiers: Option<(String, String)>,
    /// SessionIndex.
    pub session_index: Option<String>,
}

impl SamlIdp {
    /// Everybody who signed in and has not signed out.
    pub fn sessions(&self) -> Vec<IdpSession> {
        self.core.state().sessions.clone()
    }

    /// The newest session of a person.
    ///
    /// # Panics
    /// When there is none.
    pub fn session_of(&self, person: &Person) -> IdpSession {
        let sessions = self.sessions();
        let found = sessions.into_iter().rev().find(|s| s.person.email == person.email);
        found.expect("a session of this person")
    }
}

impl Core {
    /// Ends the sessions at `service_provider` of a NameID; with indexes, only those (SAML Core
    /// §3.7.1). Says how many there were.
    pub(super) fn end_sessions(
        &self,
        service_provider: &str,
        name_id: &str,
        indexes: &[String],
    ) -> usize {
        let sessions = &mut self.state().sessions;
        let before = sessions.len();
        sessions.retain(|s| {
            let named = s.service_provider == service_provider && s.name_id == name_id;
            let index = s.session_index.as_ref();
            let meant = indexes.is_empty() || index.is_some_and(|i| indexes.contains(i));
            !(named && meant)
        });
        before - sessions.len()
    }
}
