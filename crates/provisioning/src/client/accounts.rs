//! Accounts: found, created, changed, ended.

use domain::{EmailAddress, JsmAccount, Timestamp};
use http::Method;
use serde_json::{Value, json};

use super::answers::{self, page};
use super::call::{Call, Client};
use super::credential::Flavour;
use super::{Endpoint, Written};
use crate::ProvisioningError;

/// What a search for an address brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The one customer of this address.
    Customer(JsmAccount),
    /// The same, whose access was ended. Cloud does not say so.
    Ended(JsmAccount),
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

impl Client {
    /// Searches all accounts; on Cloud the active ones alone.
    pub(crate) async fn find(
        &self,
        email: &EmailAddress,
        until: Timestamp,
    ) -> Result<Found, ProvisioningError> {
        let endpoint = Endpoint::SearchUsers;
        let (cloud, data_center) = (
            [("query", email.as_str()), ("maxResults", "50")],
            [
                ("username", email.as_str()),
                ("maxResults", "50"),
                ("includeActive", "true"),
                ("includeInactive", "true"),
            ],
        );
        let call = match self.flavour() {
            Flavour::Cloud => Call::get(endpoint, &["api", "3", "user", "search"], &cloud),
            Flavour::DataCenter => {
                Call::get(endpoint, &["api", "2", "user", "search"], &data_center)
            }
        };
        let users = self.call(call, until).await?.json(endpoint)?;
        let users = users.as_array().ok_or(ProvisioningError::AnswerUnreadable { endpoint })?;
        match self.flavour() {
            Flavour::Cloud => answers::found(users, email),
            Flavour::DataCenter => answers::found_user(users, email),
        }
    }

    /// Searches a desk's customers, revoked ones too. Data Center has no such operation.
    pub(crate) async fn find_on_desk(
        &self,
        desk: &str,
        email: &EmailAddress,
        until: Timestamp,
    ) -> Result<OnDesk, ProvisioningError> {
        if self.flavour() == Flavour::DataCenter {
            return Ok(OnDesk::Nobody);
        }
        let endpoint = Endpoint::SearchDesk;
        let path = ["servicedeskapi", "servicedesk", desk, "customer"];
        let call = Call::get(endpoint, &path, &[("query", email.as_str())]);
        let users = page(&self.call(call, until).await?.json(endpoint)?, endpoint)?.values;
        Ok(answers::on_desk(&users, email))
    }

    /// Creates a customer without a licence and without a mail.
    pub(crate) async fn create(
        &self,
        email: &EmailAddress,
        display_name: &str,
        until: Timestamp,
    ) -> Result<Creation, ProvisioningError> {
        let endpoint = Endpoint::CreateCustomer;
        let path = ["servicedeskapi", "customer"];
        let name: String = display_name.chars().take(255).collect();
        let call = match self.flavour() {
            Flavour::Cloud => {
                let body = json!({"email": email.as_str(), "displayName": name});
                let strict = [("strictConflictStatusCode", "true")];
                Call::post(endpoint, &path, body).with_query(&strict)
            }
            Flavour::DataCenter => {
                let body = json!({"email": email.as_str(), "fullName": name});
                Call::post(endpoint, &path, body)
            }
        };
        let reply = self.call(call, until).await?;
        match reply.status {
            409 => Ok(Creation::Conflict),
            400 => Ok(Creation::Refused),
            _ => {
                let account = self.account_of(&reply.json(endpoint)?);
                let account = account.ok_or(ProvisioningError::AnswerUnreadable { endpoint })?;
                Ok(Creation::Created(account))
            }
        }
    }

    /// Changes a user of Data Center: name, address or whether it is active.
    pub(crate) async fn update(
        &self,
        account: &JsmAccount,
        change: Value,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let call = Call::new(Endpoint::UpdateUser, Method::PUT, &["api", "2", "user"]);
        let query = [("username", account.0.as_str())];
        self.write(call.with_query(&query).with_body(change), until).await
    }
}
