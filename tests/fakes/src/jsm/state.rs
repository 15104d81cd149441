//! What the site holds.

use std::collections::{BTreeMap, BTreeSet};

/// Kind of an account, as the platform calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountType {
    /// Portal-only.
    Customer,
    /// Somebody with an Atlassian account.
    Atlassian,
}

/// An account of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `qm:UUID:ID` for customers.
    pub id: String,
    /// Which kind.
    pub account_type: AccountType,
    /// Its address as it was given.
    pub email: String,
    /// Its name as it was given.
    pub display_name: String,
    /// False once access was revoked.
    pub active: bool,
    pub(super) hidden_address: bool,
    /// Searches that will still miss it.
    pub(super) unindexed: usize,
    /// Writes that will still not know it.
    pub(super) unknown: usize,
}

/// An organization of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOrganization {
    /// Its id, digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether a SCIM directory owns it.
    pub scim_managed: bool,
    /// Account ids.
    pub members: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Desk {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) name: String,
    pub(super) members: BTreeSet<String>,
    /// Whether anybody may open requests.
    pub(super) open: bool,
    /// Ids.
    pub(super) organizations: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) accounts: Vec<Account>,
    pub(super) desks: Vec<Desk>,
    pub(super) organizations: Vec<FoundOrganization>,
    pub(super) index_lag: usize,
    pub(super) account_lag: usize,
    /// Users have names, not account ids.
    pub(super) data_center: bool,
    /// Members of each group of Jira.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
    /// Groups whose members take a licence.
    pub(super) licensed: BTreeSet<String>,
    last_id: usize,
}

impl State {
    pub(super) fn with_two_desks(data_center: bool) -> Self {
        let mut state = Self { data_center, ..Self::default() };
        state.add_desk("1", "SUP", "Support");
        state.add_desk("3", "OPS", "Operations");
        state
    }

    pub(super) fn add_account(&mut self, kind: AccountType, email: &str, name: &str) -> String {
        self.last_id += 1;
        let number = self.last_id;
        let id = match kind {
            _ if self.data_center => email.to_lowercase(),
            AccountType::Customer => {
                format!("qm:a713c8ea-1075-4e30-9d96-891a7d181739:{number:024x}")
            }
            AccountType::Atlassian => format!("5b10{number:020x}"),
        };
        self.accounts.push(Account {
            id: id.clone(),
            account_type: kind,
            email: email.to_owned(),
            display_name: name.to_owned(),
            active: true,
            hidden_address: false,
            unindexed: self.index_lag,
            unknown: self.account_lag,
        });
        id
    }

    pub(super) fn add_desk(&mut self, id: &str, key: &str, name: &str) {
        self.desks.push(Desk {
            id: id.to_owned(),
            key: key.to_owned(),
            name: name.to_owned(),
            members: BTreeSet::new(),
            open: false,
            organizations: BTreeSet::new(),
        });
    }

    /// The account and all its memberships are gone.
    pub(super) fn forget_account(&mut self, id: &str) {
        self.accounts.retain(|account| account.id != id);
        for desk in &mut self.desks {
            desk.members.remove(id);
        }
        for organization in &mut self.organizations {
            organization.members.remove(id);
        }
    }

    pub(super) fn add_organization(&mut self, name: &str, scim_managed: bool) -> String {
        self.last_id += 1;
        let id = self.last_id.to_string();
        self.organizations.push(FoundOrganization {
            id: id.clone(),
            name: name.to_owned(),
            scim_managed,
            members: BTreeSet::new(),
        });
        id
    }

    pub(super) fn account_mut(&mut self, id: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|a| a.id == id)
    }

    /// By any account: two accounts of one address do not exist.
    pub(super) fn account_of(&self, email: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.email.eq_ignore_ascii_case(email))
    }

    /// By id, project key, `projectKey:ABC` or `serviceDeskId:1`.
    pub(super) fn desk(&self, id: &str) -> Option<&Desk> {
        self.desks.iter().find(|d| d.answers_to(id))
    }

    pub(super) fn desk_mut(&mut self, id: &str) -> Option<&mut Desk> {
        self.desks.iter_mut().find(|d| d.answers_to(id))
    }

    /// Splits ids into those that the site knows and those that it does not know (yet).
    pub(super) fn known_accounts(&mut self, ids: Vec<String>) -> (Vec<String>, Vec<String>) {
        ids.into_iter().partition(|id| match self.account_mut(id) {
            Some(account) if account.unknown == 0 => true,
            Some(account) => {
                account.unknown -= 1;
                false
            }
            None => false,
        })
    }
}

impl Desk {
    fn answers_to(&self, id: &str) -> bool {
        let by_key = id.strip_prefix("projectKey:").unwrap_or(id) == self.key;
        by_key || id.strip_prefix("serviceDeskId:").unwrap_or(id) == self.id
    }
}
