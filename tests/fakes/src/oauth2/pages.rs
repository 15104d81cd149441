//! The endpoints of the fake OAuth 2.0 provider.

use std::sync::Arc;

use axum::extract::{Form, OriginalUri, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Core, OAuth2Flaw};
use crate::openid::Refused;
use crate::people::Person;
use crate::text::{page, xml_attribute, xml_text};

const REFUSE: &str = "refuse";
const ELSEWHERE: &str = "https://evil.example/";
const HUGE: usize = 20 * 1024 * 1024;

pub(super) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/login/oauth/authorize", get(authorize))
        .route("/login/oauth/access_token", post(token))
        .route("/user", get(user))
        .route("/user/emails", get(emails))
        .with_state(core)
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
    let asked = match core.read(&format!("{}{uri}", core.url)) {
        Ok(asked) => asked,
        Err(Refused(code, text)) => {
            let body = format!("<p>{}: {}</p>", xml_text(code), xml_text(text));
            return (StatusCode::BAD_REQUEST, page("This request is wrong", &body)).into_response();
        }
    };
    let (flaw, auto) = {
        let state = core.state();
        (state.flaw, state.auto.clone())
    };
    let people = &core.options.company.people;
    let chosen = people.iter().find(|p| Some(&p.email) == choice.person.as_ref()).cloned();
    let url = if choice.person.as_deref() == Some(REFUSE) {
        let nobody = Person::new("Nobody", "nobody@nowhere.example");
        core.grant(&asked, &nobody, Some(OAuth2Flaw::AccessDenied))
    } else if let Some(person) = chosen.or(auto) {
        core.grant(&asked, &person, flaw)
    } else {
        return people_page(&core, &asked).into_response();
    };
    (StatusCode::FOUND, [(header::LOCATION, url.to_string())]).into_response()
}

fn people_page(core: &Core, asked: &Asked) -> Html<String> {
    let hidden: String = asked
        .parameters
        .iter()
        .map(|(name, value)| {
            let (name, value) = (xml_attribute(name), xml_attribute(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    let button = |person: &Person| {
        let (email, name) = (xml_attribute(&person.email), xml_text(&person.name));
        format!("<p><button name=\"person\" value=\"{email}\">{name} ({email})</button></p>")
    };
    let buttons: String = core.options.company.people.iter().map(button).collect();
    let body = format!(
        "<p>Who are you?</p><form action=\"/login/oauth/authorize\">{hidden}{buttons}<p><button \
         class=\"quiet\" name=\"person\" value=\"{REFUSE}\">Refuse</button></p></form>"
    );
    page(&format!("Sign in at {}", core.options.company.label), &body)
}

async fn token(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let answer = match core.exchange(text(header::AUTHORIZATION), &form) {
        Ok((_, Some(OAuth2Flaw::TokenServerError))) => return out_of_order(),
        Ok((_, Some(OAuth2Flaw::TokenNotJson))) => return page("Welcome", "").into_response(),
        Ok((_, Some(OAuth2Flaw::TokenHuge))) => return " ".repeat(HUGE).into_response(),
        Ok((_, Some(OAuth2Flaw::TokenRedirect))) => {
            return Redirect::temporary(ELSEWHERE).into_response();
        }
        Ok((tokens, _)) => tokens,
        // GitHub: errors come with status 200.
        Err(Refused(code, text)) => json!({ "error": code, "error_description": text }),
    };
    // GitHub: form-encoded unless JSON is asked for.
    if text(header::ACCEPT).is_some_and(|accept| accept.contains("json")) {
        return Json(answer).into_response();
    }
    let mut body = form_urlencoded::Serializer::new(String::new());
    for (name, value) in answer.as_object().into_iter().flatten() {
        body.append_pair(name, value.as_str().unwrap_or_default());
    }
    let kind = [(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")];
    (kind, body.finish()).into_response()
}

fn out_of_order() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response()
}

async fn user(State(core): State<Arc<Core>>, headers: HeaderMap) -> Response {
    match bearer(&core, &headers) {
        Err(refusal) => *refusal,
        Ok((_, Some(OAuth2Flaw::UserServerError))) => out_of_order(),
        Ok((_, Some(OAuth2Flaw::UserHuge))) => " ".repeat(HUGE).into_response(),
        Ok((person, flaw)) => Json(core.user(&person, flaw)).into_response(),
    }
}

async fn emails(State(core): State<Arc<Core>>, headers: HeaderMap) -> Response {
    match bearer(&core, &headers) {
        Err(refusal) => *refusal,
        Ok((_, Some(OAuth2Flaw::EmailsServerError))) => out_of_order(),
        Ok((person, flaw)) => Json(Core::emails(&person, flaw)).into_response(),
    }
}

fn bearer(core: &Core, headers: &HeaderMap) -> Result<(Person, Option<OAuth2Flaw>), Box<Response>> {
    let message = |status: StatusCode, text: &str| {
        let body: Value = json!({ "message": text });
        Box::new((status, Json(body)).into_response())
    };
    // GitHub: "Request forbidden by administrative rules" without one.
    if !headers.contains_key(header::USER_AGENT) {
        return Err(message(StatusCode::FORBIDDEN, "User-Agent is missing"));
    }
    let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = value.and_then(|v| v.strip_prefix("Bearer ").or(v.strip_prefix("bearer ")));
    let found = token.and_then(|token| core.state().tokens.get(token).cloned());
    found.ok_or_else(|| message(StatusCode::UNAUTHORIZED, "Bad credentials"))
}
