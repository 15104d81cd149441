//! Single logout in both directions (SAML Core §3.7, Profiles §4.4).

mod build;
mod error;
mod incoming;
mod query;
mod read;

use domain::Timestamp;

pub use build::{LogoutCall, LogoutOutcome};
pub use error::LogoutError;
pub use incoming::{IncomingLogout, LogoutExpectation, read_logout};

use crate::{Binding, NameId};

/// A verified message of single logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutMessage {
    /// The identity provider ends sessions.
    Request(LogoutRequest),
    /// The identity provider answers our request.
    Response(LogoutResponse),
}

/// An identity provider's request to end sessions, signed by it. It is good once: the caller marks
/// its id as used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    pub(crate) id: String,
    pub(crate) name_id: NameId,
    pub(crate) session_indexes: Vec<String>,
    pub(crate) relay_state: Option<String>,
    pub(crate) expires: Timestamp,
    pub(crate) binding: Binding,
}

impl LogoutRequest {
    /// Its id, unique at its issuer: the key of the replay mark (attacks.md B21).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose sessions end.
    pub fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// Which of them; empty: all (SAML Core §3.7.1).
    pub fn session_indexes(&self) -> &[String] {
        &self.session_indexes
    }

    /// Goes back with the answer, unchanged.
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    /// From when on it is refused as old: how long the replay mark must live.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// How it came; the answer goes back the same way, or by another one through the browser.
    pub fn binding(&self) -> Binding {
        self.binding
    }
}

/// An identity provider's answer to our LogoutRequest, signed by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    pub(crate) in_response_to: String,
    pub(crate) success: bool,
    pub(crate) relay_state: Option<String>,
}

impl LogoutResponse {
    /// The id of our request; the caller holds it against what it asked.
    pub fn in_response_to(&self) -> &str {
        &self.in_response_to
    }

    /// Whether the identity provider says that all sessions have ended.
    pub fn success(&self) -> bool {
        self.success
    }

    /// What we sent along.
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }
}
