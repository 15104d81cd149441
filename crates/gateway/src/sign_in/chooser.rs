//! What the customer may choose from.

use domain::{EmailAddress, IdpName};
use http::{Response, StatusCode};
use login::Attempt;
use session::LastChoice;

use super::{Stop, dispatch, routing};
use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::pages::{self, Choice, ContinuePage, Frame, Mistake, OfferPage, SignInPage};
use crate::request::keep;

/// Pages of a Jira Service Management help center on which customers come to their requests.
const PORTAL: &str = "/servicedesk/customer/portal/";

/// The identity provider that this browser used the last time, if it may still be used here.
pub(super) fn remembered(gateway: &Gateway, request: &OwnRequest) -> Option<IdpName> {
    let choice = LastChoice::from_headers(&request.headers)?;
    let site = &request.visit.site.settings.name;
    gateway.admits(site, choice.idp()).then(|| choice.idp().clone())
}

/// What a sign-in page starts from.
pub(super) struct Typed<'a> {
    /// The handle of the attempt, as the browser brought it.
    pub(super) handle: &'a str,
    /// What was typed.
    pub(super) text: &'a str,
    /// What is wrong with it.
    pub(super) mistake: Option<Mistake>,
}

/// The sign-in page. Sets the cookie that binds what follows to this browser.
pub(super) fn sign_in_page(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    typed: Typed<'_>,
) -> Response<Body> {
    let frame = Frame::of(&request.visit.context);
    let mut providers = gateway.choices(&request.visit.site.settings.name);
    // Only what the chooser would show: a cookie must not reveal who else signs in here.
    let last = remembered(gateway, request).and_then(|idp| {
        let place = providers.iter().position(|choice| choice.name == idp.as_str())?;
        Some(providers.remove(place))
    });
    let page = SignInPage {
        frame,
        attempt: typed.handle,
        typed: typed.text,
        mistake: typed.mistake,
        for_request: attempt.destination().starts_with(PORTAL),
        news: news(frame, request, attempt),
        last,
        providers,
    };
    dispatch::bind_browser(request, pages::html(StatusCode::OK, frame.language, &page))
}

/// What became of a form that brought the customer here.
fn news(frame: Frame<'_>, request: &OwnRequest, attempt: &Attempt) -> Option<&'static str> {
    let resumes = Endpoint::Resume(String::new()).path();
    if attempt.destination().starts_with(&resumes) {
        return Some(frame.t.parking.kept);
    }
    let query = Form::parse(&request.query).ok()?;
    query.field("unsent").map(|_| frame.t.parking.unsent)
}

/// The ways that the rules leave to an address: one identity provider or all of this site, and
/// perhaps the upstream's own sign-in.
pub(super) async fn offer(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    ways: Ways<'_>,
) -> Result<Response<Body>, Stop> {
    let handle = keep(gateway, attempt, &request.visit).await?;
    let frame = Frame::of(&request.visit.context);
    let typed = ways.typed.map(EmailAddress::as_str).unwrap_or_default();
    let guest = ways.guest.then_some(routing::said(ways.typed));
    let named = ways.idp.as_ref().and_then(|idp| Some((idp, gateway.provider(idp)?)));
    let response = match named {
        Some((idp, provider)) => {
            let host = gateway.federation.sign_in_host(idp);
            let page = ContinuePage {
                frame,
                attempt: &handle,
                typed,
                provider: &Choice::new(idp, provider),
                host: host.as_deref(),
                guest,
            };
            pages::html(StatusCode::OK, frame.language, &page)
        }
        None => {
            let providers = gateway.choices(&request.visit.site.settings.name);
            let page = OfferPage { frame, attempt: &handle, typed, providers: &providers, guest };
            pages::html(StatusCode::OK, frame.language, &page)
        }
    };
    Ok(dispatch::bind_browser(request, response))
}

/// The ways that the rules leave to an address.
pub(super) struct Ways<'a> {
    /// The one identity provider that a rule names.
    pub(super) idp: Option<IdpName>,
    /// Whether the upstream's own sign-in is one.
    pub(super) guest: bool,
    /// The address.
    pub(super) typed: Option<&'a EmailAddress>,
}
