//! Those who stay away: listed, written to by the gateway, ended.

mod ends;
mod notices;

use std::time::Duration;

use domain::{AuditEvent, DormancyStep, JsmAccount, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Area, Entry};

use crate::ProvisioningError;
use crate::dormancy::{Contact, DormancySettings, DormancyState, Receipt, Reported};
use crate::lease::Lease;
use crate::ledger::Ledger;
use crate::provisioner::Provisioner;

/// A round that found nothing left to do is not made again for so long.
const ROUND: Duration = Duration::from_secs(23 * 60 * 60);
const WORK: &str = "dormancy";

/// An account that nobody has signed in to for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dormant {
    /// Which.
    pub account: JsmAccount,
    /// Whose.
    pub owner: Option<PersonKey>,
    /// To the day.
    pub last_sign_in: Timestamp,
    /// Where they stand.
    pub state: DormancyState,
    /// What was done about it now …
    pub done: Deed,
    /// … or why that failed.
    #[serde(default)]
    pub failed: Option<String>,
}

/// What was done about somebody who stays away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Nothing.
    Nothing,
    /// They were written to.
    Written,
    /// The access was ended.
    Ended,
    /// Ending it waits for `vestibule provisioning release`.
    Held,
}

/// A notice that may be written now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueNotice {
    /// To whom.
    pub to: Contact,
    /// What it says, and by what it is known.
    pub receipt: Receipt,
    /// Whose account it is.
    pub owner: Option<PersonKey>,
    /// When they were last here.
    pub last_sign_in: Timestamp,
}

/// The turn of one replica to see to those who stay away.
pub struct DormancyTurn {
    lease: Lease,
    began: Timestamp,
}

impl Provisioner {
    /// Everybody who has stayed away for so long that a notice is due, or longer; the longest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn dormant(
        &self,
        policy: &DormancySettings,
        now: Timestamp,
    ) -> Result<Vec<Dormant>, ProvisioningError> {
        let ledgers = self.0.records.ledgers(now).await?.into_iter();
        let found = ledgers.filter_map(|(account, ledger)| {
            let state =
                policy.state(&ledger, now).filter(|state| *state != DormancyState::Awake)?;
            let (owner, last_sign_in) = (ledger.owner.clone(), ledger.last_sign_in?);
            Some(Dormant { account, owner, last_sign_in, state, done: Deed::Nothing, failed: None })
        });
        let mut found: Vec<Dormant> = found.collect();
        found.sort_by_key(|dormant| dormant.last_sign_in);
        Ok(found)
    }

    /// Keeps how somebody is reached who has just signed in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_contact(
        &self,
        account: &JsmAccount,
        contact: &Contact,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let note = |ledger: &mut Ledger| ledger.reach(contact);
        self.0.records.change_ledger(account, now, note).await
    }

    /// Takes the turn for a round; `None`: another replica has it, or nothing was left a while ago.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn dormancy_turn(
        &self,
        now: Timestamp,
    ) -> Result<Option<DormancyTurn>, ProvisioningError> {
        let records = &self.0.records;
        let key = records.key(WORK, "done");
        if records.store().get(Area::Records, &key, now).await?.is_some() {
            return Ok(None);
        }
        let lease = Lease::take(records, WORK, now).await?;
        Ok(lease.map(|lease| DormancyTurn { lease, began: now }))
    }

    /// Keeps the turn; false when it was lost.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_turn(&self, turn: &mut DormancyTurn) -> Result<bool, ProvisioningError> {
        turn.lease.keep(&self.0.records, self.0.clock.now()).await
    }

    /// Ends a round. One that left nothing to be tried again is not made again for a day.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_turn(&self, turn: DormancyTurn, left: usize) -> Result<(), ProvisioningError> {
        let (records, now) = (&self.0.records, self.0.clock.now());
        if left == 0 {
            let done = Entry { value: vec![1], deadline: turn.began.plus(ROUND), groups: vec![] };
            records.store().put(Area::Records, &records.key(WORK, "done"), done, now).await?;
        }
        turn.lease.give_back(records, now).await;
        Ok(())
    }

    /// What the policy would have done about somebody, once for each step.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn report_dormant(
        &self,
        account: &JsmAccount,
        policy: &DormancySettings,
        now: Timestamp,
    ) -> Result<Option<AuditEvent>, ProvisioningError> {
        let records = &self.0.records;
        let Some(ledger) = records.ledger(account, now).await? else { return Ok(None) };
        let (state, Some(last)) = (policy.state(&ledger, now), ledger.last_sign_in) else {
            return Ok(None);
        };
        let over = |since: Timestamp| now >= policy.earliest_end(last, since);
        let (would, reported) = match (state, ledger.course.reported) {
            (Some(DormancyState::Over { .. }), Some(Reported { end: true, .. })) => {
                return Ok(None);
            }
            (Some(DormancyState::Over { given }), _) => {
                (DormancyStep::End, Reported { notice: given, end: true })
            }
            (Some(DormancyState::NoticeDue), None) => {
                (DormancyStep::Notice, Reported { notice: now, end: false })
            }
            (Some(DormancyState::NoticeDue), Some(said)) if !said.end && over(said.notice) => {
                (DormancyStep::End, Reported { end: true, ..said })
            }
            _ => return Ok(None),
        };
        if self.0.is_spared(account, &ledger).await? {
            return Ok(None);
        }
        let note = |ledger: &mut Ledger| {
            if ledger.last_sign_in == Some(last) {
                ledger.course.reported = Some(reported);
            }
        };
        records.change_ledger(account, now, note).await?;
        let (jsm, account) = (self.0.settings.name.clone(), account.clone());
        Ok(Some(AuditEvent::DormancyReported { jsm, account, would, last_sign_in: last }))
    }
}
