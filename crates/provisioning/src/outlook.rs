//! What a sign-in would do in JSM. Nothing is called and nothing is written.

use domain::{Identity, ProfileField, Timestamp};

use crate::client::Flavour;
use crate::ledger::{Ledger, Profile};
use crate::plan::{Grant, Operation, Plan};
use crate::provisioner::Inner;
use crate::rules::{Judged, wanted};
use crate::{Provisioner, ProvisioningError, SyncMode};

/// What a sign-in would do in JSM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// How the customer's account is come by.
    pub account: Account,
    /// What of it would be written, since it is not what came.
    pub changes: Vec<ProfileField>,
    /// Every rule, in the order of the file.
    pub judged: Vec<Judged>,
    /// Memberships that would be written, in their order.
    pub operations: Vec<Operation>,
    /// Memberships that stay because something is not known.
    pub held_back: Vec<Grant>,
    /// Whether memberships are left alone altogether.
    pub left_alone: bool,
}

/// How a customer's account is come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// It is found in JSM by the address, or made.
    New,
    /// It was made for the address or for a person who is the same customer, and is linked.
    OnRecord,
    /// It was begun, and is brought to its end.
    Unfinished,
    /// Its access was ended: JSM is asked whether it still is.
    Ended,
    /// Its owner was away so long that JSM is asked whether it was ended meanwhile.
    Away,
    /// It is known.
    Known,
}

impl Outlook {
    /// Whether JSM is asked first if the access was ended.
    pub fn may_have_ended(&self) -> bool {
        matches!(self.account, Account::Ended | Account::Away)
    }
}

impl Provisioner {
    /// What a sign-in of `identity` would do now, as far as the gateway's own records say.
    ///
    /// # Errors
    /// What refuses it before JSM is called: a blocked address, an account or address of another
    /// person, a store that does not answer.
    pub async fn outlook(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Outlook, ProvisioningError> {
        let (inner, person) = (&self.0, &identity.person);
        if inner.settings.blocks(&identity.email) {
            return Err(ProvisioningError::Blocked);
        }
        let (account, ledger) = inner.foreseen(identity, now).await?;
        let changes = inner.foreseen_changes(&ledger, identity);
        if changes.contains(&ProfileField::Address) {
            inner.may_have_address(identity, now).await?;
        }
        let wanted = wanted(&inner.settings, identity);
        let Plan { mut operations, held_back } = inner.plan(identity, &wanted, &ledger, now);
        // What somebody else or an order holds, too, only leaves the ledger, one after the other.
        let mut left = ledger;
        operations.retain(|operation| {
            let Operation::Leave(grant) = operation else { return true };
            let ends = left.would_end(&grant.place, person);
            left.drop_for(&grant.place, person);
            ends
        });
        let data_center = inner.client.flavour() == Flavour::DataCenter;
        Ok(Outlook {
            account,
            changes: changes.into_iter().filter(|_| data_center).collect(),
            judged: wanted.judged,
            operations,
            held_back,
            left_alone: inner.settings.conduct_of(&person.idp).sync == SyncMode::Off,
        })
    }
}

impl Inner {
    async fn foreseen(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<(Account, Ledger), ProvisioningError> {
        let person = &identity.person;
        if let Some(standing) = self.standing(person, now).await? {
            let ledger = standing.ledger;
            let account = if ledger.course.end.is_some() {
                Account::Ended
            } else if !ledger.complete {
                Account::Unfinished
            } else if self.was_away(identity, &ledger, now) {
                Account::Away
            } else {
                Account::Known
            };
            return Ok((account, ledger));
        }
        let Some(account) = self.account_on_record(identity, now).await? else {
            return Ok((Account::New, Ledger::of(None)));
        };
        let ledger = self.records.ledger(&account, now).await?;
        let ledger = ledger.unwrap_or_else(|| Ledger::of(None));
        self.may_use(person, ledger.owner.as_ref())?;
        self.may_have_address(identity, now).await?;
        Ok((Account::OnRecord, ledger))
    }

    /// What of a known profile is not what came.
    fn foreseen_changes(&self, ledger: &Ledger, identity: &Identity) -> Vec<ProfileField> {
        let Some(known) = &ledger.profile else { return Vec::new() };
        let came = Profile::of(identity);
        let name = (known.name != came.name).then_some(ProfileField::Name);
        let address = (known.address != came.address).then_some(ProfileField::Address);
        name.into_iter().chain(address).collect()
    }

    async fn may_have_address(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let claim = self.records.address(&identity.email, now).await?;
        let owner = claim.as_ref().and_then(|claim| claim.owner.as_ref());
        self.may_use(&identity.person, owner)
    }
}
