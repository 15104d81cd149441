//! Does the IO that a step asks for and feeds the next event.

use ::saml::Outgoing;
use domain::{
    AuditEvent, Blame, EmailAddress, FactorKind, FactorUse, Identity, IdpName, JsmAccount, Notice,
    Refusal,
};
use http::{HeaderValue, Response, header};
use login::{Attempt, Event, FactorPassed, Step, Weighing};
use policy::Place;
use provisioning::JsmSite;
use session::{BrowserBinding, Customer, LastChoice, Secrets, Who};

use super::chooser::{self, Ways};
use super::opening::{Opening, open, refuse_revoked};
use super::page::choosing;
use super::{Stop, carry, oidc, saml, second_factor, setting_up, unasked};
use crate::body::Body;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::gateway::{Gateway, Protocol, Provider};
use crate::own::OwnRequest;
use crate::pages::{Errand, Fallback};
use crate::refuse::{Concern, refuse};
use crate::request::{keep, no_randomness, store_refusal};
use crate::switched_off::refuse_switched_off;
use crate::{connection_test, dormancy, events, factor_rules, random};

/// Runs an attempt until the browser must do something.
pub(super) async fn run(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: Attempt,
    event: Event<'_>,
    typed: Option<&EmailAddress>,
) -> Result<Response<Body>, Stop> {
    go_on(gateway, request, attempt, event, Brought { typed, secrets: Secrets::default() }).await
}

/// The same from an identity provider's answer on, of which the session keeps `secrets`.
pub(super) async fn run_answered(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: Attempt,
    event: Event<'_>,
    secrets: Secrets,
) -> Result<Response<Body>, Stop> {
    go_on(gateway, request, attempt, event, Brought { typed: None, secrets }).await
}

/// What comes along with the first event.
struct Brought<'a> {
    typed: Option<&'a EmailAddress>,
    secrets: Secrets,
}

async fn go_on(
    gateway: &Gateway,
    request: &OwnRequest,
    mut attempt: Attempt,
    mut event: Event<'_>,
    Brought { typed, secrets }: Brought<'_>,
) -> Result<Response<Body>, Stop> {
    let now = request.visit.context.now;
    // Of an attempt that stops, no more is needed.
    let kept = attempt.afresh(now);
    loop {
        let (next, step) = attempt.on(event, now).map_err(|error| Stop::from(error).of(&kept))?;
        attempt = next;
        event = match step {
            Step::SendTo(idp) => return send_to(gateway, request, attempt, &idp, typed).await,
            Step::Offer { idp, guest } => {
                let ways = Ways { idp, guest, typed };
                return chooser::offer(gateway, request, &attempt, ways).await;
            }
            Step::AdmitGuest { instead_of } => {
                return admit_guest(gateway, request, &attempt, instead_of).await;
            }
            Step::Confirm { identity } => {
                return unasked::ask(gateway, request, &attempt, &identity).await;
            }
            Step::Weigh { identity } => {
                report_route(gateway, request, &attempt, &identity).await?;
                report_factor(gateway, request, &attempt, &identity).await?;
                Event::Weighed(weighing(gateway, request, &identity).map_err(|s| s.of(&kept))?)
            }
            Step::AskFactor { .. } => {
                let asked = second_factor::ask(gateway, request, attempt, &secrets).await;
                return asked.map_err(|stop| stop.of(&kept));
            }
            Step::StepUp { person, factor } => {
                let stepped = second_factor::step_up(gateway, request, &attempt, (person, factor));
                return stepped.await.map_err(|stop| stop.of(&kept));
            }
            Step::Provision { identity, proof } => {
                let (visit, began) = (&request.visit, attempt.began());
                let idp = &identity.person.idp;
                let (revoked, switched) = tokio::join!(
                    refuse_revoked(gateway, visit, &identity, began),
                    refuse_switched_off(gateway, idp, now),
                );
                revoked.and(switched).map_err(|refusal| Stop::from(refusal).at(idp).of(&kept))?;
                match provision(gateway, request, &identity, &proof).await {
                    Ok(account) => Event::Provisioned(account),
                    Err(Unprovisioned::Refused(stop)) => return Err(stop.of(&kept)),
                    Err(Unprovisioned::Waits(wait)) => {
                        let shown = setting_up::wait(gateway, request, attempt, &secrets, wait);
                        return shown.await.map_err(|stop| stop.of(&kept));
                    }
                }
            }
            Step::Establish { identity, account, factor } => {
                setting_up::take_turn(gateway, request).await?;
                let customer = Customer { identity: *identity, account };
                let entered = Entered { customer, factor, secrets };
                let session = establish(gateway, request, &attempt, entered).await;
                return session.map_err(|stop| stop.of(&kept));
            }
        };
    }
}

