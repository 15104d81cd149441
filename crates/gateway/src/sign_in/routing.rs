//! Asks the rules which way somebody signs in, and what is left when that way is closed.

use domain::{Blame, EmailAddress, IdpName, Notice, Refusal};
use login::{Attempt, Event};
use policy::{Ground, Mode, Outcome, Question, Route};

use super::{Stop, chooser, dispatch};
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::pages;
use crate::request::store_refusal;

/// What the customer said about the way.
pub(super) struct Asked<'a> {
    /// The address that was typed.
    pub(super) email: Option<&'a EmailAddress>,
    /// The identity provider that our own link names (`?idp=`).
    pub(super) named: Option<&'a str>,
}

/// What a button sends that has the rules asked again: the address that was typed, or a word in its
/// place, since an empty field counts as none.
pub(super) fn said(email: Option<&EmailAddress>) -> &str {
    email.map_or("unsaid", EmailAddress::as_str)
}

/// The way of somebody who has said nothing yet: place or link may say enough. `None`: the sign-in
/// page asks.
pub(super) async fn at_once(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    asked: &Asked<'_>,
) -> Result<Option<Event<'static>>, Stop> {
    let route = route(gateway, request, attempt, asked).await?;
    let early = matches!(route.ground, Ground::Portal | Ground::Host | Ground::Hint);
    if !early || route.outcome == Outcome::Choose {
        return Ok(None);
    }
    open_way(gateway, request, attempt, asked, route.outcome).await.map(Some)
}

/// The way of a typed address.
pub(super) async fn typed(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    asked: &Asked<'_>,
) -> Result<Event<'static>, Stop> {
    let route = route(gateway, request, attempt, asked).await?;
    open_way(gateway, request, attempt, asked, route.outcome).await
}

/// The button for the upstream's own sign-in asks the rules again, so that nobody becomes a guest
/// whom no rule admits.
pub(super) async fn guest(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    asked: &Asked<'_>,
) -> Result<Event<'static>, Stop> {
    Ok(Event::GuestChosen(route(gateway, request, attempt, asked).await?.outcome))
}

/// The button that a rule leaves while its identity provider does not answer: rules and identity
/// provider are asked again, so that the button opens nothing once it answers.
pub(super) async fn fallback(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    asked: &Asked<'_>,
) -> Result<Event<'static>, Stop> {
    let outcome = route(gateway, request, attempt, asked).await?.outcome;
    let Outcome::Use { idp, .. } = &outcome else { return Ok(Event::Routed(outcome)) };
    match gateway.federation.reachable(idp, request.visit.context.now).await {
        Ok(()) => Ok(Event::Routed(outcome)),
        Err(_) => Ok(Event::FallbackChosen(outcome)),
    }
}

/// Where a rule leaves another way, whoever would be sent to an identity provider that does not
/// answer is told so and offered that way; nobody is let in silently (capabilities N16).
async fn open_way(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    asked: &Asked<'_>,
    outcome: Outcome,
) -> Result<Event<'static>, Stop> {
    let Outcome::Use { idp, mode: Mode::Required, fallback: Some(fallback) } = &outcome else {
        return Ok(Event::Routed(outcome));
    };
    dispatch::usable(gateway, request, idp).map_err(|refusal| Stop::from(refusal).of(attempt))?;
    let reachable = gateway.federation.reachable(idp, request.visit.context.now).await;
    let Err(error) = reachable else { return Ok(Event::Routed(outcome)) };
    let label = match fallback {
        policy::Fallback::UpstreamLogin => None,
        policy::Fallback::Idp(other) => gateway.provider(other).map(|other| other.label.clone()),
    };
    let way = pages::Fallback { label, fields: vec![("fallback", said(asked.email).to_owned())] };
    Err(Stop { fallback: Some(Box::new(way)), ..Stop::from(error.refusal()).at(idp).of(attempt) })
}

async fn route(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    asked: &Asked<'_>,
) -> Result<Route, Stop> {
    let context = &request.visit.context;
    if asked.email.is_some()
        && (gateway.known_links || gateway.sign_in.names_people())
        && !gateway.pace.admits(context.client, context.now)
    {
        return Err(Stop::from(too_many()).of(attempt));
    }
    let hint = hint(gateway, request, attempt, asked.named)?;
    let remembered = chooser::remembered(gateway, request);
    let linked = linked(gateway, request, asked.email).await?;
    let portal = attempt.portal();
    let route = gateway.sign_in.route(&Question {
        email: asked.email,
        site: &request.visit.site.settings.name,
        host: &request.visit.host,
        portal: portal.as_deref(),
        hint: hint.as_ref(),
        remembered: remembered.as_ref(),
        linked: linked.as_ref(),
        now: context.now,
    });
    if let Some(would) = &route.would {
        let (ground, line) = (would.ground.as_str(), would.line);
        let (present, would) = (&route.outcome, &would.outcome);
        tracing::info!(reference = %context.reference, ground, line, %present, %would, "a rule that only reports would have decided");
    }
    Ok(route)
}

/// Whoever signed in before goes to the identity provider of that time, where the operator says so:
/// it tells a stranger who is known here (capabilities N17).
async fn linked(
    gateway: &Gateway,
    request: &OwnRequest,
    email: Option<&EmailAddress>,
) -> Result<Option<IdpName>, Stop> {
    let Some(email) = email.filter(|_| gateway.known_links) else { return Ok(None) };
    let site = &request.visit.site.settings.name;
    let linked = gateway.people.linked(site, email, request.visit.context.now).await;
    let linked = linked.map_err(|error| store_refusal(&error))?;
    Ok(linked.filter(|idp| gateway.admits(site, idp)))
}

/// Our own link must name an identity provider that is in use (capabilities S05); what the page that
/// was asked for has in its query may mean something else to the upstream.
fn hint(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    named: Option<&str>,
) -> Result<Option<IdpName>, Stop> {
    let Some(named) = named else {
        let site = &request.visit.site.settings.name;
        return Ok(attempt.hint().filter(|idp| gateway.admits(site, idp)));
    };
    let unknown = |_| {
        let explanation = "the link names no identity provider";
        let remedy = "check the link; nothing to mend if it came from a stranger";
        Refusal::new("idp-unknown", Blame::Customer, Notice::NotFound, explanation, remedy)
    };
    let idp: IdpName = named.parse().map_err(unknown)?;
    dispatch::usable(gateway, request, &idp)?;
    Ok(Some(idp))
}

fn too_many() -> Refusal {
    Refusal::new(
        "routing-too-often",
        Blame::Customer,
        Notice::TooManyTries,
        "many addresses were typed from one network in a short time",
        "nothing to mend if somebody was guessing; where the rules name no single people, nothing is learnt and nothing is limited",
    )
}
