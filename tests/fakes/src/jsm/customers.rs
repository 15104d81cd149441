//! Accounts: create and search.

use serde_json::{Map, Value, json};

use super::Operation;
use super::answers::{Answer, Query, answer, error, no_content, platform_user, user_dto};
use super::faults::Faults;
use super::state::{Account, AccountType, State};

pub(super) fn create(state: &mut State, query: &Query, body: &Value, base: &str) -> Answer {
    let refused = |status, why| error(Operation::CreateCustomer, status, why);
    let Some(email) = body["email"].as_str() else { return refused(400, "email is missing") };
    let name = body["displayName"].as_str().or(body["fullName"].as_str()).unwrap_or_default();
    let shaped = email.split_once('@').is_some_and(|(l, d)| !l.is_empty() && d.contains('.'));
    if !shaped || name.trim().is_empty() {
        return refused(400, "the e-mail address or the name is not valid");
    }
    if state.account_of(email).is_some() {
        // Data Center does not know the flag.
        let asked = query.text("strictConflictStatusCode") == Some("true");
        let strict = asked && !state.data_center;
        let message = format!("An account already exists for {email}");
        return refused(if strict { 409 } else { 400 }, &message);
    }
    let id = state.add_account(AccountType::Customer, email, name);
    answer(201, &user_dto(state.account_mut(&id).expect("just added"), base))
}

/// Active accounts whose name or address starts with the query.
pub(super) fn search(state: &mut State, query: &Query, base: &str) -> Answer {
    let asked = query.text("query").or(query.text("username"));
    let inactive = state.data_center && query.text("includeInactive") == Some("true");
    let Some(text) = asked.filter(|q| !q.is_empty()) else {
        return error(Operation::SearchUsers, 400, "query is missing");
    };
    let limit = query.number("maxResults").unwrap_or(50).min(1000);
    let found: Vec<Value> = matching(state, text)
        .filter(|account| account.active || inactive)
        .map(|account| platform_user(account, base))
        .take(limit)
        .collect();
    answer(200, &json!(found))
}

/// One account, whether it may be used or not, with the applications that it takes a licence of.
pub(super) fn read(state: &mut State, query: &Query, base: &str) -> Answer {
    let id = query.text("accountId").or(query.text("username")).unwrap_or_default();
    let member = |group: &&String| state.groups.get(*group).is_some_and(|all| all.contains(id));
    let licences = usize::from(state.licensed.iter().any(|group| member(&group)));
    let Some(account) = state.account_mut(id) else {
        return error(Operation::ReadUser, 404, "no such user");
    };
    let mut user = platform_user(account, base);
    user["applicationRoles"] = json!({"size": licences, "items": []});
    answer(200, &user)
}

/// Accounts that match and are indexed; every search brings the missing ones nearer.
pub(super) fn matching<'a>(state: &'a mut State, text: &str) -> impl Iterator<Item = &'a Account> {
    let text = text.to_lowercase();
    let begins = |field: &str, text: &str| field.to_lowercase().starts_with(text);
    let mut seen = Vec::new();
    for account in &mut state.accounts {
        let matches = begins(&account.email, &text) || begins(&account.display_name, &text);
        if matches && account.unindexed == 0 {
            seen.push(&*account);
        } else if matches {
            account.unindexed -= 1;
        }
    }
    seen.into_iter()
}

/// What the credential may do: what is denied shows here, too.
pub(super) fn permissions(query: &Query, faults: &Faults) -> Answer {
    let asked = query.text("permissions").unwrap_or_default();
    let mut listed = Map::new();
    for key in asked.split(',').filter(|key| !key.is_empty()) {
        let denied = match key {
            "ADMINISTER" => faults.is_denied(Operation::CreateCustomer),
            "USER_PICKER" => faults.is_denied(Operation::SearchUsers),
            _ => faults.is_denied(Operation::RevokeCustomer),
        };
        let shown = json!({"id": "0", "key": key, "name": key, "type": "GLOBAL",
            "description": key, "havePermission": !denied});
        listed.insert(key.to_owned(), shown);
    }
    answer(200, &json!({"permissions": listed}))
}

/// Access ends, the account stays.
pub(super) fn revoke(state: &mut State, id: &str) -> Answer {
    match state.account_mut(id) {
        Some(account) if account.account_type == AccountType::Customer => {
            account.active = false;
            no_content()
        }
        _ => error(Operation::RevokeCustomer, 404, "no such customer"),
    }
}

pub(super) fn delete(state: &mut State, query: &Query) -> Answer {
    let id = query.text("accountId").or(query.text("username")).unwrap_or_default().to_owned();
    if state.account_mut(&id).is_none() {
        return error(Operation::DeleteUser, 404, "no such user");
    }
    state.forget_account(&id);
    no_content()
}
