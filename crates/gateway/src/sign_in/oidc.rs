//! OpenID Connect as one of the protocols of a sign-in.

use ::oidc::{Callback, opaque_value};
use domain::{EmailAddress, IdpName, IdpSession};
use federation::{AuthorizationParameters, Redemption};
use login::{Attempt, Pending, Verified};
use session::AttemptHandle;

use super::Stop;
use super::answer::Answer;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::random;
use crate::request::{keep, no_randomness};

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
    let parameters = AuthorizationParameters {
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

/// Redeems the code and verifies the ID token.
pub(super) async fn verify(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    nonce: &str,
    verifier: &str,
    callback: Callback,
) -> Result<Verified, Stop> {
    let code = callback.code().map_err(|error| error.refusal())?;
    let redemption = Redemption {
        code,
        redirect_uri: &redirect_uri(&request.visit, idp),
        verifier,
        nonce,
        iss: callback.iss(),
    };
    let token = gateway.federation.redeem(idp, &redemption, request.visit.context.now).await;
    let token = token.map_err(|error| error.refusal())?;
    Ok(Verified {
        subject: Some(token.subject().as_str().to_owned()),
        claims: token.claims().clone(),
        email_verified: token.email_verified(),
        idp_session: Some(Box::new(IdpSession {
            subject: token.subject().as_str().to_owned(),
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
            id: token.sid().map(str::to_owned),
        })),
        session_deadline: None,
    })
}
