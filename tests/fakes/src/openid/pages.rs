//! The endpoints of the fake OpenID provider.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Form, OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::Core;
use super::authorization::{AuthorizationRequest, Refused};
use super::flaw::{ClaimsIn, OidcAnswer, OidcFlaw, PublishFlaw};
use super::groups;
use crate::people::Person;
use crate::text::{page, xml_attribute, xml_text};

const REFUSE: &str = "refuse";
const ELSEWHERE: &str = "https://evil.example/";
const HUGE: usize = 20 * 1024 * 1024;

pub(super) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/jwks", get(jwks))
        .route("/userinfo", get(userinfo).post(userinfo))
        .route("/logout", get(logout).post(logout_by_form))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(tenant_discovery))
        .route("/v1.0/users/{subject}/getMemberObjects", get(groups::list).post(groups::list))
        .route("/v1.0/me/{*collection}", get(groups::list))
        .with_state(core)
}

async fn discovery(State(core): State<Arc<Core>>) -> Response {
    publish(&core, &core.issuer)
}

/// Microsoft Entra's: below a tenant its own issuer, below `common` the template.
async fn tenant_discovery(State(core): State<Arc<Core>>, Path(tenant): Path<String>) -> Response {
    if core.options.tenants.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    match tenant.as_str() {
        "common" | "organizations" => publish(&core, &core.issuer),
        tenant => publish(&core, &core.issuer.replace("{tenantid}", tenant)),
    }
}

fn publish(core: &Core, issuer: &str) -> Response {
    core.discovery_calls.fetch_add(1, Ordering::SeqCst);
    let flaw = core.state().publish_flaw;
    let mut base = core.base.as_str();
    let mut issuer = issuer;
    match flaw {
        Some(PublishFlaw::DiscoveryServerError) => return out_of_order(),
        Some(PublishFlaw::DiscoveryHtml) => return page("Welcome", "").into_response(),
        Some(PublishFlaw::DiscoveryHuge) => return " ".repeat(HUGE).into_response(),
        Some(PublishFlaw::DiscoveryRedirect) => return Redirect::to(ELSEWHERE).into_response(),
        Some(PublishFlaw::ForeignIssuer) => issuer = "https://evil.example",
        Some(PublishFlaw::PlainHttpEndpoints) => base = "http://op.evil.example",
        _ => {}
    }
    let algorithm = if core.state().key.is_elliptic() { "ES256" } else { "RS256" };
    // Entra's metadata says where its Graph is.
    let graph = base.split_once("://").map(|(_, host)| host);
    let graph = graph.filter(|_| !core.options.tenants.is_empty());
    Json(json!({
        "issuer": issuer,
        "msgraph_host": graph,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/jwks"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm],
        "scopes_supported": ["openid", "email", "profile", "groups"],
        "token_endpoint_auth_methods_supported": core.options.proof.methods(),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": core.options.tenants.is_empty(),
        "end_session_endpoint": format!("{base}/logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
        "claims_supported": ["sub", "email", "email_verified", "name", "groups"]
    }))
    .into_response()
}

fn out_of_order() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response()
}

async fn jwks(State(core): State<Arc<Core>>) -> Response {
    core.key_calls.fetch_add(1, Ordering::SeqCst);
    let state = core.state();
    let mut own = state.key.jwk(&state.kid);
    match state.publish_flaw {
        Some(PublishFlaw::KeysServerError) => return out_of_order(),
        Some(PublishFlaw::NoKeys) => return Json(json!({ "keys": [] })).into_response(),
        Some(PublishFlaw::EncryptionKeyOnly) => own["use"] = json!("enc"),
        _ => {}
    }
    let old = state.also_published.iter().map(|(kid, key)| key.jwk(kid));
    let staged = state.staged.as_ref().map(|(kid, key)| key.jwk(kid));
    let keys: Vec<_> = std::iter::once(own).chain(staged).chain(old).collect();
    Json(json!({ "keys": keys })).into_response()
}

#[derive(Deserialize)]
struct Choice {
    person: Option<String>,
}

async fn authorize(
    State(core): State<Arc<Core>>,
    OriginalUri(uri): OriginalUri,
    Query(choice): Query<Choice>,
) -> Response {
    let request = match core.read(&format!("{}{uri}", core.base)) {
        Ok(request) => request,
        Err(Refused(code, text)) => {
            let body = format!("<p>{}: {}</p>", xml_text(code), xml_text(text));
            return (StatusCode::BAD_REQUEST, page("This request is wrong", &body)).into_response();
        }
    };
    let (answer, auto) = {
        let mut state = core.state();
        state.requests.push(request.clone());
        (state.answer.clone(), state.auto.clone())
    };
    let see_other = |person: &Person, answer: &OidcAnswer| {
        let url = core.grant(&request, person, answer);
        (StatusCode::SEE_OTHER, [(header::LOCATION, url.to_string())]).into_response()
    };
    if choice.person.as_deref() == Some(REFUSE) {
        let nobody = Person::new("Nobody", "nobody@nowhere.example");
        return see_other(&nobody, &OidcFlaw::AccessDenied.into());
    }
    let people = &core.options.company.people;
    let chosen = people.iter().find(|p| Some(&p.email) == choice.person.as_ref()).cloned();
    match chosen.or(auto) {
        Some(person) => see_other(&person, &answer),
        None => people_page(&core, &request).into_response(),
    }
}

