//! What JSM has lost of what the gateway granted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{AuditEvent, JsmAccount, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ProvisioningError;
use crate::client::Written;
use crate::plan::Place;
use crate::provisioner::Provisioner;

/// How long one comparison may take: a throttle is waited out.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// A membership that the ledger holds and JSM has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Whose.
    pub account: JsmAccount,
    /// Who that is, once somebody has signed in.
    pub owner: Option<PersonKey>,
    /// What is missing.
    pub place: Place,
    /// The rule that granted it.
    pub rule: String,
    /// Whether it was repaired.
    pub repaired: bool,
}

/// Whether what is found is only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// It is.
    Report,
    /// It is acted on.
    Act,
}

impl Provisioner {
    /// Compares JSM with the ledger: memberships of organizations, and of service desks where JSM lists
    /// their customers. With [`Order::Act`] what is missing is granted again.
    ///
    /// # Errors
    /// When JSM or the store fails.
    pub async fn drift(
        &self,
        order: Order,
        now: Timestamp,
    ) -> Result<(Vec<Drift>, Vec<AuditEvent>), ProvisioningError> {
        let (inner, until) = (&self.0, now.plus(PATIENCE));
        let mut members: BTreeMap<String, BTreeSet<JsmAccount>> = BTreeMap::new();
        let (mut found, mut events) = (Vec::new(), Vec::new());
        for (account, ledger) in inner.records.ledgers(now).await? {
            for grant in ledger.grants.iter().filter(|grant| !grant.pending) {
                let key = match &grant.place {
                    Place::Organization(organization) => {
                        format!("organization/{}", organization.id)
                    }
                    Place::Desk(desk) => format!("desk/{desk}"),
                    Place::Group(_) => continue,
                };
                if !members.contains_key(&key) {
                    let listed = match &grant.place {
                        Place::Organization(o) => Some(inner.client.members(&o.id, until).await?),
                        Place::Desk(desk) => inner.client.desk_members(desk, until).await?,
                        Place::Group(_) => None,
                    };
                    let Some(listed) = listed else { continue };
                    members.insert(key.clone(), listed.into_iter().collect());
                }
                if members.get(&key).is_none_or(|listed| listed.contains(&account)) {
                    continue;
                }
                let repaired = order == Order::Act
                    && inner.take_in(&grant.place, &account, until).await? == Written::Done;
                if repaired {
                    let rule = grant.rule.clone();
                    events.push(inner.joined(grant.place.clone(), account.clone(), rule));
                }
                found.push(Drift {
                    account: account.clone(),
                    owner: ledger.owner.clone(),
                    place: grant.place.clone(),
                    rule: grant.rule.clone(),
                    repaired,
                });
            }
        }
        Ok((found, events))
    }
}
