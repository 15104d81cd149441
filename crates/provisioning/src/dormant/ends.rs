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

/// How long JSM may be asked about one of them: less than the lease of a flight, so that no sign-in
/// comes between. What JSM throttles waits for the next round.
const PATIENCE: Duration = Duration::from_secs(4);

impl Provisioner {
    /// Ends somebody's access, if that is still what the policy says, as far as the brake permits. A
    /// sign-in that comes before wins. Record the events, then call [`Provisioner::note_ended`].
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

    /// Notes that an end is in the audit log. Until then the next round ends the access again, and
    /// records that.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_ended(
        &self,
        account: &JsmAccount,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let note = |ledger: &mut Ledger| {
            if let Some(end) = &mut ledger.course.end {
                end.done = true;
            }
        };
        self.0.records.change_ledger(account, now, note).await
    }
}

impl Inner {
    /// Marks the ledger, and ends the access: a crash between is taken up by the next round, or by the
    /// owner's sign-in.
    async fn end(
        &self,
        account: &JsmAccount,
        policy: &DormancySettings,
        warrant: Warrant,
    ) -> Result<(Deed, Vec<AuditEvent>), ProvisioningError> {
        let now = self.clock.now();
        let until = now.plus(PATIENCE);
        let ledger = self.records.ledger(account, now).await?;
        let Some(ledger) = ledger.filter(|ledger| policy.may_end(ledger, warrant, now)) else {
            return Ok((Deed::Nothing, vec![]));
        };
        if self.is_spared(account, &ledger).await? {
            return Ok((Deed::Nothing, vec![]));
        }
        if let Some(events) = self.held(account, &ledger).await? {
            return Ok((Deed::Held, events));
        }
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
        let done = self.revoke(account, until).await;
        self.note_end(account, ours, &done).await?;
        let deed = done?;
        let event = (deed == Deed::Ended).then(|| self.ended(account, &ledger, warrant));
        Ok((deed, event.into_iter().collect()))
    }

    /// Whether somebody is here and only JSM does not know yet, or works in Jira, where nobody sees them
    /// sign in.
    pub(super) async fn is_spared(
        &self,
        account: &JsmAccount,
        ledger: &Ledger,
    ) -> Result<bool, ProvisioningError> {
        let now = self.clock.now();
        if let Some(owner) = &ledger.owner {
            for person in self.joined_with(owner).chain([owner]) {
                if self.outbox.of(person, now).await?.is_some() {
                    return Ok(true);
                }
            }
        }
        // What Cloud revokes is portal-only and takes none.
        if self.client.flavour() == Flavour::Cloud {
            return Ok(false);
        }
        let user = self.client.read(account, now.plus(PATIENCE)).await?;
        let licensed = user.is_some_and(|user| user.licensed);
        if licensed {
            let note = |ledger: &mut Ledger| ledger.course.licensed = Some(now);
            self.records.change_ledger(account, now, note).await?;
        }
        Ok(licensed)
    }

    /// Asks the brake, once for each end; where it holds, what the audit log should know of that.
    async fn held(
        &self,
        account: &JsmAccount,
        ledger: &Ledger,
    ) -> Result<Option<Vec<AuditEvent>>, ProvisioningError> {
        if ledger.course.end.is_some() {
            return Ok(None);
        }
        let now = self.clock.now();
        let since = ledger.course.held.unwrap_or(now);
        let asked = brake::ask(&self.records, self.settings.brake, since, now).await?;
        let Permission::Held { alarm } = asked else { return Ok(None) };
        let last = ledger.last_sign_in;
        let note = |ledger: &mut Ledger| {
            if ledger.last_sign_in == last {
                ledger.course.held = Some(since);
            }
        };
        self.records.change_ledger(account, now, note).await?;
        let (jsm, limit) = (self.settings.name.clone(), self.settings.brake.removals);
        let stopped = AuditEvent::RemovalsStopped { jsm, limit };
        Ok(Some(alarm.then_some(stopped).into_iter().collect()))
    }

    /// Has JSM end the access; nothing is done about an account that JSM no longer knows.
    async fn revoke(
        &self,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Deed, ProvisioningError> {
        let status = match self.client.revoke(account, until).await? {
            Written::Done => return Ok(Deed::Ended),
            Written::PlaceUnknown if self.client.read(account, until).await?.is_none() => {
                return Ok(Deed::Nothing);
            }
            Written::PlaceUnknown => 404,
            // A directory that Jira may only read, for one.
            Written::AccountUnknown => 400,
        };
        let endpoint = match self.client.flavour() {
            Flavour::Cloud => Endpoint::RevokeCustomer,
            Flavour::DataCenter => Endpoint::UpdateUser,
        };
        Err(ProvisioningError::CallRefused { endpoint, status })
    }

    /// Notes what became of an end, where nobody has seen to it meanwhile. What JSM did or may have done
    /// stays noted even then: the owner's next sign-in looks.
    async fn note_end(
        &self,
        account: &JsmAccount,
        ours: Option<End>,
        done: &Result<Deed, ProvisioningError>,
    ) -> Result<(), ProvisioningError> {
        let note = |ledger: &mut Ledger| match done {
            Ok(Deed::Ended) => ledger.course.end = ours,
            Err(error) if error.is_outage() => ledger.course.end = ours,
            _ if ledger.course.end != ours => {}
            Ok(_) => ledger.course.end = ours.map(|end| End { done: true, ..end }),
            Err(_) => ledger.course.end = None,
        };
        self.records.change_ledger(account, self.clock.now(), note).await
    }

    fn ended(&self, account: &JsmAccount, ledger: &Ledger, warrant: Warrant) -> AuditEvent {
        let notice = match ledger.course.notice.map(|notice| notice.post) {
            Some(Post::Sent(given)) => Some(given),
            _ => None,
        };
        let jsm = &self.settings.name;
        AuditEvent::CustomerEnded {
            jsm: jsm.clone(),
            account: account.clone(),
            last_sign_in: ledger.last_sign_in,
            notice,
            rule: (warrant == Warrant::Policy).then(|| format!("jsm.{jsm}.dormancy")),
        }
    }
}
