//! Too many groups for a token: it says where they are instead (OpenID Connect Core §5.6.2, and
//! Microsoft Entra's `hasgroups`), and there they come in pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Core;

const PAGE: usize = 3;

/// How the ID token says that there are too many groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overage {
    /// `_claim_names` and `_claim_sources`.
    ClaimNames,
    /// `hasgroups`.
    HasGroups,
    /// `_claim_names` with a source on another machine.
    ForeignSource,
    /// `_claim_names` without its source.
    NoSource,
    /// As `ClaimNames`; the groups' endpoint answers 500.
    EndpointFails,
    /// As `ClaimNames`; the groups' endpoint answers with a page.
    EndpointHtml,
    /// As `ClaimNames`; the next page is on another machine.
    ForeignNextPage,
    /// As `ClaimNames`; every page has a next one.
    EndlessPages,
}

/// Puts the reference in place of the groups.
pub(super) fn refer(overage: Overage, claims: &mut Map<String, Value>, base: &str) {
    claims.remove("groups");
    if overage == Overage::HasGroups {
        claims.insert("hasgroups".to_owned(), json!(true));
        return;
    }
    claims.insert("_claim_names".to_owned(), json!({ "groups": "src1" }));
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let endpoint = match overage {
        Overage::ForeignSource => "https://evil.example/groups".to_owned(),
        _ => format!("{base}/v1.0/users/{subject}/getMemberObjects"),
    };
    if overage != Overage::NoSource {
        let sources = json!({ "src1": { "endpoint": endpoint } });
        claims.insert("_claim_sources".to_owned(), sources);
    }
}

#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(rename = "$skiptoken")]
    skip: Option<usize>,
}

/// Microsoft Graph's `getMemberObjects` (POST, ids) and `transitiveMemberOf` (GET, objects), three
/// groups to a page.
pub(super) async fn list(
    State(core): State<Arc<Core>>,
    method: axum::http::Method,
    Query(page): Query<Page>,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = bearer.and_then(|b| b.strip_prefix("Bearer ")).unwrap_or_default();
    let mut state = core.state();
    let Some((person, _)) = state.access_tokens.get(token).cloned() else {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    state.group_calls += 1;
    let overage = state.answer.overage.or(state.last_overage);
    drop(state);
    // Graph answers a query with a cast only so.
    let advanced = headers.get("consistencylevel").is_some_and(|level| level == "eventual");
    if uri.path().contains("microsoft.graph.") && !advanced {
        return (StatusCode::BAD_REQUEST, "Request_UnsupportedQuery").into_response();
    }
    match overage {
        Some(Overage::EndpointFails) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response();
        }
        Some(Overage::EndpointHtml) => return crate::text::page("Welcome", "").into_response(),
        _ => {}
    }
    let from = page.skip.unwrap_or(0);
    let ids = person.groups.iter().skip(from).take(PAGE);
    // Further pages are asked for with GET and look like the first.
    let objects = method == axum::http::Method::GET && !uri.path().ends_with("getMemberObjects");
    let value: Vec<Value> = ids
        .map(|id| match objects {
            true => json!({ "@odata.type": "#microsoft.graph.group", "id": id }),
            false => json!(id),
        })
        .collect();
    let mut answer = json!({ "value": value });
    let link = |next: usize| format!("{}{}?$skiptoken={next}", core.base, uri.path());
    let next = match overage {
        Some(Overage::ForeignNextPage) => Some("https://evil.example/groups?2".to_owned()),
        Some(Overage::EndlessPages) => Some(link(0)),
        _ => (from + PAGE < person.groups.len()).then(|| link(from + PAGE)),
    };
    if let Some(next) = next {
        answer["@odata.nextLink"] = json!(next);
    }
    Json(answer).into_response()
}