/// Begins with an attempt that no page made.
pub(crate) async fn start(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: Attempt,
    event: Event<'_>,
) -> Response<Body> {
    let outcome = run(gateway, request, attempt, event, None).await;
    finish(gateway, request, outcome).await
}

/// Sends the browser to the identity provider, with the attempt under a handle that only this
/// round trip knows.
async fn send_to(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: Attempt,
    idp: &IdpName,
    typed: Option<&EmailAddress>,
) -> Result<Response<Body>, Stop> {
    let binding = BrowserBinding::from_headers(&request.headers);
    let browser = match &binding {
        Some(binding) => binding.clone(),
        None => {
            BrowserBinding::from_random(random::bytes().map_err(|error| no_randomness(&error))?)
        }
    };
    let provider =
        usable(gateway, request, idp).map_err(|refusal| Stop::from(refusal).of(&attempt))?;
    let visit = &request.visit;
    // Asked first: whoever is switched off is not even called.
    let switched = refuse_switched_off(gateway, idp, visit.context.now).await;
    switched.map_err(|refusal| Stop::from(refusal).at(idp).of(&attempt))?;
    let sent = outgoing(gateway, visit, &attempt, (idp, provider), (typed, browser.hash())).await;
    let outgoing = sent.map_err(|stop| stop.at(idp).of(&attempt))?;
    let event =
        AuditEvent::SignInStarted { site: visit.site.settings.name.clone(), idp: idp.clone() };
    events::record(gateway, &visit.context, event).await?;
    let mut response = carry(gateway, request, idp, Errand::SignIn, outgoing);
    let choice = LastChoice::new(idp.clone());
    response.headers_mut().append(header::SET_COOKIE, choice.set_cookie());
    if binding.is_none() {
        response.headers_mut().append(header::SET_COOKIE, browser.set_cookie());
    }
    Ok(response)
}

/// The authentication request, with what the attempt waits for in the store.
async fn outgoing(
    gateway: &Gateway,
    visit: &Visit,
    attempt: &Attempt,
    (idp, provider): (&IdpName, &Provider),
    (typed, browser): (Option<&EmailAddress>, [u8; 32]),
) -> Result<Outgoing, Stop> {
    // Whoever is sent to an identity provider that does not answer sees no page of anybody's.
    let reachable = gateway.federation.reachable(idp, visit.context.now).await;
    reachable.map_err(|error| error.refusal())?;
    match provider.protocol {
        Protocol::Saml => saml::send(gateway, visit, attempt, idp, typed, browser).await,
        Protocol::Oidc => {
            let url = oidc::send(gateway, visit, attempt, idp, typed, browser).await;
            url.map(Outgoing::Redirect)
        }
    }
}

/// The provider of a name, if it may sign in people here and now (attacks.md B15).
pub(crate) fn usable<'a>(
    gateway: &'a Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Result<&'a Provider, Refusal> {
    let (cause, notice, what, remedy) = match gateway.provider(idp) {
        None => (
            "idp-unknown",
            Notice::NotFound,
            "is not in the file",
            "nothing to mend if it came from a stranger; else check the link for its name",
        ),
        Some(provider) if !provider.enabled => (
            "idp-disabled",
            Notice::ProviderNotInUse,
            "is disabled",
            "set `enabled: true` when it may sign in people again",
        ),
        Some(provider) if !provider.is_at(&request.visit.site.settings.name) => (
            "idp-not-at-site",
            Notice::ProviderNotInUse,
            "signs nobody in at this site",
            "add the site to its `sites` if it should; else check the link, or the rule that names it",
        ),
        Some(provider) => return Ok(provider),
    };
    let explanation = format!("identity provider `{idp}` {what}");
    Err(Refusal::new(cause, Blame::Operator, notice, explanation, remedy))
}

async fn admit_guest(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    instead_of: Option<IdpName>,
) -> Result<Response<Body>, Stop> {
    let site = request.visit.site.settings.name.clone();
    let event = AuditEvent::GuestAdmitted { site, instead_of };
    events::record(gateway, &request.visit.context, event).await?;
    let opening = Opening {
        who: Who::Guest,
        factor: None,
        began: attempt.began(),
        deadline: None,
        destination: &attempt.destination(),
        secrets: Secrets::default(),
    };
    Ok(open(gateway, request, opening).await?)
}

