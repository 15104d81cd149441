//! Reading a document that an identity provider publishes.

use std::time::Duration;

use bytes::Bytes;
use domain::IdpName;
use http::header::ACCEPT;
use http::{Request, Response, StatusCode};
use outbound::{Limits, Outbound, OutboundError};
use url::Url;

use crate::FederationError;

/// The longest that a customer waits for one call (capabilities N16).
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
/// The longest for one round of the background task, where nobody waits.
pub(crate) const BACKGROUND: Duration = Duration::from_secs(10);
/// Largest discovery document, key set or token response.
pub(crate) const MAX_JSON: usize = 256 * 1024;
/// For a call that a customer waits for.
pub(crate) const WAITED_FOR: Limits = Limits { deadline: PATIENCE, max_body: MAX_JSON };
/// Largest SAML metadata: those of national federations have more than 10 MB.
pub(crate) const MAX_METADATA: usize = 20 * 1024 * 1024;

/// One provider as the other end of calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) idp: IdpName,
    pub(crate) outbound: Outbound,
}

impl Caller {
    /// The body found at `url`; anything but 200 is an error, redirects too.
    pub(crate) async fn document(
        &self,
        url: &Url,
        accept: &'static str,
        limits: Limits,
    ) -> Result<Bytes, FederationError> {
        let request = Request::get(url.as_str())
            .header(ACCEPT, accept)
            .body(Bytes::new())
            .map_err(|_| self.failed(OutboundError::Address))?;
        let answer = self.send(request, limits).await?;
        if answer.status() != StatusCode::OK {
            let status = answer.status().as_u16();
            return Err(FederationError::Status { idp: self.idp.clone(), status });
        }
        Ok(answer.into_body())
    }

    /// Whatever comes back from one call.
    pub(crate) async fn send(
        &self,
        request: Request<impl Into<Bytes>>,
        limits: Limits,
    ) -> Result<Response<Bytes>, FederationError> {
        let answer = self.outbound.send(request.map(Into::into), limits).await;
        answer.map_err(|source| self.failed(source))
    }

    pub(crate) fn failed(&self, source: OutboundError) -> FederationError {
        FederationError::Call { idp: self.idp.clone(), source }
    }
}
