//! The client of one JSM: what it can be asked, and how answers are read.
//!
//! Answers are read leniently (unknown fields, missing fields, numbers as text): Atlassian's own
//! examples break Atlassian's own schemas. What decides is checked: an address is compared as a
//! whole, and an organization is only written when it is certain that no directory owns it.
//!
//! Cloud and Data Center speak nearly the same API; where they differ, a method says so.

mod accounts;
mod answers;
mod backoff;
mod call;
mod credential;
mod endpoint;
mod groups;

use domain::{JsmAccount, Timestamp};
use http::Method;
use serde_json::{Value, json};

use crate::ProvisioningError;

use answers::{page, text};
use call::Call;

pub(crate) use accounts::{Creation, Found, OnDesk, User};
pub(crate) use answers::FoundOrganization;
pub(crate) use call::Client;
pub(crate) use credential::Flavour;
pub use endpoint::Endpoint;

/// Pages of one listing; a server that never says `isLastPage` ends here.
const MAX_PAGES: usize = 400;

/// How JSM took a write about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// 400: the account is unknown (yet).
    AccountUnknown,
    /// 404: the desk or organization is unknown, or the account is (yet).
    PlaceUnknown,
}

impl Client {
    /// Adds an account to a desk.
    pub(crate) async fn join_desk(
        &self,
        desk: &str,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let path = ["servicedeskapi", "servicedesk", desk, "customer"];
        self.write(Call::post(Endpoint::JoinDesk, &path, self.accounts(account)), until).await
    }

    /// Takes an account off a desk. A desk that is open to all answers 400, and there is nothing to
    /// take away then.
    pub(crate) async fn leave_desk(
        &self,
        desk: &str,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        if self.flavour() == Flavour::DataCenter {
            return self.leave_role(desk, account, until).await;
        }
        let path = ["servicedeskapi", "servicedesk", desk, "customer"];
        let call = Call::new(Endpoint::LeaveDesk, Method::DELETE, &path);
        self.write(call.with_body(self.accounts(account)), until).await
    }

    /// Data Center has no operation for it: customers of a desk are in a role of its project.
    async fn leave_role(
        &self,
        desk: &str,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let endpoint = Endpoint::ReadDesk;
        let call = Call::get(endpoint, &["servicedeskapi", "servicedesk", desk], &[]);
        let reply = self.call(call, until).await?;
        if reply.status == 404 {
            return Ok(Written::PlaceUnknown);
        }
        let key = text(&reply.json(endpoint)?, "projectKey");
        let key = key.ok_or(ProvisioningError::AnswerUnreadable { endpoint })?;
        let endpoint = Endpoint::ListRoles;
        let call = Call::get(endpoint, &["api", "2", "project", &key, "role"], &[]);
        let roles = self.call(call, until).await?.json(endpoint)?;
        // The roles come as names and URLs; the id is the last segment.
        let customers = roles.get("Service Desk Customers").and_then(Value::as_str);
        let role = customers.and_then(|url| url.rsplit('/').next()).map(str::to_owned);
        let role = role.ok_or(ProvisioningError::AnswerUnreadable { endpoint })?;
        let path = ["api", "2", "project", &key, "role", &role];
        let call = Call::new(Endpoint::LeaveDesk, Method::DELETE, &path);
        self.write(call.with_query(&[("user", &account.0)]), until).await
    }

    /// Adds an account to an organization.
    pub(crate) async fn join_organization(
        &self,
        organization: &str,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let path = ["servicedeskapi", "organization", organization, "user"];
        let body = self.accounts(account);
        self.write(Call::post(Endpoint::JoinOrganization, &path, body), until).await
    }

    /// Takes an account out of an organization.
    pub(crate) async fn leave_organization(
        &self,
        organization: &str,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let path = ["servicedeskapi", "organization", organization, "user"];
        let call = Call::new(Endpoint::LeaveOrganization, Method::DELETE, &path);
        self.write(call.with_body(self.accounts(account)), until).await
    }

    /// Puts an organization on a desk.
    pub(crate) async fn attach_organization(
        &self,
        desk: &str,
        organization: &FoundOrganization,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let path = ["servicedeskapi", "servicedesk", desk, "organization"];
        // The id is text in answers and a number in this body.
        let number: Option<u64> = organization.id().parse().ok();
        let body = json!({"organizationId": number.map_or(json!(organization.id()), Value::from)});
        self.write(Call::post(Endpoint::AttachOrganization, &path, body), until).await
    }

    /// Every organization of the site: there is no search by name.
    pub(crate) async fn organizations(
        &self,
        until: Timestamp,
    ) -> Result<Vec<FoundOrganization>, ProvisioningError> {
        let path = ["servicedeskapi", "organization"];
        let listed = self.list(Endpoint::ListOrganizations, &path, &[], until).await?;
        Ok(listed.iter().filter_map(FoundOrganization::read).collect())
    }

