//! Organizations and their members.

use serde_json::{Value, json};

use super::Operation;
use super::answers::{Answer, Query, answer, error, no_content, organization, page};
use super::state::State;

pub(super) fn list(state: &State, query: &Query, base: &str) -> Answer {
    let member = query.text("accountId");
    let shown = state.organizations.iter().filter(|o| member.is_none_or(|m| o.members.contains(m)));
    page(base, query, &shown.map(|o| organization(o, base)).collect::<Vec<_>>())
}

/// 201 with the new one, or with the one of that name that was there.
pub(super) fn create(state: &mut State, body: &Value, base: &str) -> Answer {
    let name = body["name"].as_str().map(str::trim).filter(|n| !n.is_empty());
    let Some(name) = name else {
        return error(Operation::CreateOrganization, 400, "name is missing");
    };
    if !state.organizations.iter().any(|o| o.name == name) {
        state.add_organization(name, false);
    }
    let found = state.organizations.iter().find(|o| o.name == name);
    answer(201, &organization(found.expect("just made sure of"), base))
}

pub(super) fn users(state: &State, id: &str, query: &Query, base: &str) -> Answer {
    let Some(found) = state.organizations.iter().find(|o| o.id == id) else {
        return unknown(Operation::ListOrganizationUsers);
    };
    let members = state.accounts.iter().filter(|a| found.members.contains(&a.id));
    page(base, query, &members.map(|a| json!({"accountId": a.id})).collect::<Vec<_>>())
}

/// The known ones are added even when an unknown one makes the answer 400.
pub(super) fn add_users(state: &mut State, id: &str, body: &Value) -> Answer {
    let operation = Operation::AddOrganizationUsers;
    let (known, strangers) = state.known_accounts(account_ids(body));
    let Some(found) = state.organizations.iter_mut().find(|o| o.id == id) else {
        return unknown(operation);
    };
    found.members.extend(known);
    if strangers.is_empty() {
        return no_content();
    }
    error(operation, 400, "some accounts do not exist")
}

pub(super) fn read(state: &State, id: &str, base: &str) -> Answer {
    match state.organizations.iter().find(|o| o.id == id) {
        Some(found) => answer(200, &organization(found, base)),
        None => unknown(Operation::ReadOrganization),
    }
}

pub(super) fn delete(state: &mut State, id: &str) -> Answer {
    if !state.organizations.iter().any(|o| o.id == id) {
        return unknown(Operation::DeleteOrganization);
    }
    state.organizations.retain(|o| o.id != id);
    for desk in &mut state.desks {
        desk.organizations.remove(id);
    }
    no_content()
}

pub(super) fn remove_users(state: &mut State, id: &str, body: &Value) -> Answer {
    let Some(found) = state.organizations.iter_mut().find(|o| o.id == id) else {
        return unknown(Operation::RemoveOrganizationUsers);
    };
    for account in account_ids(body) {
        found.members.remove(&account);
    }
    no_content()
}

/// Cloud names accounts by id, Data Center by user name.
pub(super) fn account_ids(body: &Value) -> Vec<String> {
    let listed = body["accountIds"].as_array().or(body["usernames"].as_array());
    let ids = listed.into_iter().flatten();
    ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

fn unknown(operation: Operation) -> Answer {
    error(operation, 404, "The organization does not exist.")
}
