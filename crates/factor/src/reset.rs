//! Resets: by an operator at once, by the person after a delay that the owner can use to object.

use std::time::Duration;

use domain::{PersonKey, Timestamp};
use store::StoreError;

use crate::record::PersonRecord;
use crate::records::Change;
use crate::{FactorError, Factors};

impl Factors {
    /// Removes everything: secret, recovery codes, trusted browsers, enrolments under way. Works on
    /// a record that cannot be read too. Who enrols next must have signed in at the identity
    /// provider after `now`. Ending the person's sessions is the caller's, and comes first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reset(&self, person: &PersonKey, now: Timestamp) -> Result<(), StoreError> {
        self.records.replace(&blank(person, now), now).await
    }

    /// How long a reset that somebody asks for is held back; `None`: nobody may ask.
    pub fn reset_delay(&self) -> Option<Duration> {
        self.settings.reset_delay
    }

    /// Notes that the person, who has no factor at hand, wants a reset; says when it is due. Asking
    /// again changes nothing. Every factor that is passed until then withdraws it.
    ///
    /// # Errors
    /// [`FactorError::NotOffered`]; [`FactorError::NotEnrolled`] when there is nothing to reset;
    /// when the store fails.
    pub async fn request_reset(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Timestamp, FactorError> {
        let delay = self.settings.reset_delay.ok_or(FactorError::NotOffered)?;
        let due = now.plus(delay);
        let change = |record: &mut PersonRecord| {
            if record.totp.is_none() {
                return Err(FactorError::NotEnrolled);
            }
            if let Some(due) = record.reset_due {
                return Ok(Change::Leave(due));
            }
            record.reset_due = Some(due);
            Ok(Change::Write(due))
        };
        self.records.change(person, now, change).await
    }

    /// Withdraws the reset that was asked for; `false`: there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withdraw_reset(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<bool, FactorError> {
        let change = |record: &mut PersonRecord| {
            Ok(match record.reset_due.take() {
                Some(_) => Change::Write(true),
                None => Change::Leave(false),
            })
        };
        self.records.change(person, now, change).await
    }

    /// Whose reset is due. For each: end the sessions, then [`Factors::carry_out_reset`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn due_resets(&self, now: Timestamp) -> Result<Vec<PersonKey>, StoreError> {
        let waiting = self.records.waiting(now).await?;
        let due = waiting.into_iter().filter(|record| record.reset_due.is_some_and(|d| d <= now));
        Ok(due.map(|record| record.person).collect())
    }

    /// Resets a person whose reset is due. `true` for one caller in the cluster; `false` when it
    /// was withdrawn or done meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn carry_out_reset(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<bool, FactorError> {
        let change = |record: &mut PersonRecord| {
            if record.reset_due.is_none_or(|due| now < due) {
                return Ok(Change::Leave(false));
            }
            *record = blank(person, now);
            Ok(Change::Write(true))
        };
        self.records.change(person, now, change).await
    }
}

fn blank(person: &PersonKey, now: Timestamp) -> PersonRecord {
    let mut record = PersonRecord::empty(person);
    record.fresh_sign_in_after = Some(now);
    record
}
