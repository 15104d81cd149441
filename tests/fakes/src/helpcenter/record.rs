//! What arrived.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;

use super::Core;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Method.
    pub method: String,
    /// Request target as it stood in the request line.
    pub target: String,
    /// Header fields in the order of arrival, names in lower case; values that are no UTF-8 with
    /// replacement characters.
    pub headers: Vec<(String, String)>,
    body: Arc<AtomicU64>,
}

impl Recorded {
    /// All values of a header field.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// Bytes of the body that have arrived so far.
    pub fn body_bytes(&self) -> u64 {
        self.body.load(Ordering::SeqCst)
    }
}

pub(super) async fn record(
    State(core): State<Arc<Core>>,
    request: Request,
    next: Next,
) -> Response {
    let body = Arc::new(AtomicU64::new(0));
    let (head, content) = request.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let recorded = Recorded {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: headers.collect(),
        body: Arc::clone(&body),
    };
    core.records.lock().expect("no holder of this lock panics").push(recorded);
    let counted = content.map_frame(move |frame| {
        let bytes = frame.data_ref().map_or(0, bytes::Bytes::len);
        body.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::SeqCst);
        frame
    });
    next.run(Request::from_parts(head, Body::new(counted))).await
}
