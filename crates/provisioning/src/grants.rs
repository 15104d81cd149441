//! The single writes of a plan, each recorded before the next begins.

use domain::{AuditEvent, JsmAccount, Organization, PersonKey, Timestamp};

use crate::brake::{self, Permission};
use crate::client::{FoundOrganization, Written};
use crate::ledger::Ledger;
use crate::links::Standing;
use crate::plan::{Grant, Operation, Place};
use crate::provisioner::Inner;
use crate::rules::{WantedGroup, WantedOrganization};
use crate::{ProvisioningError, hash};

/// Pauses before a write about a fresh account is given up: JSM promises read-after-write nowhere.
const SETTLING: u32 = 6;

/// Whose plan is carried out, and how long it may take.
pub(crate) struct Errand<'a> {
    pub(crate) person: &'a PersonKey,
    pub(crate) standing: &'a Standing,
    /// Since when the writes are waited for.
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    Done,
    /// A removal that waits for an operator.
    Held,
}

impl Inner {
    /// Carries out one operation, and the writes that it needs; each is noted in `events`.
    pub(crate) async fn apply(
        &self,
        operation: &Operation,
        errand: &Errand<'_>,
        events: &mut Vec<AuditEvent>,
    ) -> Result<Applied, ProvisioningError> {
        match operation {
            Operation::JoinDesk(wanted) => {
                let place = Place::Desk(wanted.desk.clone());
                self.join(place, wanted.rule.to_string(), errand, events).await?;
            }
            Operation::JoinGroup(wanted) => {
                self.refuse_licensed(wanted, errand).await?;
                let place = Place::Group(wanted.group.clone());
                self.join(place, wanted.rule.to_string(), errand, events).await?;
            }
            Operation::JoinOrganization(wanted) => {
                self.join_organization(wanted, errand, events).await?;
            }
            Operation::Leave(grant) => return self.leave(grant, errand, events).await,
        }
        Ok(Applied::Done)
    }

    /// Joins a desk, a group, or an organization that was looked up just now.
    async fn join(
        &self,
        place: Place,
        rule: String,
        errand: &Errand<'_>,
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        match self.settled(&place, errand).await? {
            Written::Done => {}
            Written::AccountUnknown => return Err(ProvisioningError::AccountUnknown),
            Written::PlaceUnknown => return Err(place_unknown(&place)),
        }
        self.note_joined(place, rule, errand, events).await
    }

    /// Notes a membership that began: in the ledger, then for the audit log.
    async fn note_joined(
        &self,
        place: Place,
        rule: String,
        errand: &Errand<'_>,
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        let (account, now) = (&errand.standing.account, self.clock.now());
        let persons = vec![errand.person.clone()];
        let grant = Grant {
            place: place.clone(),
            rule: rule.clone(),
            persons,
            order: None,
            since: now,
            pending: false,
        };
        let add = |ledger: &mut Ledger| ledger.add(grant.clone());
        self.records.change_ledger(account, now, add).await?;
        events.push(self.joined(place, account.clone(), rule));
        Ok(())
    }

    /// What the audit log says of a membership that began.
    pub(crate) fn joined(&self, place: Place, account: JsmAccount, rule: String) -> AuditEvent {
        let (jsm, rule) = (self.settings.name.clone(), Some(rule));
        match place {
            Place::Desk(desk) => AuditEvent::DeskJoined { jsm, account, desk, rule },
            Place::Group(group) => AuditEvent::GroupJoined { jsm, account, group, rule },
            Place::Organization(organization) => {
                AuditEvent::OrganizationJoined { jsm, account, organization, rule }
            }
        }
    }

    /// What it says of one that ended.
    pub(crate) fn left(&self, place: Place, account: JsmAccount, rule: String) -> AuditEvent {
        let (jsm, rule) = (self.settings.name.clone(), Some(rule));
        match place {
            Place::Desk(desk) => AuditEvent::DeskLeft { jsm, account, desk, rule },
            Place::Group(group) => AuditEvent::GroupLeft { jsm, account, group, rule },
            Place::Organization(organization) => {
                AuditEvent::OrganizationLeft { jsm, account, organization, rule }
            }
        }
    }

