//! The way of one request: written down, checked, spoilt where a fault is ordered, answered.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use serde_json::{Value, json};

use super::answers::{Answer, Query, answer, error, no_content, page_of_html};
use super::{
    Fault, Operation, Site, credentials, customers, data_center, desks, lock, organizations,
};

/// One call as it arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which operation, if it is one of the site's.
    pub operation: Option<Operation>,
    /// Its method.
    pub method: Method,
    /// Path without the query, within the site.
    pub path: String,
    /// Whether it came by `api.atlassian.com`.
    pub by_gate: bool,
    /// The query as sent.
    pub query: String,
    /// Every header as sent.
    pub headers: HeaderMap,
    /// The body, `Null` when it was empty or no JSON.
    pub body: Value,
}

pub(super) async fn enter(State(site): State<Arc<Site>>, request: Request<Body>) -> Answer {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let (path, by_gate) = credentials::gate(parts.uri.path());
    let (path, query) = (path.to_owned(), parts.uri.query().unwrap_or_default());
    let found = Operation::of(&parts.method, &path);
    let call = Call {
        operation: found.map(|(operation, _)| operation),
        method: parts.method.clone(),
        path: path.clone(),
        by_gate,
        query: query.to_owned(),
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    };
    lock(&site.calls).push(call.clone());
    if let Some(answered) = credentials::before(&site, &call) {
        return answered;
    }
    let known = found.filter(|(operation, _)| operation.is_of(site.data_center));
    let Some((operation, id)) = known else {
        return answer(404, &json!({"errorMessage": "no such resource"}));
    };
    let fault = lock(&site.faults).draw(operation);
    spoil(&site, operation, fault, || check_and_work(&site, operation, id, &call)).await
}

fn check_and_work(site: &Site, operation: Operation, id: &str, call: &Call) -> Answer {
    if let Some(refused) = refuse(site, operation, call) {
        return refused;
    }
    let id = percent_decoded(id);
    let mut response = work(site, operation, &id, call);
    let own = HeaderValue::from_static("557058:the-bot");
    response.headers_mut().insert("x-aaccountid", own);
    response
}

/// What every operation of the real site refuses, in its order.
fn refuse(site: &Site, operation: Operation, call: &Call) -> Option<Answer> {
    let has = |name: &str| call.headers.contains_key(name);
    if call.method != Method::GET && (has("origin") || has("referer") || has("cookie")) {
        return Some(error(operation, 403, "XSRF check failed"));
    }
    if !credentials::is_good(site, call) {
        return Some(error(
            operation,
            401,
            "Client must be authenticated to access this resource.",
        ));
    }
    if lock(&site.faults).is_denied(operation) {
        return Some(error(operation, 403, "You do not have permission to do this."));
    }
    let opted_in = call.headers.get("x-experimentalapi").is_some_and(|v| v == "opt-in");
    if operation.is_experimental() && !opted_in {
        return Some(error(operation, 412, "This API is experimental."));
    }
    let typed = call.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    if call.method == Method::POST && !typed.is_some_and(|t| t.starts_with("application/json")) {
        return Some(error(operation, 415, "Unsupported Media Type"));
    }
    None
}

