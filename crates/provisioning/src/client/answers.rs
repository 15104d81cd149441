//! What answers say. Pure; lenient in form, strict in what decides.

use std::time::Duration;

use domain::{EmailAddress, JsmAccount, Organization};
use http::{HeaderMap, header};
use serde_json::Value;

use super::{Endpoint, Found, OnDesk, User};
use crate::ProvisioningError;

/// An organization as JSM lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundOrganization {
    id: String,
    name: String,
    scim_managed: bool,
}

impl FoundOrganization {
    pub(super) fn read(value: &Value) -> Option<Self> {
        // Absent and null mean no; anything that is not a plain no is taken for a yes (invariant 9).
        let scim_managed =
            !matches!(value.get("scimManaged"), None | Some(Value::Null | Value::Bool(false)));
        Some(Self { id: text(value, "id")?, name: text(value, "name")?, scim_managed })
    }

    /// Its id, digits.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the audit log says of it, under the name that the rule uses.
    pub(crate) fn named(&self, name: &str) -> Organization {
        Organization { id: self.id.clone(), name: name.to_owned() }
    }

    /// As it is called in JSM.
    pub(crate) fn own(&self) -> Organization {
        self.named(&self.name)
    }

    /// Whether a SCIM directory owns it.
    pub(crate) fn is_scim_managed(&self) -> bool {
        self.scim_managed
    }
}

/// One page of a listing.
pub(super) struct Page {
    pub(super) values: Vec<Value>,
    pub(super) size: usize,
    pub(super) is_last: bool,
}

pub(super) fn page(value: &Value, endpoint: Endpoint) -> Result<Page, ProvisioningError> {
    let values = value.get("values").and_then(Value::as_array);
    let values = values.ok_or(ProvisioningError::AnswerUnreadable { endpoint })?.clone();
    let size = value.get("size").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let size = size.unwrap_or(values.len());
    let is_last = value.get("isLastPage").and_then(Value::as_bool).unwrap_or(false);
    Ok(Page { values, size, is_last })
}

/// A field that is text, or a number where text was promised.
pub(crate) fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads a user search for one address. It matches beginnings of names too, so that only a whole
/// and equal address counts.
pub(super) fn found(users: &[Value], email: &EmailAddress) -> Result<Found, ProvisioningError> {
    let kind = |user: &Value, kind: &str| text(user, "accountType").as_deref() == Some(kind);
    let mut customers = users
        .iter()
        .filter(|u| kind(u, "customer") && has_address(u, email) && is_active(u))
        .filter_map(|u| text(u, "accountId"));
    match (customers.next(), customers.next()) {
        (Some(_), Some(_)) => return Err(ProvisioningError::AccountAmbiguous),
        (Some(account), None) => return Ok(Found::Customer(JsmAccount(account))),
        (None, _) => {}
    }
    let mut atlassian = users.iter().filter(|u| kind(u, "atlassian"));
    if atlassian.clone().any(|u| has_address(u, email)) {
        return Ok(Found::Atlassian);
    }
    if atlassian.any(|u| text(u, "emailAddress").is_none()) {
        return Ok(Found::HiddenAtlassian);
    }
    Ok(Found::Nobody)
}

/// Reads a search of Data Center for one address: it finds ended accounts too, and knows no kinds.
pub(super) fn found_user(
    users: &[Value],
    email: &EmailAddress,
) -> Result<Found, ProvisioningError> {
    let theirs = users.iter().filter(|user| has_address(user, email));
    let (active, ended): (Vec<&Value>, Vec<&Value>) = theirs.partition(|user| is_active(user));
    let account = |user: &Value| text(user, "name").map(JsmAccount);
    match (active.as_slice(), ended.as_slice()) {
        ([], []) => Ok(Found::Nobody),
        ([only], _) => Ok(account(only).map_or(Found::Nobody, Found::Customer)),
        ([], [only]) => Ok(account(only).map_or(Found::Nobody, Found::Ended)),
        _ => Err(ProvisioningError::AccountAmbiguous),
    }
}

/// Reads one user, of whom it must be certain whether the access was ended.
pub(super) fn user(user: &Value) -> Option<User> {
    let active = user.get("active")?.as_bool()?;
    let roles = user.get("applicationRoles").and_then(|roles| roles.get("size"));
    Some(User { active, licensed: roles.and_then(Value::as_u64) != Some(0) })
}