    async fn join_organization(
        &self,
        wanted: &WantedOrganization,
        errand: &Errand<'_>,
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        let (account, now) = (&errand.standing.account, self.clock.now());
        let times = (now, errand.until);
        for _ in 0..2 {
            let found = self.organization(wanted, times, events).await?;
            let named = match &wanted.key {
                crate::OrganizationKey::Name(name) => found.named(name),
                crate::OrganizationKey::Id(_) => found.own(),
            };
            if found.is_scim_managed() {
                let leave = |ledger: &mut Ledger| {
                    ledger.leave_alone(&wanted.key.to_string(), now);
                };
                self.records.change_ledger(account, now, leave).await?;
                return Ok(());
            }
            // Before the grant is on record: a crash in between then repeats both.
            let place = Place::Organization(named);
            match self.settled(&place, errand).await? {
                Written::Done => {
                    self.attach(wanted, &found, times, events).await;
                    let rule = wanted.rule.to_string();
                    return self.note_joined(place, rule, errand, events).await;
                }
                Written::AccountUnknown => return Err(ProvisioningError::AccountUnknown),
                // Deleted since it was looked up: once more from the start.
                Written::PlaceUnknown => {
                    self.organizations.forget(&self.records, &wanted.key, now).await?;
                }
            }
        }
        Err(ProvisioningError::OrganizationUnknown)
    }

    /// The organization that a rule names. One name is looked up and created by one at a time: not
    /// every JSM answers a second creation with the first one's organization.
    pub(crate) async fn organization(
        &self,
        wanted: &WantedOrganization,
        times: (Timestamp, Timestamp),
        events: &mut Vec<AuditEvent>,
    ) -> Result<FoundOrganization, ProvisioningError> {
        let key = format!("organization/{}", hash::name(&wanted.key.to_string()));
        let flight = self.flights.enter(vec![key]).await?;
        let (client, records) = (&self.client, &self.records);
        let found = self.organizations.find_or_create(client, records, wanted, times, events).await;
        self.flights.leave(flight).await;
        found
    }

    /// Puts an organization that the gateway created on the desks of its members, so that they can
    /// share requests there. A failure stops nobody: they are on the desks themselves, and the next
    /// member tries again.
    pub(crate) async fn attach(
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
        let crate::OrganizationKey::Name(name) = &wanted.key else { return Ok(()) };
        let named = self.records.organization(name, now).await?.filter(|named| named.created);
        let Some(named) = named else { return Ok(()) };
        for desk in wanted.desks.iter().filter(|desk| !named.desks.contains(desk)) {
            match self.client.attach_organization(desk, found, until).await? {
                Written::Done => {}
                Written::AccountUnknown | Written::PlaceUnknown => {
                    return Err(ProvisioningError::DeskUnknown { desk: desk.clone() });
                }
            }
            let (jsm, organization, desk) =
                (self.settings.name.clone(), found.named(name), desk.clone());
            let rule = Some(wanted.rule.to_string());
            let note = |named: &mut crate::records::NamedOrganization| {
                if !named.desks.contains(&desk) {
                    named.desks.push(desk.clone());
                }
            };
            self.records.change_organization(name, now, note).await?;
            events.push(AuditEvent::OrganizationAttached { jsm, organization, desk, rule });
        }
        Ok(())
    }

    /// A group that takes a licence is joined only where the rule says so; where it cannot be told,
    /// it counts as one.
    async fn refuse_licensed(
        &self,
        wanted: &WantedGroup,
        errand: &Errand<'_>,
    ) -> Result<(), ProvisioningError> {
        if wanted.licensed {
            return Ok(());
        }
        let licensed = self.client.licensed_groups(errand.until).await?;
        if licensed.contains(&wanted.group) {
            return Err(ProvisioningError::GroupLicensed { group: wanted.group.clone() });
        }
        Ok(())
    }

