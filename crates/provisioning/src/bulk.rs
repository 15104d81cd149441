//! Customers from a file: planned, brought about and taken back by an operator's order.
//!
//! An order is known by the hash of its file. Everything that it changes is marked with that in the
//! ledger before it is changed, and what was there before is not marked: so can an order be resumed
//! after a crash, given twice, and taken back exactly.

mod rows;
mod undo;

use domain::{AuditEvent, JsmAccount, Timestamp};
use serde::{Deserialize, Serialize};

pub use rows::{Row, RowProblem, rows};

use crate::client::{Creation, Flavour, Found, OnDesk, Written};
use crate::grants::place_unknown;
use crate::ledger::{Ledger, Profile};
use crate::plan::{Grant, Place};
use crate::provisioner::{Inner, Provisioner};
use crate::records::AddressClaim;
use crate::rules::{Creation as MayCreate, Rule, WantedOrganization};
use crate::{OrganizationKey, ProvisioningError, hash};

/// How long one row may take: a throttle is waited out.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15 * 60);
/// Rows at the same time.
const AT_ONCE: usize = 8;
/// Pauses before a write about a fresh account is given up.
const SETTLING: u32 = 6;

/// What is to be done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Say what would be done.
    Plan,
    /// Do it.
    Apply,
    /// Take back what this order did.
    Undo,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowOutcome {
    /// Line of the file.
    pub line: u64,
    /// What was or would be done, in words; empty: nothing.
    pub done: Vec<String>,
    /// What could not be done, in words.
    pub failed: Option<String>,
    /// To be audited.
    #[serde(skip)]
    pub events: Vec<AuditEvent>,
}

/// An order: the hash of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Order(String);

impl Order {
    /// The order that a file is.
    pub fn of(file: &[u8]) -> Self {
        Self(hash::bytes(file).chars().take(16).collect())
    }
}

impl std::fmt::Display for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a row's customer.
struct Customer {
    account: JsmAccount,
    /// Whether this order made the account, so that it is in nothing yet.
    fresh: bool,
}

impl Provisioner {
    /// Does the rows of an order, a few at a time, as far as they are not done; answers in their order.
    pub async fn bulk_rows(&self, order: &Order, act: Act, rows: Vec<Row>) -> Vec<RowOutcome> {
        let turns = std::sync::Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut tasks = tokio::task::JoinSet::new();
        for row in rows {
            let (provisioner, order) = (self.clone(), order.clone());
            let turns = std::sync::Arc::clone(&turns);
            tasks.spawn(async move {
                let _turn = turns.acquire_owned().await;
                provisioner.bulk(&order, act, &row).await
            });
        }
        let mut outcomes = Vec::new();
        while let Some(done) = tasks.join_next().await {
            outcomes.extend(done.ok());
        }
        outcomes.sort_by_key(|outcome| outcome.line);
        outcomes
    }

    /// Does one row of an order, as far as it is not done.
    pub async fn bulk(&self, order: &Order, act: Act, row: &Row) -> RowOutcome {
        let (mut done, mut events) = (Vec::new(), Vec::new());
        let now = self.0.clock.now();
        let mut work =
            Work { inner: &self.0, order, row, now, done: &mut done, events: &mut events };
        let result = match act {
            Act::Plan | Act::Apply if self.0.settings.blocks(&row.email) => {
                Err(ProvisioningError::Blocked)
            }
            Act::Plan => work.plan().await,
            Act::Apply => work.apply().await,
            Act::Undo => work.undo().await,
        };
        let failed = result.err().map(|error| {
            let refusal = error.refusal();
            format!("{}: {} ({})", refusal.cause, refusal.explanation, refusal.remedy)
        });
        RowOutcome { line: row.line, done, failed, events }
    }

    /// Deletes the organizations that an order made and nobody is in.
    ///
    /// # Errors
    /// When JSM or the store fails.
    pub async fn bulk_end_undo(
        &self,
        order: &Order,
        organizations: &[String],
    ) -> Result<RowOutcome, ProvisioningError> {
        undo::organizations(&self.0, order, organizations).await
    }
}

/// The work on one row.
struct Work<'a> {
    inner: &'a Inner,
    order: &'a Order,
    row: &'a Row,
    now: Timestamp,
    done: &'a mut Vec<String>,
    events: &'a mut Vec<AuditEvent>,
}

