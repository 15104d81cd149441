//! Links and the ledger: what the gateway knows and has granted, as records of the store.

use std::sync::Arc;
use std::time::Duration;

use domain::{EmailAddress, JsmAccount, JsmName, Organization, PersonKey, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Area, Entry, Store};

use crate::plan::Known;
use crate::{ProvisioningError, hash};

/// How long an organization is left alone after it was seen to be a SCIM directory's.
const LEFT_ALONE: Duration = Duration::from_secs(24 * 60 * 60);
/// Several replicas may write one person's ledger at once, hardly more than a few times.
const CONTESTED: usize = 8;

/// A person is this account. Written last, hence the mark of a person who is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) account: JsmAccount,
    pub(crate) person: PersonKey,
    /// SHA-256 of the address at link time.
    pub(crate) address: String,
    pub(crate) since: Timestamp,
}

/// An address leads to this account, which belongs to this person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AddressClaim {
    pub(crate) account: JsmAccount,
    pub(crate) owner: PersonKey,
}

/// An account, whose it is, and what the gateway granted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) owner: PersonKey,
    /// Whether everything that was wanted has been there once.
    #[serde(default)]
    pub(crate) complete: bool,
    #[serde(default)]
    pub(crate) organizations: Vec<Organization>,
    #[serde(default)]
    pub(crate) desks: Vec<String>,
    /// Names of organizations that a SCIM directory owns, and when that was seen.
    #[serde(default)]
    pub(crate) left_alone: Vec<(String, Timestamp)>,
}

impl Ledger {
    pub(crate) fn of(owner: PersonKey) -> Self {
        Self { owner, complete: false, organizations: vec![], desks: vec![], left_alone: vec![] }
    }

    /// What need not be written: granted, or not ours to write.
    pub(crate) fn known(&self, now: Timestamp) -> Known {
        let granted = self.organizations.iter().map(|o| o.name.clone());
        let left = self.left_alone.iter().filter(|(_, seen)| now.since(*seen) < LEFT_ALONE);
        let organizations = granted.chain(left.map(|(name, _)| name.clone())).collect();
        Known { organizations, desks: self.desks.iter().cloned().collect() }
    }

    pub(crate) fn add_desk(&mut self, desk: &str) {
        if !self.desks.iter().any(|d| d == desk) {
            self.desks.push(desk.to_owned());
        }
    }

    pub(crate) fn add_organization(&mut self, organization: &Organization) {
        self.left_alone.retain(|(name, _)| *name != organization.name);
        if !self.organizations.contains(organization) {
            self.organizations.push(organization.clone());
        }
    }

    pub(crate) fn leave_alone(&mut self, name: &str, now: Timestamp) {
        self.left_alone.retain(|(other, _)| other != name);
        self.left_alone.push((name.to_owned(), now));
    }
}

/// An organization that the gateway set out to create, and the desks that it put it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) struct CreatedOrganization {
    pub(crate) desks: Vec<String>,
}

/// The records of one JSM.
pub(crate) struct Records {
    store: Arc<dyn Store>,
    jsm: JsmName,
}

impl Records {
    pub(crate) fn new(store: Arc<dyn Store>, jsm: JsmName) -> Self {
        Self { store, jsm }
    }

    pub(crate) fn jsm(&self) -> &JsmName {
        &self.jsm
    }

    pub(crate) async fn link(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Option<Link>, ProvisioningError> {
        self.read(&self.link_key(person), now).await
    }

    pub(crate) async fn put_link(
        &self,
        link: &Link,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let persons = format!("jsm/{}/persons-of/{}", self.jsm.as_str(), link.account.0);
        let entry = entry(link, vec![persons])?;
        Ok(self.store.put(Area::Records, &self.link_key(&link.person), entry, now).await?)
    }

    pub(crate) async fn address(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<AddressClaim>, ProvisioningError> {
        self.read(&self.address_key(email), now).await
    }

    /// Claims the address, or answers whose claim stands.
    pub(crate) async fn claim_address(
        &self,
        email: &EmailAddress,
        claim: AddressClaim,
        now: Timestamp,
    ) -> Result<AddressClaim, ProvisioningError> {
        self.claim(&self.address_key(email), claim, now).await
    }

    pub(crate) async fn ledger(
        &self,
        account: &JsmAccount,
        now: Timestamp,
    ) -> Result<Option<Ledger>, ProvisioningError> {
        self.read(&self.account_key(account), now).await
    }

    /// Claims the account, or answers whose claim stands.
    pub(crate) async fn claim_account(
        &self,
        account: &JsmAccount,
        ledger: Ledger,
        now: Timestamp,
    ) -> Result<Ledger, ProvisioningError> {
        self.claim(&self.account_key(account), ledger, now).await
    }

    /// Changes the ledger of a claimed account, however many others do so at once.
    pub(crate) async fn change(
        &self,
        account: &JsmAccount,
        now: Timestamp,
        change: impl Fn(&mut Ledger) + Send + Sync,
    ) -> Result<(), ProvisioningError> {
        let key = self.account_key(account);
        for _ in 0..CONTESTED {
            let old = self.store.get(Area::Records, &key, now).await?;
            let old = old.ok_or(ProvisioningError::LedgerUnreadable)?;
            let mut ledger: Ledger = decode(&old)?;
            change(&mut ledger);
            let new = entry(&ledger, vec![])?;
            if self.store.replace_if(Area::Records, &key, &old, new, now).await? {
                return Ok(());
            }
        }
        Err(ProvisioningError::Busy)
    }

    pub(crate) async fn created_organization(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<CreatedOrganization>, ProvisioningError> {
        self.read(&self.organization_key(name), now).await
    }

    pub(crate) async fn put_created_organization(
        &self,
        name: &str,
        created: &CreatedOrganization,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let key = self.organization_key(name);
        Ok(self.store.put(Area::Records, &key, entry(created, vec![])?, now).await?)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<T>, ProvisioningError> {
        self.store.get(Area::Records, key, now).await?.map(|bytes| decode(&bytes)).transpose()
    }

    async fn claim<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        claim: T,
        now: Timestamp,
    ) -> Result<T, ProvisioningError> {
        if self.store.put_if_absent(Area::Records, key, entry(&claim, vec![])?, now).await? {
            return Ok(claim);
        }
        self.read(key, now).await?.ok_or(ProvisioningError::Busy)
    }

    fn link_key(&self, person: &PersonKey) -> String {
        format!("jsm/{}/link/{}", self.jsm.as_str(), hash::person(person))
    }

    fn address_key(&self, email: &EmailAddress) -> String {
        format!("jsm/{}/address/{}", self.jsm.as_str(), hash::address(email))
    }

    fn account_key(&self, account: &JsmAccount) -> String {
        format!("jsm/{}/account/{}", self.jsm.as_str(), account.0)
    }

    fn organization_key(&self, name: &str) -> String {
        format!("jsm/{}/organization/{}", self.jsm.as_str(), hash::name(name))
    }
}

fn entry(record: &impl Serialize, groups: Vec<String>) -> Result<Entry, ProvisioningError> {
    let value = serde_json::to_vec(record).map_err(|_| ProvisioningError::LedgerUnreadable)?;
    Ok(Entry { value, deadline: Timestamp::MAX, groups })
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProvisioningError> {
    serde_json::from_slice(bytes).map_err(|_| ProvisioningError::LedgerUnreadable)
}
