//! The attempt that waits, and whether this browser may go on with it.

use std::sync::Arc;
use std::time::Duration;

use domain::{Fragment, Identity, ReturnPath, Timestamp};
use factor::{Client, FactorError, Status};
use http::{Response, StatusCode, header};
use login::Attempt;
use policy::FactorDemand;
use session::{AttemptHandle, BrowserBinding, OpenSession, Who};

use super::super::{Stop, answer, dispatch};
use super::Held;
use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, session_of, signed_in};
use crate::pages::{FactorMistake, Frame};
use crate::refuse;
use crate::request::{keep, redirect, store_refusal};
use crate::{factor_rules, step_up};

/// In a session this old nobody enrols without signing in anew: whoever finds a browser open must
/// not bind a phone of their own to its person.
const YOUNG: Duration = Duration::from_secs(10 * 60);

/// Somebody of whom a factor is asked.
pub(super) struct Pending {
    pub(super) handle: AttemptHandle,
    pub(super) handle_text: String,
    pub(super) held: Held,
    pub(super) identity: Identity,
    pub(super) demand: FactorDemand,
    pub(super) status: Status,
    pub(super) client: Client,
    /// The session that is to go on, in a step-up.
    session: Option<Arc<OpenSession>>,
}

/// What a handle leads to.
pub(super) enum Found {
    /// Here something is to be done.
    Pending(Box<Pending>),
    /// It is done, or begins elsewhere.
    Elsewhere(Box<Response<Body>>),
}

/// Finds what a handle names. Of an attempt that is over or done, its page is still known.
pub(super) async fn find(
    gateway: &Gateway,
    request: &OwnRequest,
    handle: Option<&str>,
) -> Result<Found, Stop> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let session = session_of(gateway, request).await?;
    let inside = signed_in(gateway, request, session.as_deref());
    let Some(text) = handle else { return wished(gateway, request, session).await };
    let handle = text.parse::<AttemptHandle>().ok();
    let held = match &handle {
        Some(handle) => gateway.attempts.peek(handle, now).await.map_err(|e| store_refusal(&e))?,
        None => None,
    };
    let held = held.filter(|held: &Held| *held.attempt.site() == visit.site.settings.name);
    let (Some(handle), Some(held)) = (handle, held) else {
        let front = ReturnPath::root().location(None);
        return if inside { Ok(elsewhere(&front)) } else { Err(answer::unknown_attempt().into()) };
    };
    let Some((identity, demand)) = held.attempt.factor_asked() else {
        let sign_in = format!("{}?attempt={handle}", Endpoint::SignIn.path());
        let way = if inside { held.attempt.destination() } else { sign_in };
        return Ok(elsewhere(&way));
    };
    let (identity, demand) = (identity.clone(), demand.clone());
    if held.attempt.is_over(now) {
        return Err(Stop::from(login::SignInError::AttemptOver).of(&held.attempt));
    }
    let session = if held.attempt.is_step_up() {
        let session = session.filter(|session| inside && is_of(session, &identity));
        let Some(session) = session else { return sign_in_again(gateway, request, &held).await };
        // Another tab was quicker.
        if demand.is_met_by(factor_rules::passed(gateway, &session).as_ref(), now) {
            return Ok(elsewhere(&held.attempt.destination()));
        }
        Some(session)
    } else {
        answer::same_browser(request, &held.attempt)?;
        // It may have been disabled since it answered.
        let idp = &identity.person.idp;
        dispatch::usable(gateway, request, idp).map_err(|refusal| Stop::from(refusal).at(idp))?;
        None
    };
    let status = gateway.factors.status(&identity.person, now).await;
    let status = status.map_err(|error| store_refusal(&error))?;
    let browser = BrowserBinding::from_headers(&request.headers).map(|binding| binding.hash());
    let client = Client { address: visit.context.client, browser };
    let handle_text = handle.to_string();
    let pending = Pending { handle, handle_text, held, identity, demand, status, client, session };
    Ok(Found::Pending(Box::new(pending)))
}

fn elsewhere(location: &str) -> Found {
    Found::Elsewhere(Box::new(redirect(StatusCode::SEE_OTHER, location)))
}

fn is_of(session: &OpenSession, identity: &Identity) -> bool {
    matches!(&session.facts().who, Who::Person(own) if own.identity.person == identity.person)
}

/// The session that was to go on has ended: its page is reached by signing in.
async fn sign_in_again(
    gateway: &Gateway,
    request: &OwnRequest,
    held: &Held,
) -> Result<Found, Stop> {
    let fresh = held.attempt.afresh(request.visit.context.now);
    let handle = keep(gateway, &fresh, &request.visit).await?;
    Ok(elsewhere(&format!("{}?attempt={handle}", Endpoint::SignIn.path())))
}