/// Reads a desk's customers. These carry no account type; portal-only ids begin with `qm:`.
pub(super) fn on_desk(users: &[Value], email: &EmailAddress) -> OnDesk {
    let found = users.iter().filter(|u| has_address(u, email)).find_map(|u| {
        let id = text(u, "accountId").filter(|id| id.starts_with("qm:"))?;
        Some(if is_active(u) { OnDesk::Active(JsmAccount(id)) } else { OnDesk::Revoked })
    });
    found.unwrap_or(OnDesk::Nobody)
}

fn has_address(user: &Value, email: &EmailAddress) -> bool {
    let shown = text(user, "emailAddress").and_then(|e| e.parse::<EmailAddress>().ok());
    shown.as_ref() == Some(email)
}

fn is_active(user: &Value) -> bool {
    user.get("active").and_then(Value::as_bool).unwrap_or(true)
}

/// Whether this is a page for people instead of JSON.
pub(super) fn is_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("text/html")
        || body.trim_ascii_start().starts_with(b"<")
}

/// `Retry-After` in seconds; Atlassian never sends a date there.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Whether JSM says that a limit is near (`X-RateLimit-NearLimit`).
pub(super) fn is_near_limit(headers: &HeaderMap) -> bool {
    headers.get("x-ratelimit-nearlimit").is_some_and(|value| value == "true")
}

/// The limiter that JSM named, if its name looks like one.
pub(super) fn limiter(headers: &HeaderMap) -> Option<String> {
    let name = headers.get("ratelimit-reason")?.to_str().ok()?;
    let plain = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ann() -> EmailAddress {
        "ann@acme.example".parse().unwrap()
    }

    #[test]
    fn only_a_customer_of_exactly_this_address_is_found() {
        let found = |users: Value| super::found(users.as_array().unwrap(), &ann());
        let user = |id: &str, kind: &str, email: &str| json!({"accountId": id, "accountType": kind, "emailAddress": email, "new": 1});
        let near = json!([
            user("1", "customer", "ann@acme.example.evil.example"),
            user("2", "app", "ann@acme.example"),
            json!({"accountId": "3", "accountType": "customer", "displayName": "ann@acme.example"}),
        ]);
        assert_eq!(found(near).unwrap(), Found::Nobody);
        let both = json!([
            user("4", "atlassian", "ann@acme.example"),
            user("5", "customer", "Ann@ACME.example")
        ]);
        assert_eq!(found(both).unwrap(), Found::Customer(JsmAccount("5".into())));
        let atlassian = json!([user("4", "atlassian", "ann@acme.example")]);
        assert_eq!(found(atlassian).unwrap(), Found::Atlassian);
        let hidden = json!([{"accountId": "4", "accountType": "atlassian"}]);
        assert_eq!(found(hidden).unwrap(), Found::HiddenAtlassian);
        let two = json!([
            user("5", "customer", "ann@acme.example"),
            user("6", "customer", "ann@acme.example")
        ]);
        assert!(matches!(found(two), Err(ProvisioningError::AccountAmbiguous)));
    }

    #[test]
    fn organizations_are_read_leniently_but_a_doubtful_owner_counts_as_one() {
        let read = |value: Value| FoundOrganization::read(&value);
        let plain = read(json!({"id": 7, "name": "Acme", "uuid": {}})).unwrap();
        assert!(plain.id() == "7" && !plain.is_scim_managed());
        for doubtful in [json!(true), json!("false"), json!(0)] {
            let found = read(json!({"id": "7", "name": "Acme", "scimManaged": doubtful})).unwrap();
            assert!(found.is_scim_managed());
        }
        assert!(read(json!({"id": "7"})).is_none());
    }

    #[test]
    fn a_page_for_people_is_told_from_json() {
        let mut headers = HeaderMap::new();
        assert!(is_page(&headers, b" \n<!DOCTYPE html>") && !is_page(&headers, b"{}"));
        headers.insert(header::CONTENT_TYPE, "Text/HTML; charset=utf-8".parse().unwrap());
        assert!(is_page(&headers, b""));
    }
}
