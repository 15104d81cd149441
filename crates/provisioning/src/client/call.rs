//! One call: built, sent, judged, repeated while the customer's patience lasts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::{Clock, Timestamp};
use http::{Method, Request, Response, header};
use outbound::{Limits, Outbound, OutboundError};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::Endpoint;
use super::answers::{is_near_limit, is_page, limiter, retry_after};
use super::backoff;
use super::credential::Learnt;
use crate::{JsmSite, ProvisioningError, hash};

/// Trials of one call.
const TRIALS: u32 = 4;
/// One trial; JSM answers these operations within a second or not at all.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// Largest answer: a page of 100 organizations is well below 200 kB.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// Calls of one operation at the same time; the others queue up in order.
const AT_ONCE: usize = 4;
/// How long an operation rests when JSM says that its limit is near.
const NEAR_LIMIT: Duration = Duration::from_millis(500);

/// The client of one site.
pub(crate) struct Client {
    pub(super) site: JsmSite,
    pub(super) learnt: Learnt,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    queues: Mutex<HashMap<Endpoint, Queue>>,
    calls: std::sync::atomic::AtomicU64,
}

/// The calls of one operation: JSM counts each method of each path by itself.
struct Queue {
    /// Until when JSM wants no call: calling earlier lengthens the wait.
    closed: Timestamp,
    turns: Arc<Semaphore>,
}

