//! The client of one JSM Cloud site: what it can be asked, and how answers are read.
//!
//! Answers are read leniently (unknown fields, missing fields, numbers as text): Atlassian's own
//! examples break Atlassian's own schemas. What decides is checked: an address is compared as a
//! whole, and an organization is only written when it is certain that no directory owns it.

mod answers;
mod backoff;
mod call;
mod endpoint;

use std::time::Duration;

use domain::{EmailAddress, JsmAccount, Timestamp};
use serde_json::{Value, json};

use crate::ProvisioningError;

use answers::{page, text};
use call::Call;

pub(crate) use answers::FoundOrganization;
pub(crate) use call::Client;
pub use endpoint::Endpoint;

/// Pages of one listing; a server that never says `isLastPage` ends here.
const MAX_PAGES: usize = 400;

/// What a search for an address brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The one portal-only customer of this address.
    Customer(JsmAccount),
    /// An Atlassian account of this address.
    Atlassian,
    /// An Atlassian account that matched but does not show its address.
    HiddenAtlassian,
    Nobody,
}

/// What a desk says of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OnDesk {
    Active(JsmAccount),
    Revoked,
    Nobody,
}

/// How JSM took a new customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Creation {
    Created(JsmAccount),
    /// 409: the address is taken.
    Conflict,
    /// 400: no address, or taken at a site that does not know the strict flag.
    Refused,
}

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
    /// Searches all active accounts.
    pub(crate) async fn find(
        &self,
        email: &EmailAddress,
        until: Timestamp,
    ) -> Result<Found, ProvisioningError> {
        let endpoint = Endpoint::SearchUsers;
        let query = [("query", email.as_str()), ("maxResults", "50")];
        let call = Call::get(endpoint, &["api", "3", "user", "search"], &query);
        let users = self.call(call, until).await?.json(endpoint)?;
        let users = users.as_array().ok_or(ProvisioningError::AnswerUnreadable { endpoint })?;
        answers::found(users, email)
    }

    /// Searches a desk's customers, revoked ones too.
    pub(crate) async fn find_on_desk(
        &self,
        desk: &str,
        email: &EmailAddress,
        until: Timestamp,
    ) -> Result<OnDesk, ProvisioningError> {
        let endpoint = Endpoint::SearchDesk;
        let path = ["servicedeskapi", "servicedesk", desk, "customer"];
        let call = Call::get(endpoint, &path, &[("query", email.as_str())]);
        let users = page(&self.call(call, until).await?.json(endpoint)?, endpoint)?.values;
        Ok(answers::on_desk(&users, email))
    }

    /// Creates a portal-only customer.
    pub(crate) async fn create(
        &self,
        email: &EmailAddress,
        display_name: &str,
        until: Timestamp,
    ) -> Result<Creation, ProvisioningError> {
        let endpoint = Endpoint::CreateCustomer;
        let name: String = display_name.chars().take(255).collect();
        let body = json!({"email": email.as_str(), "displayName": name});
        let call = Call::post(endpoint, &["servicedeskapi", "customer"], body)
            .with_query(&[("strictConflictStatusCode", "true")]);
        let reply = self.call(call, until).await?;
        match reply.status {
            409 => Ok(Creation::Conflict),
            400 => Ok(Creation::Refused),
            _ => {
                let user = reply.json(endpoint)?;
                let account = text(&user, "accountId");
                let account = account.ok_or(ProvisioningError::AnswerUnreadable { endpoint })?;
                Ok(Creation::Created(JsmAccount(account)))
            }
        }
    }

    /// Adds an account to a desk.
    pub(crate) async fn join_desk(
        &self,
        desk: &str,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let path = ["servicedeskapi", "servicedesk", desk, "customer"];
        let body = json!({"accountIds": [account.0]});
        self.write(Call::post(Endpoint::JoinDesk, &path, body), until).await
    }

    /// Adds an account to an organization.
    pub(crate) async fn join_organization(
        &self,
        organization: &FoundOrganization,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let path = ["servicedeskapi", "organization", organization.id(), "user"];
        let body = json!({"accountIds": [account.0]});
        self.write(Call::post(Endpoint::JoinOrganization, &path, body), until).await
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
        let endpoint = Endpoint::ListOrganizations;
        let (mut found, mut start) = (Vec::new(), 0);
        for _ in 0..MAX_PAGES {
            let from = start.to_string();
            let query = [("start", from.as_str()), ("limit", "100")];
            let call = Call::get(endpoint, &["servicedeskapi", "organization"], &query);
            let page = page(&self.call(call, until).await?.json(endpoint)?, endpoint)?;
            found.extend(page.values.iter().filter_map(FoundOrganization::read));
            if page.is_last || page.size == 0 {
                break;
            }
            // The server caps a page silently: the next one starts after what came, not after
            // what was asked for.
            start += page.size;
        }
        Ok(found)
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
        if reply.status >= 400 {
            return Err(ProvisioningError::CallRefused { endpoint, status: reply.status });
        }
        let found = FoundOrganization::read(&reply.json(endpoint)?);
        found.ok_or(ProvisioningError::AnswerUnreadable { endpoint })
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

    /// Waits before trial number `trial` (from 0) is repeated; false when `until` comes first.
    pub(crate) async fn pause(&self, trial: u32, until: Timestamp) -> bool {
        self.rest(backoff::pause(trial, crate::hash::random()), until).await
    }

    async fn rest(&self, pause: Duration, until: Timestamp) -> bool {
        let moment = self.clock().now().plus(pause);
        if moment >= until {
            return false;
        }
        self.clock().sleep_until(moment).await;
        true
    }
}
