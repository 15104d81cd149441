//! Works off the outbox, and shows it.

use domain::{AuditEvent, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::lease::Lease;
use crate::outbox::Waiting;
use crate::plan::Place;
use crate::provisioner::{Provisioner, noted};
use crate::reactivation::Task;
use crate::{ProvisioningError, brake};

/// What a round brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drained {
    /// To be audited.
    pub events: Vec<AuditEvent>,
    /// How many persons still wait.
    pub left: usize,
}

/// How far the account of somebody has come that is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// It exists.
    pub account: bool,
    /// It is in an organization.
    pub organizations: bool,
    /// It is on a service desk.
    pub desks: bool,
}

/// What waits, for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Persons whose state is still to be brought about.
    pub waiting: Vec<Waiting>,
    /// What an administrator has to do.
    pub tasks: Vec<Task>,
    /// Since when removals are stopped.
    pub stopped: Option<Timestamp>,
}

impl Provisioner {
    /// Works off what is due, if no other replica does. The background calls this every few seconds.
    ///
    /// # Errors
    /// When the store fails. A failure of JSM is noted in the outbox and none here.
    pub async fn drain(&self, now: Timestamp) -> Result<Drained, ProvisioningError> {
        let inner = &self.0;
        let mut drained = Drained { events: inner.take_unheard(), left: 0 };
        let all = inner.outbox.all(now).await?;
        drained.left = all.len();
        let released = brake::state(&inner.records, now).await?.stopped.is_none();
        let due = all.iter().map(|taken| &taken.waiting);
        let due: Vec<&Waiting> =
            due.filter(|w| if w.held { released } else { w.next <= now }).collect();
        if due.is_empty() {
            return Ok(drained);
        }
        let Some(mut lease) = Lease::take(&inner.records, "drain", now).await? else {
            return Ok(drained);
        };
        for waiting in due {
            if !lease.keep(&inner.records, inner.clock.now()).await? {
                break;
            }
            let person = &waiting.identity.person;
            let stop = match inner.attempt(&waiting.identity, || false).await {
                Ok(done) => {
                    drained.events.extend(done.events);
                    inner.is_in_trouble(inner.clock.now())
                }
                Err(error) => {
                    drained.events.extend_from_slice(error.events());
                    // A failure of JSM was noted at the sign-in; every trial would fill the log.
                    if !error.waits() {
                        drained.events.push(noted(person, &error));
                    }
                    error.waits()
                }
            };
            // Every further person would meet the same.
            if stop {
                break;
            }
        }
        lease.give_back(&inner.records, inner.clock.now()).await;
        drained.left = inner.outbox.all(inner.clock.now()).await?.len();
        Ok(drained)
    }

    /// What waits.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn queue(&self, now: Timestamp) -> Result<Queue, ProvisioningError> {
        let waiting = self.0.outbox.all(now).await?;
        Ok(Queue {
            waiting: waiting.into_iter().map(|taken| taken.waiting).collect(),
            tasks: self.0.tasks(now).await?,
            stopped: brake::state(&self.0.records, now).await?.stopped,
        })
    }

    /// Orders removals on: what waits now goes through with the next round, and counting begins anew.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(&self, now: Timestamp) -> Result<(), ProvisioningError> {
        brake::release(&self.0.records, now).await
    }

    /// How far the account of somebody has come that is being made.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn progress(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Progress, ProvisioningError> {
        let Some(standing) = self.0.standing(person, now).await? else {
            return Ok(Progress::default());
        };
        let has = |kind: fn(&Place) -> bool| {
            standing.ledger.complete || standing.ledger.grants.iter().any(|g| kind(&g.place))
        };
        Ok(Progress {
            account: true,
            organizations: has(|place| matches!(place, Place::Organization(_))),
            desks: has(|place| matches!(place, Place::Desk(_))),
        })
    }
}
