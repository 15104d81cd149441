//! SAML 2.0 as one of the protocols of a sign-in.

use std::sync::Arc;

use domain::{
    Authentication, Blame, EmailAddress, IdpName, IdpSession, Notice, Refusal, Timestamp,
};
use http::{HeaderValue, Response, header};
use http_body_util::Full;
use login::{Attempt, Pending, Verified};
use saml::{
    AuthnRequest, Expectation, IdpMetadata, Outgoing, RequestId, ResponseError, ServiceProvider,
    VerifiedAssertion,
};
use session::AttemptHandle;

use super::Stop;
use super::answer::{Answer, unknown_attempt};
use crate::body::Body;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, bad_request, refuse_own};
use crate::request::{keep, no_randomness, store_refusal};
use crate::{metadata_readers, pages, random};

/// We as the service provider toward one identity provider, on one site.
pub(crate) fn service_provider(gateway: &Gateway, visit: &Visit, idp: &IdpName) -> ServiceProvider {
    let public = &visit.site.settings.public_url;
    let takes_part = gateway.federation.saml_settings(idp).is_some_and(|s| s.single_logout);
    ServiceProvider {
        entity_id: Endpoint::SamlMetadata(idp.clone()).url(public),
        acs: Endpoint::SamlAcs(idp.clone()).url(public),
        slo: takes_part.then(|| Endpoint::SamlSlo(idp.clone()).url(public)),
        keys: gateway.saml_keys.load_full(),
    }
}

/// Our metadata; whoever sets up the identity provider reads it.
pub(crate) async fn metadata(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    if let Err(refusal) = super::dispatch::usable(gateway, request, idp) {
        return refuse_own(gateway, request, refusal).await;
    }
    metadata_readers::note(gateway, request, idp).await;
    let requests = gateway.federation.saml_settings(idp).map(|s| s.request.signed);
    let xml = service_provider(gateway, &request.visit, idp).metadata(requests.unwrap_or_default());
    let mut response = Response::new(Body::Own(Full::from(xml)));
    let kind = HeaderValue::from_static("application/samlmetadata+xml");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    pages::secure(&mut response);
    response
}

/// Makes the authentication request; gives its way to the identity provider.
pub(super) async fn send(
    gateway: &Gateway,
    visit: &Visit,
    attempt: &Attempt,
    idp: &IdpName,
    typed: Option<&EmailAddress>,
    browser: [u8; 32],
) -> Result<Outgoing, Stop> {
    let now = visit.context.now;
    let metadata =
        gateway.federation.saml_metadata(idp, now).await.map_err(|error| error.refusal())?;
    let settings = gateway.federation.saml_settings(idp).ok_or(login::SignInError::NotUnderWay)?;
    let id = RequestId::from_random(random::bytes().map_err(|error| no_randomness(&error))?);
    let pending = Pending::Saml { request: id.to_string() };
    let handle =
        keep(gateway, &attempt.clone().sent_to(idp.clone(), pending, browser), visit).await?;
    let request = AuthnRequest {
        id: &id,
        relay_state: &handle,
        login_hint: typed.map(EmailAddress::as_str),
        settings: &settings.request,
    };
    let provider = service_provider(gateway, visit, idp);
    Ok(provider.authn_request(&metadata, &request, now).map_err(|error| error.refusal())?)
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

/// Verifies the response, with fresh metadata if no known key fits, and marks the assertion used.
pub(super) async fn verify(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    (asked, began): (&str, Timestamp),
    response: String,
) -> Result<Verified, Stop> {
    let asked =
        RequestId::try_from(asked.to_owned()).map_err(|_| login::SignInError::NotUnderWay)?;
    verified(gateway, request, idp, Carried { response, asked: Some((asked, began)) }).await
}

/// The same for a response that must say that nobody asked for it.
pub(super) async fn verify_unasked(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    response: String,
) -> Result<Verified, Stop> {
    let verified = verified(gateway, request, idp, Carried { response, asked: None }).await;
    verified.map_err(|stop| match stop.refusal.cause.as_str() {
        // It answers a request that is over by now.
        "saml-request-foreign" => unknown_attempt().into(),
        _ => stop,
    })
}

async fn verified(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    carried: Carried,
) -> Result<Verified, Stop> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let metadata =
        gateway.federation.saml_metadata(idp, now).await.map_err(|error| error.refusal())?;
    let carried = Arc::new(carried);
    let assertion = match checked(gateway, visit, idp, &metadata, &carried).await? {
        Err(ResponseError::SignatureInvalid { .. }) => {
            // N05: the identity provider may have changed its key a moment ago.
            let newer = gateway.federation.saml_metadata_newer(idp, &metadata, now).await;
            let Some(newer) = newer else {
                return Err(ResponseError::SignatureInvalid {
                    keys: metadata.signing_certificates().len(),
                }
                .refusal()
                .into());
            };
            checked(gateway, visit, idp, &newer, &carried).await?
        }
        outcome => outcome,
    };
    let assertion = assertion.map_err(|error| error.refusal())?;
    mark_used(gateway, request, idp, &assertion).await?;
    for (used, algorithm) in [(assertion.used_sha1(), "SHA-1"), (assertion.used_cbc(), "AES-CBC")] {
        if used {
            gateway.metrics.weak(idp, algorithm);
            tracing::info!(reference = %visit.context.reference, %idp, algorithm, "weak, and taken by a dated exception");
        }
    }
    Ok(proved(&assertion))
}

