//! A sign-in that begins at the identity provider (SAML Profiles §4.1.5), where the operator lets it.
//!
//! No attempt, no browser and no request belong to it. It is verified like any other answer, held
//! against the same rules (attacks.md B16), and then waits for the customer's word: whoever carries an
//! answer of their own into somebody else's browser gets no further than a question.

use domain::{Identity, IdpName, ReturnPath};
use http::{Response, StatusCode, header};
use login::{Admission, Attempt, Event, SignInError};
use session::{AttemptHandle, BrowserBinding, Who};

use super::{Stop, answer, dispatch, saml};
use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::gateway::{Gateway, Provider};
use crate::own::{OwnRequest, refuse_own, session_of};
use crate::pages::{self, ConfirmPage, Frame};
use crate::random;
use crate::request::{keep, no_randomness};

/// Whether this identity provider may begin a sign-in (attacks.md B4).
pub(super) fn accepted(gateway: &Gateway, idp: &IdpName) -> bool {
    gateway.federation.saml_settings(idp).is_some_and(|settings| settings.idp_initiated)
}

/// Verifies a response that nobody asked for, and asks.
pub(super) async fn arrive(
    gateway: &Gateway,
    request: &OwnRequest,
    (idp, provider): (&IdpName, &Provider),
    response: String,
) -> Result<Response<Body>, Stop> {
    let verified = saml::verify_unasked(gateway, request, idp, response).await?;
    let known = BrowserBinding::from_headers(&request.headers);
    let binding = match &known {
        Some(binding) => binding.clone(),
        None => {
            BrowserBinding::from_random(random::bytes().map_err(|error| no_randomness(&error))?)
        }
    };
    // RelayState names no page: the front page it is.
    let visit = &request.visit;
    let site = visit.site.settings.name.clone();
    let attempt = Attempt::new(site, ReturnPath::root(), visit.context.now);
    let admission = admission(gateway, request, provider);
    let (idp, browser) = (idp.clone(), binding.hash());
    let event = Event::Unasked { idp, browser, verified, admission };
    let mut response = dispatch::run(gateway, request, attempt, event, None).await?;
    if known.is_none() {
        response.headers_mut().append(header::SET_COOKIE, binding.set_cookie());
    }
    Ok(response)
}

fn admission<'a>(
    gateway: &'a Gateway,
    request: &'a OwnRequest,
    provider: &'a Provider,
) -> Admission<'a> {
    let (mapping, rules) = (&provider.mapping, &gateway.sign_in);
    Admission { mapping, rules, host: &request.visit.host }
}

/// Asks whether the customer wants to be signed in so.
pub(super) async fn ask(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    identity: &Identity,
) -> Result<Response<Body>, Stop> {
    let handle = keep(gateway, attempt, &request.visit).await?;
    let session = session_of(gateway, request).await?;
    let now_in = session.as_deref().and_then(|session| match &session.facts().who {
        Who::Person(customer) => Some(customer.identity.display_name.as_str()),
        Who::Guest => None,
    });
    let idp = &identity.person.idp;
    let frame = Frame::of(&request.visit.context);
    let page = ConfirmPage {
        frame,
        provider: gateway.provider(idp).map_or(idp.as_str(), |p| p.label.as_str()),
        name: &identity.display_name,
        address: identity.email.as_str(),
        instead_of: now_in,
        action: &Endpoint::Confirm.path(),
        fields: &[("attempt", handle)],
    };
    Ok(pages::html(StatusCode::OK, frame.language, &page))
}

/// The customer said yes.
pub(crate) async fn confirm(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    let form = match request.require_own_page().and_then(|()| request.form()) {
        Ok(form) => form,
        Err(refusal) => return refuse_own(gateway, request, refusal).await,
    };
    let outcome = confirmed(gateway, request, form.field("attempt")).await;
    dispatch::finish(gateway, request, outcome).await
}

async fn confirmed(
    gateway: &Gateway,
    request: &OwnRequest,
    handle: Option<&str>,
) -> Result<Response<Body>, Stop> {
    let handle = handle.and_then(|handle| handle.parse::<AttemptHandle>().ok());
    let attempt = answer::take_attempt(gateway, request, handle.as_ref()).await?;
    let attempt = attempt.ok_or_else(answer::unknown_attempt)?;
    let idp = attempt.provider().filter(|_| attempt.is_unasked()).cloned();
    let idp = idp.ok_or(SignInError::NotUnderWay)?;
    let checked = async {
        if *attempt.site() != request.visit.site.settings.name {
            return Err(SignInError::OtherSite.into());
        }
        answer::same_browser(request, &attempt)?;
        // Attacks.md B15: also when that was switched off meanwhile.
        if !accepted(gateway, &idp) {
            return Err(answer::unknown_attempt().into());
        }
        Ok::<_, Stop>(dispatch::usable(gateway, request, &idp)?)
    };
    let provider = checked.await.map_err(|stop| stop.at(&idp))?;
    let event = Event::Confirmed(admission(gateway, request, provider));
    dispatch::run(gateway, request, attempt, event, None).await.map_err(|stop| stop.at(&idp))
}