/// Says whom the rules of `sign_in` that only report would have sent where, or kept out: once, and of
/// everybody whose address is proved, whichever way they came.
async fn report_route(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    identity: &Identity,
) -> Result<(), Stop> {
    let context = &request.visit.context;
    let judgement = attempt.judge(identity, &gateway.sign_in, &request.visit.host, context.now);
    let Some(would) = judgement.route.would else { return Ok(()) };
    let event = AuditEvent::SignInReported {
        site: request.visit.site.settings.name.clone(),
        person: identity.person.clone(),
        line: would.line,
        present: judgement.route.outcome.to_string(),
        would: would.outcome.to_string(),
    };
    Ok(events::record(gateway, context, event).await?)
}

/// Says what the rules that only report would have demanded on the way to this page.
async fn report_factor(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    identity: &Identity,
) -> Result<(), Stop> {
    let visit = &request.visit;
    let standing = factor_rules::standing_of(gateway, &visit.site, identity);
    let reported = standing.reported(&Place::of(attempt.path()), Some(visit.context.client));
    if !reported.required {
        return Ok(());
    }
    let (site, person) = (visit.site.settings.name.clone(), identity.person.clone());
    let event = AuditEvent::FactorReported { site, person, lines: reported.lines };
    Ok(events::record(gateway, &visit.context, event).await?)
}

/// What the rules of `second_factor` look at, beside the identity.
fn weighing<'a>(
    gateway: &'a Gateway,
    request: &'a OwnRequest,
    identity: &Identity,
) -> Result<Weighing<'a>, Stop> {
    let site = &request.visit.site;
    Ok(Weighing {
        rules: &site.second_factor,
        trusted: &usable(gateway, request, &identity.person.idp)?.trusted_factors,
        organizations: factor_rules::organizations(gateway, site, identity),
        client: request.visit.context.client,
    })
}

/// Why a customer cannot go on yet, or at all.
enum Unprovisioned {
    Refused(Stop),
    /// The outbox goes on; the browser asks again.
    Waits(setting_up::Wait),
}

impl From<Refusal> for Unprovisioned {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

/// Makes sure that the customer exists in JSM; nothing is called when nothing has changed.
async fn provision(
    gateway: &Gateway,
    request: &OwnRequest,
    identity: &Identity,
    proof: &FactorPassed,
) -> Result<Option<JsmAccount>, Unprovisioned> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let provisioner =
        visit.site.settings.jsm.as_ref().and_then(|jsm| gateway.provisioners.get(jsm));
    let Some(provisioner) = provisioner else { return Ok(None) };
    // What was done stays done, also when the rest failed.
    let (events, error) = match provisioner.provision(proof, identity, now).await {
        Ok(provisioned) => {
            for event in provisioned.events {
                events::record(gateway, &visit.context, event).await?;
            }
            return Ok(Some(provisioned.account));
        }
        Err(error) => (error.events().to_vec(), error),
    };
    for event in events {
        events::record(gateway, &visit.context, event).await?;
    }
    let refusal = Box::new(error.refusal());
    if !error.waits() {
        let (idp, person) = (Some(identity.person.idp.clone()), Some(identity.person.clone()));
        let stop = Stop { refusal, idp, person, attempt: None, fallback: None };
        return Err(Unprovisioned::Refused(stop));
    }
    let done = provisioner.progress(&identity.person, now).await;
    let done = done.map_err(|error| Unprovisioned::from(error.refusal()))?;
    let person = identity.person.clone();
    Err(Unprovisioned::Waits(setting_up::Wait { person, refusal, done }))
}

/// Who gets in, and what goes into the session.
struct Entered {
    customer: Customer,
    factor: Option<FactorUse>,
    secrets: Secrets,
}

async fn establish(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    Entered { customer, factor, secrets }: Entered,
) -> Result<Response<Body>, Stop> {
    let Customer { identity, account } = &customer;
    // Ours was recorded when it was passed.
    if let Some(theirs) = factor.filter(|factor| factor.kind == FactorKind::IdentityProvider) {
        let event = AuditEvent::FactorPassed {
            site: request.visit.site.settings.name.clone(),
            person: identity.person.clone(),
            factor: theirs.kind,
            stepped_up: false,
        };
        events::record(gateway, &request.visit.context, event).await?;
    }
    let event = AuditEvent::SignInSucceeded {
        site: request.visit.site.settings.name.clone(),
        person: identity.person.clone(),
        account: account.clone(),
    };
    let (site, now) = (&request.visit.site.settings.name, request.visit.context.now);
    let noted = gateway.people.note(site, identity, account.as_ref(), now);
    let remembered = dormancy::remember(gateway, &request.visit, identity, account.as_ref());
    // Recorded first: a session that the audit log does not know must not exist.
    let recorded = events::record(gateway, &request.visit.context, event);
    let (recorded, noted, ()) = tokio::join!(recorded, noted, remembered);
    recorded?;
    noted.map_err(|error| store_refusal(&error))?;
    let opening = Opening {
        deadline: identity.session_deadline,
        who: Who::Person(customer),
        factor,
        began: attempt.began(),
        destination: &attempt.destination(),
        secrets,
    };
    Ok(open(gateway, request, opening).await?)
}

