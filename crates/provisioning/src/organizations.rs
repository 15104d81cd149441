//! Organizations by name, looked up seldom.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{AuditEvent, Timestamp};

use crate::ProvisioningError;
use crate::cloud::{Client, FoundOrganization};
use crate::ledger::{CreatedOrganization, Records};

/// A listing is believed for so long; who owns an organization may change.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// What listings said.
#[derive(Default)]
pub(crate) struct Organizations {
    seen: Mutex<HashMap<String, (FoundOrganization, Timestamp)>>,
}

impl Organizations {
    /// The organization of this name; created, and noted in `events`, if there is none.
    pub(crate) async fn find_or_create(
        &self,
        client: &Client,
        records: &Records,
        name: &str,
        (now, until): (Timestamp, Timestamp),
        events: &mut Vec<AuditEvent>,
    ) -> Result<FoundOrganization, ProvisioningError> {
        if let Some(found) = self.remembered(name, now) {
            return Ok(found);
        }
        self.remember(client.organizations(until).await?, now);
        if let Some(found) = self.remembered(name, now) {
            return Ok(found);
        }
        // Written before the creation, so that after a crash it is still known to be ours.
        records.put_created_organization(name, &CreatedOrganization::default(), now).await?;
        let created = client.create_organization(name, until).await?;
        let organization = created.named(name);
        events.push(AuditEvent::OrganizationCreated { jsm: records.jsm().clone(), organization });
        self.seen().insert(name.to_owned(), (created.clone(), now));
        Ok(created)
    }

    /// Forgets an organization that turned out to be gone.
    pub(crate) fn forget(&self, name: &str) {
        self.seen().remove(name);
    }

    fn remembered(&self, name: &str, now: Timestamp) -> Option<FoundOrganization> {
        let seen = self.seen();
        let fresh = seen.get(name).filter(|(_, at)| now.since(*at) < FRESH);
        fresh.map(|(found, _)| found.clone())
    }

    /// Of two with one name, the one that may be written counts.
    fn remember(&self, found: Vec<FoundOrganization>, now: Timestamp) {
        let mut seen = HashMap::with_capacity(found.len());
        for organization in found {
            let taken: Option<&(FoundOrganization, Timestamp)> = seen.get(organization.name());
            if taken.is_none_or(|(other, _)| other.is_scim_managed()) {
                seen.insert(organization.name().to_owned(), (organization, now));
            }
        }
        *self.seen() = seen;
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, (FoundOrganization, Timestamp)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
