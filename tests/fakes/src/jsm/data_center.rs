//! What Data Center has and Cloud has not: users that are changed, groups, roles of projects.

use serde_json::{Value, json};

use super::Operation;
use super::answers::{Answer, Query, answer, error, no_content, platform_user};
use super::state::State;

pub(super) fn update(state: &mut State, query: &Query, body: &Value, base: &str) -> Answer {
    let name = query.text("username").unwrap_or_default();
    let Some(account) = state.account_mut(name) else {
        return error(Operation::UpdateUser, 404, "The user named does not exist");
    };
    if let Some(active) = body["active"].as_bool() {
        account.active = active;
    }
    if let Some(name) = body["displayName"].as_str() {
        name.clone_into(&mut account.display_name);
    }
    if let Some(email) = body["emailAddress"].as_str() {
        email.clone_into(&mut account.email);
    }
    answer(200, &platform_user(account, base))
}

pub(super) fn join_group(state: &mut State, query: &Query, body: &Value) -> Answer {
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    if state.account_mut(&name).is_none() {
        return error(Operation::JoinGroup, 404, "the user does not exist");
    }
    let group = query.text("groupname").unwrap_or_default();
    match state.groups.get_mut(group) {
        None => error(Operation::JoinGroup, 404, "the group does not exist"),
        Some(members) => {
            if members.insert(name) {
                return answer(201, &json!({"name": group}));
            }
            error(Operation::JoinGroup, 400, "user is already a member")
        }
    }
}

pub(super) fn leave_group(state: &mut State, query: &Query) -> Answer {
    let group = query.text("groupname").unwrap_or_default();
    let Some(members) = state.groups.get_mut(group) else {
        return error(Operation::LeaveGroup, 404, "the group does not exist");
    };
    members.remove(query.text("username").unwrap_or_default());
    answer(200, &json!({}))
}

pub(super) fn licences(state: &State) -> Answer {
    answer(200, &json!([{"key": "jira-servicedesk", "groups": state.licensed, "name": "JSM"}]))
}

pub(super) fn roles(state: &State, key: &str, base: &str) -> Answer {
    if state.desk(key).is_none() {
        return error(Operation::ListRoles, 404, "no such project");
    }
    let url = |id: u32| format!("{base}/rest/api/2/project/{key}/role/{id}");
    answer(200, &json!({"Administrators": url(10_000), "Service Desk Customers": url(10_001)}))
}

pub(super) fn leave_role(state: &mut State, key: &str, query: &Query) -> Answer {
    let user = query.text("user").unwrap_or_default().to_owned();
    match state.desk_mut(key) {
        None => error(Operation::LeaveRole, 404, "no such project"),
        Some(desk) => {
            desk.members.remove(&user);
            no_content()
        }
    }
}
