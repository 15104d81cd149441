//! Browsers in which no factor is asked for a while.

use std::time::Duration;

use domain::{PersonKey, Timestamp};
use serde::{Deserialize, Serialize};
use store::StoreError;
use subtle::ConstantTimeEq;

use crate::record::PersonRecord;
use crate::records::Change;
use crate::{FactorError, Factors};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Most browsers that one person trusts; the oldest goes.
const MOST: usize = 10;
/// Longest label.
const LABEL: usize = 120;

/// A browser that a person trusts, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedBrowser {
    /// Names it among the person's; safe to show.
    pub id: String,
    /// What the browser was called then.
    pub label: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl Factors {
    /// Trusts a browser (`session::BrowserBinding::hash`) for some days from now. Only for somebody
    /// who has just passed a factor in it. `label` is what the browser calls itself.
    ///
    /// # Errors
    /// [`FactorError::NotEnrolled`]; when the store fails.
    pub async fn trust_browser(
        &self,
        person: &PersonKey,
        browser: &[u8; 32],
        label: &str,
        days: u16,
        now: Timestamp,
    ) -> Result<Timestamp, FactorError> {
        let until = now.plus(DAY.saturating_mul(days.into()));
        let change = |record: &mut PersonRecord| {
            if record.totp.is_none() {
                return Err(FactorError::NotEnrolled);
            }
            record.trusted.add(browser, label, until, now);
            Ok(Change::Write(until))
        };
        self.records.change(person, now, change).await
    }

    /// Since when a person trusts this browser, for rules that allow less time than was asked for
    /// then; `None`: not at all, or not any more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn trusted_since(
        &self,
        person: &PersonKey,
        browser: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let record = self.records.read(person, now).await?;
        Ok(record.totp.as_ref().and_then(|_| record.trusted.since(browser, now)))
    }

    /// The browsers that a person trusts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_trusted(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Vec<TrustedBrowser>, StoreError> {
        Ok(self.records.read(person, now).await?.trusted.list(now))
    }

    /// Trusts a listed browser no more; `false`: there is none of this id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_trusted(
        &self,
        person: &PersonKey,
        id: &str,
        now: Timestamp,
    ) -> Result<bool, FactorError> {
        let change = |record: &mut PersonRecord| match record.trusted.forget(id) {
            true => Ok(Change::Write(true)),
            false => Ok(Change::Leave(false)),
        };
        self.records.change(person, now, change).await
    }
}

/// A browser that a person trusts, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trusted {
    id: String,
    browser: [u8; 32],
    label: String,
    since: Timestamp,
    until: Timestamp,
}

/// All that a person trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrustedBrowsers(Vec<Trusted>);

impl TrustedBrowsers {
    pub(crate) fn add(
        &mut self,
        browser: &[u8; 32],
        label: &str,
        until: Timestamp,
        now: Timestamp,
    ) {
        self.0.retain(|trusted| trusted.browser != *browser && now < trusted.until);
        while self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Trusted {
            // The binding's hash is random, and its start leads to nothing.
            id: browser.iter().take(6).map(|byte| format!("{byte:02x}")).collect(),
            browser: *browser,
            label: label.chars().filter(|c| !c.is_control()).take(LABEL).collect(),
            since: now,
            until,
        });
    }

    /// Since when this browser is trusted.
    pub(crate) fn since(&self, browser: &[u8; 32], now: Timestamp) -> Option<Timestamp> {
        self.find(browser, now).map(|trusted| trusted.since)
    }

    fn find(&self, browser: &[u8; 32], now: Timestamp) -> Option<&Trusted> {
        let is = |trusted: &&Trusted| bool::from(trusted.browser.ct_eq(browser));
        self.0.iter().find(is).filter(|trusted| now < trusted.until)
    }

    /// Whether there was one of this id.
    pub(crate) fn forget(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|trusted| trusted.id != id);
        self.0.len() != before
    }

    pub(crate) fn list(&self, now: Timestamp) -> Vec<TrustedBrowser> {
        let live = self.0.iter().filter(|trusted| now < trusted.until);
        let listed = |trusted: &Trusted| TrustedBrowser {
            id: trusted.id.clone(),
            label: trusted.label.clone(),
            since: trusted.since,
            until: trusted.until,
        };
        live.map(listed).collect()
    }
}
