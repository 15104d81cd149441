//! Accounts whose access was ended, and the tasks for administrators that follow.

use domain::{AuditEvent, Identity, JsmAccount, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Area;

use crate::account::Origin;
use crate::client::Written;
use crate::error::Revoked;
use crate::provisioner::Inner;
use crate::{ProvisioningError, Reactivation, hash};

/// Something that an administrator has to do in JSM, because the gateway cannot or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// For whom.
    pub person: PersonKey,
    /// Why, as `vestibule why` names it.
    pub cause: String,
    /// Since when.
    pub since: Timestamp,
}

impl Inner {
    /// Opens an account again whose access was ended, as far as the identity provider's policy and
    /// the product allow.
    pub(crate) async fn reactivate(
        &self,
        identity: &Identity,
        account: &JsmAccount,
        (now, until): (Timestamp, Timestamp),
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        match self.settings.conduct_of(&identity.person.idp).reactivation {
            // Whoever is blocked has been refused before.
            Reactivation::Always | Reactivation::UnlessBlocked => {}
            Reactivation::Ask => {
                self.ask(identity, "jsm-account-revoked", now).await?;
                return Err(ProvisioningError::AccountEnded { asked: true });
            }
            Reactivation::Never => return Err(ProvisioningError::AccountEnded { asked: false }),
        }
        match self.client.update(account, json!({"active": true}), until).await? {
            Written::Done => {
                let (jsm, account) = (self.settings.name.clone(), account.clone());
                let person = identity.person.clone();
                events.push(AuditEvent::CustomerReactivated { jsm, person, account });
                Ok(())
            }
            // A directory that Jira may only read.
            Written::AccountUnknown | Written::PlaceUnknown => {
                self.ask(identity, "jsm-account-read-only", now).await?;
                Err(ProvisioningError::AccountEnded { asked: true })
            }
        }
    }

    /// Cloud: no API grants access again. Where the policy wants it, an administrator is asked.
    pub(crate) async fn or_ask(
        &self,
        identity: &Identity,
        found: Result<(JsmAccount, Origin), ProvisioningError>,
        now: Timestamp,
    ) -> Result<(JsmAccount, Origin), ProvisioningError> {
        let Err(ProvisioningError::AccountInvisible { revoked }) = &found else { return found };
        let conduct = self.settings.conduct_of(&identity.person.idp);
        let wanted = conduct.reactivation != Reactivation::Never;
        let cause = match revoked {
            Revoked::Shown => "jsm-account-revoked",
            Revoked::Unsaid => "jsm-account-invisible",
        };
        if wanted {
            self.ask(identity, cause, now).await?;
        }
        match revoked {
            Revoked::Shown => Err(ProvisioningError::AccountEnded { asked: wanted }),
            Revoked::Unsaid => found,
        }
    }

    /// Puts a task for an administrator into the queue, once for each person.
    async fn ask(
        &self,
        identity: &Identity,
        cause: &str,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let task = Task { person: identity.person.clone(), cause: cause.to_owned(), since: now };
        let groups = vec![self.records.key("task", "all")];
        let key = self.records.key("task", &hash::person(&identity.person));
        let entry = self.records.sealed(&key, &task, groups)?;
        self.records.store().put_if_absent(Area::Records, &key, entry, now).await?;
        Ok(())
    }

    /// The task of somebody who is in is done.
    pub(crate) async fn forget_task(&self, person: &PersonKey) -> Result<(), ProvisioningError> {
        let key = self.records.key("task", &hash::person(person));
        Ok(self.records.store().remove(Area::Records, &key).await?)
    }

    /// What administrators have to do.
    pub(crate) async fn tasks(&self, now: Timestamp) -> Result<Vec<Task>, ProvisioningError> {
        let group = self.records.key("task", "all");
        let found = self.records.store().group(Area::Records, &group, now).await?;
        let read = found.iter().filter_map(|(key, value)| self.records.opened(key, value).ok());
        let mut tasks: Vec<Task> = read.collect();
        tasks.sort_by_key(|task| task.since);
        Ok(tasks)
    }
}
