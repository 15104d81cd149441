//! The order in which a customer comes about.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{AuditEvent, Clock, Identity, JsmAccount, Organization, PersonKey, Timestamp};
use login::FactorPassed;
use outbound::Outbound;
use session::Sealer;
use store::Store;

use crate::client::{Client, Flavour, User};
use crate::error::Revoked;
use crate::flight::Flights;
use crate::grants::{Applied, Errand};
use crate::ledger::Ledger;
use crate::links::Standing;
use crate::organizations::Organizations;
use crate::outbox::{Outbox, Taken};
use crate::plan::{Grant, Place, Plan, plan};
use crate::records::Records;
use crate::rules::{Wanted, wanted};
use crate::{JsmSettings, ProvisioningError, Reactivation};

/// How long somebody waits who has no account yet, before a page says that it is being made.
const PATIENCE_NEW: Duration = Duration::from_millis(1500);
/// How long somebody waits who could go on without.
const PATIENCE_KNOWN: Duration = Duration::from_secs(1);
/// How long the work itself goes on, whoever waits for it.
const WORK: Duration = Duration::from_secs(20);
/// After a failure of JSM, known customers do not wait for it at all for so long.
const TROUBLE: Duration = Duration::from_secs(15);
/// Whoever was away for so long may have been ended meanwhile, where that can be seen and mended.
const AWAY: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Whoever is told so late why they cannot go on has closed the page.
const VERDICT: Duration = Duration::from_secs(60);
/// An alarm about a missing claim is not repeated for so long.
const ALARM: Duration = Duration::from_secs(24 * 60 * 60);

/// Provisions the customers of one JSM. Clones share everything.
#[derive(Clone)]
pub struct Provisioner(pub(crate) Arc<Inner>);

/// The customer exists as the rules say, or goes on without what the outbox will bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// The account.
    pub account: JsmAccount,
    /// What was done, and what JSM refused although the customer may go on; to be audited.
    pub events: Vec<AuditEvent>,
}

pub(crate) struct Inner {
    pub(crate) settings: JsmSettings,
    pub(crate) client: Client,
    pub(crate) records: Records,
    pub(crate) organizations: Organizations,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) flights: Flights,
    /// Events of work that nobody waits for any more.
    unheard: Mutex<Vec<AuditEvent>>,
    /// Why somebody cannot go on at all, found out when nobody waited any more.
    verdicts: Mutex<HashMap<PersonKey, (Timestamp, ProvisioningError)>>,
    /// When JSM last failed, in milliseconds.
    trouble: AtomicI64,
}

impl Provisioner {
    /// For the JSM of `settings`.
    pub fn new(
        settings: JsmSettings,
        outbound: Outbound,
        store: Arc<dyn Store>,
        sealer: Arc<Sealer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let name = settings.name.clone();
        let records = Records::new(Arc::clone(&store), Arc::clone(&sealer), name.clone());
        Self(Arc::new(Inner {
            client: Client::new(&settings.site, outbound, Arc::clone(&clock)),
            outbox: Outbox::new(Arc::clone(&store), sealer, records.clone()),
            records,
            flights: Flights::new(store, Arc::clone(&clock), name),
            organizations: Organizations::default(),
            clock,
            settings,
            unheard: Mutex::default(),
            verdicts: Mutex::default(),
            trouble: AtomicI64::new(i64::MIN),
        }))
    }

    /// The organizations that the rules give somebody, by name; nothing is called.
    pub fn organizations(&self, identity: &Identity) -> Vec<String> {
        let wanted = wanted(&self.0.settings, identity).organizations;
        wanted.into_iter().map(|organization| organization.key.to_string()).collect()
    }

    /// The same; `None`: a rule reads something that is not known of them.
    pub fn organizations_if_known(&self, identity: &Identity) -> Option<Vec<String>> {
        wanted(&self.0.settings, identity).organization_names()
    }

