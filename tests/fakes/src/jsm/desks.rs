//! Service desks, their customers and organizations.

use serde_json::{Value, json};

use super::Operation;
use super::answers::{Answer, Query, answer, error, no_content, organization, page, user_dto};
use super::customers::matching;
use super::organizations::account_ids;
use super::state::Desk;
use super::state::State;

pub(super) fn list(state: &State, query: &Query, base: &str) -> Answer {
    page(base, query, &state.desks.iter().map(|desk| shown(desk, base)).collect::<Vec<_>>())
}

pub(super) fn read(state: &State, id: &str, base: &str) -> Answer {
    match state.desk(id) {
        Some(desk) => answer(200, &shown(desk, base)),
        None => unknown_desk(Operation::ReadDesk),
    }
}

fn shown(desk: &Desk, base: &str) -> Value {
    json!({"id": desk.id, "projectId": format!("1000{}", desk.id), "projectKey": desk.key,
        "projectName": desk.name,
        "_links": {"self": format!("{base}/rest/servicedeskapi/servicedesk/{}", desk.id)}})
}

/// A desk's customers, revoked ones too, by the beginning of name or address.
pub(super) fn customers(state: &mut State, id: &str, query: &Query, base: &str) -> Answer {
    let Some(members) = state.desk(id).map(|d| d.members.clone()) else {
        return unknown_desk(Operation::ListDeskCustomers);
    };
    let found = matching(state, query.text("query").unwrap_or_default());
    let shown = found.filter(|a| members.contains(&a.id)).map(|a| user_dto(a, base));
    page(base, query, &shown.collect::<Vec<_>>())
}

/// The known ones are added even when an unknown one makes the answer 400.
pub(super) fn add_customers(state: &mut State, id: &str, body: &Value) -> Answer {
    let (known, unknown) = state.known_accounts(account_ids(body));
    let Some(desk) = state.desk_mut(id) else { return unknown_desk(Operation::AddDeskCustomers) };
    desk.members.extend(known);
    if unknown.is_empty() {
        return no_content();
    }
    error(Operation::AddDeskCustomers, 400, "some accounts do not exist")
}

/// A desk that is open to everybody has no list that somebody could be taken off.
pub(super) fn remove_customers(state: &mut State, id: &str, body: &Value) -> Answer {
    let operation = Operation::RemoveDeskCustomers;
    let Some(desk) = state.desk_mut(id) else { return unknown_desk(operation) };
    if desk.open {
        return error(operation, 400, "the service desk has open access");
    }
    for account in account_ids(body) {
        desk.members.remove(&account);
    }
    no_content()
}

pub(super) fn organizations(state: &State, id: &str, query: &Query, base: &str) -> Answer {
    let Some(desk) = state.desk(id) else { return unknown_desk(Operation::ListDeskOrganizations) };
    let on_desk = state.organizations.iter().filter(|o| desk.organizations.contains(&o.id));
    page(base, query, &on_desk.map(|o| organization(o, base)).collect::<Vec<_>>())
}

pub(super) fn add_organization(state: &mut State, id: &str, body: &Value) -> Answer {
    let operation = Operation::AddDeskOrganization;
    let wanted = body["organizationId"].as_u64().map(|n| n.to_string());
    let Some(wanted) = wanted.filter(|w| state.organizations.iter().any(|o| o.id == *w)) else {
        return error(operation, 404, "no such organization");
    };
    let Some(desk) = state.desk_mut(id) else { return unknown_desk(operation) };
    desk.organizations.insert(wanted);
    no_content()
}

fn unknown_desk(operation: Operation) -> Answer {
    error(operation, 404, "The service desk does not exist.")
}