    /// Takes a membership back that the ledger holds, if the brake permits.
    async fn leave(
        &self,
        grant: &Grant,
        errand: &Errand<'_>,
        events: &mut Vec<AuditEvent>,
    ) -> Result<Applied, ProvisioningError> {
        let (account, now) = (&errand.standing.account, self.clock.now());
        let ledger = self.records.ledger(account, now).await?;
        let ledger = ledger.ok_or(ProvisioningError::LedgerUnreadable)?;
        let person = errand.person;
        let drop_it = |ledger: &mut Ledger| ledger.drop_for(&grant.place, person);
        if !ledger.would_end(&grant.place, person) {
            self.records.change_ledger(account, now, drop_it).await?;
            return Ok(Applied::Done);
        }
        if self.is_not_ours(&grant.place, errand).await? {
            self.records.change_ledger(account, now, drop_it).await?;
            return Ok(Applied::Done);
        }
        match brake::ask(&self.records, self.settings.brake, errand.since, now).await? {
            Permission::Granted => {}
            Permission::Held { alarm } => {
                if alarm {
                    let (jsm, limit) = (self.settings.name.clone(), self.settings.brake.removals);
                    events.push(AuditEvent::RemovalsStopped { jsm, limit });
                }
                return Ok(Applied::Held);
            }
        }
        self.take_back(&grant.place, account, errand.until).await?;
        self.records.change_ledger(account, now, drop_it).await?;
        events.push(self.left(grant.place.clone(), account.clone(), grant.rule.clone()));
        Ok(Applied::Done)
    }

    /// Invariant 9: what a SCIM directory owns by now is not written, not even to take back.
    async fn is_not_ours(
        &self,
        place: &Place,
        errand: &Errand<'_>,
    ) -> Result<bool, ProvisioningError> {
        let Place::Organization(Organization { id, .. }) = place else { return Ok(false) };
        let times = (self.clock.now(), errand.until);
        match self.organizations.with_id(&self.client, id, times).await {
            Ok(found) => Ok(found.is_scim_managed()),
            Err(ProvisioningError::OrganizationUnknown) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Ends a membership. That account or place are unknown means that there is none.
    pub(crate) async fn take_back(
        &self,
        place: &Place,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let client = &self.client;
        match place {
            Place::Desk(desk) => client.leave_desk(desk, account, until).await,
            Place::Group(group) => client.leave_group(group, account, until).await,
            Place::Organization(organization) => {
                client.leave_organization(&organization.id, account, until).await
            }
        }
        .map(drop)
    }

    /// Begins a membership.
    pub(crate) async fn take_in(
        &self,
        place: &Place,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let client = &self.client;
        match place {
            Place::Desk(desk) => client.join_desk(desk, account, until).await,
            Place::Group(group) => client.join_group(group, account, until).await,
            Place::Organization(organization) => {
                client.join_organization(&organization.id, account, until).await
            }
        }
    }

    /// Joins a place; repeats that for an account that JSM may not know everywhere yet.
    async fn settled(
        &self,
        place: &Place,
        errand: &Errand<'_>,
    ) -> Result<Written, ProvisioningError> {
        let Standing { account, ledger } = errand.standing;
        let mut trial = 0;
        loop {
            let written = self.take_in(place, account, errand.until).await?;
            let may_settle = written != Written::Done && !ledger.complete;
            if !may_settle || trial == SETTLING || !self.client.pause(trial, errand.until).await {
                return Ok(written);
            }
            trial += 1;
        }
    }
}

/// The error of a place that JSM does not know.
pub(crate) fn place_unknown(place: &Place) -> ProvisioningError {
    match place {
        Place::Desk(desk) => ProvisioningError::DeskUnknown { desk: desk.clone() },
        Place::Group(group) => ProvisioningError::GroupUnknown { group: group.clone() },
        Place::Organization(_) => ProvisioningError::OrganizationUnknown,
    }
}