    /// Makes sure that `identity` exists in JSM as the rules say; calls nothing when it does.
    ///
    /// What is to be done is put into the outbox first, so that it is done whatever happens to this
    /// process. Somebody who has been provisioned before gets in even when JSM fails or is slow.
    ///
    /// # Errors
    /// When a new customer cannot be provisioned yet ([`ProvisioningError::waits`]: the outbox goes
    /// on, ask again) or at all, or the account is another person's. Audit
    /// [`ProvisioningError::events`] too: what was done before stays done.
    pub async fn provision(
        &self,
        proof: &FactorPassed,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Provisioned, ProvisioningError> {
        if !proof.is_of(&identity.person) {
            return Err(ProvisioningError::ProofOfAnother);
        }
        if self.0.settings.blocks(&identity.email) {
            return Err(ProvisioningError::Blocked);
        }
        let standing = self.0.standing(&identity.person, now).await?;
        // Whose access was ended for staying away is looked at first.
        let known = standing
            .filter(|standing| standing.ledger.complete && standing.ledger.course.end.is_none());
        if let Some(standing) = &known
            && let Some(events) = self.0.nothing_to_do(identity, standing, now).await?
        {
            return Ok(Provisioned { account: standing.account.clone(), events });
        }
        self.0.outbox.put(identity, now).await?;
        match known {
            Some(standing) if self.0.is_in_trouble(now) => {
                Ok(Provisioned { account: standing.account, events: vec![] })
            }
            Some(standing) => match self.0.work(identity, PATIENCE_KNOWN).await {
                Err(ProvisioningError::UnderWay) => {
                    Ok(Provisioned { account: standing.account, events: vec![] })
                }
                done => done,
            },
            None => match self.0.take_verdict(&identity.person, now) {
                Some(error) => Err(error),
                None => self.0.work(identity, PATIENCE_NEW).await,
            },
        }
    }

    /// The organization that the gateway gave somebody, where it is just one: with several, none is
    /// guessed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn only_organization(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Option<Organization>, ProvisioningError> {
        let Some(standing) = self.0.standing(person, now).await? else { return Ok(None) };
        let theirs = |grant: &&Grant| !grant.pending && grant.persons.contains(person);
        let mut organizations =
            standing.ledger.grants.iter().filter(theirs).filter_map(|grant| match &grant.place {
                Place::Organization(organization) => Some(organization),
                _ => None,
            });
        let only = organizations.next().filter(|_| organizations.next().is_none());
        Ok(only.cloned())
    }

    /// How many calls of JSM were made.
    pub fn calls(&self) -> u64 {
        self.0.client.calls()
    }

    /// The settings it works by.
    pub fn settings(&self) -> &JsmSettings {
        &self.0.settings
    }
}

impl Inner {
    /// `None`: something is to be done. Else what the audit log should know all the same.
    async fn nothing_to_do(
        &self,
        identity: &Identity,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Option<Vec<AuditEvent>>, ProvisioningError> {
        let wanted = wanted(&self.settings, identity);
        let plan = self.plan(identity, &wanted, &standing.ledger, now);
        let outdated = self.is_outdated(&standing.ledger, identity);
        if !plan.operations.is_empty() || outdated || self.was_away(identity, &standing.ledger, now)
        {
            return Ok(None);
        }
        if standing.ledger.is_stale(now) {
            let note = |ledger: &mut Ledger| ledger.note_sign_in(None, now);
            let noted = self.records.changed_ledger(&standing.account, now, note).await?;
            if noted.course.end.is_some() {
                return Ok(None);
            }
        }
        self.alarm(identity, &wanted, &plan, now).await.map(Some)
    }

    pub(crate) fn plan(
        &self,
        identity: &Identity,
        wanted: &Wanted,
        ledger: &Ledger,
        now: Timestamp,
    ) -> Plan {
        let left_alone = ledger.left_alone(now);
        let sync = self.settings.conduct_of(&identity.person.idp).sync;
        plan(wanted, &ledger.known(&identity.person, &left_alone), sync)
    }

    /// Whether the account must be looked at: it may have been ended while its owner was away.
    pub(crate) fn was_away(&self, identity: &Identity, ledger: &Ledger, now: Timestamp) -> bool {
        let conduct = self.settings.conduct_of(&identity.person.idp);
        let mendable = self.client.flavour() == Flavour::DataCenter;
        let long = ledger.last_sign_in.is_some_and(|last| now.since(last) >= AWAY);
        mendable && long && conduct.reactivation != Reactivation::Never
    }

    /// One alarm a day for each claim that stopped coming and holds removals back.
    async fn alarm(
        &self,
        identity: &Identity,
        wanted: &Wanted,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Vec<AuditEvent>, ProvisioningError> {
        let mut events = Vec::new();
        if plan.held_back.is_empty() {
            return Ok(events);
        }
        let idp = &identity.person.idp;
        for (rule, claim) in wanted.unjudged() {
            let name = format!("{idp}/{}", crate::hash::name(claim));
            if self.records.mark("missing-claim", &name, now.plus(ALARM), now).await? {
                let (jsm, idp) = (self.settings.name.clone(), idp.clone());
                let (rule, claim) = (rule.to_string(), claim.to_owned());
                events.push(AuditEvent::ClaimMissing { jsm, idp, claim, rule });
            }
        }
        Ok(events)
    }

    /// Does what is to be done, and waits `patience` for it. The work goes on to its end even when
    /// nobody waits any more, so that a closed tab leaves nothing half done.
    async fn work(
        self: &Arc<Self>,
        identity: &Identity,
        patience: Duration,
    ) -> Result<Provisioned, ProvisioningError> {
        let (inner, person) = (Arc::clone(self), identity.person.clone());
        let (tell, told) = tokio::sync::oneshot::channel();
        let identity = identity.clone();
        tokio::spawn(async move {
            let done = inner.attempt(&identity, || tell.is_closed()).await;
            if let Err(unheard) = tell.send(done) {
                inner.keep(&person, unheard);
            }
        });
        match tokio::time::timeout(patience, told).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(ProvisioningError::Interrupted),
            Err(_) => Err(ProvisioningError::UnderWay),
        }
    }

    /// Keeps what came out of work that nobody waited for.
    fn keep(&self, person: &PersonKey, done: Result<Provisioned, ProvisioningError>) {
        let events = match &done {
            Ok(done) => done.events.clone(),
            Err(error) if error.waits() => error.events().to_vec(),
            Err(error) => [error.events(), &[noted(person, error)]].concat(),
        };
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
        if let Err(error) = done
            && !error.waits()
        {
            let now = self.clock.now();
            let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            verdicts.retain(|_, (since, _)| now.since(*since) < VERDICT);
            verdicts.insert(person.clone(), (now, error));
        }
    }

    /// Told once to whoever asks again soon; later everything is tried anew.
    fn take_verdict(&self, person: &PersonKey, now: Timestamp) -> Option<ProvisioningError> {
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, error) = verdicts.remove(person)?;
        // Its events were kept with it.
        (now.since(since) < VERDICT).then(|| error.without_events())
    }