/// Somebody who is signed in comes of their own accord, or was sent by a page's script: everything
/// that may be demanded of them anywhere is asked for, and they go back to where they came from.
async fn wished(
    gateway: &Gateway,
    request: &OwnRequest,
    session: Option<Arc<OpenSession>>,
) -> Result<Found, Stop> {
    let person = session.filter(|session| signed_in(gateway, request, Some(session)));
    let person = person.and_then(|session| match &session.facts().who {
        Who::Person(customer) => Some((customer.identity.clone(), session)),
        Who::Guest => None,
    });
    let Some((identity, session)) = person else {
        return Ok(elsewhere(&Endpoint::SignIn.path()));
    };
    let rules = factor_rules::standing(gateway, &request.visit.site, &session);
    let most = rules.standing.most();
    let demand = if most.required { most.clone() } else { FactorDemand::wished() };
    let (site, now) = (request.visit.site.settings.name.clone(), request.visit.context.now);
    let attempt = Attempt::stepping_up(site, came_from(request), identity, demand, now);
    Ok(Found::Elsewhere(Box::new(step_up::send(gateway, &request.visit, &attempt).await)))
}

/// The page of this site on which the customer was.
fn came_from(request: &OwnRequest) -> ReturnPath {
    let site = &request.visit.site.settings.public_url;
    let referer = request.headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let referer = referer.and_then(|text| url::Url::parse(text).ok());
    let own = referer.filter(|referer| referer.origin() == site.origin());
    let path = own.and_then(|url| {
        ReturnPath::parse(&url[url::Position::BeforePath..url::Position::AfterQuery]).ok()
    });
    path.unwrap_or_else(ReturnPath::root)
}

impl Pending {
    /// The same with the fragment that only the browser knew.
    pub(super) fn with_fragment(mut self: Box<Self>, fragment: Option<&str>) -> Box<Self> {
        let fragment = fragment.and_then(|text| Fragment::parse(text).ok());
        self.held.attempt = self.held.attempt.clone().with_fragment(fragment);
        self
    }

    /// Who asks and why, in one sentence.
    pub(super) fn why(&self, frame: &Frame<'_>) -> String {
        let texts = &frame.t.second_factor;
        let at_page = self.demand.placed || self.session.is_some();
        let say = if at_page { texts.at_page } else { texts.at_sign_in };
        say(frame.site)
    }

    /// Whether this person may enrol now: after a reset only whoever signed in since, and in a
    /// session only right after signing in.
    pub(super) fn may_enrol(&self, now: Timestamp) -> bool {
        let (began, young) = match &self.session {
            None => (self.held.attempt.began(), true),
            Some(session) => {
                let facts = session.facts();
                (facts.began, now < facts.created.plus(YOUNG))
            }
        };
        young && self.status.fresh_sign_in_after.is_none_or(|after| began > after)
    }

    /// To the identity provider again, toward the same page.
    pub(super) async fn sign_in_anew(
        &self,
        gateway: &Gateway,
        request: &OwnRequest,
    ) -> Result<Response<Body>, Stop> {
        let fresh: Attempt = self.held.attempt.afresh(request.visit.context.now);
        let handle = keep(gateway, &fresh, &request.visit).await?;
        let idp = Endpoint::SignInAt(self.identity.person.idp.clone());
        Ok(redirect(StatusCode::SEE_OTHER, &format!("{}?attempt={handle}", idp.path())))
    }
}

/// What the page says about an error, which is recorded; or the end of it.
///
/// # Errors
/// When the page cannot go on.
pub(super) async fn mistake(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    error: &FactorError,
) -> Result<FactorMistake, Stop> {
    let mistake = match error {
        FactorError::Wrong { server_time } => FactorMistake::Wrong(*server_time),
        FactorError::UsedAlready => FactorMistake::Used,
        FactorError::TooMany { wait } => FactorMistake::TooMany(wait.as_secs().max(1)),
        // Another tab enrolled, or a reset took place: the page from the start.
        FactorError::NotEnrolled | FactorError::AlreadyEnrolled => {
            return Err(Stop::from(error.refusal()).of(&pending.held.attempt));
        }
        FactorError::Store(_) | FactorError::NotOffered => return Err(error.refusal().into()),
    };
    let person = &pending.identity.person;
    refuse::record(gateway, &request.visit.context, error.refusal(), person).await;
    Ok(mistake)
}
