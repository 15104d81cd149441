//! The customer's side: e-mail first, chooser beside it.

use domain::{EmailAddress, Fragment, IdpName, ReturnPath};
use http::{Response, StatusCode};
use login::{Attempt, Event};
use session::{AttemptHandle, OpenSession};

use super::chooser::{self, Typed};
use super::routing::{self, Asked};
use super::{Stop, dispatch};
use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, bad_request, refuse_own, session_of, signed_in};
use crate::pages::Mistake;
use crate::request::{outlived, redirect, store_refusal};

/// The parameter of our own links that says: the customer wants to choose, whatever place or link say.
const CHOOSE: &str = "choose";

/// The sign-in page of a kept attempt, which asks in any case: where a rule for the place, or a link,
/// leads straight on, whoever does not want to go there would come back for ever.
pub(super) fn choosing(handle: &str) -> String {
    format!("{}?attempt={handle}&{CHOOSE}=1", Endpoint::SignIn.path())
}

/// The sign-in page. Somebody who has a session by now, from another tab, goes on to the page that
/// was asked for; the browser carries the fragment along.
pub(crate) async fn page(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    let query = Form::parse(&request.query).ok();
    let handle = query.as_ref().and_then(|query| query.field("attempt"));
    let found = async {
        let attempt = find(gateway, request, handle).await?;
        Ok::<_, Stop>((attempt, session_of(gateway, request).await?))
    };
    match found.await {
        Ok((attempt, session)) if is_enough(gateway, request, session.as_deref(), &attempt) => {
            redirect(StatusCode::FOUND, &attempt.destination())
        }
        Ok((attempt, _)) => {
            let field = |name| query.as_ref().and_then(|query| query.field(name));
            let asked = Asked { email: None, named: field("idp") };
            let at_once = if field(CHOOSE).is_some() {
                Ok(None)
            } else {
                routing::at_once(gateway, request, &attempt, &asked).await
            };
            match at_once {
                Ok(None) => {
                    let handle = handle.unwrap_or_default();
                    show(gateway, request, &attempt, Typed { handle, text: "", mistake: None })
                }
                Ok(Some(event)) => {
                    let outcome = dispatch::run(gateway, request, attempt, event, None).await;
                    dispatch::finish(gateway, request, outcome).await
                }
                Err(stop) => dispatch::finish(gateway, request, Err(stop)).await,
            }
        }
        Err(stop) => refuse_own(gateway, request, *stop.refusal).await,
    }
}

/// Whether a session opens what the attempt is for: it may be too old for the portal there.
fn is_enough(
    gateway: &Gateway,
    request: &OwnRequest,
    session: Option<&OpenSession>,
    attempt: &Attempt,
) -> bool {
    let portal = attempt.portal().map(|id| format!("/servicedesk/customer/portal/{id}"));
    let mut paths = [Some(attempt.destination()), portal].into_iter().flatten();
    signed_in(gateway, request, session)
        && session
            .is_some_and(|session| !paths.any(|path| outlived(&request.visit, session, &path)))
}

/// The page with what was typed and what is wrong with it.
fn show(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    typed: Typed<'_>,
) -> Response<Body> {
    let known = typed.handle.parse::<AttemptHandle>().is_ok();
    let typed = Typed { handle: if known { typed.handle } else { "" }, ..typed };
    chooser::sign_in_page(gateway, request, attempt, typed)
}

/// The attempt of a handle; begun again when it is over, as in a tab left open; or a new one toward
/// the front page: an old link still leads somewhere.
async fn find(
    gateway: &Gateway,
    request: &OwnRequest,
    handle: Option<&str>,
) -> Result<Attempt, Stop> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let site = &visit.site.settings.name;
    let kept = match handle.and_then(|handle| handle.parse::<AttemptHandle>().ok()) {
        Some(handle) => gateway.attempts.peek(&handle, now).await.map_err(|e| store_refusal(&e))?,
        None => None,
    };
    let kept = kept.filter(|attempt: &Attempt| attempt.site() == site);
    let kept = kept.map(|attempt| if attempt.is_over(now) { attempt.afresh(now) } else { attempt });
    Ok(kept.unwrap_or_else(|| Attempt::new(site.clone(), ReturnPath::root(), now)))
}

/// The customer typed an address, or chose.
pub(crate) async fn submit(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    let form = match request.require_own_page().and_then(|()| request.form()) {
        Ok(form) => form,
        Err(refusal) => return refuse_own(gateway, request, refusal).await,
    };
    let handle = form.field("attempt");
    let attempt = match find(gateway, request, handle).await {
        Ok(attempt) => attempt,
        Err(stop) => return refuse_own(gateway, request, *stop.refusal).await,
    };
    match session_of(gateway, request).await {
        // Signed in by now, from another tab: no need to do it twice.
        Ok(session) if is_enough(gateway, request, session.as_deref(), &attempt) => {
            return redirect(StatusCode::SEE_OTHER, &with_fragment(attempt, &form).destination());
        }
        Ok(_) => {}
        Err(refusal) => return refuse_own(gateway, request, refusal).await,
    }
    let attempt = with_fragment(attempt, &form);
    let fields = ["email", "hint", "guest", "fallback"];
    let typed = fields.iter().find_map(|field| form.field(field));
    let typed = typed.map(str::trim).unwrap_or_default();
    let email = typed.parse::<EmailAddress>().ok();
    let asked = Asked { email: email.as_ref(), named: None };
    let event = match (form.field("idp"), &email) {
        (Some(idp), _) => chosen(idp),
        // Whoever came to a place of which the rules say enough has typed no address.
        _ if form.field("fallback").is_some() => {
            routing::fallback(gateway, request, &attempt, &asked).await
        }
        _ if form.field("guest").is_some() => {
            routing::guest(gateway, request, &attempt, &asked).await
        }
        (None, Some(_)) => routing::typed(gateway, request, &attempt, &asked).await,
        (None, None) => {
            let (handle, mistake) = (handle.unwrap_or_default(), Some(Mistake::NoAddress));
            return show(gateway, request, &attempt, Typed { handle, text: typed, mistake });
        }
    };
    let outcome = match event {
        Ok(event) => dispatch::run(gateway, request, attempt, event, email.as_ref()).await,
        Err(stop) => Err(stop),
    };
    dispatch::finish(gateway, request, outcome).await
}

fn with_fragment(attempt: Attempt, form: &Form) -> Attempt {
    attempt.with_fragment(form.field("fragment").and_then(|text| Fragment::parse(text).ok()))
}

fn chosen(idp: &str) -> Result<Event<'static>, Stop> {
    let unknown =
        || Stop::from(bad_request("idp-name-invalid", "the form names no identity provider"));
    Ok(Event::Chosen(idp.parse::<IdpName>().map_err(|_| unknown())?))
}

/// A link straight to one identity provider, such as a company's intranet has.
pub(crate) async fn straight_to(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    let query = Form::parse(&request.query).ok();
    let handle = query.as_ref().and_then(|query| query.field("attempt"));
    let outcome = match find(gateway, request, handle).await {
        Ok(attempt) => {
            dispatch::run(gateway, request, attempt, Event::Chosen(idp.clone()), None).await
        }
        Err(stop) => Err(stop),
    };
    dispatch::finish(gateway, request, outcome).await
}
