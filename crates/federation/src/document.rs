//! What a provider published, kept for the time after a restart.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// What a provider published when it was last fetched and found good. Opaque; whoever keeps it
/// must see to it that nobody changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// As it was fetched: SAML metadata, or the discovery document and key set as JSON.
    pub bytes: Vec<u8>,
    /// When.
    pub fetched: Timestamp,
}
