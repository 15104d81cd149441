//! The identity providers' answers: what is common to all protocols.

use domain::{Blame, IdpName, Notice, Refusal, Timestamp};
use http::Response;
use login::{Admission, Attempt, Event, Pending, Verified};
use session::{AttemptHandle, BrowserBinding, Secrets};

use super::{Stop, dispatch, oidc, saml, unasked};
use crate::body::Body;
use crate::connection_test;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::request::store_refusal;

/// A SAML response at the assertion consumer service of `idp`.
pub(crate) async fn saml_answer(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    let outcome = match saml::read(request) {
        Ok(answer) => take_answer(gateway, request, idp, answer).await,
        Err(stop) => Err(stop.at(idp)),
    };
    dispatch::finish(gateway, request, outcome).await
}

/// An authorization response at the redirect URI of `idp`.
pub(crate) async fn oidc_answer(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    let outcome = match oidc::read(request) {
        Ok(answer) => take_answer(gateway, request, idp, answer).await,
        Err(stop) => Err(stop.at(idp)),
    };
    dispatch::finish(gateway, request, outcome).await
}

/// An answer as it arrived, unverified.
pub(super) enum Answer {
    /// SAML: the handle in `RelayState` and the response, base64.
    Saml { handle: Option<AttemptHandle>, response: String },
    /// OpenID Connect: the handle in `state` and the rest of the query.
    Oidc { handle: Option<AttemptHandle>, callback: Box<::oidc::Callback> },
}

async fn take_answer(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    answer: Answer,
) -> Result<Response<Body>, Stop> {
    let provider =
        dispatch::usable(gateway, request, idp).map_err(|refusal| Stop::from(refusal).at(idp))?;
    let (Answer::Saml { handle, .. } | Answer::Oidc { handle, .. }) = &answer;
    let attempt =
        take_attempt(gateway, request, handle.as_ref()).await.map_err(|stop| stop.at(idp))?;
    let (attempt, answer) = match (attempt, answer) {
        (Some(attempt), answer) => (attempt, answer),
        (None, Answer::Saml { response, .. }) if unasked::accepted(gateway, idp) => {
            let arrived = unasked::arrive(gateway, request, (idp, provider), response).await;
            return arrived.map_err(|stop| stop.at(idp));
        }
        (None, _) => return Err(Stop::from(unknown_attempt()).at(idp)),
    };
    let verified = async {
        let pending =
            attempt.expects(&request.visit.site.settings.name, idp, request.visit.context.now)?;
        same_browser(request, &attempt)?;
        verify(gateway, request, idp, (pending, attempt.began()), answer).await
    };
    let (verified, secrets) = verified.await.map_err(|stop: Stop| stop.at(idp).of(&attempt))?;
    if attempt.is_test() {
        return Ok(
            connection_test::show(gateway, request, &attempt, (idp, provider), verified).await
        );
    }
    let (mapping, rules) = (&provider.mapping, &gateway.sign_in);
    let admission = Admission { mapping, rules, host: &request.visit.host };
    let event = Event::Answered(verified, admission);
    let outcome = dispatch::run_answered(gateway, request, attempt, event, secrets).await;
    outcome.map_err(|stop| stop.at(idp))
}

/// Takes the attempt out of the store: whoever comes second finds nothing (attacks.md B4, B7, C1).
pub(super) async fn take_attempt(
    gateway: &Gateway,
    request: &OwnRequest,
    handle: Option<&AttemptHandle>,
) -> Result<Option<Attempt>, Stop> {
    let Some(handle) = handle else { return Ok(None) };
    let taken = gateway.attempts.take(handle, request.visit.context.now).await;
    Ok(taken.map_err(|error| store_refusal(&error))?)
}

/// Attacks.md B5: an answer is taken only in the browser that asked.
pub(super) fn same_browser(request: &OwnRequest, attempt: &Attempt) -> Result<(), Stop> {
    let Some(binding) = BrowserBinding::from_headers(&request.headers) else {
        let explanation = "the browser that brought the answer has no binding cookie";
        let remedy =
            "the customer's browser blocks cookies, or the answer was carried to another browser";
        return Err(Refusal::new(
            "browser-unbound",
            Blame::Customer,
            Notice::CookiesNeeded,
            explanation,
            remedy,
        )
        .into());
    };
    if attempt.browser().is_some_and(|hash| binding.is(hash)) {
        return Ok(());
    }
    let explanation = "the answer was brought by another browser than the one that asked";
    let remedy = "nothing to mend; if it happens to many people at once, somebody may be trying to plant sessions";
    Err(Refusal::new("browser-other", Blame::Customer, Notice::OtherBrowser, explanation, remedy)
        .into())
}

async fn verify(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    (pending, began): (&Pending, Timestamp),
    answer: Answer,
) -> Result<(Verified, Secrets), Stop> {
    match (pending, answer) {
        (Pending::Saml { request: id }, Answer::Saml { response, .. }) => {
            let verified = saml::verify(gateway, request, idp, (id, began), response).await?;
            Ok((verified, Secrets::default()))
        }
        (Pending::Oidc { nonce, verifier }, Answer::Oidc { callback, .. }) => {
            oidc::verify(gateway, request, idp, nonce, verifier, *callback).await
        }
        (Pending::Saml { .. }, Answer::Oidc { .. })
        | (Pending::Oidc { .. }, Answer::Saml { .. }) => {
            Err(login::SignInError::NotUnderWay.into())
        }
    }
}

pub(super) fn unknown_attempt() -> Refusal {
    Refusal::new(
        "attempt-unknown",
        Blame::Customer,
        Notice::StartAgain,
        "the answer belongs to no sign-in that is under way: it was used already, is too old, or nobody asked for it",
        "nothing to mend for a Back button or an old tab; if the identity provider starts sign-ins by itself, let it link to the help center instead",
    )
}
