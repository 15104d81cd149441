//! Everything about one person's factors, as it lies sealed in the store.

use std::time::Duration;

use domain::{PersonKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::place::Place;
use crate::recovery::{LOW, StoredCodes};
use crate::totp::Key;
use crate::trusted::TrustedBrowsers;
use crate::{Client, Status};

/// How long a secret waits for its first code.
const PENDING: Duration = Duration::from_secs(24 * 60 * 60);
/// Most browsers in which one person enrols at once.
const MOST_PENDING: usize = 4;
/// How long a place is the owner's after a factor was passed there.
const KNOWN: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// Most places that are the owner's.
const MOST_KNOWN: usize = 16;

/// A secret of which a code was confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Confirmed {
    pub(crate) key: Key,
    pub(crate) since: Timestamp,
    /// The last step of which a code was used; only later ones count (RFC 6238 §5.2).
    pub(crate) last_step: u64,
}

/// Whether an enrolment may take the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    First,
    Replacement,
}

/// A secret that counts for nothing yet. It belongs to one browser: somebody who knows the password
/// at the identity provider must not see the secret that the owner confirms later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) browser: Option<[u8; 32]>,
    pub(crate) key: Key,
    pub(crate) purpose: Purpose,
    since: Timestamp,
}

/// A place where a factor was passed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    place: Place,
    seen: Timestamp,
}

/// Everything about one person's factors.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PersonRecord {
    pub(crate) person: PersonKey,
    pub(crate) totp: Option<Confirmed>,
    #[serde(default)]
    pending: Vec<Pending>,
    pub(crate) codes: Option<StoredCodes>,
    #[serde(default)]
    pub(crate) trusted: TrustedBrowsers,
    #[serde(default)]
    known: Vec<Known>,
    pub(crate) fresh_sign_in_after: Option<Timestamp>,
    pub(crate) reset_due: Option<Timestamp>,
}

impl PersonRecord {
    /// Of somebody who has nothing.
    pub(crate) fn empty(person: &PersonKey) -> Self {
        Self {
            person: person.clone(),
            totp: None,
            pending: Vec::new(),
            codes: None,
            trusted: TrustedBrowsers::default(),
            known: Vec::new(),
            fresh_sign_in_after: None,
            reset_due: None,
        }
    }

    pub(crate) fn status(&self, now: Timestamp) -> Status {
        let left = self.codes.as_ref().map_or(0, StoredCodes::left);
        Status {
            totp: self.totp.as_ref().map(|confirmed| confirmed.since),
            digits: self.totp.as_ref().map(|confirmed| confirmed.key.digits()),
            recovery_codes_left: left,
            recovery_codes_low: self.totp.is_some() && left <= LOW,
            recovery_codes_confirmed: self.codes.as_ref().is_some_and(|c| c.unconfirmed.is_empty()),
            trusted_browsers: self.trusted.list(now).len(),
            fresh_sign_in_after: self.fresh_sign_in_after,
            reset_due: self.reset_due,
        }
    }

    /// The secret that waits in this browser.
    pub(crate) fn pending(&self, browser: Option<[u8; 32]>, now: Timestamp) -> Option<&Pending> {
        let live = |pending: &&Pending| now.since(pending.since) < PENDING;
        self.pending.iter().filter(live).find(|pending| pending.browser == browser)
    }

    pub(crate) fn add_pending(
        &mut self,
        key: Key,
        browser: Option<[u8; 32]>,
        purpose: Purpose,
        now: Timestamp,
    ) {
        self.pending.retain(|pending| pending.browser != browser);
        while self.pending.len() >= MOST_PENDING {
            self.pending.remove(0);
        }
        self.pending.push(Pending { browser, key, purpose, since: now });
    }

    /// A code of this secret was typed: from now on it counts, and whatever waited is over.
    pub(crate) fn confirm(&mut self, key: Key, step: u64, codes: StoredCodes, now: Timestamp) {
        self.totp = Some(Confirmed { key, since: now, last_step: step });
        self.codes = Some(codes);
        self.pending.clear();
        self.fresh_sign_in_after = None;
        self.reset_due = None;
    }

    /// A factor was passed: the place is the owner's, and nobody has lost a phone.
    pub(crate) fn passed(&mut self, client: &Client, now: Timestamp) {
        self.reset_due = None;
        let places: Vec<Place> = client.places().collect();
        let stays = |known: &Known| now.since(known.seen) < KNOWN && !places.contains(&known.place);
        self.known.retain(stays);
        self.known.extend(places.into_iter().map(|place| Known { place, seen: now }));
        let surplus = self.known.len().saturating_sub(MOST_KNOWN);
        self.known.drain(..surplus);
    }

    /// The place of the client in which this person passed a factor before, the browser first.
    pub(crate) fn known_place(&self, client: &Client, now: Timestamp) -> Option<Place> {
        let live = |known: &Known| now.since(known.seen) < KNOWN;
        let is = |place: &Place| self.known.iter().any(|k| k.place == *place && live(k));
        client.places().find(is)
    }
}
