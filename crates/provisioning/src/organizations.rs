//! Organizations as rules name them, looked up seldom.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{AuditEvent, Timestamp};
use serde::{Deserialize, Serialize};

use crate::client::{Client, FoundOrganization};
use crate::records::Records;
use crate::rules::{Creation, WantedOrganization};
use crate::{OrganizationKey, ProvisioningError};

/// A listing is believed for so long; who owns an organization may change.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// New organizations of values are counted over this time.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What listings said.
#[derive(Default)]
pub(crate) struct Organizations {
    by_name: Mutex<HashMap<String, (FoundOrganization, Timestamp)>>,
    by_id: Mutex<HashMap<String, (FoundOrganization, Timestamp)>>,
}

/// When organizations were made because a value named them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Made {
    at: Vec<Timestamp>,
}

impl Organizations {
    /// The organization of a name or id; made, and noted in `events`, if there is none and it may be.
    pub(crate) async fn find_or_create(
        &self,
        client: &Client,
        records: &Records,
        wanted: &WantedOrganization,
        (now, until): (Timestamp, Timestamp),
        events: &mut Vec<AuditEvent>,
    ) -> Result<FoundOrganization, ProvisioningError> {
        let name = match &wanted.key {
            OrganizationKey::Id(id) => return self.with_id(client, id, (now, until)).await,
            OrganizationKey::Name(name) => name,
        };
        if let Some(found) = remembered(&self.names(), name, now) {
            return Ok(found);
        }
        // What the name stood for: it stays the same organization when somebody renames it in JSM.
        let record = records.organization(name, now).await?.unwrap_or_default();
        if let Some(id) = &record.id
            && let Some(found) = client.organization(id, until).await?
        {
            self.names().insert(name.clone(), (found.clone(), now));
            return Ok(found);
        }
        self.remember(client.organizations(until).await?, now);
        let found = remembered(&self.names(), name, now);
        if let Some(found) = found {
            let id = found.id().to_owned();
            records.change_organization(name, now, |named| named.id = Some(id.clone())).await?;
            return Ok(found);
        }
        self.permitted(records, wanted, record.created, now).await?;
        // Written before the creation, so that after a crash it is still known to be ours.
        records.change_organization(name, now, |named| named.created = true).await?;
        let created = client.create_organization(name, until).await?;
        let id = created.id().to_owned();
        records.change_organization(name, now, |named| named.id = Some(id.clone())).await?;
        let organization = created.named(name);
        let (jsm, rule) = (records.jsm().clone(), Some(wanted.rule.to_string()));
        events.push(AuditEvent::OrganizationCreated { jsm, organization, rule });
        self.names().insert(name.clone(), (created.clone(), now));
        Ok(created)
    }

    /// The organization of an id.
    pub(crate) async fn with_id(
        &self,
        client: &Client,
        id: &str,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<FoundOrganization, ProvisioningError> {
        if let Some(found) = remembered(&self.ids(), id, now) {
            return Ok(found);
        }
        let found = client.organization(id, until).await?;
        let found = found.ok_or(ProvisioningError::OrganizationUnknown)?;
        self.ids().insert(id.to_owned(), (found.clone(), now));
        Ok(found)
    }

    /// Whether one more may be made now; counts it.
    async fn permitted(
        &self,
        records: &Records,
        wanted: &WantedOrganization,
        begun: bool,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let limit = match wanted.creation {
            Creation::Always => return Ok(()),
            Creation::Never => return Err(ProvisioningError::OrganizationUnknown),
            // Counted when it was begun.
            Creation::PerHour(_) if begun => return Ok(()),
            Creation::PerHour(limit) => limit,
        };
        let refused = std::sync::atomic::AtomicBool::new(false);
        let count = |old: Option<Made>| {
            let mut made = old.unwrap_or_default();
            made.at.retain(|at| now.since(*at) < HOUR);
            let full = made.at.len() >= limit;
            if !full {
                made.at.push(now);
            }
            refused.store(full, std::sync::atomic::Ordering::SeqCst);
            made
        };
        let rule = wanted.rule.to_string();
        records.change(&records.key("organizations-made", &rule), vec![], now, count).await?;
        if refused.into_inner() {
            return Err(ProvisioningError::TooManyOrganizations { rule: wanted.rule, limit });
        }
        Ok(())
    }

    /// Forgets an organization that turned out to be gone.
    pub(crate) async fn forget(
        &self,
        records: &Records,
        key: &OrganizationKey,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        match key {
            OrganizationKey::Id(id) => drop(self.ids().remove(id)),
            OrganizationKey::Name(name) => {
                self.names().remove(name);
                if records.organization(name, now).await?.is_some() {
                    records.change_organization(name, now, |named| named.id = None).await?;
                }
            }
        }
        Ok(())
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
        self.names().extend(seen);
    }

    fn names(&self) -> MutexGuard<'_, HashMap<String, (FoundOrganization, Timestamp)>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ids(&self) -> MutexGuard<'_, HashMap<String, (FoundOrganization, Timestamp)>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remembered(
    seen: &HashMap<String, (FoundOrganization, Timestamp)>,
    key: &str,
    now: Timestamp,
) -> Option<FoundOrganization> {
    let fresh = seen.get(key).filter(|(_, at)| now.since(*at) < FRESH);
    fresh.map(|(found, _)| found.clone())
}