fn people_page(core: &Core, request: &AuthorizationRequest) -> Html<String> {
    let hidden: String = request
        .parameters
        .iter()
        .map(|(name, value)| {
            let (name, value) = (xml_attribute(name), xml_attribute(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    let hint = request.login_hint.as_deref().unwrap_or_default();
    let mut people: Vec<&Person> = core.options.company.people.iter().collect();
    people.sort_by_key(|p| p.email != hint);
    let button = |person: &&Person| {
        let (email, name) = (xml_attribute(&person.email), xml_text(&person.name));
        format!("<p><button name=\"person\" value=\"{email}\">{name} ({email})</button></p>")
    };
    let buttons: String = people.iter().map(button).collect();
    let body = format!(
        "<p>Who are you?</p><form action=\"/authorize\">{hidden}{buttons}\
         <p><button class=\"quiet\" name=\"person\" value=\"{REFUSE}\">Refuse</button></p></form>"
    );
    page(&format!("Sign in at {}", core.options.company.label), &body)
}

async fn token(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    core.token_calls.fetch_add(1, Ordering::SeqCst);
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    let refuse = |Refused(code, text): Refused| {
        let status = match code {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "error": code, "error_description": text }))).into_response()
    };
    match core.exchange(authorization, &form) {
        Ok((_, Some(OidcFlaw::TokenServerError))) => out_of_order(),
        Ok((_, Some(OidcFlaw::TokenNotJson))) => page("Welcome", "").into_response(),
        Ok((_, Some(OidcFlaw::TokenHuge))) => " ".repeat(HUGE).into_response(),
        Ok((_, Some(OidcFlaw::TokenRedirect))) => Redirect::temporary(ELSEWHERE).into_response(),
        Ok((_, Some(OidcFlaw::TokenInvalidGrant))) => refuse(Refused("invalid_grant", "no")),
        Ok((tokens, _)) => (no_store, Json(tokens)).into_response(),
        Err(refused) => refuse(refused),
    }
}

async fn userinfo(State(core): State<Arc<Core>>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = bearer.and_then(|b| b.strip_prefix("Bearer ")).unwrap_or_default();
    let found = core.state().access_tokens.get(token).cloned();
    let Some((person, flaw)) = found else {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    let subject = match flaw {
        Some(OidcFlaw::UserinfoServerError) => return out_of_order(),
        Some(OidcFlaw::UserinfoNotJson) => return page("Welcome", "").into_response(),
        Some(OidcFlaw::UserinfoHuge) => return " ".repeat(HUGE).into_response(),
        Some(OidcFlaw::UserinfoRedirect) => return Redirect::to(ELSEWHERE).into_response(),
        Some(OidcFlaw::UserinfoRefused) => return StatusCode::UNAUTHORIZED.into_response(),
        Some(OidcFlaw::UserinfoNoSubject) => {
            return Json(json!({ "email": person.email })).into_response();
        }
        Some(OidcFlaw::UserinfoArray) => return Json(json!(["sub"])).into_response(),
        Some(OidcFlaw::UserinfoOfOther) => "id-somebody-else",
        _ => &person.subject,
    };
    if core.state().answer.claims_in == ClaimsIn::IdToken {
        return Json(json!({ "sub": subject })).into_response();
    }
    Json(json!({
        "sub": subject, "email": person.email, "email_verified": person.email_verified,
        "name": person.name, "groups": person.groups
    }))
    .into_response()
}

async fn logout(
    State(core): State<Arc<Core>>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    end(&core, &parameters)
}

async fn logout_by_form(
    State(core): State<Arc<Core>>,
    Form(parameters): Form<Vec<(String, String)>>,
) -> Response {
    end(&core, &parameters)
}

fn end(core: &Core, parameters: &[(String, String)]) -> Response {
    match core.end_session(parameters) {
        Ok(Some(url)) => {
            (StatusCode::SEE_OTHER, [(header::LOCATION, url.to_string())]).into_response()
        }
        Ok(None) => page("Signed out", "<p>Good bye.</p>").into_response(),
        Err(Refused(code, text)) => {
            let body = format!("<p>{}: {}</p>", xml_text(code), xml_text(text));
            (StatusCode::BAD_REQUEST, page("This request is wrong", &body)).into_response()
        }
    }
}
