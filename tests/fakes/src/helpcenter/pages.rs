//! The pages of the fake help center.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use http_body_util::{BodyExt as _, Limited};

use super::assertion::Caller;
use super::{Core, record, transfer};
use crate::text::{page, xml_attribute, xml_text};

const FORM_LIMIT: usize = 64 * 1024 * 1024;

/// Portals: id and name.
const PORTALS: [(&str, &str); 3] =
    [("1", "Product support"), ("2", "Billing"), ("3", "Security incidents")];

/// Requests that are there from the start: key, summary.
const REQUESTS: [(&str, &str); 3] = [
    ("SUP-1042", "Printer on fire"),
    ("SUP-1043", "Invoice of October is missing"),
    ("SUP-1044", "New colleague needs access"),
];

/// A request made through the form.
#[derive(Debug, Clone)]
pub(super) struct CreatedRequest {
    portal: String,
    key: String,
    summary: String,
    reporter: String,
    /// Size and SHA-256 of the attached file.
    attachment: Option<String>,
}

pub(super) fn router(core: Arc<Core>) -> Router {
    let home = || async { Redirect::to("/servicedesk/customer/portals") };
    Router::new()
        .route("/", get(home))
        .route("/servicedesk/customer/portals", get(portals))
        .route("/servicedesk/customer/portal/{portal}", get(portal))
        .route("/servicedesk/customer/portal/{portal}/create", get(create_form).post(create))
        .route("/servicedesk/customer/portal/{portal}/scripted", get(scripted))
        .route("/servicedesk/customer/portal/{portal}/{key}", get(request_page))
        .route("/attachment/{bytes}", get(transfer::attachment))
        .route("/scripted.js", get(script))
        .route("/upload", any(transfer::upload))
        .route("/echo", any(transfer::echo))
        .route("/echo/{*rest}", any(transfer::echo))
        .route("/ws", any(transfer::websocket))
        .route("/set-cookie", get(transfer::set_cookie))
        .route("/status/{code}", any(transfer::status))
        .route("/redirect", get(transfer::redirect))
        .fallback(missing)
        .layer(from_fn_with_state(Arc::clone(&core), record::record))
        .with_state(core)
}

impl Core {
    /// A page that says who is believed to be signed in.
    async fn page(&self, headers: &HeaderMap, title: &str, body: &str) -> Html<String> {
        let caller = self.verifier.caller(headers).await;
        let who = match &caller {
            Caller::Person(_) => {
                format!("{} <{}>", caller.claim("name"), caller.claim("email"))
            }
            Caller::Nobody | Caller::Refused(_) => "nobody".to_owned(),
        };
        let reason = match &caller {
            Caller::Refused(reason) => xml_attribute(reason),
            Caller::Person(_) | Caller::Nobody => String::new(),
        };
        let label = xml_text(&self.options.label);
        let who = xml_text(&who);
        let bar = format!(
            "<header><a href=\"/servicedesk/customer/portals\">{label}</a>\
             <span id=\"who\" data-refused=\"{reason}\">Signed in as {who}</span>\
             <form method=\"post\" action=\"/.vestibule/sign-out\">\
             <button class=\"quiet\">Sign out</button></form></header>"
        );
        let Html(html) = page(title, body);
        Html(html.replacen("<body>", &format!("<body>{bar}"), 1))
    }
}

async fn portals(State(core): State<Arc<Core>>, headers: HeaderMap) -> Html<String> {
    let item = |(id, name): &(&str, &str)| {
        format!("<li><a href=\"/servicedesk/customer/portal/{id}\">{name}</a></li>")
    };
    let items: String = PORTALS.iter().map(item).collect();
    core.page(&headers, "Help center", &format!("<ul>{items}</ul>")).await
}

async fn portal(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some((_, name)) = PORTALS.iter().find(|(known, _)| *known == id) else {
        return not_found(&core, &headers).await;
    };
    let created = core.created.lock().expect("a lock").clone();
    let own =
        created.iter().filter(|r| r.portal == id).map(|r| (r.key.as_str(), r.summary.as_str()));
    let row = |(key, summary): (&str, &str)| {
        let summary = xml_text(summary);
        format!(
            "<tr><td><a href=\"/servicedesk/customer/portal/{id}/{key}\">{key}</a></td>\
             <td>{summary}</td></tr>"
        )
    };
    let rows: String = REQUESTS.into_iter().chain(own).map(row).collect();
    let body = format!(
        "<p><a href=\"/servicedesk/customer/portal/{id}/create\">Raise a request</a></p>\
         <table><tr><th>Request</th><th>Summary</th></tr>{rows}</table>"
    );
    core.page(&headers, name, &body).await.into_response()
}

