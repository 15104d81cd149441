//! The one door to all of it.

use std::sync::Arc;

use domain::{AuditEvent, FactorKind, FactorUse, PersonKey, Timestamp};
use session::Sealer;
use store::{Store, StoreError};
use tokio::sync::broadcast;

use crate::argon::Hashing;
use crate::guesses::{Guesses, Subject};
use crate::record::PersonRecord;
use crate::records::{Change, Records};
use crate::recovery::{self, Spent};
use crate::{Client, FactorError, FactorSettings, RecoveryCodes, Status};

/// Everybody's second factors.
pub struct Factors {
    pub(crate) records: Records,
    pub(crate) guesses: Guesses,
    pub(crate) hashing: Hashing,
    pub(crate) settings: FactorSettings,
}

impl Factors {
    /// Factors in `store`. Any number of replicas may share it.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>, settings: FactorSettings) -> Self {
        Self {
            records: Records::new(Arc::clone(&store), Arc::clone(&sealer)),
            guesses: Guesses::new(store, sealer),
            hashing: Hashing::new(),
            settings,
        }
    }

    /// Alarms about guessing from now on, to be recorded ([`AuditEvent::FactorGuessing`]).
    pub fn alarms(&self) -> broadcast::Receiver<AuditEvent> {
        self.guesses.alarms.subscribe()
    }

    /// How many digits codes of new secrets have.
    pub fn digits(&self) -> u8 {
        self.settings.digits.count()
    }

    /// What a person has.
    ///
    /// # Errors
    /// When the store fails, or the record cannot be read: that is never "nothing".
    pub async fn status(&self, person: &PersonKey, now: Timestamp) -> Result<Status, StoreError> {
        Ok(self.records.read(person, now).await?.status(now))
    }

    /// Checks a code of the person's app. Each step counts once in the cluster, and none before it
    /// counts afterwards (attacks.md D14).
    ///
    /// # Errors
    /// All of [`FactorError`]; on any of them nothing was passed.
    pub async fn check_code(
        &self,
        person: &PersonKey,
        code: &str,
        client: impl Into<Client>,
        now: Timestamp,
    ) -> Result<FactorUse, FactorError> {
        let client = client.into();
        let record = self.records.read(person, now).await?;
        let confirmed = record.totp.as_ref().ok_or(FactorError::NotEnrolled)?;
        let known = record.known_place(&client, now);
        let counted = self.guesses.count(Subject::Totp, person, &client, known, now).await?;
        let wrong = FactorError::Wrong { server_time: now };
        let step = confirmed.key.step_of(code, now).ok_or(wrong)?;
        let change = |record: &mut PersonRecord| {
            let current = record.totp.as_mut().ok_or(FactorError::NotEnrolled)?;
            if !current.key.is(&confirmed.key) {
                return Err(FactorError::Wrong { server_time: now });
            }
            if step <= current.last_step {
                return Err(FactorError::UsedAlready);
            }
            current.last_step = step;
            record.passed(&client, now);
            Ok(Change::Write(()))
        };
        self.records.change(person, now, change).await?;
        self.guesses.forgive(counted, now).await?;
        Ok(FactorUse { kind: FactorKind::Totp, at: now })
    }

    /// Checks a recovery code; each counts once in the cluster.
    ///
    /// # Errors
    /// As [`Factors::check_code`].
    pub async fn check_recovery(
        &self,
        person: &PersonKey,
        code: &str,
        client: impl Into<Client>,
        now: Timestamp,
    ) -> Result<FactorUse, FactorError> {
        let client = client.into();
        let record = self.records.read(person, now).await?;
        let salt = record.codes.as_ref().ok_or(FactorError::NotEnrolled)?.salt;
        let known = record.known_place(&client, now);
        let counted = self.guesses.count(Subject::Recovery, person, &client, known, now).await?;
        let typed = recovery::canonical(code);
        let wrong = || FactorError::Wrong { server_time: now };
        // What no code can be is not worth hashing.
        let hash = match recovery::is_whole(&typed) {
            true => self.hashing.hash(vec![typed], salt).await?.pop().ok_or_else(wrong)?,
            false => return Err(wrong()),
        };
        let change = |record: &mut PersonRecord| {
            let codes = record.codes.as_mut().filter(|codes| codes.salt == salt);
            match codes.ok_or_else(wrong)?.spend(&hash, now) {
                Spent::Unknown => Err(wrong()),
                Spent::Before => Err(FactorError::UsedAlready),
                Spent::Now => {
                    record.passed(&client, now);
                    Ok(Change::Write(()))
                }
            }
        };
        self.records.change(person, now, change).await?;
        self.guesses.forgive(counted, now).await?;
        Ok(FactorUse { kind: FactorKind::RecoveryCode, at: now })
    }

    /// New recovery codes; the old ones are dead.
    ///
    /// # Errors
    /// [`FactorError::NotEnrolled`]; when the store fails.
    pub async fn renew_recovery_codes(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<RecoveryCodes, FactorError> {
        let codes = RecoveryCodes::generate(self.settings.recovery_codes)?;
        let stored = codes.stored(&self.hashing, now).await?;
        let change = |record: &mut PersonRecord| {
            if record.totp.is_none() {
                return Err(FactorError::NotEnrolled);
            }
            record.codes = Some(stored.clone());
            Ok(Change::Write(()))
        };
        self.records.change(person, now, change).await?;
        Ok(codes)
    }

    /// Notes that the person has kept the codes, if `typed` is the last four characters of one.
    ///
    /// # Errors
    /// [`FactorError::NotEnrolled`] when there are no codes; when the store fails.
    pub async fn confirm_recovery_codes(
        &self,
        person: &PersonKey,
        typed: &str,
        now: Timestamp,
    ) -> Result<bool, FactorError> {
        let change = |record: &mut PersonRecord| {
            let codes = record.codes.as_mut().ok_or(FactorError::NotEnrolled)?;
            if codes.unconfirmed.is_empty() {
                return Ok(Change::Leave(true));
            }
            if !codes.unconfirmed.have(typed) {
                return Ok(Change::Leave(false));
            }
            codes.unconfirmed = recovery::Ends::default();
            Ok(Change::Write(true))
        };
        self.records.change(person, now, change).await
    }
}