impl Work<'_> {
    fn until(&self) -> Timestamp {
        self.now.plus(PATIENCE)
    }

    /// The rule that the audit log and the ledger name.
    fn rule(&self) -> Rule {
        Rule::File(self.row.line)
    }

    async fn plan(&mut self) -> Result<(), ProvisioningError> {
        let known = self.account_on_record().await?;
        let account = match &known {
            Some(account) => Some(account.clone()),
            None => match self.inner.client.find(&self.row.email, self.until()).await? {
                Found::Customer(account) => Some(account),
                Found::Ended(_) => return Err(ProvisioningError::AccountEnded { asked: false }),
                Found::Atlassian => return Err(ProvisioningError::AtlassianAccount),
                Found::HiddenAtlassian | Found::Nobody => None,
            },
        };
        let Some(account) = account else {
            self.done.push(format!("create {}", self.row.email));
            self.done
                .extend(self.row.organizations.iter().map(|o| format!("join organization {o}")));
            self.done.extend(self.row.desks.iter().map(|d| format!("join service desk {d}")));
            return Ok(());
        };
        let ledger = self.inner.records.ledger(&account, self.now).await?;
        let grants = ledger.map(|ledger| ledger.grants).unwrap_or_default();
        let customer = Customer { account, fresh: false };
        for name in &self.row.organizations {
            let noted =
                grants.iter().any(|grant| !grant.pending && is_organization(&grant.place, name));
            if !noted && self.member_of(&customer, name).await? == Member::No {
                self.done.push(format!("join organization {name}"));
            }
        }
        for desk in &self.row.desks {
            let place = Place::Desk(desk.clone());
            let noted = grants.iter().any(|grant| !grant.pending && grant.place == place);
            if !noted && self.on_desk(&customer, desk).await? == Member::No {
                self.done.push(format!("join service desk {desk}"));
            }
        }
        Ok(())
    }

    async fn apply(&mut self) -> Result<(), ProvisioningError> {
        let flight = self.inner.flights.enter(vec![hash::address(&self.row.email)]).await?;
        let result = self.apply_alone().await;
        self.inner.flights.leave(flight).await;
        result
    }

    async fn apply_alone(&mut self) -> Result<(), ProvisioningError> {
        let customer = self.customer().await?;
        let ledger = self.inner.records.ledger(&customer.account, self.now).await?;
        let grants = ledger.map(|ledger| ledger.grants).unwrap_or_default();
        let mut missing = Vec::new();
        for name in self.row.organizations.clone() {
            if grants.iter().any(|grant| !grant.pending && is_organization(&grant.place, &name)) {
                continue;
            }
            let begun = grants.iter().find(|grant| is_organization(&grant.place, &name));
            if begun.is_none() && self.member_of(&customer, &name).await? == Member::Yes {
                continue;
            }
            missing.extend(self.organization(&name).await?);
        }
        for desk in &self.row.desks {
            let place = Place::Desk(desk.clone());
            if grants.iter().any(|grant| !grant.pending && grant.place == place) {
                continue;
            }
            let begun = grants.iter().any(|grant| grant.place == place);
            if begun || self.on_desk(&customer, desk).await? == Member::No {
                missing.push(place);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.grant(&customer, missing).await
    }

    /// Marks the memberships, begins them, and notes that they have begun.
    async fn grant(
        &mut self,
        customer: &Customer,
        missing: Vec<Place>,
    ) -> Result<(), ProvisioningError> {
        let (inner, rule, since) = (self.inner, self.rule().to_string(), self.now);
        let order = Some(self.order.to_string());
        let marked = |place: &Place| Grant {
            place: place.clone(),
            rule: rule.clone(),
            persons: vec![],
            order: order.clone(),
            since,
            pending: true,
        };
        let mark = |ledger: &mut Ledger| missing.iter().map(marked).for_each(|g| ledger.add(g));
        inner.records.change_ledger(&customer.account, since, mark).await?;
        for place in &missing {
            self.begin(customer, place).await?;
            self.done.push(format!("join {place}"));
            let event = inner.joined(place.clone(), customer.account.clone(), rule.clone());
            self.events.push(event);
        }
        let begun = |ledger: &mut Ledger| {
            let ours = ledger.grants.iter_mut().filter(|grant| missing.contains(&grant.place));
            ours.for_each(|grant| grant.pending = false);
        };
        inner.records.change_ledger(&customer.account, since, begun).await
    }

    async fn begin(&self, customer: &Customer, place: &Place) -> Result<(), ProvisioningError> {
        let mut trial = 0;
        loop {
            let written = self.inner.take_in(place, &customer.account, self.until()).await?;
            if written == Written::Done {
                return Ok(());
            }
            let again = customer.fresh && trial < SETTLING;
            if !again || !self.inner.client.pause(trial, self.until()).await {
                return Err(match written {
                    Written::AccountUnknown => ProvisioningError::AccountUnknown,
                    _ => place_unknown(place),
                });
            }
            trial += 1;
        }
    }

    /// The row's customer, made if need be.
    async fn customer(&mut self) -> Result<Customer, ProvisioningError> {
        let (inner, now) = (self.inner, self.now);
        if let Some(account) = self.account_on_record().await? {
            return Ok(Customer { account, fresh: false });
        }
        let intent = inner
            .records
            .key("order", &format!("{}/{}", self.order, hash::address(&self.row.email)));
        let begun = inner.records.read::<bool>(&intent, now).await?.is_some();
        let (account, ours) = match inner.client.find(&self.row.email, self.until()).await? {
            // Made by this order before it was cut off, or there before.
            Found::Customer(account) => (account, begun),
            Found::Ended(_) => return Err(ProvisioningError::AccountEnded { asked: false }),
            Found::Atlassian => return Err(ProvisioningError::AtlassianAccount),
            Found::HiddenAtlassian | Found::Nobody => {
                inner.records.change(&intent, vec![], now, |_: Option<bool>| true).await?;
                (self.create().await?, true)
            }
        };
        let order = ours.then(|| self.order.to_string());
        let profile = Profile::named(&self.row.name, &self.row.email);
        let note = |ledger: &mut Ledger| {
            ledger.order = ledger.order.take().or_else(|| order.clone());
            if order.is_some() && ledger.profile.is_none() {
                ledger.profile = Some(profile.clone());
            }
        };
        inner.records.change_ledger(&account, now, note).await?;
        let claim = AddressClaim { account: account.clone(), owner: None };
        inner.records.claim_address(&self.row.email, claim, now).await?;
        Ok(Customer { account, fresh: ours })
    }

    async fn create(&mut self) -> Result<JsmAccount, ProvisioningError> {
        let client = &self.inner.client;
        let made = client.create(&self.row.email, &self.row.name, self.until()).await?;
        let account = match made {
            Creation::Created(account) => account,
            Creation::Conflict | Creation::Refused => {
                return match client.find(&self.row.email, self.until()).await? {
                    Found::Customer(account) => Ok(account),
                    Found::Atlassian => Err(ProvisioningError::AtlassianAccount),
                    _ if made == Creation::Refused => Err(ProvisioningError::AddressRefused),
                    _ => {
                        Err(ProvisioningError::AccountInvisible { revoked: crate::Revoked::Unsaid })
                    }
                };
            }
        };
        self.done.push(format!("create {}", self.row.email));
        let jsm = self.inner.settings.name.clone();
        let (order, created) = (self.order.to_string(), account.clone());
        self.events.push(AuditEvent::CustomerPreloaded { jsm, account: created, order });
        Ok(account)
    }

    async fn account_on_record(&self) -> Result<Option<JsmAccount>, ProvisioningError> {
        let claim = self.inner.records.address(&self.row.email, self.now).await?;
        Ok(claim.map(|claim| claim.account))
    }

    /// The organization of a name, made if need be; `None`: it is not ours to write.
    async fn organization(&mut self, name: &str) -> Result<Option<Place>, ProvisioningError> {
        let wanted = WantedOrganization {
            key: OrganizationKey::Name(name.to_owned()),
            creation: MayCreate::Always,
            desks: vec![],
            rule: self.rule(),
        };
        let before = self.events.len();
        let times = (self.now, self.until());
        let found = self.inner.organization(&wanted, times, self.events).await?;
        let is_new = |event: &AuditEvent| matches!(event, AuditEvent::OrganizationCreated { .. });
        if self.events.iter().skip(before).any(is_new) {
            self.done.push(format!("create organization {name}"));
            let order = self.order.to_string();
            let note = |named: &mut crate::records::NamedOrganization| {
                named.order = Some(order.clone());
            };
            self.inner.records.change_organization(name, self.now, note).await?;
        }
        Ok((!found.is_scim_managed()).then(|| Place::Organization(found.named(name))))
    }

    /// Whether the customer is in an organization already, by whomever.
    async fn member_of(
        &self,
        customer: &Customer,
        name: &str,
    ) -> Result<Member, ProvisioningError> {
        if customer.fresh {
            return Ok(Member::No);
        }
        let (client, account) = (&self.inner.client, &customer.account);
        let is_in = match client.flavour() {
            Flavour::Cloud => {
                let all = client.organizations_of(account, self.until()).await?;
                all.iter().any(|organization| organization.name() == name)
            }
            Flavour::DataCenter => {
                let all = client.organizations(self.until()).await?;
                match all.iter().find(|organization| organization.name() == name) {
                    Some(found) => {
                        client.members(found.id(), self.until()).await?.contains(account)
                    }
                    None => false,
                }
            }
        };
        Ok(if is_in { Member::Yes } else { Member::No })
    }

    async fn on_desk(&self, customer: &Customer, desk: &str) -> Result<Member, ProvisioningError> {
        if customer.fresh {
            return Ok(Member::No);
        }
        let found = self.inner.client.find_on_desk(desk, &self.row.email, self.until()).await?;
        let theirs = found == OnDesk::Active(customer.account.clone());
        Ok(if theirs { Member::Yes } else { Member::No })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Yes,
    No,
}

fn is_organization(place: &Place, name: &str) -> bool {
    matches!(place, Place::Organization(organization) if organization.name == name)
}