fn work(site: &Site, operation: Operation, id: &str, call: &Call) -> Answer {
    let (mut state, query, base) = (lock(&site.state), Query::of(&call.query), site.url.as_str());
    match operation {
        Operation::Myself => answer(
            200,
            &json!({"accountId": "557058:the-bot", "accountType": "atlassian", "active": true,
                "displayName": "Bot", "emailAddress": site.email}),
        ),
        Operation::MyPermissions => customers::permissions(&query, &lock(&site.faults)),
        Operation::DeleteUser => customers::delete(&mut state, &query),
        Operation::RevokeCustomer => customers::revoke(&mut state, id),
        Operation::ReadDesk => desks::read(&state, id, base),
        Operation::RemoveDeskCustomers => desks::remove_customers(&mut state, id, &call.body),
        Operation::ReadOrganization => organizations::read(&state, id, base),
        Operation::DeleteOrganization => organizations::delete(&mut state, id),
        Operation::RemoveOrganizationUsers => {
            organizations::remove_users(&mut state, id, &call.body)
        }
        Operation::UpdateUser => data_center::update(&mut state, &query, &call.body, base),
        Operation::JoinGroup => data_center::join_group(&mut state, &query, &call.body),
        Operation::LeaveGroup => data_center::leave_group(&mut state, &query),
        Operation::ListLicences => data_center::licences(&state),
        Operation::ListRoles => data_center::roles(&state, id, base),
        Operation::LeaveRole => data_center::leave_role(&mut state, id, &query),
        Operation::ReadUser => customers::read(&mut state, &query, base),
        Operation::SearchUsers => customers::search(&mut state, &query, base),
        Operation::CreateCustomer => customers::create(&mut state, &query, &call.body, base),
        Operation::ListDesks => desks::list(&state, &query, base),
        Operation::ListDeskCustomers => desks::customers(&mut state, id, &query, base),
        Operation::AddDeskCustomers => desks::add_customers(&mut state, id, &call.body),
        Operation::ListDeskOrganizations => desks::organizations(&state, id, &query, base),
        Operation::AddDeskOrganization => desks::add_organization(&mut state, id, &call.body),
        Operation::ListOrganizations => organizations::list(&state, &query, base),
        Operation::CreateOrganization => organizations::create(&mut state, &call.body, base),
        Operation::ListOrganizationUsers => organizations::users(&state, id, &query, base),
        Operation::AddOrganizationUsers => organizations::add_users(&mut state, id, &call.body),
    }
}

async fn spoil(
    site: &Site,
    operation: Operation,
    fault: Option<Fault>,
    work: impl FnOnce() -> Answer,
) -> Answer {
    let Some(fault) = fault else { return work() };
    match fault {
        Fault::Status(204) => no_content(),
        Fault::Status(status) => error(operation, status, "as ordered"),
        Fault::Busy(seconds) => with(error(operation, 503, "busy"), "retry-after", seconds),
        Fault::Throttled(seconds) => {
            let mut response = with(error(operation, 429, "too many"), "retry-after", seconds);
            let reason = HeaderValue::from_static("jira-burst-based");
            response.headers_mut().insert("ratelimit-reason", reason);
            response
        }
        Fault::ThrottledSilently => error(operation, 429, "too many"),
        Fault::SignInPage => page_of_html(200),
        Fault::SignInRedirect => {
            let mut response = page_of_html(302);
            let location = HeaderValue::try_from(format!("{}/login", site.url)).expect("a URL");
            response.headers_mut().insert(header::LOCATION, location);
            response
        }
        Fault::NoSuchSite => page_of_html(404),
        Fault::StrangeJson => answer(200, &json!({"unexpected": true})),
        Fault::EndlessBody => endless(),
        Fault::Cut => cut(),
        Fault::CutAfterwards => {
            drop(work());
            cut()
        }
        Fault::Slow(delay) => {
            tokio::time::sleep(delay).await;
            work()
        }
        Fault::Silent => std::future::pending().await,
    }
}

fn with(mut response: Answer, name: &'static str, seconds: u64) -> Answer {
    response.headers_mut().insert(name, HeaderValue::from(seconds));
    response
}

/// A body that breaks off: the server then closes the connection.
fn cut() -> Answer {
    let broken = std::io::Error::other("cut as ordered");
    let parts = [Ok(bytes::Bytes::from_static(b"{\"accountId\":")), Err(broken)];
    let mut response = axum::response::Response::new(Body::from_stream(stream::iter(parts)));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn endless() -> Answer {
    let chunk = bytes::Bytes::from(vec![b' '; 64 * 1024]);
    let body = stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
    let mut response = axum::response::Response::new(Body::from_stream(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn percent_decoded(segment: &str) -> String {
    // A path segment has no `+` for a space, so that one is protected first.
    let query = format!("x={}", segment.replace('+', "%2B").replace('&', "%26"));
    Query::of(&query).text("x").unwrap_or_default().to_owned()
}
