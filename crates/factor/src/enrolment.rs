//! Enrolment: a secret that waits in one browser, and the code that makes it count.

use domain::{PersonKey, Secret, Timestamp};
use store::StoreError;

use crate::guesses::Subject;
use crate::record::{PersonRecord, Purpose};
use crate::records::Change;
use crate::totp::Key;
use crate::{Client, FactorError, Factors, RecoveryCodes};

/// What a page needs to let somebody enrol. All three are the secret; none belongs in a log.
#[derive(Debug)]
pub struct Enrolment {
    /// The secret in base32, in groups of four.
    pub key_text: Secret<String>,
    /// The `otpauth:` URL, for a link on a phone.
    pub otpauth_url: Secret<String>,
    /// The URL as a QR code: one `<svg>` element, to be put into a page as it is.
    pub qr_svg: Secret<String>,
}

impl Factors {
    /// A secret to enrol with, for somebody who has none. The same again for the same browser until
    /// a code of it is confirmed, or for a day; another browser gets another. `account` is what the
    /// person's app shows, such as the address.
    ///
    /// # Errors
    /// [`FactorError::AlreadyEnrolled`]; when the store fails.
    pub async fn begin_enrolment(
        &self,
        person: &PersonKey,
        site_label: &str,
        account: &str,
        client: impl Into<Client>,
        now: Timestamp,
    ) -> Result<Enrolment, FactorError> {
        let key = self.pending(person, client.into(), Purpose::First, now).await?;
        self.enrolment(&key, site_label, account)
    }

    /// A secret that takes the place of the one in use once a code of it is confirmed. Only for
    /// somebody who has just passed a factor.
    ///
    /// # Errors
    /// [`FactorError::NotEnrolled`]; when the store fails.
    pub async fn begin_replacement(
        &self,
        person: &PersonKey,
        site_label: &str,
        account: &str,
        client: impl Into<Client>,
        now: Timestamp,
    ) -> Result<Enrolment, FactorError> {
        let key = self.pending(person, client.into(), Purpose::Replacement, now).await?;
        self.enrolment(&key, site_label, account)
    }

    /// Makes the browser's pending secret count, if `code` is of it, and gives new recovery codes.
    /// The code itself is used up.
    ///
    /// # Errors
    /// [`FactorError::NotEnrolled`] when nothing is pending in this browser,
    /// [`FactorError::AlreadyEnrolled`] when another tab was quicker.
    pub async fn confirm_enrolment(
        &self,
        person: &PersonKey,
        code: &str,
        client: impl Into<Client>,
        now: Timestamp,
    ) -> Result<RecoveryCodes, FactorError> {
        let client = client.into();
        let record = self.records.read(person, now).await?;
        let key = waiting(&record, &client, now)?;
        let counted = self.guesses.count(Subject::Enrolment, person, &client, None, now).await?;
        let step = key.step_of(code, now).ok_or(FactorError::Wrong { server_time: now })?;
        let codes = RecoveryCodes::generate(self.settings.recovery_codes)?;
        let stored = codes.stored(&self.hashing, now).await?;
        let change = |record: &mut PersonRecord| {
            if !waiting(record, &client, now)?.is(&key) {
                return Err(FactorError::NotEnrolled);
            }
            record.confirm(key.clone(), step, stored.clone(), now);
            record.passed(&client, now);
            Ok(Change::Write(()))
        };
        self.records.change(person, now, change).await?;
        self.guesses.forgive(counted, now).await?;
        Ok(codes)
    }

    async fn pending(
        &self,
        person: &PersonKey,
        client: Client,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Key, FactorError> {
        let fresh = Key::generate(&self.settings)?;
        let change = |record: &mut PersonRecord| {
            match (purpose, &record.totp) {
                (Purpose::First, Some(_)) => return Err(FactorError::AlreadyEnrolled),
                (Purpose::Replacement, None) => return Err(FactorError::NotEnrolled),
                _ => {}
            }
            let pending = record.pending(client.browser, now);
            if let Some(pending) = pending.filter(|pending| pending.purpose == purpose) {
                return Ok(Change::Leave(pending.key.clone()));
            }
            record.add_pending(fresh.clone(), client.browser, purpose, now);
            Ok(Change::Write(fresh.clone()))
        };
        self.records.change(person, now, change).await
    }

    fn enrolment(
        &self,
        key: &Key,
        site_label: &str,
        account: &str,
    ) -> Result<Enrolment, FactorError> {
        let issuer = self.settings.issuer.as_deref().unwrap_or(site_label);
        let undrawn = || StoreError::Unavailable("a QR code could not be drawn".to_owned());
        let otpauth_url = key.url(issuer, account).ok_or_else(undrawn)?;
        let qr_svg = crate::qr::svg(otpauth_url.expose()).ok_or_else(undrawn)?;
        Ok(Enrolment { key_text: key.text(), otpauth_url, qr_svg })
    }
}

/// The secret that a code of this client would confirm.
fn waiting(record: &PersonRecord, client: &Client, now: Timestamp) -> Result<Key, FactorError> {
    let pending = record.pending(client.browser, now);
    match (pending, &record.totp) {
        (Some(pending), None) => Ok(pending.key.clone()),
        (Some(pending), Some(_)) if pending.purpose == Purpose::Replacement => {
            Ok(pending.key.clone())
        }
        (_, Some(_)) => Err(FactorError::AlreadyEnrolled),
        (None, None) => Err(FactorError::NotEnrolled),
    }
}