async fn request_page(
    State(core): State<Arc<Core>>,
    Path((_, key)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let created = core.created.lock().expect("a lock").clone();
    let made = created.iter().find(|r| r.key == key);
    let known = REQUESTS.iter().find(|(k, _)| *k == key).map(|(_, summary)| *summary);
    let numbered = key.strip_prefix("SUP-").is_some_and(|n| n.parse::<u16>().is_ok());
    let old = numbered.then_some("An old request");
    let Some(summary) = made.map(|r| r.summary.as_str()).or(known).or(old) else {
        return not_found(&core, &headers).await;
    };
    let reporter = made.map_or("the help desk", |r| r.reporter.as_str());
    let attached = made.and_then(|r| r.attachment.as_deref());
    let attached = attached.map(|a| format!("<p>Attached: <code id=\"attached\">{a}</code></p>"));
    let attached = attached.unwrap_or_default();
    let body = format!(
        "{attached}<p class=\"note\">Raised by {}. You opened <code id=\"target\">{}</code>.</p>\
         <p id=\"comment-6\">We are looking into it.</p>\
         <p id=\"comment-7\">Here is the log: <a href=\"/attachment/1048576\">log.bin, 1 MiB</a></p>",
        xml_text(reporter),
        xml_text(&uri.to_string()),
    );
    let title = format!("{key} {summary}");
    core.page(&headers, &title, &body).await.into_response()
}

async fn create_form(
    State(core): State<Arc<Core>>,
    Path(portal): Path<String>,
    headers: HeaderMap,
) -> Html<String> {
    let action = format!("/servicedesk/customer/portal/{}/create", xml_attribute(&portal));
    let body = format!(
        "<form method=\"post\" action=\"{action}\" enctype=\"multipart/form-data\">\
         <label>Summary <input name=\"summary\" required></label>\
         <label>Description <textarea name=\"description\" rows=\"4\"></textarea></label>\
         <label>Attachment <input type=\"file\" name=\"attachment\"></label>\
         <button>Send</button></form>"
    );
    core.page(&headers, "Raise a request", &body).await
}

/// A page whose own script sends what was written, in both ways that scripts have.
async fn scripted(State(core): State<Arc<Core>>, headers: HeaderMap) -> Html<String> {
    let body = "<label>Comment <textarea id=\"comment\" rows=\"3\"></textarea></label>\
         <label>File <input type=\"file\" id=\"file\"></label>\
         <p><button type=\"button\" id=\"by-fetch\">Send by fetch</button>\
         <button type=\"button\" id=\"by-xhr\">Send by XMLHttpRequest</button></p>\
         <p id=\"sent\" role=\"status\"></p><script src=\"/scripted.js\"></script>";
    core.page(&headers, "Add a comment", body).await
}

const SCRIPTED: &str = r#""use strict";
const shown = document.getElementById("sent");
const form = () => {
  const data = new FormData();
  data.append("comment", document.getElementById("comment").value);
  const file = document.getElementById("file").files[0];
  if (file) data.append("file", file);
  return data;
};
document.getElementById("by-fetch").addEventListener("click", async () => {
  shown.textContent = "…";
  const answer = await fetch("/upload?by=fetch", { method: "POST", body: form() });
  shown.textContent = `fetch ${answer.status} ${await answer.text()}`;
});
document.getElementById("by-xhr").addEventListener("click", () => {
  shown.textContent = "…";
  const request = new XMLHttpRequest();
  request.open("POST", "/upload?by=xhr");
  request.setRequestHeader("X-Atlassian-Token", "no-check");
  request.onload = () => { shown.textContent = `xhr ${request.status} ${request.responseText}`; };
  request.send(form());
});
"#;

async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPTED).into_response()
}

/// Takes both encodings of a form. As in JSM, nobody raises a request without being known.
async fn create(
    State(core): State<Arc<Core>>,
    Path(portal): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let caller = core.verifier.caller(&headers).await;
    let Caller::Person(_) = caller else {
        let body = "<p>Only a known customer raises requests.</p>";
        let page = core.page(&headers, "Sign in first", body).await;
        return (StatusCode::FORBIDDEN, page).into_response();
    };
    let Ok(body) = Limited::new(request.into_body(), FORM_LIMIT).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let body = body.to_bytes();
    let (fields, attachment) = (transfer::fields(kind, &body), transfer::attached(kind, &body));
    let Some((_, summary)) = fields.iter().find(|(name, _)| name == "summary") else {
        return (StatusCode::BAD_REQUEST, "summary is missing").into_response();
    };
    let reporter = format!("{} <{}>", caller.claim("name"), caller.claim("email"));
    let mut created = core.created.lock().expect("a lock");
    let key = format!("SUP-{}", 2001 + created.len());
    let target = format!("/servicedesk/customer/portal/{portal}/{key}");
    created.push(CreatedRequest { portal, key, summary: summary.clone(), reporter, attachment });
    Redirect::to(&target).into_response()
}

async fn missing(State(core): State<Arc<Core>>, headers: HeaderMap) -> Response {
    not_found(&core, &headers).await
}

async fn not_found(core: &Core, headers: &HeaderMap) -> Response {
    let page = core.page(headers, "There is no such page", "").await;
    (StatusCode::NOT_FOUND, page).into_response()
}
