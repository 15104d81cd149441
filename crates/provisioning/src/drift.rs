//! What JSM has lost of what the gateway granted, and who has not been here for long.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{AuditEvent, JsmAccount, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ProvisioningError;
use crate::brake::{self, Permission};
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

/// An account that nobody has signed in to for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dormant {
    /// Which.
    pub account: JsmAccount,
    /// Whose.
    pub owner: Option<PersonKey>,
    /// To the day; `None`: before this was noted.
    pub last_sign_in: Option<Timestamp>,
    /// Whether its access was ended now.
    pub ended: bool,
    /// Whether ending it waits for `vestibule provisioning release`.
    #[serde(default)]
    pub held: bool,
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

    /// Accounts that somebody once signed in to, and nobody for `idle`. With [`Order::Act`] their
    /// access is ended, as far as the brake permits; `reactivation` says what their next sign-in does.
    ///
    /// # Errors
    /// When JSM or the store fails.
    pub async fn dormant(
        &self,
        idle: Duration,
        order: Order,
        now: Timestamp,
    ) -> Result<(Vec<Dormant>, Vec<AuditEvent>), ProvisioningError> {
        let (inner, until) = (&self.0, now.plus(PATIENCE));
        let (mut found, mut events) = (Vec::new(), Vec::new());
        for (account, ledger) in inner.records.ledgers(now).await? {
            let Some(last) = ledger.last_sign_in.filter(|last| now.since(*last) >= idle) else {
                continue;
            };
            let (mut ended, mut held) = (false, false);
            if order == Order::Act {
                // Dormant since then: what an operator ordered on later is no longer counted.
                let since = last.plus(idle);
                match brake::ask(&inner.records, inner.settings.brake, since, now).await? {
                    Permission::Granted => {
                        ended = inner.client.revoke(&account, until).await? == Written::Done;
                    }
                    Permission::Held { alarm } => {
                        held = true;
                        if alarm {
                            let (jsm, limit) =
                                (inner.settings.name.clone(), inner.settings.brake.removals);
                            events.push(AuditEvent::RemovalsStopped { jsm, limit });
                        }
                    }
                }
            }
            let last_sign_in = Some(last);
            if ended {
                let (jsm, account) = (inner.settings.name.clone(), account.clone());
                events.push(AuditEvent::CustomerEnded { jsm, account, last_sign_in });
            }
            found.push(Dormant { account, owner: ledger.owner, last_sign_in, ended, held });
        }
        found.sort_by_key(|dormant| dormant.last_sign_in);
        Ok((found, events))
    }
}
