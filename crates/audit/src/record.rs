//! One line of the log.

use domain::{AuditEvent, ReferenceCode, Timestamp};
use serde::{Deserialize, Serialize};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// RFC 3339 in UTC, whole seconds.
    pub time: String,
    /// The code that the customer saw, or that ties together what one request caused.
    pub reference: ReferenceCode,
    /// Where the request came from, as far as trusted proxies tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<std::net::IpAddr>,
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
}

impl Record {
    /// A record of `event` at `now`.
    pub fn new(
        now: Timestamp,
        reference: ReferenceCode,
        client: Option<std::net::IpAddr>,
        event: AuditEvent,
    ) -> Self {
        Self { time: now.to_string(), reference, client, event }
    }
}
