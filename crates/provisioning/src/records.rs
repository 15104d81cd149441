//! Links, claims and ledgers as records of the store.

use std::sync::Arc;

use domain::{EmailAddress, JsmAccount, JsmName, PersonKey, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use session::{Context, Sealer};
use store::{Area, Entry, Store};

use crate::ledger::Ledger;
use crate::{ProvisioningError, hash, outbox};

/// Several replicas may write one record at once, hardly more than a few times.
const CONTESTED: usize = 32;
/// What the records are sealed for.
const PURPOSE: &str = "jsm-record";
/// What is sealed here, for whoever seals all of a store anew.
pub const SEALED: session::Kind = ("jsm/", &[PURPOSE, outbox::PURPOSE]);

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
    /// `None`: nobody has signed in with it yet.
    pub(crate) owner: Option<PersonKey>,
}

/// An organization that a rule names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub(crate) struct NamedOrganization {
    /// The id that the name stood for when it was last looked up.
    #[serde(default)]
    pub(crate) id: Option<String>,
    /// Whether the gateway set out to create it.
    #[serde(default)]
    pub(crate) created: bool,
    /// The desks that the gateway put it on.
    #[serde(default)]
    pub(crate) desks: Vec<String>,
    /// The operator's order that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<String>,
}

/// The records of one JSM.
#[derive(Clone)]
pub(crate) struct Records {
    store: Arc<dyn Store>,
    /// Records name people: whoever reads the store must not.
    sealer: Arc<Sealer>,
    jsm: JsmName,
}

