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

/// What JSM says of an account, whatever its address is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    /// False once its access was ended.
    pub(crate) active: bool,
    /// Whether it takes a licence of some application; in doubt it does.
    pub(crate) licensed: bool,
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

/// The credential's own account and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Own {
    /// Its name for people.
    pub(crate) name: String,
    /// Keys of the global permissions that it has.
    pub(crate) permissions: Vec<String>,
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

    /// Reads one account; `None`: there is none.
    pub(crate) async fn read(
        &self,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Option<User>, ProvisioningError> {
        let endpoint = Endpoint::ReadUser;
        let (version, field) = self.by_account();
        let query = [(field, account.0.as_str()), ("expand", "applicationRoles")];
        let reply =
            self.call(Call::get(endpoint, &["api", version, "user"], &query), until).await?;
        if reply.status == 404 {
            return Ok(None);
        }
        let user = answers::user(&reply.json(endpoint)?);
        user.map(Some).ok_or(ProvisioningError::AnswerUnreadable { endpoint })
    }

    /// Version of the platform's API, and its word for an account.
    fn by_account(&self) -> (&'static str, &'static str) {
        match self.flavour() {
            Flavour::Cloud => ("3", "accountId"),
            Flavour::DataCenter => ("2", "username"),
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

    /// Ends a customer's access; the account stays.
    pub(crate) async fn revoke(
        &self,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        if self.flavour() == Flavour::DataCenter {
            return self.update(account, json!({"active": false}), until).await;
        }
        let path =
            ["servicedeskapi", "customer", "user", account.0.as_str(), "revoke-portal-only-access"];
        self.write(Call::new(Endpoint::RevokeCustomer, Method::PUT, &path), until).await
    }

    /// Deletes an account.
    pub(crate) async fn delete(
        &self,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let (version, field) = self.by_account();
        let path = ["api", version, "user"];
        let call = Call::new(Endpoint::DeleteUser, Method::DELETE, &path);
        self.write(call.with_query(&[(field, account.0.as_str())]), until).await
    }

    /// Whose credential this is, and what it may do.
    pub(crate) async fn own(&self, until: Timestamp) -> Result<Own, ProvisioningError> {
        let (version, _) = self.by_account();
        let endpoint = Endpoint::Myself;
        let call = Call::get(endpoint, &["api", version, "myself"], &[]);
        let own = self.call(call, until).await?.json(endpoint)?;
        let name = answers::text(&own, "displayName").unwrap_or_default();
        let endpoint = Endpoint::MyPermissions;
        let asked = [("permissions", "ADMINISTER,USER_PICKER,SYSTEM_ADMIN")];
        let call = Call::get(endpoint, &["api", version, "mypermissions"], &asked);
        let answer = self.call(call, until).await?.json(endpoint)?;
        let listed = answer.get("permissions").and_then(Value::as_object);
        let listed = listed.ok_or(ProvisioningError::AnswerUnreadable { endpoint })?;
        let has = |value: &Value| value.get("havePermission") == Some(&Value::Bool(true));
        let has = listed.iter().filter(|(_, value)| has(value)).map(|(key, _)| key.clone());
        Ok(Own { name, permissions: has.collect() })
    }

    /// Whether a desk can be seen, and of what name.
    pub(crate) async fn desk(
        &self,
        desk: &str,
        until: Timestamp,
    ) -> Result<Option<String>, ProvisioningError> {
        let endpoint = Endpoint::ReadDesk;
        let call = Call::get(endpoint, &["servicedeskapi", "servicedesk", desk], &[]);
        let reply = self.call(call, until).await?;
        if reply.status == 404 {
            return Ok(None);
        }
        Ok(Some(answers::text(&reply.json(endpoint)?, "projectName").unwrap_or_default()))
    }
}
