//! The single writes of a plan, each recorded before the next begins.

use domain::{AuditEvent, JsmAccount, Timestamp};

use crate::ProvisioningError;
use crate::cloud::{FoundOrganization, Written};
use crate::ledger::Ledger;
use crate::links::Standing;
use crate::plan::{Operation, WantedDesk, WantedOrganization};
use crate::provisioner::Inner;

/// Pauses before a write about a fresh account is given up: JSM promises read-after-write nowhere.
const SETTLING: u32 = 6;

/// What an account joins.
#[derive(Clone, Copy)]
enum Place<'a> {
    Desk(&'a str),
    Organization(&'a FoundOrganization),
}

impl Inner {
    /// Makes one grant, and the writes that it needs; each is noted in `events`.
    pub(crate) async fn apply(
        &self,
        operation: &Operation,
        standing: &Standing,
        until: Timestamp,
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        match operation {
            Operation::JoinDesk(desk) => {
                events.push(self.join_desk(desk, standing, until).await?);
                Ok(())
            }
            Operation::JoinOrganization(organization) => {
                self.join_organization(organization, standing, until, events).await
            }
        }
    }

    async fn join_desk(
        &self,
        wanted: &WantedDesk,
        standing: &Standing,
        until: Timestamp,
    ) -> Result<AuditEvent, ProvisioningError> {
        let (desk, account) = (&wanted.desk, &standing.account);
        match self.settled(Place::Desk(desk), standing, until).await? {
            Written::Done => {}
            Written::AccountUnknown => return Err(ProvisioningError::AccountUnknown),
            Written::PlaceUnknown => {
                return Err(ProvisioningError::DeskUnknown { desk: desk.clone() });
            }
        }
        let add = |ledger: &mut Ledger| ledger.add_desk(desk);
        self.records.change(account, self.clock.now(), add).await?;
        let (jsm, account) = (self.settings.name.clone(), account.clone());
        Ok(AuditEvent::DeskJoined { jsm, account, desk: desk.clone() })
    }

    async fn join_organization(
        &self,
        wanted: &WantedOrganization,
        standing: &Standing,
        until: Timestamp,
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        let (name, account, now) = (&wanted.name, &standing.account, self.clock.now());
        for _ in 0..2 {
            let (client, records, times) = (&self.client, &self.records, (now, until));
            let found =
                self.organizations.find_or_create(client, records, name, times, events).await?;
            if found.is_scim_managed() {
                let leave = |ledger: &mut Ledger| ledger.leave_alone(name, now);
                self.records.change(account, now, leave).await?;
                return Ok(());
            }
            match self.settled(Place::Organization(&found), standing, until).await? {
                Written::Done => {
                    // Before the grant is on record: a crash in between then repeats both.
                    self.attach(wanted, &found, (now, until), events).await;
                    events.push(self.joined(name, &found, account, now).await?);
                    return Ok(());
                }
                Written::AccountUnknown => return Err(ProvisioningError::AccountUnknown),
                // Deleted since it was looked up: once more from the start.
                Written::PlaceUnknown => self.organizations.forget(name),
            }
        }
        Err(ProvisioningError::OrganizationUnknown)
    }

    async fn joined(
        &self,
        name: &str,
        found: &FoundOrganization,
        account: &JsmAccount,
        now: Timestamp,
    ) -> Result<AuditEvent, ProvisioningError> {
        let organization = found.named(name);
        let add = |ledger: &mut Ledger| ledger.add_organization(&organization);
        self.records.change(account, now, add).await?;
        let (jsm, account) = (self.settings.name.clone(), account.clone());
        Ok(AuditEvent::OrganizationJoined { jsm, account, organization })
    }

    /// Puts an organization that the gateway created on the desks of its members, so that they can
    /// share requests there. A failure stops nobody: they are on the desks themselves, and the next
    /// member tries again.
    async fn attach(
        &self,
        wanted: &WantedOrganization,
        found: &FoundOrganization,
        times: (Timestamp, Timestamp),
        events: &mut Vec<AuditEvent>,
    ) {
        if let Err(error) = self.try_to_attach(wanted, found, times, events).await {
            tracing::warn!(
                cause = error.refusal().cause,
                "an organization is not on its desks yet"
            );
        }
    }

    async fn try_to_attach(
        &self,
        wanted: &WantedOrganization,
        found: &FoundOrganization,
        (now, until): (Timestamp, Timestamp),
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        let Some(mut created) = self.records.created_organization(&wanted.name, now).await? else {
            return Ok(());
        };
        for desk in &wanted.desks {
            if created.desks.contains(desk) {
                continue;
            }
            match self.client.attach_organization(desk, found, until).await? {
                Written::Done => {
                    created.desks.push(desk.clone());
                    let (jsm, organization) =
                        (self.settings.name.clone(), found.named(&wanted.name));
                    let desk = desk.clone();
                    events.push(AuditEvent::OrganizationAttached { jsm, organization, desk });
                }
                Written::AccountUnknown | Written::PlaceUnknown => {
                    return Err(ProvisioningError::DeskUnknown { desk: desk.clone() });
                }
            }
            self.records.put_created_organization(&wanted.name, &created, now).await?;
        }
        Ok(())
    }

    /// Joins a place; repeats that for an account that JSM may not know everywhere yet.
    async fn settled(
        &self,
        place: Place<'_>,
        standing: &Standing,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let (client, account) = (&self.client, &standing.account);
        let mut trial = 0;
        loop {
            let written = match place {
                Place::Desk(desk) => client.join_desk(desk, account, until).await?,
                Place::Organization(found) => {
                    client.join_organization(found, account, until).await?
                }
            };
            let may_settle = written != Written::Done && !standing.ledger.complete;
            if !may_settle || trial == SETTLING || !client.pause(trial, until).await {
                return Ok(written);
            }
            trial += 1;
        }
    }
}
