//! Answers in the site's shapes.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::Operation;
use super::state::{Account, AccountType, FoundOrganization};

pub(super) type Answer = Response<Body>;

/// The server caps a page at this many, whatever is asked for.
const PAGE_CAP: usize = 50;

pub(super) fn answer(status: u16, value: &Value) -> Answer {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    let json = HeaderValue::from_static("application/json;charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

pub(super) fn no_content() -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(super) fn page_of_html(status: u16) -> Answer {
    let mut response = Response::new(Body::from("<!DOCTYPE html><title>Log in</title>"));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    let html = HeaderValue::from_static("text/html;charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

/// An error in the shape of the operation's family.
pub(super) fn error(operation: Operation, status: u16, message: &str) -> Answer {
    if operation.is_platform() {
        return answer(
            status,
            &json!({"errorMessages": [message], "errors": {}, "status": status}),
        );
    }
    let i18n = json!({"i18nKey": format!("sd.fake.error.{status}"), "parameters": []});
    answer(status, &json!({"errorMessage": message, "i18nErrorMessage": i18n}))
}

/// One page of servicedeskapi.
pub(super) fn page(base: &str, query: &Query, values: &[Value]) -> Answer {
    let start = query.number("start").unwrap_or(0).min(values.len());
    let limit = query.number("limit").unwrap_or(PAGE_CAP).clamp(1, PAGE_CAP);
    let end = (start + limit).min(values.len());
    answer(
        200,
        &json!({
            "_expands": [], "size": end - start, "start": start, "limit": limit,
            "isLastPage": end == values.len(), "_links": {"base": base, "context": ""},
            "values": &values[start..end],
        }),
    )
}

/// An account as servicedeskapi shows it.
pub(super) fn user_dto(account: &Account, base: &str) -> Value {
    json!({
        "accountId": account.id, "name": account.id, "key": account.id,
        "emailAddress": account.email, "displayName": account.display_name,
        "active": account.active, "timeZone": "Europe/Berlin",
        "_links": {"self": format!("{base}/rest/api/2/user?accountId={}", account.id)},
    })
}

/// An account as the platform shows it.
pub(super) fn platform_user(account: &Account, base: &str) -> Value {
    let kind = match account.account_type {
        AccountType::Customer => "customer",
        AccountType::Atlassian => "atlassian",
    };
    let mut user = json!({
        "self": format!("{base}/rest/api/3/user?accountId={}", account.id),
        "accountId": account.id, "name": account.id, "accountType": kind, "displayName": account.display_name,
        "active": account.active, "avatarUrls": {}, "timeZone": "Europe/Berlin",
    });
    if !account.hidden_address {
        user["emailAddress"] = json!(account.email);
    }
    user
}

pub(super) fn organization(found: &FoundOrganization, base: &str) -> Value {
    json!({
        "id": found.id, "name": found.name, "scimManaged": found.scim_managed,
        "_links": {"self": format!("{base}/rest/servicedeskapi/organization/{}", found.id)},
    })
}

/// A decoded query string.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(raw: &str) -> Self {
        Self(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }
}