impl Records {
    pub(crate) fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>, jsm: JsmName) -> Self {
        Self { store, sealer, jsm }
    }

    pub(crate) fn jsm(&self) -> &JsmName {
        &self.jsm
    }

    pub(crate) async fn link(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Option<Link>, ProvisioningError> {
        self.read(&self.key("link", &hash::person(person)), now).await
    }

    pub(crate) async fn put_link(
        &self,
        link: &Link,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let persons = self.key("persons-of", &link.account.0);
        let key = self.key("link", &hash::person(&link.person));
        self.put(&key, link, vec![persons], now).await
    }

    pub(crate) async fn address(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<AddressClaim>, ProvisioningError> {
        self.read(&self.address_key(email), now).await
    }

    /// Claims the address, or answers whose claim stands. One that nobody owns is taken over.
    pub(crate) async fn claim_address(
        &self,
        email: &EmailAddress,
        claim: AddressClaim,
        now: Timestamp,
    ) -> Result<AddressClaim, ProvisioningError> {
        let key = self.address_key(email);
        let adopt = |old: Option<AddressClaim>| match old {
            Some(old) if old.owner.is_some() || claim.owner.is_none() => old,
            Some(old) => AddressClaim { owner: claim.owner.clone(), ..old },
            None => claim.clone(),
        };
        self.change(&key, vec![], now, adopt).await
    }

    pub(crate) async fn ledger(
        &self,
        account: &JsmAccount,
        now: Timestamp,
    ) -> Result<Option<Ledger>, ProvisioningError> {
        let ledger: Option<Ledger> = self.read(&self.key("account", &account.0), now).await?;
        Ok(ledger.map(Ledger::adopted))
    }

    /// Claims the account, or answers whose claim stands. One that nobody owns is taken over.
    pub(crate) async fn claim_account(
        &self,
        account: &JsmAccount,
        owner: Option<&PersonKey>,
        now: Timestamp,
    ) -> Result<Ledger, ProvisioningError> {
        let adopt = |old: Option<Ledger>| {
            let mut ledger = old.map_or_else(|| Ledger::of(None), Ledger::adopted);
            ledger.owner = ledger.owner.or_else(|| owner.cloned());
            ledger
        };
        let groups = vec![self.accounts()];
        self.change(&self.key("account", &account.0), groups, now, adopt).await
    }

    /// Changes the ledger of a claimed account, however many others do so at once.
    pub(crate) async fn change_ledger(
        &self,
        account: &JsmAccount,
        now: Timestamp,
        change: impl Fn(&mut Ledger) + Send + Sync,
    ) -> Result<(), ProvisioningError> {
        self.changed_ledger(account, now, change).await.map(drop)
    }

    /// The same; answers what is there now.
    pub(crate) async fn changed_ledger(
        &self,
        account: &JsmAccount,
        now: Timestamp,
        change: impl Fn(&mut Ledger) + Send + Sync,
    ) -> Result<Ledger, ProvisioningError> {
        let changed = |old: Option<Ledger>| {
            let mut ledger = old.map_or_else(|| Ledger::of(None), Ledger::adopted);
            change(&mut ledger);
            ledger
        };
        let groups = vec![self.accounts()];
        self.change(&self.key("account", &account.0), groups, now, changed).await
    }

    /// Every account with a ledger.
    pub(crate) async fn ledgers(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(JsmAccount, Ledger)>, ProvisioningError> {
        let front = self.key("account", "");
        let found = self.store.group(Area::Records, &self.accounts(), now).await?;
        let read = found.into_iter().filter_map(|(key, value)| {
            let account = JsmAccount(key.strip_prefix(&front)?.to_owned());
            let ledger = self.opened::<Ledger>(&key, &value);
            Some(ledger.map(|ledger| (account, ledger.adopted())))
        });
        read.collect()
    }

    pub(crate) async fn forget_account(
        &self,
        account: &JsmAccount,
        email: &EmailAddress,
    ) -> Result<(), ProvisioningError> {
        self.store.remove(Area::Records, &self.address_key(email)).await?;
        Ok(self.store.remove(Area::Records, &self.key("account", &account.0)).await?)
    }

    pub(crate) async fn organization(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<NamedOrganization>, ProvisioningError> {
        self.read(&self.key("organization", &hash::name(name)), now).await
    }

    pub(crate) async fn change_organization(
        &self,
        name: &str,
        now: Timestamp,
        change: impl Fn(&mut NamedOrganization) + Send + Sync,
    ) -> Result<NamedOrganization, ProvisioningError> {
        let changed = |old: Option<NamedOrganization>| {
            let mut named = old.unwrap_or_default();
            change(&mut named);
            named
        };
        self.change(&self.key("organization", &hash::name(name)), vec![], now, changed).await
    }

    pub(crate) async fn forget_organization(&self, name: &str) -> Result<(), ProvisioningError> {
        let key = self.key("organization", &hash::name(name));
        Ok(self.store.remove(Area::Records, &key).await?)
    }

    /// Changes a record of this JSM, however many others do so at once; answers what is there now.
    pub(crate) async fn change<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        key: &str,
        groups: Vec<String>,
        now: Timestamp,
        change: impl Fn(Option<T>) -> T + Send + Sync,
    ) -> Result<T, ProvisioningError> {
        for _ in 0..CONTESTED {
            let old = self.store.get(Area::Records, key, now).await?;
            let read = || old.as_deref().map(|bytes| self.opened(key, bytes)).transpose();
            let new = change(read()?);
            if read()?.as_ref() == Some(&new) {
                return Ok(new);
            }
            let entry = self.sealed(key, &new, groups.clone())?;
            let written = match &old {
                Some(old) => self.store.replace_if(Area::Records, key, old, entry, now).await?,
                None => self.store.put_if_absent(Area::Records, key, entry, now).await?,
            };
            if written {
                return Ok(new);
            }
        }
        Err(ProvisioningError::Busy)
    }

    /// Sets a mark that is gone after its deadline; true when it was not there.
    pub(crate) async fn mark(
        &self,
        kind: &str,
        name: &str,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<bool, ProvisioningError> {
        let mark = Entry { value: vec![1], deadline, groups: vec![] };
        Ok(self.store.put_if_absent(Area::Records, &self.key(kind, name), mark, now).await?)
    }

    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<T>, ProvisioningError> {
        let found = self.store.get(Area::Records, key, now).await?;
        found.map(|bytes| self.opened(key, &bytes)).transpose()
    }

    async fn put(
        &self,
        key: &str,
        record: &impl Serialize,
        groups: Vec<String>,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        Ok(self.store.put(Area::Records, key, self.sealed(key, record, groups)?, now).await?)
    }

    /// The key of a record of this JSM.
    pub(crate) fn key(&self, kind: &str, name: &str) -> String {
        format!("jsm/{}/{kind}/{name}", self.jsm.as_str())
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// An entry without end, for this key alone.
    pub(crate) fn sealed(
        &self,
        key: &str,
        record: &impl Serialize,
        groups: Vec<String>,
    ) -> Result<Entry, ProvisioningError> {
        let plain = serde_json::to_vec(record).map_err(|_| ProvisioningError::LedgerUnreadable)?;
        let value = self.sealer.seal(Context { purpose: PURPOSE, id: key }, &plain)?;
        Ok(Entry { value, deadline: Timestamp::MAX, groups })
    }

    /// What [`Records::sealed`] made for this key.
    pub(crate) fn opened<T: DeserializeOwned>(
        &self,
        key: &str,
        sealed: &[u8],
    ) -> Result<T, ProvisioningError> {
        let plain = self.sealer.open(Context { purpose: PURPOSE, id: key }, sealed);
        let plain = plain.map_err(|_| ProvisioningError::LedgerUnreadable)?;
        serde_json::from_slice(&plain).map_err(|_| ProvisioningError::LedgerUnreadable)
    }

    /// The group of all ledgers.
    fn accounts(&self) -> String {
        format!("jsm/{}/accounts", self.jsm.as_str())
    }

    fn address_key(&self, email: &EmailAddress) -> String {
        self.key("address", &hash::address(email))
    }
}