/// Sets the cookie that binds what follows to this browser, unless it has one.
pub(super) fn bind_browser(request: &OwnRequest, mut response: Response<Body>) -> Response<Body> {
    if BrowserBinding::from_headers(&request.headers).is_none() {
        // Without randomness the next step refuses; a page can be shown all the same.
        let binding = random::bytes().ok().map(BrowserBinding::from_random);
        let cookie: Option<HeaderValue> = binding.map(|binding| binding.set_cookie());
        response.headers_mut().extend(cookie.map(|value| (header::SET_COOKIE, value)));
    }
    response
}

/// Where to try again: at an identity provider that did not answer; from the start, where that ends
/// otherwise than before; else where the customer chooses.
fn way_back(refusal: &Refusal, idp: Option<&IdpName>, handle: &str) -> String {
    use Notice::{
        AnswerUsed, CookiesNeeded, OtherBrowser, ProviderUnreachable, StartAgain,
        SupportUnavailable, TookTooLong, TryAgainLater,
    };
    let with = |way: Endpoint| format!("{}?attempt={handle}", way.path());
    match (refusal.notice, idp) {
        (ProviderUnreachable, Some(idp)) => with(Endpoint::SignInAt(idp.clone())),
        (
            StartAgain | AnswerUsed | TookTooLong | OtherBrowser | CookiesNeeded
            | SupportUnavailable | TryAgainLater,
            _,
        ) => with(Endpoint::SignIn),
        _ => choosing(handle),
    }
}

/// Where somebody with an Atlassian account signs in: at the help center's own site.
fn elsewhere(gateway: &Gateway, request: &OwnRequest, refusal: &Refusal) -> Option<String> {
    if refusal.notice != Notice::AtlassianAccount {
        return None;
    }
    let jsm = request.visit.site.settings.jsm.as_ref()?;
    match &gateway.provisioners.get(jsm)?.settings().site {
        JsmSite::Cloud(cloud) => Some(format!("{}servicedesk/customer/user/login", cloud.site)),
        JsmSite::DataCenter(_) => None,
    }
}

/// The response, or the refusal with a fresh start that keeps the target.
pub(super) async fn finish(
    gateway: &Gateway,
    request: &OwnRequest,
    outcome: Result<Response<Body>, Stop>,
) -> Response<Body> {
    let stop = match outcome {
        Ok(response) => return response,
        Err(stop) => stop,
    };
    let tested = stop.attempt.as_deref().filter(|attempt| attempt.is_test());
    if let Some(attempt) = tested {
        let idp = stop.idp.as_ref();
        return connection_test::stopped(gateway, request, attempt, idp, *stop.refusal).await;
    }
    // A fresh start keeps the target; when even that cannot be kept, the front page is left.
    let fresh = match &stop.attempt {
        Some(attempt) => {
            let fresh = attempt.afresh(request.visit.context.now);
            keep(gateway, &fresh, &request.visit).await.ok()
        }
        None => None,
    };
    let fresh = fresh.as_deref();
    let again = elsewhere(gateway, request, &stop.refusal);
    let again = again.or_else(|| Some(way_back(&stop.refusal, stop.idp.as_ref(), fresh?)));
    // Whoever waits in vain, or has another address too, is not kept with this one.
    let silent = stop.refusal.notice == Notice::ProviderUnreachable;
    let other_way = fresh.filter(|_| silent).map(choosing);
    let with_handle = |mut fallback: Box<Fallback>| {
        fallback.fields.extend(fresh.map(|handle| ("attempt", handle.to_owned())));
        *fallback
    };
    let fallback = stop.fallback.map(with_handle);
    let concern = Concern { idp: stop.idp, person: stop.person, again, fallback, other_way };
    refuse(gateway, &request.visit.context, *stop.refusal, concern).await
}
