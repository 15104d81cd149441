//! Opening a session, at the end of every way in.

use domain::{Blame, FactorUse, Identity, Notice, PersonKey, Refusal, Timestamp};
use http::{Response, StatusCode, header};
use session::{Concerned, CreateError, Facts, Secrets, SessionCookie, Who};

use crate::body::Body;
use crate::context::Visit;
use crate::gateway::Gateway;
use crate::history::SignIn;
use crate::own::OwnRequest;
use crate::request::{redirect, store_refusal};

/// What a new session is about.
pub(crate) struct Opening<'a> {
    /// Whose.
    pub(crate) who: Who,
    /// When the way in began: what was revoked since then does not open any more.
    pub(crate) began: Timestamp,
    /// When it ends, if that is sooner than the site's own limit.
    pub(crate) deadline: Option<Timestamp>,
    /// What stood for the second factor.
    pub(crate) factor: Option<FactorUse>,
    /// `Location` of the page to go to.
    pub(crate) destination: &'a str,
    /// What only the browser's cookie opens.
    pub(crate) secrets: Secrets,
}

/// Opens a session under a new id (attacks.md D1) and goes to the page that was asked for.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn open(
    gateway: &Gateway,
    request: &OwnRequest,
    opening: Opening<'_>,
) -> Result<Response<Body>, Refusal> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    if opening.deadline.is_some_and(|deadline| deadline <= now) {
        return Err(over());
    }
    let groups = match &opening.who {
        Who::Person(customer) => customer.identity.groups.as_deref(),
        // Nobody's groups are none, and a guest is nobody.
        Who::Guest => Some(&[][..]),
    };
    let lifetime = visit.site.settings.session.of(groups);
    let absolute = now.plus(lifetime.absolute);
    let agent = request.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let facts = Facts {
        organizations: organizations(gateway, visit, &opening.who),
        who: opening.who,
        site: visit.site.settings.name.clone(),
        began: opening.began,
        created: now,
        deadline: opening.deadline.map_or(absolute, |deadline| deadline.min(absolute)),
        idle: lifetime.idle,
        shortest_idle: (lifetime.shortest_idle < lifetime.idle).then_some(lifetime.shortest_idle),
        client: visit.context.client,
        factor: opening.factor,
        device: agent.unwrap_or_default().chars().take(200).collect(),
    };
    let signed_in = person(&facts).map(|person| (person, sign_in(&facts)));
    let created = gateway.sessions.create(facts, opening.secrets, now).await;
    let (cookie, _) = created.map_err(|error| not_created(&error))?;
    if let Some(old) = SessionCookie::from_headers(&request.headers) {
        // The browser had a session: it ends with the new one.
        if let Ok(Some(old)) = gateway.sessions.open(&old, &visit.site.settings.name, now).await {
            let _ = gateway.sessions.end(&old, now).await;
        }
    }
    if let Some((person, sign_in)) = signed_in {
        gateway.history.note(person, sign_in);
    }
    let mut response = redirect(StatusCode::SEE_OTHER, opening.destination);
    response.headers_mut().append(header::SET_COOKIE, cookie.set_cookie());
    Ok(response)
}

fn person(facts: &Facts) -> Option<PersonKey> {
    match &facts.who {
        Who::Person(customer) => Some(customer.identity.person.clone()),
        Who::Guest => None,
    }
}

fn sign_in(facts: &Facts) -> SignIn {
    SignIn { at: facts.created, client: facts.client, device: facts.device.clone() }
}

/// The organizations that the rules give, by name: a revocation may name one.
fn organizations(gateway: &Gateway, visit: &Visit, who: &Who) -> Vec<String> {
    match who {
        Who::Person(customer) => organizations_of(gateway, visit, &customer.identity),
        Who::Guest => Vec::new(),
    }
}

fn organizations_of(gateway: &Gateway, visit: &Visit, identity: &Identity) -> Vec<String> {
    let jsm = visit.site.settings.jsm.as_ref();
    let provisioner = jsm.and_then(|jsm| gateway.provisioners.get(jsm));
    provisioner.map(|provisioner| provisioner.organizations(identity)).unwrap_or_default()
}

/// Refuses a sign-in that a revocation has overtaken, before anything is written for it.
///
/// # Errors
/// When it has, or the store does not answer.
pub(super) async fn refuse_revoked(
    gateway: &Gateway,
    visit: &Visit,
    identity: &Identity,
    began: Timestamp,
) -> Result<(), Refusal> {
    let organizations = organizations_of(gateway, visit, identity);
    let about = Concerned {
        person: Some(&identity.person),
        site: &visit.site.settings.name,
        client: visit.context.client,
        organizations: &organizations,
        began,
        idp_session: identity.idp_session.as_deref(),
    };
    let barred = gateway.sessions.bars(&about, visit.context.now).await;
    if barred.map_err(|error| store_refusal(&error))? { Err(revoked()) } else { Ok(()) }
}

pub(super) fn not_created(error: &CreateError) -> Refusal {
    match error {
        CreateError::Store(error) => store_refusal(error),
        CreateError::Revoked => revoked(),
    }
}

/// The identity provider's session ended while the customer was on the way (attacks.md B23): ours
/// would be dead at once, and the next page would begin again without a word.
fn over() -> Refusal {
    Refusal::new(
        "sign-in-outlived",
        Blame::Customer,
        Notice::StartAgain,
        "the identity provider's session ended before the sign-in was done",
        "nothing, if rare; if often, let the identity provider give sessions that last longer than a sign-in",
    )
}

/// A sign-in that was under way when its person, identity provider or network was revoked, or when
/// the identity provider signed the person out.
fn revoked() -> Refusal {
    Refusal::new(
        "sign-in-revoked",
        Blame::Customer,
        Notice::StartAgain,
        "a revocation or a sign-out came after this sign-in had begun",
        "nothing to mend: a sign-in that begins now is not concerned; the audit log names the revocation",
    )
}
