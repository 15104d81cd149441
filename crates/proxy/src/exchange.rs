//! Sends one request and waits for the head of its answer.

use std::error::Error;
use std::pin::pin;

use domain::ReferenceCode;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use crate::body::Progress;
use crate::connect::connect;
use crate::error::BodyError;
use crate::pool::Lease;
use crate::{ForwardError, Pool, RequestBody, Upstream};

/// Sends `request` over a kept connection or a new one.
///
/// A kept connection may turn out to be closed. The request is then sent over another, but only
/// when hyper gives it back, which it does when it has not begun to write it: anything else could
/// run a request twice.
pub(crate) async fn exchange(
    mut request: Request<RequestBody>,
    upstream: &Upstream,
    pool: &Pool,
    reference: ReferenceCode,
) -> Result<(Response<Incoming>, Lease), ForwardError> {
    let progress = request.body_mut().watch(upstream.rules(), upstream.limits());
    loop {
        let mut lease = match pool.checkout(upstream) {
            Some(lease) => lease,
            // Boxed, because it is large and rare: every request's future would have room for it.
            None => pool.lend(Box::pin(connect(upstream)).await?, upstream),
        };
        let answer = lease.sender.try_send_request(request);
        let mut error = match in_time(answer, progress.as_deref(), upstream).await? {
            Ok(response) => return Ok((response, lease)),
            Err(error) => error,
        };
        match error.take_message() {
            Some(unsent) if lease.reused => request = unsent,
            _ => return Err(classify(error.into_error())),
        }
        debug!(%reference, "a kept connection was closed; the request goes over another");
    }
}

/// Waits for `answer` as long as the upstream may take, counted from the last piece of the body
/// that it took, and not while it waits for the client itself.
async fn in_time<T>(
    answer: impl Future<Output = T>,
    progress: Option<&Progress>,
    upstream: &Upstream,
) -> Result<T, ForwardError> {
    let limit = upstream.limits().response_head;
    let mut answer = pin!(answer);
    let mut deadline = Instant::now() + limit;
    loop {
        if let Ok(answer) = timeout_at(deadline, answer.as_mut()).await {
            return Ok(answer);
        }
        let Some(progress) = progress else { return Err(ForwardError::Timeout(limit)) };
        let now = Instant::now();
        deadline = progress.last().unwrap_or(now) + limit;
        if deadline <= now {
            return Err(ForwardError::Timeout(limit));
        }
    }
}

fn classify(error: hyper::Error) -> ForwardError {
    if error.source().is_some_and(|source| source.is::<BodyError>()) {
        return ForwardError::RequestBody(error);
    }
    ForwardError::Broken(error)
}
