//! Downloads, uploads, echoes and the WebSocket of the fake help center.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use axum::Json;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Core;
use super::assertion::Caller;

const CHUNK: u64 = 64 * 1024;

/// `bytes` bytes that depend on nothing but their position, with Content-Length.
pub(super) async fn attachment(Path(bytes): Path<u64>) -> Response {
    let block: Vec<u8> = (0..CHUNK).map(|i| u8::try_from(i % 251).unwrap_or(0)).collect();
    let block = Bytes::from(block);
    let chunks = stream::unfold(bytes, move |left| {
        let size = left.min(CHUNK);
        let chunk = block.slice(..usize::try_from(size).unwrap_or(0));
        let next = (size > 0).then(|| (Ok::<_, std::io::Error>(chunk), left - size));
        std::future::ready(next)
    });
    let headers = [
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"log.bin\"".to_owned()),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// Swallows a body of any size; says how long it was and its SHA-256 in hex.
pub(super) async fn upload(request: Request) -> Response {
    let (mut hash, mut bytes) = (Context::new(&SHA256), 0);
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return StatusCode::BAD_REQUEST.into_response() };
        if let Ok(data) = frame.into_data() {
            bytes += data.len();
            hash.update(&data);
        }
    }
    let hash: String = hash.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect();
    Json(json!({ "bytes": bytes, "sha256": hash })).into_response()
}

/// What arrived, as JSON: method, target, headers as pairs, bytes of the body, the caller.
pub(super) async fn echo(State(core): State<Arc<Core>>, request: Request) -> Json<Value> {
    let caller = core.verifier.caller(request.headers()).await;
    let pairs = request.headers().iter();
    let headers: Vec<Value> = pairs
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let (method, target) = (request.method().to_string(), request.uri().to_string());
    let (mut bytes, mut begin) = (0, Vec::new());
    let mut body = request.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        let data = frame.data_ref().map(Bytes::as_ref).unwrap_or_default();
        bytes += data.len();
        begin.extend(data.iter().take(1024_usize.saturating_sub(begin.len())));
    }
    let (claims, refused) = match caller {
        Caller::Person(claims) => (claims, Value::Null),
        Caller::Nobody => (Value::Null, Value::Null),
        Caller::Refused(reason) => (Value::Null, json!(reason)),
    };
    Json(json!({
        "method": method, "target": target, "headers": headers, "bytes": bytes,
        "begins": String::from_utf8_lossy(&begin),
        "caller": claims, "refused": refused
    }))
}

pub(super) async fn websocket(
    State(core): State<Arc<Core>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(move |socket| converse(core, socket))
}

/// Counts a WebSocket for as long as it lives.
struct Open(Arc<Core>);

impl Open {
    fn counter(&self) -> &AtomicUsize {
        &self.0.websockets
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.counter().fetch_sub(1, Ordering::SeqCst);
    }
}

async fn converse(core: Arc<Core>, mut socket: WebSocket) {
    let open = Open(core);
    open.counter().fetch_add(1, Ordering::SeqCst);
    while let Some(Ok(message)) = socket.recv().await {
        let echoed = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => return,
        };
        if echoed.is_err() {
            return;
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Cookie {
    name: String,
    value: String,
}

/// Sets a cookie of any name, the gateway's among them.
pub(super) async fn set_cookie(Query(cookie): Query<Cookie>) -> Response {
    let line = format!("{}={}; Path=/; Secure; HttpOnly", cookie.name, cookie.value);
    ([(header::SET_COOKIE, line)], "set").into_response()
}

/// Answers with this status.
pub(super) async fn status(Path(code): Path<u16>) -> Response {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST).into_response()
}

#[derive(Deserialize)]
pub(super) struct To {
    to: String,
}

/// Redirects to where the query says.
pub(super) async fn redirect(Query(to): Query<To>) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(value) = to.to.parse() {
        headers.insert(header::LOCATION, value);
    }
    (StatusCode::FOUND, headers).into_response()
}

/// Fields of a form in either encoding; a file counts as `NAME` with its length as text.
pub(super) fn fields(content_type: &str, body: &[u8]) -> Vec<(String, String)> {
    let Some((_, boundary)) = content_type.split_once("boundary=") else {
        return form_urlencoded::parse(body).into_owned().collect();
    };
    let delimiter = format!("--{}", boundary.trim_matches('"'));
    split(body, delimiter.as_bytes()).into_iter().filter_map(part).collect()
}

/// Size and SHA-256 in hex of the first file of a form.
pub(super) fn attached(content_type: &str, body: &[u8]) -> Option<String> {
    let (_, boundary) = content_type.split_once("boundary=")?;
    let delimiter = format!("--{}", boundary.trim_matches('"'));
    let whole = split(body, delimiter.as_bytes()).into_iter().find_map(|part| {
        let head = part.windows(4).position(|window| window == b"\r\n\r\n")?;
        let (head, content) = part.split_at(head);
        let is_file = String::from_utf8_lossy(head).contains("filename=\"");
        is_file.then(|| content.get(4..)).flatten()
    });
    let content = whole?;
    let content = content.strip_suffix(b"\r\n").unwrap_or(content);
    let mut hash = Context::new(&SHA256);
    hash.update(content);
    let hash: String = hash.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect();
    Some(format!("{} {hash}", content.len()))
}

/// One part of multipart/form-data (RFC 7578), its header fields included.
fn part(part: &[u8]) -> Option<(String, String)> {
    let mut halves = split(part, b"\r\n\r\n").into_iter();
    let head = String::from_utf8_lossy(halves.next()?).into_owned();
    let content = part.get(head.len() + 4..)?;
    let content = content.strip_suffix(b"\r\n").unwrap_or(content);
    let name = head.split("name=\"").nth(1)?.split('"').next()?.to_owned();
    let is_file = head.contains("filename=\"");
    let text = if is_file {
        content.len().to_string()
    } else {
        String::from_utf8_lossy(content).into_owned()
    };
    Some((name, text))
}

fn split<'a>(mut bytes: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = bytes.windows(delimiter.len()).position(|w| w == delimiter) {
        parts.push(&bytes[..at]);
        bytes = &bytes[at + delimiter.len()..];
    }
    parts.push(bytes);
    parts
}
