//! The order in which a customer comes about.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditEvent, Clock, Identity, JsmAccount, Timestamp};
use login::FactorPassed;
use outbound::Outbound;
use store::Store;

use crate::cloud::Client;
use crate::flight::Flights;
use crate::ledger::Records;
use crate::links::Standing;
use crate::organizations::Organizations;
use crate::plan::{plan, wanted};
use crate::{JsmSettings, ProvisioningError};

/// How long somebody waits for an account of their own.
const PATIENCE_NEW: Duration = Duration::from_secs(10);
/// How long somebody waits who could go on without.
const PATIENCE_KNOWN: Duration = Duration::from_secs(3);

/// Provisions the customers of one JSM. Clones share everything.
#[derive(Clone)]
pub struct Provisioner(Arc<Inner>);

/// The customer exists as the rules say.
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
    pub(crate) clock: Arc<dyn Clock>,
    flights: Flights,
}

impl Provisioner {
    /// For the JSM of `settings`.
    pub fn new(
        settings: JsmSettings,
        outbound: Outbound,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let name = settings.name.clone();
        Self(Arc::new(Inner {
            client: Client::new(&settings.site, outbound, Arc::clone(&clock)),
            records: Records::new(Arc::clone(&store), name.clone()),
            flights: Flights::new(store, Arc::clone(&clock), name),
            organizations: Organizations::default(),
            clock,
            settings,
        }))
    }

    /// The organizations that the rules give somebody, by name; nothing is called.
    pub fn organizations(&self, identity: &Identity) -> Vec<String> {
        let wanted = wanted(&self.0.settings, identity).organizations;
        wanted.into_iter().map(|organization| organization.name).collect()
    }

    /// Makes sure that `identity` exists in JSM as the rules say; calls nothing when it does.
    ///
    /// Somebody who has been provisioned before gets in even when JSM fails; what failed is among
    /// the events and tried again at the next sign-in. Once begun, the work goes on to its end even
    /// if this future is dropped, so that a closed tab leaves nothing half done.
    ///
    /// # Errors
    /// When a new customer cannot be provisioned, or the account is another person's. Audit
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
        if let Some(account) = self.0.nothing_to_do(identity, now).await? {
            return Ok(Provisioned { account, events: vec![] });
        }
        let (inner, identity) = (Arc::clone(&self.0), identity.clone());
        let work = tokio::spawn(async move { inner.alone(&identity).await });
        work.await.unwrap_or(Err(ProvisioningError::Interrupted))
    }
}

impl Inner {
    async fn nothing_to_do(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Option<JsmAccount>, ProvisioningError> {
        let standing = self.standing(&identity.person, now).await?;
        let Some(Standing { account, ledger }) = standing.filter(|s| s.ledger.complete) else {
            return Ok(None);
        };
        let missing = plan(&wanted(&self.settings, identity), &ledger.known(now));
        Ok(missing.is_empty().then_some(account))
    }

    async fn alone(&self, identity: &Identity) -> Result<Provisioned, ProvisioningError> {
        let flight = self.flights.enter(self.flight_keys(identity)).await?;
        let mut events = Vec::new();
        let outcome = self.link_and_grant(identity, &mut events).await;
        self.flights.leave(flight).await;
        match outcome {
            Ok(account) => Ok(Provisioned { account, events }),
            Err(error) => Err(error.after(events)),
        }
    }

    async fn link_and_grant(
        &self,
        identity: &Identity,
        events: &mut Vec<AuditEvent>,
    ) -> Result<JsmAccount, ProvisioningError> {
        let now = self.clock.now();
        let standing = match self.standing(&identity.person, now).await? {
            Some(standing) => standing,
            None => self.link(identity, now, now.plus(PATIENCE_NEW), events).await?,
        };
        self.grant(identity, &standing, events).await?;
        Ok(standing.account)
    }

    /// Makes the writes that are missing. Who is new needs them all; who was complete before goes on
    /// without, and the next sign-in tries again.
    async fn grant(
        &self,
        identity: &Identity,
        standing: &Standing,
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        let (complete, now) = (standing.ledger.complete, self.clock.now());
        let until = now.plus(if complete { PATIENCE_KNOWN } else { PATIENCE_NEW });
        for operation in plan(&wanted(&self.settings, identity), &standing.ledger.known(now)) {
            match self.apply(&operation, standing, until, events).await {
                Ok(()) => {}
                Err(error) if complete => {
                    events.push(noted(identity, &error));
                    if error.is_outage() {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if complete {
            return Ok(());
        }
        self.records.change(&standing.account, now, |ledger| ledger.complete = true).await
    }
}

/// JSM refused, and the customer goes on all the same.
fn noted(identity: &Identity, error: &ProvisioningError) -> AuditEvent {
    AuditEvent::Refused {
        site: None,
        idp: Some(identity.person.idp.clone()),
        person: Some(identity.person.clone()),
        refusal: error.refusal(),
    }
}
