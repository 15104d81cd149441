//! A JSM Cloud site that keeps what it is told: customers, desks, organizations.
//!
//! It answers the operations that the gateway uses, with the statuses, error shapes, paging and
//! header rules of Atlassian's documents; everything else is 404. It checks who calls, at the site and
//! behind `api.atlassian.com`, refuses what looks like a browser's call from elsewhere (XSRF), and writes every call down.
//!
//! Start at [`JsmCloud::start`].

mod answers;
mod credentials;
mod customers;
mod data_center;
mod desks;
mod door;
mod faults;
mod operation;
mod organizations;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;

use crate::server::{Behaviour, Place, Server, bind};

pub use credentials::{CLIENT_ID, CLIENT_SECRET, CLOUD_ID, PASSWORD, SCOPED_TOKEN, USER};
pub use door::Call;
pub use faults::Fault;
pub use operation::Operation;
pub use state::{Account, AccountType, FoundOrganization};

/// A running site. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct JsmCloud {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub url: String,
    /// Owner of the API token.
    pub email: String,
    /// The API token.
    pub token: String,
    server: Server,
    site: Arc<Site>,
}

/// What all handlers share.
#[derive(Debug)]
struct Site {
    url: String,
    email: String,
    token: String,
    data_center: bool,
    state: Mutex<state::State>,
    faults: Mutex<faults::Faults>,
    calls: Mutex<Vec<Call>>,
}