    /// Events of work that nobody waited for.
    pub(crate) fn take_unheard(&self) -> Vec<AuditEvent> {
        std::mem::take(&mut *self.unheard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One trial to bring about what the outbox holds of this person.
    ///
    /// `unheard` says whether nobody waits for it any more: what then is no longer in the outbox was
    /// settled by the trial before.
    pub(crate) async fn attempt(
        &self,
        identity: &Identity,
        unheard: impl Fn() -> bool,
    ) -> Result<Provisioned, ProvisioningError> {
        let flight =
            self.flights.enter(self.flight_keys(&identity.person, &identity.email)).await?;
        let settled =
            unheard() && self.outbox.of(&identity.person, self.clock.now()).await?.is_none();
        let outcome = match settled {
            true => Err(ProvisioningError::Interrupted),
            false => self.attempt_alone(identity).await,
        };
        self.flights.leave(flight).await;
        outcome
    }

    async fn attempt_alone(&self, identity: &Identity) -> Result<Provisioned, ProvisioningError> {
        let now = self.clock.now();
        // A newer sign-in of the same person counts, and what somebody else did need not be done.
        let taken = self.outbox.of(&identity.person, now).await?;
        let identity = taken.as_ref().map_or(identity, |taken| &taken.waiting.identity);
        let since = taken.as_ref().map_or(now, |taken| taken.waiting.since);
        let mut events = Vec::new();
        let outcome = self.link_and_grant(identity, since, &mut events).await;
        self.settle(taken.as_ref(), &outcome).await?;
        match outcome {
            Ok((account, _)) => Ok(Provisioned { account, events }),
            Err(error) => Err(error.after(events)),
        }
    }

    /// Notes in the outbox what became of an entry.
    async fn settle(
        &self,
        taken: Option<&Taken>,
        outcome: &Result<(JsmAccount, Left), ProvisioningError>,
    ) -> Result<(), ProvisioningError> {
        let now = self.clock.now();
        let failed = match outcome {
            Ok((_, Left::Failed(cause))) => Some(cause.clone()),
            Err(error) if error.waits() => Some(error.refusal().cause),
            _ => None,
        };
        let moment = if failed.is_some() { now.as_millis() } else { i64::MIN };
        self.trouble.store(moment, Ordering::Relaxed);
        let Some(taken) = taken else { return Ok(()) };
        match (failed, outcome) {
            (Some(cause), _) => self.outbox.later(taken, &cause, now).await,
            (None, Ok((_, Left::Held))) => self.outbox.hold(taken, now).await,
            (None, _) => self.outbox.done(taken, now).await,
        }
    }

    pub(crate) fn is_in_trouble(&self, now: Timestamp) -> bool {
        let failed = self.trouble.load(Ordering::Relaxed);
        failed != i64::MIN && now.since(Timestamp::from_millis(failed)) < TROUBLE
    }

    async fn link_and_grant(
        &self,
        identity: &Identity,
        since: Timestamp,
        events: &mut Vec<AuditEvent>,
    ) -> Result<(JsmAccount, Left), ProvisioningError> {
        let now = self.clock.now();
        let until = now.plus(WORK);
        let standing = match self.standing(&identity.person, now).await? {
            Some(standing) => {
                self.look_after(identity, &standing, (now, until), events).await?;
                standing
            }
            None => self.link(identity, now, until, events).await?,
        };
        let errand = Errand { person: &identity.person, standing: &standing, since, until };
        let left = self.grant(identity, &errand, events).await?;
        Ok((standing.account, left))
    }

    /// What may have changed about a known account since its owner was here.
    async fn look_after(
        &self,
        identity: &Identity,
        standing: &Standing,
        times: (Timestamp, Timestamp),
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        let ended = standing.ledger.course.end.is_some();
        let away = standing.ledger.complete && self.was_away(identity, &standing.ledger, times.0);
        if !ended && !away {
            return Ok(());
        }
        // By its id: the address may be another one by now.
        match self.client.read(&standing.account, times.1).await? {
            Some(User { active: false, .. }) if self.client.flavour() == Flavour::DataCenter => {
                self.reactivate(identity, &standing.account, times, events).await
            }
            Some(User { active: false, .. }) | None if ended => {
                let gone = ProvisioningError::AccountInvisible { revoked: Revoked::Shown };
                self.or_ask(identity, Err(gone), times.0).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Makes the writes that are missing. Who is new needs them all; who was complete before goes on
    /// without, and the outbox tries again.
    async fn grant(
        &self,
        identity: &Identity,
        errand: &Errand<'_>,
        events: &mut Vec<AuditEvent>,
    ) -> Result<Left, ProvisioningError> {
        let (ledger, now) = (&errand.standing.ledger, self.clock.now());
        let complete = ledger.complete;
        let wanted = wanted(&self.settings, identity);
        let plan = self.plan(identity, &wanted, ledger, now);
        events.extend(self.alarm(identity, &wanted, &plan, now).await?);
        let mut left = Left::Nothing;
        for operation in &plan.operations {
            match self.apply(operation, errand, events).await {
                Ok(Applied::Done) => {}
                Ok(Applied::Held) => left = Left::Held,
                Err(error) if error.stops_nobody() => events.push(noted(errand.person, &error)),
                Err(error) if complete => {
                    events.push(noted(errand.person, &error));
                    if error.is_outage() {
                        return Ok(Left::Failed(error.refusal().cause));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if self.is_outdated(ledger, identity) {
            let times = (now, errand.until);
            match self.refresh_profile(identity, errand.standing, times, events).await {
                Err(error) if complete && error.is_outage() => {
                    events.push(noted(errand.person, &error));
                    return Ok(Left::Failed(error.refusal().cause));
                }
                other => other?,
            }
        }
        let seen = ledger.course.end;
        let note = |ledger: &mut Ledger| {
            ledger.complete = true;
            ledger.note_sign_in(seen, now);
        };
        let noted = self.records.changed_ledger(&errand.standing.account, now, note).await?;
        if noted.course.end.is_some() {
            return Err(ProvisioningError::Busy);
        }
        if !complete || seen.is_some() {
            self.forget_task(errand.person).await?;
        }
        Ok(left)
    }
}

/// What is left to do.
enum Left {
    Nothing,
    /// Removals that wait for an operator.
    Held,
    /// JSM failed, by this cause.
    Failed(String),
}

/// JSM refused, and the customer goes on all the same.
pub(crate) fn noted(person: &PersonKey, error: &ProvisioningError) -> AuditEvent {
    AuditEvent::Refused {
        site: None,
        idp: Some(person.idp.clone()),
        person: Some(person.clone()),
        refusal: error.refusal(),
    }
}