/// What the browser brought, and what it must answer.
struct Carried {
    response: String,
    /// The request, and when the sign-in began; `None`: nobody asked.
    asked: Option<(RequestId, Timestamp)>,
}

/// One verification, on the threads for it.
async fn checked(
    gateway: &Gateway,
    visit: &Visit,
    idp: &IdpName,
    metadata: &Arc<IdpMetadata>,
    carried: &Arc<Carried>,
) -> Result<Result<VerifiedAssertion, ResponseError>, Stop> {
    let settings = gateway.federation.saml_settings(idp).cloned();
    let settings = settings.ok_or(login::SignInError::NotUnderWay)?;
    let (provider, now) = (service_provider(gateway, visit, idp), visit.context.now);
    let (metadata, carried) = (Arc::clone(metadata), Arc::clone(carried));
    let verified = gateway.verifying.run(move || {
        let asked = carried.asked.as_ref();
        let expectation = Expectation {
            idp: &metadata,
            sp: &provider,
            request: asked.map(|(id, _)| id),
            clock_skew: settings.clock_skew,
            sha1_until: settings.sha1_until,
            cbc_until: settings.cbc_until,
            signed: settings.signed,
            encryption_required: settings.encryption_required,
            authn_context: &settings.request.authn_context,
            authenticated_since: asked.filter(|_| settings.request.force_authn).map(|(_, at)| *at),
        };
        saml::verify_response(&carried.response, &expectation, now)
    });
    Ok(verified.await.ok_or_else(|| unfinished("the verification was cut off"))?)
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
        Notice::AnswerUsed,
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
        authentication: authentication(assertion),
        remarks: [
            (
                assertion.used_sha1(),
                "it signs with SHA-1, which is broken: taken only until `sha1_until`",
            ),
            (assertion.used_cbc(), "it encrypts with AES-CBC: taken only until `cbc_until`"),
        ]
        .into_iter()
        .filter_map(|(so, remark)| so.then_some(remark))
        .collect(),
    }
}

/// The attribute in which Entra ID and AD FS say what `amr` says elsewhere.
const METHODS: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";

fn authentication(assertion: &VerifiedAssertion) -> Authentication {
    Authentication {
        methods: assertion.attributes().get(METHODS).cloned().unwrap_or_default(),
        class: assertion.authn_context().map(str::to_owned),
        at: Some(assertion.authn_instant()),
    }
}

/// A verification without an outcome.
pub(crate) fn unfinished(explanation: &str) -> Refusal {
    let remedy = "nothing to mend during a restart; else report it with the log around this code";
    Refusal::new("internal", Blame::Us, Notice::TryAgainLater, explanation, remedy)
}