impl JsmCloud {
    /// Starts a site with the desks `1` (SUP, Support) and `3` (OPS, Operations), no customers and
    /// no organizations, on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        Self::start_at(&Place::default()).await
    }

    /// Starts the same site at a chosen place.
    #[expect(clippy::unused_async, reason = "callers of every fake write `start().await`")]
    pub async fn start_at(place: &Place) -> Self {
        Self::run(place, false)
    }

    /// Starts a JSM Data Center with the same desks: user names for account ids, a personal access
    /// token, groups, roles of projects.
    #[expect(clippy::unused_async, reason = "callers of every fake write `start().await`")]
    pub async fn start_data_center() -> Self {
        Self::run(&Place::default(), true)
    }

    fn run(place: &Place, data_center: bool) -> Self {
        let bound = bind(place).expect("a free port");
        let site = Arc::new(Site {
            url: bound.url.clone(),
            email: "bot@example.com".to_owned(),
            token: "fake-api-token".to_owned(),
            data_center,
            state: Mutex::new(state::State::with_two_desks(data_center)),
            faults: Mutex::default(),
            calls: Mutex::default(),
        });
        let router = Router::new().fallback(door::enter).with_state(Arc::clone(&site));
        Self {
            url: site.url.clone(),
            email: site.email.clone(),
            token: site.token.clone(),
            server: bound.serve(router),
            site,
        }
    }

    /// Makes the next call of `operation` fail so.
    pub fn fail_next(&self, operation: Operation, fault: Fault) {
        self.fail_times(operation, 1, fault);
    }

    /// Makes the next `times` calls of `operation` fail so.
    pub fn fail_times(&self, operation: Operation, times: usize, fault: Fault) {
        self.faults().order(Some(operation), times, fault);
    }

    /// Makes every call fail so until [`recover`](Self::recover).
    pub fn fail_all(&self, fault: Fault) {
        self.faults().order(None, usize::MAX, fault);
    }

    /// Forgets all ordered faults and denied rights.
    pub fn recover(&self) {
        *self.faults() = faults::Faults::default();
        self.server.behave(Behaviour::Normal);
    }

    /// Answers 403 to `operation`, as if the credential lacked the right for it.
    pub fn deny(&self, operation: Operation) {
        self.faults().deny(operation);
    }

    /// Changes how the server treats its peers, such as closing every connection.
    pub fn behave(&self, behaviour: Behaviour) {
        self.server.behave(behaviour);
    }

    /// Customers created from now on are found by searches only after `searches` of them.
    pub fn lag_index(&self, searches: usize) {
        self.state().index_lag = searches;
    }

    /// Customers created from now on are unknown to desks and organizations for `writes` calls.
    pub fn lag_accounts(&self, writes: usize) {
        self.state().account_lag = writes;
    }

    /// Adds a portal-only customer, as an agent would by hand; answers the account's id.
    pub fn add_customer(&self, email: &str, display_name: &str) -> String {
        self.state().add_account(AccountType::Customer, email, display_name)
    }

    /// Adds an Atlassian account; with `hidden` its address is not shown in answers.
    pub fn add_atlassian_account(&self, email: &str, hidden: Privacy) -> String {
        let mut state = self.state();
        let id = state.add_account(AccountType::Atlassian, email, "An agent");
        state.account_mut(&id).expect("just added").hidden_address = hidden == Privacy::Hidden;
        id
    }

    /// Revokes an account's access: it stays, but no search finds it.
    pub fn revoke(&self, account: &str) {
        self.state().account_mut(account).expect("an account of this site").active = false;
    }

    /// Deletes an account, as a site administrator does by hand.
    pub fn remove_account(&self, account: &str) {
        self.state().forget_account(account);
    }

    /// Grants access again, as an administrator does by hand.
    pub fn grant_access(&self, email: &str) {
        let mut state = self.state();
        let account = state.accounts.iter_mut().find(|account| account.email == email);
        account.expect("an account of this site").active = true;
    }

    /// Hides an account from the next `searches` searches.
    pub fn hide_from_searches(&self, account: &str, searches: usize) {
        self.state().account_mut(account).expect("an account of this site").unindexed = searches;
    }

    /// Adds a service desk.
    pub fn add_desk(&self, id: &str, key: &str, name: &str) {
        self.state().add_desk(id, key, name);
    }

    /// Adds an account to a desk, as an agent would by hand.
    pub fn put_on_desk(&self, desk: &str, account: &str) {
        let mut state = self.state();
        let desk = state.desk_mut(desk).expect("a desk of this site");
        desk.members.insert(account.to_owned());
    }

    /// Adds an organization; answers its id.
    pub fn add_organization(&self, name: &str) -> String {
        self.state().add_organization(name, false)
    }

    /// Adds an organization that a SCIM directory owns; answers its id.
    pub fn add_scim_organization(&self, name: &str) -> String {
        self.state().add_organization(name, true)
    }

    /// Renames an organization, as an administrator would by hand.
    pub fn rename_organization(&self, id: &str, name: &str) {
        let mut state = self.state();
        let found = state.organizations.iter_mut().find(|o| o.id == id);
        name.clone_into(&mut found.expect("an organization of this site").name);
    }

    /// A SCIM directory owns an organization from now on.
    pub fn take_over_by_scim(&self, name: &str) {
        let mut state = self.state();
        let found = state.organizations.iter_mut().find(|o| o.name == name);
        found.expect("an organization of this site").scim_managed = true;
    }

    /// Adds a group of Jira.
    pub fn add_group(&self, name: &str) {
        self.state().groups.insert(name.to_owned(), std::collections::BTreeSet::new());
    }

    /// Adds a group of Jira whose members take a licence.
    pub fn add_licensed_group(&self, name: &str) {
        self.add_group(name);
        self.state().licensed.insert(name.to_owned());
    }

    /// Adds an account to a group of Jira, as an administrator would by hand.
    pub fn put_in_group(&self, name: &str, account: &str) {
        let mut state = self.state();
        let members = state.groups.get_mut(name).expect("a group of this site");
        members.insert(account.to_owned());
    }

    /// Members of a group of Jira.
    pub fn group_members(&self, name: &str) -> Vec<String> {
        let members = self.state().groups.get(name).cloned();
        members.unwrap_or_default().into_iter().collect()
    }

    /// Opens a desk to everybody.
    pub fn open_desk(&self, desk: &str) {
        self.state().desk_mut(desk).expect("a desk of this site").open = true;
    }

    /// Adds an account to an organization, as an agent would by hand.
    pub fn put_in_organization(&self, id: &str, account: &str) {
        let mut state = self.state();
        let found = state.organizations.iter_mut().find(|o| o.id == id);
        found.expect("an organization of this site").members.insert(account.to_owned());
    }

    /// Takes everybody out of an organization, as an agent would by hand.
    pub fn empty_organization(&self, id: &str) {
        let mut state = self.state();
        let found = state.organizations.iter_mut().find(|o| o.id == id);
        found.expect("an organization of this site").members.clear();
    }

    /// Removes an organization, as an administrator would by hand.
    pub fn remove_organization(&self, id: &str) {
        self.state().organizations.retain(|o| o.id != id);
    }

    /// Every call so far, refused ones included, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.site.calls).clone()
    }

    /// How many calls of `operation` were made.
    pub fn count(&self, operation: Operation) -> usize {
        self.calls().iter().filter(|c| c.operation == Some(operation)).count()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        lock(&self.site.calls).clear();
    }

    /// Every portal-only customer, revoked ones included.
    pub fn customers(&self) -> Vec<Account> {
        let state = self.state();
        let customers = state.accounts.iter().filter(|a| a.account_type == AccountType::Customer);
        customers.cloned().collect()
    }

    /// Account ids of a desk's customers, sorted; empty for an unknown desk.
    pub fn desk_members(&self, desk: &str) -> Vec<String> {
        self.state().desk(desk).map(|d| d.members.iter().cloned().collect()).unwrap_or_default()
    }

    /// Names of a desk's organizations, sorted; empty for an unknown desk.
    pub fn desk_organizations(&self, desk: &str) -> Vec<String> {
        let state = self.state();
        let Some(desk) = state.desk(desk) else { return Vec::new() };
        let on_desk = state.organizations.iter().filter(|o| desk.organizations.contains(&o.id));
        let mut names: Vec<_> = on_desk.map(|o| o.name.clone()).collect();
        names.sort();
        names
    }

    /// Account ids of an organization's members, sorted; empty for an unknown name.
    pub fn organization_members(&self, name: &str) -> Vec<String> {
        let state = self.state();
        let found = state.organizations.iter().find(|o| o.name == name);
        found.map(|o| o.members.iter().cloned().collect()).unwrap_or_default()
    }

    /// Every organization.
    pub fn organizations(&self) -> Vec<FoundOrganization> {
        self.state().organizations.clone()
    }

    fn state(&self) -> MutexGuard<'_, state::State> {
        lock(&self.site.state)
    }

    fn faults(&self) -> MutexGuard<'_, faults::Faults> {
        lock(&self.site.faults)
    }
}

/// Whether an Atlassian account shows its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Answers carry the address.
    Shown,
    /// Answers leave it out.
    Hidden,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
