//! Service desks, their customers and organizations.

use serde_json::{Value, json};

use super::Operation;
use super::answers::{Answer, Query, error, no_content, organization, page, user_dto};
use super::customers::matching;
use super::organizations::account_ids;
use super::state::State;

pub(super) fn list(state: &State, query: &Query, base: &str) -> Answer {
    let shown = state.desks.iter().map(|d| {
        json!({"id": d.id, "projectId": format!("1000{}", d.id), "projectKey": d.key,
            "projectName": d.name, "_links": {"self": format!("{base}/rest/servicedeskapi/servicedesk/{}", d.id)}})
    });
    page(base, query, &shown.collect::<Vec<_>>())
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
