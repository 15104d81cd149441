//! How a session lies in the store: sealed facts, sealed secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use store::StoreError;
use zeroize::Zeroizing;

use crate::sealer::{self, cookie_key};
use crate::{Context, DeviceId, Facts, Sealer, Secrets, SessionCookie, Unreadable};

/// Kind of the sessions' names in the store.
pub(crate) const SESSION: &str = "session/";

pub(crate) const FACTS: &str = "session facts";
pub(crate) const SECRETS: &str = "session secrets";
const INNER_SECRETS: &str = "session secrets, inner";

/// Facts, and what changes about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) facts: Facts,
    /// What it is called in lists; stays when its id changes.
    pub(crate) device: DeviceId,
    /// When the session was last used, as far as was written.
    pub(crate) last_use: Timestamp,
    /// The longest time without a use, between two of them.
    #[serde(default)]
    pub(crate) longest_pause: Duration,
    /// Until when its tombstone lasts.
    pub(crate) remembered: Timestamp,
}

/// A record's two sealed parts. Bytes: length of the facts (4), facts, secrets.
pub(crate) struct Parts<'r> {
    pub(crate) facts: &'r [u8],
    pub(crate) secrets: &'r [u8],
}

impl Stored {
    /// Notes a use.
    pub(crate) fn used(&mut self, now: Timestamp) {
        self.longest_pause = self.longest_pause.max(now.since(self.last_use));
        self.last_use = self.last_use.max(now);
    }
}

impl<'r> Parts<'r> {
    pub(crate) fn split(record: &'r [u8]) -> Result<Self, Unreadable> {
        let (length, rest) = record.split_first_chunk::<4>().ok_or(Unreadable::Version)?;
        let length =
            usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Unreadable::Version)?;
        let (facts, secrets) = rest.split_at_checked(length).ok_or(Unreadable::Version)?;
        Ok(Self { facts, secrets })
    }

    pub(crate) fn facts(&self, sealer: &Sealer, id: &str) -> Result<Stored, Unreadable> {
        let plain = sealer.open(Context { purpose: FACTS, id }, self.facts)?;
        serde_json::from_slice(&plain).map_err(|_| Unreadable::Version)
    }

    /// Opens the server's layer, then the cookie's.
    pub(crate) fn secrets(
        &self,
        sealer: &Sealer,
        id: &str,
        cookie: &SessionCookie,
    ) -> Result<Secrets, Unreadable> {
        let inner = sealer.open(Context { purpose: SECRETS, id }, self.secrets)?;
        let context = Context { purpose: INNER_SECRETS, id };
        let plain = sealer::open(&cookie_key(cookie.key()), context, &inner)?;
        let pairs: BTreeMap<String, String> =
            serde_json::from_slice(&plain).map_err(|_| Unreadable::Version)?;
        Ok(pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
    }

    /// The record with other facts and the same secrets.
    pub(crate) fn with_facts(
        &self,
        sealer: &Sealer,
        id: &str,
        stored: &Stored,
    ) -> Result<Vec<u8>, StoreError> {
        Ok(join(&seal_facts(sealer, id, stored)?, self.secrets))
    }
}

/// A new record.
pub(crate) fn seal(
    sealer: &Sealer,
    id: &str,
    cookie: &SessionCookie,
    stored: &Stored,
    secrets: &Secrets,
) -> Result<Vec<u8>, StoreError> {
    let plain = Zeroizing::new(serde_json::to_vec(&secrets.exposed()).map_err(not_written)?);
    let context = Context { purpose: INNER_SECRETS, id };
    let inner = sealer::seal(&cookie_key(cookie.key()), context, &plain)?;
    let outer = sealer.seal(Context { purpose: SECRETS, id }, &inner)?;
    Ok(join(&seal_facts(sealer, id, stored)?, &outer))
}

fn seal_facts(sealer: &Sealer, id: &str, stored: &Stored) -> Result<Vec<u8>, StoreError> {
    let plain = serde_json::to_vec(stored).map_err(not_written)?;
    sealer.seal(Context { purpose: FACTS, id }, &plain)
}

pub(crate) fn join(facts: &[u8], secrets: &[u8]) -> Vec<u8> {
    let length = u32::try_from(facts.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), facts, secrets].concat()
}

#[expect(clippy::needless_pass_by_value, reason = "shape of map_err")]
pub(crate) fn not_written(error: serde_json::Error) -> StoreError {
    StoreError::Unavailable(format!("a record could not be written: {error}"))
}
