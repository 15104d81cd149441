//! The end of an access: as far as the brake permits, and never over a sign-in that came before.

use std::time::Duration;

use domain::{AuditEvent, JsmAccount, Timestamp};

use super::Deed;
use crate::brake::{self, Permission};
use crate::client::{Endpoint, Flavour, Written};
use crate::dormancy::{DormancySettings, End, Post, Warrant};
use crate::ledger::Ledger;
use crate::provisioner::{Inner, Provisioner};
use crate::{ProvisioningError, hash};

/// How long one end may take: its owner may be waiting to sign in, and the next round comes.
const PATIENCE: Duration = Duration::from_secs(60);

impl Provisioner {
    /// Ends somebody's access, if that is still what the policy says, as far as the brake permits. A
    /// sign-in that comes before wins.
    ///
    /// # Errors
    /// When JSM or the store fails.
    pub async fn end_dormant(
        &self,
        account: &JsmAccount,
        policy: &DormancySettings,
        warrant: Warrant,
        now: Timestamp,
    ) -> Result<(Deed, Vec<AuditEvent>), ProvisioningError> {
        let inner = &self.0;
        let Some(ledger) = inner.records.ledger(account, now).await? else {
            return Ok((Deed::Nothing, vec![]));
        };
        if !policy.may_end(&ledger, warrant, now) {
            return Ok((Deed::Nothing, vec![]));
        }
        let since = ledger.last_sign_in.map_or(now, |last| last.plus(policy.after));
        match brake::ask(&inner.records, inner.settings.brake, since, now).await? {
            Permission::Granted => {}
            Permission::Held { alarm } => {
                let (jsm, limit) = (inner.settings.name.clone(), inner.settings.brake.removals);
                let stopped = AuditEvent::RemovalsStopped { jsm, limit };
                return Ok((Deed::Held, alarm.then_some(stopped).into_iter().collect()));
            }
        }
        // As a sign-in of theirs does: neither overtakes the other.
        let keys = match (&ledger.owner, &ledger.contact) {
            (Some(owner), Some(contact)) => inner.flight_keys(owner, &contact.email),
            (Some(owner), None) => vec![hash::person(owner)],
            (None, _) => vec![],
        };
        let flight = inner.flights.enter(keys).await?;
        let done = inner.end(account, policy, warrant).await;
        inner.flights.leave(flight).await;
        done
    }
}

impl Inner {
    /// Marks the ledger, ends the access, notes that it is done: a crash between is taken up by the
    /// next round, or by the owner's sign-in.
    async fn end(
        &self,
        account: &JsmAccount,
        policy: &DormancySettings,
        warrant: Warrant,
    ) -> Result<(Deed, Vec<AuditEvent>), ProvisioningError> {
        let now = self.clock.now();
        let ours = Some(End { at: now, done: false });
        let set_out = |ledger: &mut Ledger| {
            if policy.may_end(ledger, warrant, now) {
                ledger.course.end = ours;
            }
        };
        let ledger = self.records.changed_ledger(account, now, set_out).await?;
        if ledger.course.end != ours {
            return Ok((Deed::Nothing, vec![]));
        }
        let written = self.client.revoke(account, now.plus(PATIENCE)).await;
        let end = match &written {
            // JSM knows no such customer any more: there is nothing to end, now or tomorrow.
            Ok(Written::Done | Written::PlaceUnknown) => Some(End { at: now, done: true }),
            Ok(Written::AccountUnknown) => None,
            // Nobody knows whether it was done: its owner is looked at when they come.
            Err(error) if error.is_outage() => ours,
            Err(_) => None,
        };
        let settle = |ledger: &mut Ledger| {
            if ledger.course.end == ours {
                ledger.course.end = end;
            }
        };
        self.records.change_ledger(account, self.clock.now(), settle).await?;
        match written? {
            Written::Done => {
                let given = match ledger.course.notice.map(|notice| notice.post) {
                    Some(Post::Sent(given)) => Some(given),
                    _ => None,
                };
                let event = AuditEvent::CustomerEnded {
                    jsm: self.settings.name.clone(),
                    account: account.clone(),
                    last_sign_in: ledger.last_sign_in,
                    notice: given,
                    rule: (warrant == Warrant::Policy).then(|| self.dormancy_rule()),
                };
                Ok((Deed::Ended, vec![event]))
            }
            Written::PlaceUnknown => Ok((Deed::Nothing, vec![])),
            // A directory that Jira may only read, for one.
            Written::AccountUnknown => {
                let endpoint = match self.client.flavour() {
                    Flavour::Cloud => Endpoint::RevokeCustomer,
                    Flavour::DataCenter => Endpoint::UpdateUser,
                };
                Err(ProvisioningError::CallRefused { endpoint, status: 400 })
            }
        }
    }

    fn dormancy_rule(&self) -> String {
        format!("jsm.{}.dormancy", self.settings.name)
    }
}
