//! The pages of the fake SAML identity provider.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form as Fields, OriginalUri, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::Core;
use super::answer::{Answer, Form};
use super::flaw::Flaw;
use super::logout::{Carried, Delivery, Outcome};
use super::metadata::{self, MetadataFlaw};
use super::request::{AuthnRequest, BadRequest};
use crate::people::Person;
use crate::text::{page, xml_attribute, xml_text};

/// Chosen on the page: no person, but a refusal.
const REFUSE: &str = "refuse";

pub(super) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/metadata", get(metadata))
        .route("/sso", get(sso).post(sso_by_form))
        .route("/slo", get(slo).post(slo_by_form))
        .route("/slo/soap", post(slo_by_soap))
        .with_state(core)
}

async fn home(State(core): State<Arc<Core>>) -> Html<String> {
    let metadata = xml_attribute(&core.entity_id);
    let body = format!(
        "<p>A SAML identity provider for tests. It is only of use when a service provider sends \
         you here.</p><p><a href=\"{metadata}\">Metadata</a></p>"
    );
    page(core.options.company.label, &body)
}

async fn metadata(State(core): State<Arc<Core>>) -> Response {
    if core.state().metadata_flaw == Some(MetadataFlaw::ServerError) {
        return (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response();
    }
    let kind = [(header::CONTENT_TYPE, "application/samlmetadata+xml")];
    (kind, metadata::text(&core)).into_response()
}

#[derive(Deserialize)]
struct Choice {
    person: Option<String>,
    stay: Option<String>,
}

async fn sso(
    State(core): State<Arc<Core>>,
    OriginalUri(uri): OriginalUri,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Response {
    let url = format!("{}{uri}", core.url);
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(uri.query().unwrap_or("").as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
    match core.read_url(&url) {
        Ok(request) => {
            sign_in(&core, &Asked { request, fields, by_post: false }, &choice, &headers)
        }
        Err(problem) => refuse(&problem),
    }
}

async fn sso_by_form(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Response {
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    let choice = Choice { person: value("person"), stay: value("stay") };
    match core.read_form(&fields) {
        Ok(request) => sign_in(&core, &Asked { request, fields, by_post: true }, &choice, &headers),
        Err(problem) => refuse(&problem),
    }
}

fn refuse(problem: &BadRequest) -> Response {
    let body = format!("<p>{}</p>", xml_text(&problem.0));
    (StatusCode::BAD_REQUEST, page("This request is wrong", &body)).into_response()
}

/// A request with the parameters that came with it.
struct Asked {
    request: AuthnRequest,
    fields: Vec<(String, String)>,
    by_post: bool,
}

fn sign_in(core: &Core, asked: &Asked, choice: &Choice, headers: &HeaderMap) -> Response {
    let request = &asked.request;
    core.state().requests.push(request.clone());
    let answer = core.state().answer.clone();
    if choice.person.as_deref() == Some(REFUSE) {
        let nobody = Person::new("Nobody", "nobody@nowhere.example");
        let refusal = Answer { flaw: Some(Flaw::StatusAuthnFailed), ..answer };
        return carry(&core.issue(request, &nobody, &refusal)).into_response();
    }
    let cookie = format!("fake-{}", core.options.company.slug);
    // SAML Core §3.4.1: ForceAuthn leaves no room for an earlier sign-in.
    let earlier = || cookie_value(headers, &cookie).filter(|_| !request.force);
    let known = choice.person.clone().or_else(earlier);
    let auto = core.state().auto.clone();
    let person = known.and_then(|email| core.find(&email)).or(auto);
    let Some(person) = person else {
        if !request.passive {
            return people(core, asked).into_response();
        }
        // SAML Core §3.4.1: IsPassive leaves no room for a page.
        let nobody = Person::new("Nobody", "nobody@nowhere.example");
        let refusal = Answer { flaw: Some(Flaw::StatusNoPassive), ..answer };
        return carry(&core.issue(request, &nobody, &refusal)).into_response();
    };
    let form = carry(&core.issue(request, &person, &answer));
    if choice.stay.is_none() {
        return form.into_response();
    }
    let cookie = format!("{cookie}={}; Path=/; Max-Age=300; HttpOnly; SameSite=Lax", person.email);
    ([(header::SET_COOKIE, cookie)], form).into_response()
}

async fn slo(State(core): State<Arc<Core>>, OriginalUri(uri): OriginalUri) -> Response {
    end(&core, Delivery::Redirect(&format!("{}{uri}", core.url)))
}

async fn slo_by_form(
    State(core): State<Arc<Core>>,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Response {
    end(&core, Delivery::Post(&fields))
}

async fn slo_by_soap(State(core): State<Arc<Core>>, envelope: String) -> Response {
    end(&core, Delivery::Soap(&envelope))
}

fn end(core: &Core, delivery: Delivery<'_>) -> Response {
    let answer = core.state().logout_answer.clone();
    let cookie = format!("fake-{}=; Path=/; Max-Age=0", core.options.company.slug);
    let forget = [(header::SET_COOKIE, cookie)];
    match core.take_logout(delivery, &answer) {
        Ok(Outcome::Answer(Carried::Redirect(url))) => (forget, Redirect::to(&url)).into_response(),
        Ok(Outcome::Answer(Carried::Post(form))) => (forget, carry(&form)).into_response(),
        Ok(Outcome::Answer(Carried::Soap { envelope, .. })) => {
            ([(header::CONTENT_TYPE, "text/xml")], envelope).into_response()
        }
        Ok(Outcome::Noted) => (forget, page("Signed out", "<p>Good bye.</p>")).into_response(),
        Err(problem) => refuse(&problem),
    }
}

impl Core {
    fn find(&self, email: &str) -> Option<Person> {
        self.options.company.people.iter().find(|p| p.email == email).cloned()
    }
}

fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs =
        cookies.flat_map(|line| line.split(';')).filter_map(|p| p.trim().split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
}

/// One button for each person; works without JavaScript.
fn people(core: &Core, asked: &Asked) -> Html<String> {
    let hint = asked.request.login_hint.as_deref().unwrap_or_default();
    let method = if asked.by_post { " method=\"post\"" } else { "" };
    let hidden: String = asked
        .fields
        .iter()
        .map(|(name, value)| {
            let (name, value) = (xml_attribute(name), xml_attribute(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    let mut people: Vec<&Person> = core.options.company.people.iter().collect();
    people.sort_by_key(|p| p.email != hint);
    let buttons: String = people.iter().map(|p| button(p)).collect();
    let body = format!(
        "<p>Who are you? {} asks.</p><form action=\"/sso\"{method}>{hidden}{buttons}\
         <p><button class=\"quiet\" name=\"person\" value=\"{REFUSE}\">Refuse</button></p>\
         <p><label><input type=\"checkbox\" name=\"stay\" value=\"1\"> Stay signed in here for five minutes</label>\
         </p></form>",
        xml_text(&asked.request.issuer),
    );
    page(&format!("Sign in at {}", core.options.company.label), &body)
}

fn button(person: &Person) -> String {
    let (email, name) = (xml_attribute(&person.email), xml_text(&person.name));
    format!("<p><button name=\"person\" value=\"{email}\">{name} ({email})</button></p>")
}

/// SAML Bindings §3.5: a form that submits itself, and has a button for want of JavaScript.
fn carry(form: &Form) -> Html<String> {
    let fields: String = form
        .fields
        .iter()
        .map(|(name, value)| {
            let value = xml_attribute(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    let action = xml_attribute(&form.action);
    let body = format!(
        "<form method=\"post\" action=\"{action}\">{fields}<button>Continue</button></form>\
         <script>document.forms[0].submit()</script>"
    );
    page("Signed in", &body)
}
