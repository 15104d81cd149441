//! The identity assertion of a session, signed at most every 30 seconds.

use std::sync::Arc;
use std::time::Duration;

use domain::Refusal;
use proxy::{AssertionClaims, IdentityHeaders};
use session::{OpenSession, Who};

use crate::context::Visit;
use crate::gateway::Gateway;
use crate::random;
use crate::request::no_randomness;

/// How long signed headers are reused. An assertion lives 60 s: the upstream has 30 s at least.
const REUSE: Duration = Duration::from_secs(30);

/// What the upstream is told of this session's customer; `None` for a guest.
///
/// # Errors
/// When nothing can be signed.
pub(crate) fn headers(
    gateway: &Gateway,
    visit: &Visit,
    session: &OpenSession,
) -> Result<Option<Arc<IdentityHeaders>>, Refusal> {
    let Who::Person(customer) = &session.facts().who else { return Ok(None) };
    let now = visit.context.now;
    if let Some(headers) = session.kept::<IdentityHeaders>(now) {
        return Ok(Some(headers));
    }
    let site = &visit.site;
    let claims = AssertionClaims {
        issuer: site.settings.public_url.as_str().trim_end_matches('/'),
        audience: &site.settings.upstream.audience,
        identity: &customer.identity,
        account: customer.account.as_ref(),
        random: random::bytes().map_err(|error| no_randomness(&error))?,
    };
    let assertion = gateway.signer.load().sign(&claims, now).map_err(|error| error.refusal())?;
    let headers = IdentityHeaders::new(
        &customer.identity,
        customer.account.as_ref(),
        assertion,
        &site.upstream,
    );
    let headers = Arc::new(headers);
    session.keep(Arc::clone(&headers), now.plus(REUSE));
    Ok(Some(headers))
}
