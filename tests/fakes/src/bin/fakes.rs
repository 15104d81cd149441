//! A fake JSM and a fake help center as a program, for journeys that are not written in Rust.
//!
//! ```text
//! fakes [ORGANIZATION…]
//! ```
//!
//! Prints one line of JSON, `{ helpCenter, jsm: { url, email, token }, control }`, and runs until it
//! is killed. The control server gives and takes JSON:
//!
//! - `GET /state`: what JSM holds and what arrived at the help center.
//! - `POST /trust/{audience}`: the help center believes the gateway with this JWKS.
//! - `POST /jsm/fail`, `POST /jsm/throttle`: every call fails with 503, or with 429, from now on.
//! - `POST /jsm/refuse/{status}`: so does the creation of customers.
//! - `POST /jsm/recover`: nothing fails any longer.
//! - `POST /jsm/account`: adds `{ email, atlassian, desk, revoked }`, the last three as wished.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a fake that cannot start fails its journey; its one line of output is its interface"
)]

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use fakes::helpcenter::{HelpCenter, Trust};
use fakes::jsm::{Fault, JsmCloud, Operation, Privacy};
use fakes::server::{Place, bind};
use serde_json::{Value, json};

struct Fakes {
    jsm: JsmCloud,
    help_center: HelpCenter,
    organizations: Vec<String>,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run());
}

async fn run() {
    let organizations: Vec<String> = std::env::args().skip(1).collect();
    let fakes =
        Fakes { jsm: JsmCloud::start().await, help_center: HelpCenter::start(), organizations };
    for name in &fakes.organizations {
        fakes.jsm.add_organization(name);
    }
    let bound = bind(&Place::default()).expect("a free port");
    let ready = json!({
        "helpCenter": fakes.help_center.url,
        "jsm": { "url": fakes.jsm.url, "email": fakes.jsm.email, "token": fakes.jsm.token },
        "control": bound.url,
    });
    let _control = bound.serve(router(fakes));
    println!("{ready}");
    std::future::pending::<()>().await;
}

fn router(fakes: Fakes) -> Router {
    Router::new()
        .route("/state", get(state))
        .route("/trust/{audience}", post(trust))
        .route("/jsm/fail", post(fail))
        .route("/jsm/throttle", post(throttle))
        .route("/jsm/refuse/{status}", post(refuse))
        .route("/jsm/recover", post(recover))
        .route("/jsm/account", post(account))
        .with_state(Arc::new(fakes))
}

async fn state(State(fakes): State<Arc<Fakes>>) -> Json<Value> {
    let customers = fakes.jsm.customers().into_iter();
    let customers = customers.map(
        |c| json!({ "id": c.id, "email": c.email, "name": c.display_name, "active": c.active }),
    );
    let organizations = fakes.organizations.iter();
    let organizations =
        organizations.map(|name| (name.clone(), json!(fakes.jsm.organization_members(name))));
    let requests = fakes.help_center.requests().into_iter();
    let requests =
        requests.map(|r| json!({ "method": r.method, "target": r.target, "headers": r.headers }));
    Json(json!({
        "customers": customers.collect::<Vec<_>>(),
        "desks": { "1": fakes.jsm.desk_members("1"), "3": fakes.jsm.desk_members("3") },
        "organizations": organizations.collect::<serde_json::Map<_, _>>(),
        "jsmCalls": fakes.jsm.calls().len(),
        "requests": requests.collect::<Vec<_>>(),
    }))
}

async fn trust(
    State(fakes): State<Arc<Fakes>>,
    Path(audience): Path<String>,
    Json(keys): Json<Value>,
) -> StatusCode {
    fakes.help_center.trust(Trust::Keys(keys), &audience);
    StatusCode::NO_CONTENT
}

async fn fail(State(fakes): State<Arc<Fakes>>) -> StatusCode {
    fakes.jsm.fail_all(Fault::Status(503));
    StatusCode::NO_CONTENT
}

async fn throttle(State(fakes): State<Arc<Fakes>>) -> StatusCode {
    fakes.jsm.fail_all(Fault::Throttled(3));
    StatusCode::NO_CONTENT
}

async fn refuse(State(fakes): State<Arc<Fakes>>, Path(status): Path<u16>) -> StatusCode {
    fakes.jsm.fail_times(Operation::CreateCustomer, usize::MAX, Fault::Status(status));
    StatusCode::NO_CONTENT
}

async fn account(State(fakes): State<Arc<Fakes>>, Json(wanted): Json<Value>) -> StatusCode {
    let text = |name| wanted.get(name).and_then(Value::as_str);
    let holds = |name| wanted.get(name).and_then(Value::as_bool) == Some(true);
    let Some(email) = text("email") else { return StatusCode::BAD_REQUEST };
    if holds("atlassian") {
        fakes.jsm.add_atlassian_account(email, Privacy::Shown);
        return StatusCode::NO_CONTENT;
    }
    let account = fakes.jsm.add_customer(email, "Here before");
    if let Some(desk) = text("desk") {
        fakes.jsm.put_on_desk(desk, &account);
    }
    if holds("revoked") {
        fakes.jsm.revoke(&account);
    }
    StatusCode::NO_CONTENT
}

async fn recover(State(fakes): State<Arc<Fakes>>) -> StatusCode {
    fakes.jsm.recover();
    StatusCode::NO_CONTENT
}
