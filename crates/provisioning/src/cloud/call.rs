//! One call: built, sent, judged, repeated while the customer's patience lasts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::{Clock, Timestamp};
use http::{HeaderValue, Method, Request, Response, header};
use outbound::{Limits, Outbound, OutboundError};
use serde_json::Value;
use url::Url;

use super::Endpoint;
use super::answers::{is_page, limiter, retry_after};
use super::backoff;
use crate::{JsmCloud, ProvisioningError, hash};

/// Trials of one call.
const TRIALS: u32 = 4;
/// One trial; JSM answers these operations within a second or not at all.
const DEADLINE: Duration = Duration::from_secs(5);
/// Largest answer: a page of 100 organizations is well below 200 kB.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// The client of one site.
pub(crate) struct Client {
    site: Url,
    authorization: HeaderValue,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    /// Until when JSM wants no call of an operation: calling earlier lengthens the wait.
    closed: Mutex<HashMap<Endpoint, Timestamp>>,
}

/// What to send.
pub(super) struct Call<'a> {
    pub(super) endpoint: Endpoint,
    method: Method,
    /// Segments after `/rest/`.
    path: Vec<&'a str>,
    query: Vec<(&'a str, &'a str)>,
    body: Option<Value>,
}

impl<'a> Call<'a> {
    pub(super) fn get(endpoint: Endpoint, path: &[&'a str], query: &[(&'a str, &'a str)]) -> Self {
        let (path, query) = (path.to_vec(), query.to_vec());
        Self { endpoint, method: Method::GET, path, query, body: None }
    }

    pub(super) fn post(endpoint: Endpoint, path: &[&'a str], body: Value) -> Self {
        let path = path.to_vec();
        Self { endpoint, method: Method::POST, path, query: vec![], body: Some(body) }
    }

    pub(super) fn with_query(self, query: &[(&'a str, &'a str)]) -> Self {
        Self { query: query.to_vec(), ..self }
    }
}

/// An answer that means something: success, 400, 404 or 409.
pub(super) struct Reply {
    pub(super) status: u16,
    body: Bytes,
}

impl Reply {
    pub(super) fn json(&self, endpoint: Endpoint) -> Result<Value, ProvisioningError> {
        if self.status >= 400 {
            return Err(ProvisioningError::CallRefused { endpoint, status: self.status });
        }
        serde_json::from_slice(&self.body)
            .map_err(|_| ProvisioningError::AnswerUnreadable { endpoint })
    }
}

/// Whether and when the same call may be tried again.
enum Again {
    Never,
    Soon,
    After(Duration),
}

impl Client {
    pub(crate) fn new(settings: &JsmCloud, outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        let pair = format!("{}:{}", settings.email, settings.token.expose());
        let basic = format!("Basic {}", STANDARD.encode(pair));
        // Base64 is always a header value; were it not, JSM would answer 401.
        let mut authorization =
            HeaderValue::try_from(basic).unwrap_or(HeaderValue::from_static("Basic"));
        authorization.set_sensitive(true);
        let site = settings.site.clone();
        Self { site, authorization, outbound, clock, closed: Mutex::default() }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Sends a call, again and again while that can help and `until` has not come. Every operation
    /// used here may be repeated: the second creation of a customer is a 409.
    pub(super) async fn call(
        &self,
        call: Call<'_>,
        until: Timestamp,
    ) -> Result<Reply, ProvisioningError> {
        let endpoint = call.endpoint;
        let mut trial = 0;
        loop {
            self.await_turn(endpoint, until).await?;
            let (error, again) = match self.once(&call, until).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            trial += 1;
            let pause = match again {
                Again::Never => return Err(error),
                Again::Soon => backoff::pause(trial - 1, hash::random()),
                Again::After(named) => {
                    self.close(endpoint, named);
                    backoff::after(named, hash::random())
                }
            };
            tracing::debug!(deed = endpoint.deed(), trial, %error, "a call of JSM failed");
            if trial >= TRIALS || !self.rest(pause, until).await {
                return Err(error);
            }
        }
    }

    async fn once(
        &self,
        call: &Call<'_>,
        until: Timestamp,
    ) -> Result<Reply, (ProvisioningError, Again)> {
        let request = self.request(call).map_err(|error| (error, Again::Never))?;
        let left = until.since(self.clock.now()).max(Duration::from_millis(250));
        let limits = Limits { deadline: DEADLINE.min(left), max_body: MAX_BODY };
        let answer = self.outbound.send(request, limits).await.map_err(unanswered)?;
        judge(call.endpoint, answer)
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>, ProvisioningError> {
        let mut url = self.site.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push("rest").extend(&call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let body = call.body.as_ref().map(|b| Bytes::from(b.to_string())).unwrap_or_default();
        // Nothing of a browser's goes along (Origin, Referer, Cookie): JSM would see a forgery.
        let request = Request::builder()
            .method(&call.method)
            .uri(url.as_str())
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::ACCEPT, "application/json")
            .header("x-experimentalapi", "opt-in");
        let request = match call.body {
            Some(_) => request.header(header::CONTENT_TYPE, "application/json"),
            None => request,
        };
        request.body(body).map_err(|_| ProvisioningError::Unreachable(OutboundError::Address))
    }

    /// Waits while JSM wants no call of this operation.
    async fn await_turn(
        &self,
        endpoint: Endpoint,
        until: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let opens = self.closed().get(&endpoint).copied();
        let Some(opens) = opens.filter(|opens| *opens > self.clock.now()) else { return Ok(()) };
        if opens >= until {
            return Err(ProvisioningError::Throttled { endpoint, limiter: None });
        }
        self.clock.sleep_until(opens).await;
        Ok(())
    }

    fn close(&self, endpoint: Endpoint, named: Duration) {
        let opens = self.clock.now().plus(named);
        self.closed().insert(endpoint, opens);
    }

    fn closed(&self) -> std::sync::MutexGuard<'_, HashMap<Endpoint, Timestamp>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unanswered(error: OutboundError) -> (ProvisioningError, Again) {
    let again = match error {
        OutboundError::Deadline { .. }
        | OutboundError::Connect { .. }
        | OutboundError::Answer { .. } => Again::Soon,
        _ => Again::Never,
    };
    (ProvisioningError::Unreachable(error), again)
}

/// Tells answers that mean something from those that do not.
fn judge(endpoint: Endpoint, answer: Response<Bytes>) -> Result<Reply, (ProvisioningError, Again)> {
    let (head, body) = answer.into_parts();
    let status = head.status.as_u16();
    let is_page = is_page(&head.headers, &body);
    let never = |error| Err((error, Again::Never));
    let credential = |how| never(ProvisioningError::CredentialRefused { how });
    let later = retry_after(&head.headers).map_or(Again::Soon, Again::After);
    match status {
        401 => credential("status 401"),
        300..=399 => credential("it redirected, as to a sign-in page"),
        200..=299 if is_page => credential("it answered with a page instead of data"),
        404 if is_page => never(ProvisioningError::SiteUnknown),
        200..=299 | 400 | 404 | 409 => Ok(Reply { status, body }),
        403 => never(ProvisioningError::RightMissing { endpoint }),
        429 => {
            let limiter = limiter(&head.headers);
            Err((ProvisioningError::Throttled { endpoint, limiter }, later))
        }
        500..=599 => Err((ProvisioningError::Failing { endpoint, status }, later)),
        _ => never(ProvisioningError::CallRefused { endpoint, status }),
    }
}
