//! Groups of Jira, on Data Center.

use std::collections::BTreeSet;

use domain::{JsmAccount, Timestamp};
use http::Method;
use serde_json::{Value, json};

use super::call::{Call, Client};
use super::{Endpoint, Written};
use crate::ProvisioningError;

impl Client {
    /// Adds an account to a group. Jira answers 400 for somebody who is in it already, in words of
    /// its own language: the account and the group are known to exist, so that this counts as done.
    pub(crate) async fn join_group(
        &self,
        group: &str,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let call = Call::post(
            Endpoint::JoinGroup,
            &["api", "2", "group", "user"],
            json!({"name": account.0}),
        );
        let written = self.write(call.with_query(&[("groupname", group)]), until).await?;
        Ok(if written == Written::AccountUnknown { Written::Done } else { written })
    }

    /// Takes an account out of a group; who is not in it answers 400.
    pub(crate) async fn leave_group(
        &self,
        group: &str,
        account: &JsmAccount,
        until: Timestamp,
    ) -> Result<Written, ProvisioningError> {
        let path = ["api", "2", "group", "user"];
        let call = Call::new(Endpoint::LeaveGroup, Method::DELETE, &path);
        let query = [("groupname", group), ("username", account.0.as_str())];
        self.write(call.with_query(&query), until).await
    }

    /// Groups whose members take a licence of some application.
    pub(crate) async fn licensed_groups(
        &self,
        until: Timestamp,
    ) -> Result<BTreeSet<String>, ProvisioningError> {
        let endpoint = Endpoint::ListLicences;
        let call = Call::get(endpoint, &["api", "2", "applicationrole"], &[]);
        let roles = self.call(call, until).await?.json(endpoint)?;
        let roles = roles.as_array().ok_or(ProvisioningError::AnswerUnreadable { endpoint })?;
        let groups = roles.iter().filter_map(|role| role.get("groups").and_then(Value::as_array));
        Ok(groups.flatten().filter_map(|g| g.as_str().map(str::to_owned)).collect())
    }
}
