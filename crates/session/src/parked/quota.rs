//! How much of the store parked requests may take.

use std::collections::BTreeMap;

use domain::{PersonKey, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Area, Entry, Store, StoreError};

use super::{ParkError, ParkedLimits};
use crate::stored::not_written;
use crate::{Context, Sealer, Unreadable};

pub(crate) const PURPOSE: &str = "parked quota";
const OF_PERSON: &str = "parked-quota/";
const OF_ALL: &str = "parked-quota-of-all";
/// Milliseconds by which ends are counted together, so that a quota's record stays small.
const SPAN: i64 = 600_000;
/// What the smallest request counts: its records take room, too.
const LEAST: u64 = 64 * 1024;
/// How often a change is tried anew because another came between.
const TRIES: usize = 256;

/// What a request was charged, so that it can be given back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Charge {
    /// Key of the person's quota.
    person: String,
    bytes: u64,
    span: i64,
}

/// Bytes by when they go at the latest. What nobody gives back, because a process died, goes by
/// itself then.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Usage(BTreeMap<i64, u64>);

pub(super) struct Quota<'q> {
    pub(super) store: &'q dyn Store,
    pub(super) sealer: &'q Sealer,
    pub(super) limits: &'q ParkedLimits,
}

impl Quota<'_> {
    /// Takes room for a body of a person until `deadline`.
    pub(super) async fn charge(
        &self,
        whose: &PersonKey,
        size: u64,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<Charge, ParkError> {
        let parts = [whose.idp.as_str().as_bytes(), whose.subject.as_str().as_bytes()];
        let person = self.sealer.name(OF_PERSON, &parts);
        let span = deadline.as_millis().div_euclid(SPAN) + 1;
        let charge = Charge { person, bytes: size.max(LEAST), span };
        let ParkedLimits { person, all, .. } = *self.limits;
        if !self.change(&charge.person, &charge, Change::Add { most: person }, now).await? {
            return Err(ParkError::PersonFull(person));
        }
        match self.change(OF_ALL, &charge, Change::Add { most: all }, now).await {
            Ok(true) => Ok(charge),
            outcome => {
                // What could not be given back goes by itself.
                let _ = self.change(&charge.person, &charge, Change::Take(charge.bytes), now).await;
                outcome?;
                Err(ParkError::AllFull(all))
            }
        }
    }

    /// Gives back what a body did not need.
    pub(super) async fn settle(&self, charge: &mut Charge, size: u64, now: Timestamp) {
        let needed = size.max(LEAST);
        let Some(rest) = charge.bytes.checked_sub(needed).filter(|rest| *rest > 0) else { return };
        self.give_back(charge, rest, now).await;
        charge.bytes = needed;
    }

    /// Gives everything back.
    pub(super) async fn release(&self, charge: &Charge, now: Timestamp) {
        self.give_back(charge, charge.bytes, now).await;
    }

    async fn give_back(&self, charge: &Charge, bytes: u64, now: Timestamp) {
        for key in [charge.person.as_str(), OF_ALL] {
            if let Err(error) = self.change(key, charge, Change::Take(bytes), now).await {
                // The error is on the safe side: less can be parked until the deadline.
                tracing::debug!(%error, "a quota of parked requests was not given back");
            }
        }
    }

    /// Changes one quota; `false`: it would be exceeded.
    async fn change(
        &self,
        key: &str,
        charge: &Charge,
        change: Change,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let found = self.store.get(Area::Sessions, key, now).await?;
            let mut usage = self.open(key, found.as_deref())?;
            usage.0.retain(|span, _| now.as_millis() < span.saturating_mul(SPAN));
            if !usage.apply(charge, change) {
                return Ok(false);
            }
            let entry = self.entry(key, &usage)?;
            let done = match &found {
                Some(sealed) => {
                    self.store.replace_if(Area::Sessions, key, sealed, entry, now).await?
                }
                None => self.store.put_if_absent(Area::Sessions, key, entry, now).await?,
            };
            if done {
                return Ok(true);
            }
            tokio::task::yield_now().await;
        }
        Err(StoreError::Unavailable("a quota changes too often to be changed".to_owned()))
    }

    fn open(&self, key: &str, sealed: Option<&[u8]>) -> Result<Usage, StoreError> {
        let Some(sealed) = sealed else { return Ok(Usage::default()) };
        match self.sealer.open(Context { purpose: PURPOSE, id: key }, sealed) {
            Ok(plain) => serde_json::from_slice(&plain).map_err(|_| newer()),
            // Attacks.md D17: what a later version wrote is not overwritten.
            Err(Unreadable::Version) => Err(newer()),
            // Its key is gone, and so is everything that it counted.
            Err(Unreadable::Key | Unreadable::Forged) => Ok(Usage::default()),
        }
    }

    fn entry(&self, key: &str, usage: &Usage) -> Result<Entry, StoreError> {
        let plain = serde_json::to_vec(usage).map_err(not_written)?;
        let value = self.sealer.seal(Context { purpose: PURPOSE, id: key }, &plain)?;
        let last = usage.0.keys().next_back().copied().unwrap_or_default();
        let deadline = Timestamp::from_millis(last.saturating_mul(SPAN));
        Ok(Entry { value, deadline, groups: Vec::new() })
    }
}

#[derive(Debug, Clone, Copy)]
enum Change {
    /// Adds the charge, up to so many bytes together.
    Add { most: u64 },
    /// Takes so many bytes of the charge away.
    Take(u64),
}

impl Usage {
    fn apply(&mut self, charge: &Charge, change: Change) -> bool {
        match change {
            Change::Add { most } => {
                let sum = |sum: u64, more: &u64| sum.saturating_add(*more);
                if self.0.values().fold(charge.bytes, sum) > most {
                    return false;
                }
                let held = self.0.entry(charge.span).or_default();
                *held = held.saturating_add(charge.bytes);
            }
            Change::Take(bytes) => {
                if let Some(held) = self.0.get_mut(&charge.span) {
                    *held = held.saturating_sub(bytes);
                }
                self.0.retain(|_, held| *held > 0);
            }
        }
        true
    }
}

fn newer() -> StoreError {
    StoreError::Unavailable("a quota was written by a later version".to_owned())
}
