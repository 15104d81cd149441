//! From a person to an account: one account, one person, unless the operator joins several.

use domain::{AuditEvent, EmailAddress, Identity, JsmAccount, PersonKey, Timestamp};

use crate::account::{Origin, find_or_create};
use crate::ledger::{Ledger, Profile};
use crate::provisioner::Inner;
use crate::records::{AddressClaim, Link};
use crate::{ProvisioningError, hash, wanted};

/// A person whom the gateway knows.
pub(crate) struct Standing {
    pub(crate) account: JsmAccount,
    pub(crate) ledger: Ledger,
}

impl Inner {
    /// The account of a person whom the gateway knows.
    pub(crate) async fn standing(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Option<Standing>, ProvisioningError> {
        let Some(Link { account, .. }) = self.records.link(person, now).await? else {
            return Ok(None);
        };
        // A link without its ledger is taken for none: linking anew claims it again.
        let Some(ledger) = self.records.ledger(&account, now).await? else { return Ok(None) };
        // Asked each time: the operator may have taken `links` back.
        self.may_use(person, ledger.owner.as_ref())?;
        Ok(Some(Standing { account, ledger }))
    }

    /// Links a person to the account of the address, which is created if need be.
    pub(crate) async fn link(
        &self,
        identity: &Identity,
        now: Timestamp,
        until: Timestamp,
        events: &mut Vec<AuditEvent>,
    ) -> Result<Standing, ProvisioningError> {
        let person = &identity.person;
        let (account, origin) = match self.account_on_record(identity, now).await? {
            Some(account) => (account, Origin::Found),
            None => {
                let wanted = wanted(&self.settings, identity);
                let desks: Vec<&str> = wanted.desks.iter().map(|d| d.desk.as_str()).collect();
                let found = find_or_create(&self.client, identity, &desks, until).await;
                self.or_ask(identity, found, now).await?
            }
        };
        if origin == Origin::Ended {
            self.reactivate(identity, &account, (now, until), events).await?;
        }
        let (jsm, event_person) = (self.settings.name.clone(), person.clone());
        if origin == Origin::Created {
            events.push(AuditEvent::CustomerCreated {
                jsm: jsm.clone(),
                person: event_person.clone(),
                account: account.clone(),
            });
        }
        let ledger = self.claim(identity, &account, now).await?;
        if origin == Origin::Created {
            let profile = Some(Profile::of(identity));
            let note = |ledger: &mut Ledger| ledger.profile = profile.clone();
            self.records.change_ledger(&account, now, note).await?;
        }
        let link = Link {
            account: account.clone(),
            person: person.clone(),
            address: hash::address(&identity.email),
            since: now,
        };
        self.records.put_link(&link, now).await?;
        if origin != Origin::Created {
            let account = account.clone();
            events.push(AuditEvent::CustomerLinked { jsm, person: event_person, account });
        }
        let ledger = self.records.ledger(&account, now).await?.unwrap_or(ledger);
        Ok(Standing { account, ledger })
    }

    /// The account of a joined person or of the address, where one is on record.
    pub(crate) async fn account_on_record(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Option<JsmAccount>, ProvisioningError> {
        for joined in self.joined_with(&identity.person) {
            if let Some(link) = self.records.link(joined, now).await? {
                return Ok(Some(link.account));
            }
        }
        let Some(claim) = self.records.address(&identity.email, now).await? else {
            return Ok(None);
        };
        self.may_use(&identity.person, claim.owner.as_ref())?;
        Ok(Some(claim.account))
    }

    /// Claims account and address for this person, unless another person has them.
    async fn claim(
        &self,
        identity: &Identity,
        account: &JsmAccount,
        now: Timestamp,
    ) -> Result<Ledger, ProvisioningError> {
        let person = &identity.person;
        let ledger = self.records.claim_account(account, Some(person), now).await?;
        self.may_use(person, ledger.owner.as_ref())?;
        self.claim_address(identity, account, now).await?;
        Ok(ledger)
    }

    /// Claims the address for this person's account, unless another person has it.
    pub(crate) async fn claim_address(
        &self,
        identity: &Identity,
        account: &JsmAccount,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let owner = Some(identity.person.clone());
        let ours = AddressClaim { account: account.clone(), owner };
        let claim = self.records.claim_address(&identity.email, ours, now).await?;
        self.may_use(&identity.person, claim.owner.as_ref())
    }

    pub(crate) fn may_use(
        &self,
        person: &PersonKey,
        owner: Option<&PersonKey>,
    ) -> Result<(), ProvisioningError> {
        let Some(owner) = owner else { return Ok(()) };
        if person == owner || self.joined_with(person).any(|joined| joined == owner) {
            return Ok(());
        }
        Err(ProvisioningError::LinkedElsewhere { owner: owner.clone() })
    }

    /// Everybody who is the same customer by the operator's word, except the person.
    pub(crate) fn joined_with<'a>(
        &'a self,
        person: &'a PersonKey,
    ) -> impl Iterator<Item = &'a PersonKey> {
        let lists = self.settings.links.iter().filter(move |list| list.contains(person));
        lists.flatten().filter(move |other| *other != person)
    }

    /// What must not be provisioned twice at once: the address, and the customer of several persons.
    pub(crate) fn flight_keys(&self, person: &PersonKey, email: &EmailAddress) -> Vec<String> {
        let lists = self.settings.links.iter().filter(|list| list.contains(person));
        let groups = lists.filter_map(|list| list.first()).map(hash::person);
        groups.chain([hash::person(person), hash::address(email)]).collect()
    }
}
