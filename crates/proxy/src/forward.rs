//! The one way to an upstream.

use http::{Request, Response, StatusCode};
use policy::Permit;

use crate::exchange::exchange;
use crate::upgrade::Switch;
use crate::{
    ForwardBody, ForwardContext, ForwardError, Pool, RequestBody, Upstream, request_head,
    response_head,
};

/// Forwards one request and returns the answer's head as soon as it is there; both bodies stream.
/// Dropping the future or the answer's body closes the upstream's connection.
///
/// A WebSocket, over HTTP/1.1 or as extended CONNECT over HTTP/2 (RFC 8441), is tunnelled once
/// the upstream has switched; the answer then has a [`crate::Tunnel`] among its extensions.
///
/// # Errors
/// [`ForwardError`] when no answer came; one that breaks off later is an error of its body.
pub async fn forward(
    permit: &Permit,
    request: Request<impl Into<RequestBody>>,
    upstream: &Upstream,
    pool: &Pool,
    context: ForwardContext<'_>,
) -> Result<Response<ForwardBody>, ForwardError> {
    let mut request = request.map(Into::into);
    let switch = Switch::wanted(&mut request)?;
    let request = request_head::prepare(permit, request, switch.as_ref(), upstream, &context)?;
    let (mut response, lease) = exchange(request, upstream, pool, context.reference).await?;
    let tunnel = match switch {
        Some(switch) => switch.make(&mut response, upstream.limits())?,
        None if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            return Err(ForwardError::WrongSwitch);
        }
        None => None,
    };
    let (mut parts, body) = response.into_parts();
    response_head::clean(&mut parts);
    let mut lease = Some(lease);
    if let Some((tunnel, accept)) = tunnel {
        accept.answer(&mut parts);
        parts.extensions.insert(tunnel);
        lease = None;
    }
    Ok(Response::from_parts(parts, ForwardBody::new(body, lease, upstream.limits())))
}