    /// The organizations that an account is in.
    pub(crate) async fn organizations_of(
        &self,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Vec<FoundOrganization>, ProvisioningError> {
        let path = ["servicedeskapi", "organization"];
        let query = [("accountId", account.0.as_str())];
        let listed = self.list(Endpoint::ListOrganizations, &path, &query, until).await?;
        Ok(listed.iter().filter_map(FoundOrganization::read).collect())
    }

    /// The accounts of an organization.
    pub(crate) async fn members(
        &self,
        organization: &str,
        until: Timestamp,
    ) -> Result<Vec<JsmAccount>, ProvisioningError> {
        let path = ["servicedeskapi", "organization", organization, "user"];
        let listed = self.list(Endpoint::ListMembers, &path, &[], until).await?;
        Ok(listed.iter().filter_map(|user| self.account_of(user)).collect())
    }

    /// The customers of a desk; `None`: this product does not list them.
    pub(crate) async fn desk_members(
        &self,
        desk: &str,
        until: Timestamp,
    ) -> Result<Option<Vec<JsmAccount>>, ProvisioningError> {
        if self.flavour() == Flavour::DataCenter {
            return Ok(None);
        }
        let path = ["servicedeskapi", "servicedesk", desk, "customer"];
        let listed = self.list(Endpoint::SearchDesk, &path, &[], until).await?;
        Ok(Some(listed.iter().filter_map(|user| self.account_of(user)).collect()))
    }

    /// The organization of an id; `None`: there is none.
    pub(crate) async fn organization(
        &self,
        id: &str,
        until: Timestamp,
    ) -> Result<Option<FoundOrganization>, ProvisioningError> {
        let endpoint = Endpoint::ReadOrganization;
        let call = Call::get(endpoint, &["servicedeskapi", "organization", id], &[]);
        let reply = self.call(call, until).await?;
        if reply.status == 404 {
            return Ok(None);
        }
        let found = FoundOrganization::read(&reply.json(endpoint)?);
        found.ok_or(ProvisioningError::AnswerUnreadable { endpoint }).map(Some)
    }

    /// Creates an organization, or answers the one of that name.
    pub(crate) async fn create_organization(
        &self,
        name: &str,
        until: Timestamp,
    ) -> Result<FoundOrganization, ProvisioningError> {
        let endpoint = Endpoint::CreateOrganization;
        let path = ["servicedeskapi", "organization"];
        let reply = self.call(Call::post(endpoint, &path, json!({"name": name})), until).await?;
        let found = FoundOrganization::read(&reply.json(endpoint)?);
        found.ok_or(ProvisioningError::AnswerUnreadable { endpoint })
    }

    /// Deletes an organization.
    pub(crate) async fn delete_organization(
        &self,
        id: &str,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let path = ["servicedeskapi", "organization", id];
        let call = Call::new(Endpoint::DeleteOrganization, Method::DELETE, &path);
        self.write(call, until).await
    }

    /// Every page of a listing.
    async fn list(
        &self,
        endpoint: Endpoint,
        path: &[&str],
        query: &[(&str, &str)],
        until: Timestamp,
    ) -> Result<Vec<Value>, ProvisioningError> {
        let (mut found, mut start) = (Vec::new(), 0);
        for _ in 0..MAX_PAGES {
            let from = start.to_string();
            let paged = [query, &[("start", from.as_str()), ("limit", "100")]].concat();
            let reply = self.call(Call::get(endpoint, path, &paged), until).await?;
            let page = page(&reply.json(endpoint)?, endpoint)?;
            found.extend(page.values);
            if page.is_last || page.size == 0 {
                break;
            }
            // The server caps a page silently: the next one starts after what came, not after
            // what was asked for.
            start += page.size;
        }
        Ok(found)
    }

    async fn write(&self, call: Call<'_>, until: Timestamp) -> Result<Written, ProvisioningError> {
        let endpoint = call.endpoint;
        match self.call(call, until).await?.status {
            400 => Ok(Written::AccountUnknown),
            404 => Ok(Written::PlaceUnknown),
            409 => Err(ProvisioningError::CallRefused { endpoint, status: 409 }),
            _ => Ok(Written::Done),
        }
    }

    /// How a write names an account.
    fn accounts(&self, account: &JsmAccount) -> Value {
        match self.flavour() {
            Flavour::Cloud => json!({"accountIds": [account.0]}),
            Flavour::DataCenter => json!({"usernames": [account.0]}),
        }
    }

    /// How an answer names one.
    fn account_of(&self, user: &Value) -> Option<JsmAccount> {
        let field = match self.flavour() {
            Flavour::Cloud => "accountId",
            Flavour::DataCenter => "name",
        };
        text(user, field).map(JsmAccount)
    }
}