impl Default for Queue {
    fn default() -> Self {
        let closed = Timestamp::from_millis(i64::MIN);
        Self { closed, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
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
    pub(super) fn new(endpoint: Endpoint, method: Method, path: &[&'a str]) -> Self {
        Self { endpoint, method, path: path.to_vec(), query: vec![], body: None }
    }

    pub(super) fn get(endpoint: Endpoint, path: &[&'a str], query: &[(&'a str, &'a str)]) -> Self {
        Self::new(endpoint, Method::GET, path).with_query(query)
    }

    pub(super) fn post(endpoint: Endpoint, path: &[&'a str], body: Value) -> Self {
        Self::new(endpoint, Method::POST, path).with_body(body)
    }

    pub(super) fn with_query(self, query: &[(&'a str, &'a str)]) -> Self {
        Self { query: query.to_vec(), ..self }
    }

    pub(super) fn with_body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// An answer that means something: success, 400, 404 or 409.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Bytes,
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

/// Why a trial failed, and whether and when it may be repeated.
pub(super) struct Failure {
    error: ProvisioningError,
    again: Again,
}

enum Again {
    Never,
    Soon,
    After(Duration),
}

impl Failure {
    pub(super) fn never(error: ProvisioningError) -> Self {
        Self { error, again: Again::Never }
    }
}

impl Client {
    pub(crate) fn new(site: &JsmSite, outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        Self {
            site: site.clone(),
            learnt: Learnt::default(),
            outbound,
            clock,
            queues: Mutex::default(),
            calls: std::sync::atomic::AtomicU64::new(0),
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// How many calls were made.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Sends a call, again and again while that can help and `until` has not come. Every operation
    /// used here may be repeated: the second creation of a customer is a 409.
    pub(super) async fn call(
        &self,
        call: Call<'_>,
        until: Timestamp,
    ) -> Result<Reply, ProvisioningError> {
        let endpoint = call.endpoint;
        // The queue is fair: who comes first calls first.
        let turns = self.queue(endpoint, |queue| Arc::clone(&queue.turns));
        let _turn = turns.acquire().await.map_err(|_| ProvisioningError::Interrupted)?;
        let mut trial = 0;
        loop {
            self.await_opening(endpoint, until).await?;
            let Failure { error, again } = match self.once(&call, until).await {
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

    async fn once(&self, call: &Call<'_>, until: Timestamp) -> Result<Reply, Failure> {
        let request = self.request(call).await?;
        let left = until.since(self.clock.now()).max(Duration::from_millis(250));
        let answer = self.send(request, DEADLINE.min(left)).await.map_err(unanswered)?;
        if is_near_limit(answer.headers()) {
            self.close(call.endpoint, NEAR_LIMIT);
        }
        if answer.status().as_u16() == 401 {
            self.forget_token().await;
        }
        judge(call.endpoint, answer)
    }

    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        deadline: Duration,
    ) -> Result<Response<Bytes>, OutboundError> {
        self.calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.outbound.send(request, Limits { deadline, max_body: MAX_BODY }).await
    }

    async fn request(&self, call: &Call<'_>) -> Result<Request<Bytes>, Failure> {
        let access = self.access().await?;
        let mut url = access.base;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("rest").extend(&call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let body = call.body.as_ref().map(|b| Bytes::from(b.to_string())).unwrap_or_default();
        // Nothing of a browser's goes along (Origin, Referer, Cookie): JSM would see a forgery.
        let request = Request::builder()
            .method(&call.method)
            .uri(url.as_str())
            .header(header::AUTHORIZATION, &access.authorization)
            .header(header::ACCEPT, "application/json")
            .header("x-experimentalapi", "opt-in");
        let request = match call.body {
            Some(_) => request.header(header::CONTENT_TYPE, "application/json"),
            None if call.method != Method::GET => {
                // Data Center takes a change without a JSON body for a form of some other site.
                request.header("x-atlassian-token", "no-check")
            }
            None => request,
        };
        let built = request.body(body);
        built.map_err(|_| Failure::never(ProvisioningError::Unreachable(OutboundError::Address)))
    }

    /// Waits while JSM wants no call of this operation.
    async fn await_opening(
        &self,
        endpoint: Endpoint,
        until: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let opens = self.queue(endpoint, |queue| queue.closed);
        if opens <= self.clock.now() {
            return Ok(());
        }
        if opens >= until {
            return Err(ProvisioningError::Throttled { endpoint, limiter: None });
        }
        self.clock.sleep_until(opens).await;
        Ok(())
    }

    fn close(&self, endpoint: Endpoint, named: Duration) {
        let opens = self.clock.now().plus(named);
        self.queue(endpoint, |queue| queue.closed = queue.closed.max(opens));
    }

    fn queue<T>(&self, endpoint: Endpoint, read: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        read(queues.entry(endpoint).or_default())
    }

    /// Waits before trial number `trial` (from 0) is repeated; false when `until` comes first.
    pub(crate) async fn pause(&self, trial: u32, until: Timestamp) -> bool {
        self.rest(backoff::pause(trial, hash::random()), until).await
    }

    async fn rest(&self, pause: Duration, until: Timestamp) -> bool {
        let moment = self.clock.now().plus(pause);
        if moment >= until {
            return false;
        }
        self.clock.sleep_until(moment).await;
        true
    }
}

pub(super) fn unanswered(error: OutboundError) -> Failure {
    let again = match error {
        OutboundError::Deadline { .. }
        | OutboundError::Connect { .. }
        | OutboundError::Answer { .. } => Again::Soon,
        _ => Again::Never,
    };
    Failure { error: ProvisioningError::Unreachable(error), again }
}

/// Tells answers that mean something from those that do not.
pub(super) fn judge(endpoint: Endpoint, answer: Response<Bytes>) -> Result<Reply, Failure> {
    let (head, body) = answer.into_parts();
    let status = head.status.as_u16();
    let is_page = is_page(&head.headers, &body);
    let never = |error| Err(Failure::never(error));
    let credential = |how| never(ProvisioningError::CredentialRefused { how });
    let again = retry_after(&head.headers).map_or(Again::Soon, Again::After);
    match status {
        401 => credential("status 401"),
        300..=399 => credential("it redirected, as to a sign-in page"),
        200..=299 if is_page => credential("it answered with a page instead of data"),
        404 if is_page => never(ProvisioningError::SiteUnknown),
        200..=299 | 400 | 404 | 409 => Ok(Reply { status, body }),
        403 => never(ProvisioningError::RightMissing { endpoint }),
        429 => {
            let limiter = limiter(&head.headers);
            Err(Failure { error: ProvisioningError::Throttled { endpoint, limiter }, again })
        }
        500..=599 => Err(Failure { error: ProvisioningError::Failing { endpoint, status }, again }),
        _ => never(ProvisioningError::CallRefused { endpoint, status }),
    }
}
