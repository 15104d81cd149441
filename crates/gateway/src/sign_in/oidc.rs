//! OpenID Connect as one of the protocols of a sign-in.

use ::oidc::{Callback, opaque_value};
use domain::{EmailAddress, IdpName, IdpSession};
use federation::{AuthorizationRequest, Redeemed, Redemption};
use login::{Attempt, Pending, Verified};
use session::{AttemptHandle, Secrets};

use super::Stop;
use super::answer::Answer;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::random;
use crate::request::{keep, no_randomness};

/// The name of the ID token among a session's secrets.
pub(crate) const ID_TOKEN: &str = "id_token";
/// A longer ID token is not kept: as `id_token_hint` it would not fit into a URL.
const MAX_HINT: usize = 6 * 1024;

fn redirect_uri(visit: &Visit, idp: &IdpName) -> String {
    Endpoint::OidcCallback(idp.clone()).url(&visit.site.settings.public_url)
}

/// Makes the authorization request; gives its URL at the identity provider.
pub(super) async fn send(
    gateway: &Gateway,
    visit: &Visit,
    attempt: &Attempt,
    idp: &IdpName,
    typed: Option<&EmailAddress>,
    browser: [u8; 32],
) -> Result<url::Url, Stop> {
    let fresh = || random::bytes().map(opaque_value).map_err(|error| no_randomness(&error));
    let (nonce, verifier) = (fresh()?, fresh()?);
    let pending = Pending::Oidc { nonce: nonce.clone(), verifier: verifier.clone() };
    let handle =
        keep(gateway, &attempt.clone().sent_to(idp.clone(), pending, browser), visit).await?;
    let parameters = AuthorizationRequest {
        redirect_uri: &redirect_uri(visit, idp),
        state: &handle,
        nonce: &nonce,
        verifier: &verifier,
        login_hint: typed.map(EmailAddress::as_str),
    };
    let url = gateway.federation.oidc_authorization(idp, &parameters, visit.context.now).await;
    Ok(url.map_err(|error| error.refusal())?)
}

/// Reads the query that the browser brings (RFC 6749 §4.1.2).
pub(super) fn read(request: &OwnRequest) -> Result<Answer, Stop> {
    let callback = Callback::parse(&request.query).map_err(|error| error.refusal())?;
    let handle = callback.state().parse::<AttemptHandle>().ok();
    Ok(Answer::Oidc { handle, callback: Box::new(callback) })
}

/// Redeems the code; gives what the provider proved, and what only the session may know of it.
pub(super) async fn verify(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    nonce: &str,
    verifier: &str,
    callback: Callback,
) -> Result<(Verified, Secrets), Stop> {
    let code = callback.code().map_err(|error| error.refusal())?;
    let redemption = Redemption {
        code,
        redirect_uri: &redirect_uri(&request.visit, idp),
        verifier,
        nonce,
        iss: callback.iss(),
        assertion_id: random::bytes().map_err(|error| no_randomness(&error))?,
    };
    let redeemed = gateway.federation.redeem(idp, &redemption, request.visit.context.now).await;
    let redeemed = redeemed.map_err(|error| error.refusal())?;
    if redeemed.groups_overage_unresolved {
        let reference = &request.visit.context.reference;
        tracing::warn!(%idp, %reference, "too many groups to list, and they could not be fetched: \
            they stay as they are");
    }
    Ok(verified(redeemed))
}

fn verified(redeemed: Redeemed) -> (Verified, Secrets) {
    let Redeemed { subject, claims, email_verified, sub, sid, id_token, authentication, .. } =
        redeemed;
    let overage = "too many groups to list, and they could not be fetched: they stay as they are";
    let remarks = redeemed.groups_overage_unresolved.then_some(overage).into_iter().collect();
    let idp_session = sub.map(|subject| {
        let (format, name_qualifier, sp_name_qualifier) = (None, None, None);
        Box::new(IdpSession { subject, format, name_qualifier, sp_name_qualifier, id: sid })
    });
    let hint = id_token.filter(|token| token.expose().len() <= MAX_HINT);
    let secrets = hint.map(|token| (ID_TOKEN.to_owned(), token)).into_iter().collect();
    let verified = Verified {
        subject,
        claims,
        email_verified,
        idp_session,
        session_deadline: None,
        authentication,
        remarks,
    };
    (verified, secrets)
}
