//! SAML 2.0 as one of the protocols of a sign-in.

use domain::{Blame, EmailAddress, IdpName, IdpSession, Notice, Refusal};
use http::{HeaderValue, Response, header};
use http_body_util::Full;
use login::{Attempt, Pending, Verified};
use saml::{Expectation, RequestId, ServiceProvider, VerifiedAssertion};
use session::AttemptHandle;

use super::Stop;
use super::answer::Answer;
use crate::body::Body;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, bad_request, refuse_own};
use crate::request::{keep, no_randomness, store_refusal};
use crate::{pages, random};

/// We as the service provider toward one identity provider, on one site.
fn service_provider(visit: &Visit, idp: &IdpName) -> ServiceProvider {
    let public = &visit.site.settings.public_url;
    ServiceProvider {
        entity_id: Endpoint::SamlMetadata(idp.clone()).url(public),
        acs: Endpoint::SamlAcs(idp.clone()).url(public),
    }
}

/// Our metadata; whoever sets up the identity provider reads it.
pub(crate) async fn metadata(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    if let Err(refusal) = super::dispatch::usable(gateway, idp) {
        return refuse_own(gateway, request, refusal).await;
    }
    let xml = service_provider(&request.visit, idp).metadata();
    let mut response = Response::new(Body::Own(Full::from(xml)));
    let kind = HeaderValue::from_static("application/samlmetadata+xml");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    pages::secure(&mut response);
    response
}

/// Makes the authentication request; gives its URL at the identity provider.
pub(super) async fn send(
    gateway: &Gateway,
    visit: &Visit,
    attempt: &Attempt,
    idp: &IdpName,
    typed: Option<&EmailAddress>,
    browser: [u8; 32],
) -> Result<url::Url, Stop> {
    let now = visit.context.now;
    let metadata =
        gateway.federation.saml_metadata(idp, now).await.map_err(|error| error.refusal())?;
    let id = RequestId::from_random(random::bytes().map_err(|error| no_randomness(&error))?);
    let pending = Pending::Saml { request: id.to_string() };
    let handle =
        keep(gateway, &attempt.clone().sent_to(idp.clone(), pending, browser), visit).await?;
    let hint = typed.map(EmailAddress::as_str);
    Ok(service_provider(visit, idp).authn_request(&metadata, &id, &handle, hint, now))
}

/// Reads the form that the browser brings (SAML Bindings §3.5.4).
pub(super) fn read(request: &OwnRequest) -> Result<Answer, Stop> {
    let form = request.form()?;
    let response = form.field("SAMLResponse").map(str::to_owned);
    let response = response
        .ok_or_else(|| bad_request("saml-response-missing", "the form has no SAMLResponse"))?;
    // Attacks.md B17: RelayState is our handle or nothing; it is never followed.
    let handle = form.field("RelayState").and_then(|text| text.parse::<AttemptHandle>().ok());
    Ok(Answer::Saml { handle, response })
}

/// Verifies the response off the workers, a bounded number at once, and marks the assertion used.
pub(super) async fn verify(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    asked: &str,
    response: String,
) -> Result<Verified, Stop> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let metadata =
        gateway.federation.saml_metadata(idp, now).await.map_err(|error| error.refusal())?;
    let settings = gateway.federation.saml_settings(idp).cloned();
    let settings = settings.ok_or(login::SignInError::NotUnderWay)?;
    let asked =
        RequestId::try_from(asked.to_owned()).map_err(|_| login::SignInError::NotUnderWay)?;
    let provider = service_provider(visit, idp);
    let busy = || unfinished("the gateway is stopping");
    let _turn = gateway.verifying.acquire().await.map_err(|_| busy())?;
    let verified = tokio::task::spawn_blocking(move || {
        let expectation = Expectation {
            idp: &metadata,
            sp: &provider,
            request: &asked,
            clock_skew: settings.clock_skew,
            sha1_until: settings.sha1_until,
        };
        saml::verify_response(&response, &expectation, now)
    });
    let verified = verified.await.map_err(|_| unfinished("the verification was cut off"))?;
    let assertion = verified.map_err(|error| error.refusal())?;
    mark_used(gateway, request, idp, &assertion).await?;
    Ok(proved(&assertion))
}

/// SAML Profiles §4.1.4.5: an assertion is used once (attacks.md B1, B2; fails closed, B3).
async fn mark_used(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    assertion: &VerifiedAssertion,
) -> Result<(), Stop> {
    let parts = [idp.as_str(), assertion.id()];
    let marked = gateway
        .marks
        .mark("saml-assertion", &parts, assertion.expires(), request.visit.context.now)
        .await;
    if marked.map_err(|error| store_refusal(&error))? {
        return Ok(());
    }
    let explanation = "the assertion was used before";
    let remedy = "nothing to mend for a Back button; else somebody replays a captured answer";
    Err(Refusal::new(
        "saml-assertion-replayed",
        Blame::Customer,
        Notice::StartAgain,
        explanation,
        remedy,
    )
    .into())
}

fn proved(assertion: &VerifiedAssertion) -> Verified {
    let name_id = assertion.name_id();
    Verified {
        // SAML Core §8.3.8: a transient name is another one the next time.
        subject: (!name_id.is_transient()).then(|| name_id.value().to_owned()),
        claims: assertion.attributes().clone(),
        email_verified: None,
        idp_session: Some(Box::new(IdpSession {
            subject: name_id.value().to_owned(),
            format: name_id.format().map(str::to_owned),
            name_qualifier: name_id.name_qualifier().map(str::to_owned),
            sp_name_qualifier: name_id.sp_name_qualifier().map(str::to_owned),
            id: assertion.session_index().map(str::to_owned),
        })),
        session_deadline: assertion.session_not_on_or_after(),
    }
}

fn unfinished(explanation: &str) -> Refusal {
    let remedy = "nothing to mend during a restart; else report it with the log around this code";
    Refusal::new("internal", Blame::Us, Notice::TryAgainLater, explanation, remedy)
}
