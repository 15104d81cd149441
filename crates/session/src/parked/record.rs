//! What the store holds of a parked request beside its body.

use domain::{PersonKey, SiteName, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Entry, StoreError};

use super::REMEMBERED;
use super::quota::Charge;
use crate::stored::not_written;
use crate::{Context, Sealer, Unreadable};

pub(crate) const PURPOSE: &str = "parked request";
/// Milliseconds of one group of records by their deadline.
const HOUR: i64 = 3_600_000;
/// How many hours back an end is looked for.
const HOURS: i64 = 2;

/// A request without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedHead {
    /// Who sent it, and who alone may have it sent on.
    pub person: PersonKey,
    /// To which site.
    pub site: SiteName,
    /// Hash of the binding of the browser that sent it.
    pub browser: [u8; 32],
    /// Method.
    pub method: String,
    /// Path and query, byte by byte as they were asked for.
    pub target: String,
    /// Header fields that say how the body is to be read, or that the upstream checks.
    pub headers: Vec<(String, String)>,
    /// When it came.
    pub at: Timestamp,
}

/// A parked request as its customer may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedRequest {
    /// The request without its body.
    pub head: ParkedHead,
    /// Bytes of its body.
    pub size: u64,
    /// Until when it is kept.
    pub deadline: Timestamp,
    /// What became of it.
    pub state: ParkedState,
}

/// What became of a parked request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParkedState {
    /// It waits.
    Kept,
    /// Somebody began to send it then; whether it arrived is not known.
    Sending(Timestamp),
    /// The upstream answered it then.
    Sent(Timestamp),
    /// Its customer did not want it sent.
    Discarded(Timestamp),
    /// Nobody came in time.
    Expired,
    /// The store lost a part of it.
    Damaged,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum State {
    Kept,
    Sending { at: Timestamp, claim: [u8; 16] },
    Sent { at: Timestamp },
    Discarded { at: Timestamp },
    Expired,
    Damaged,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) head: ParkedHead,
    pub(super) size: u64,
    pub(super) chunks: u32,
    /// Name of the body's pieces without their numbers.
    pub(super) body: String,
    pub(super) charge: Charge,
    pub(super) deadline: Timestamp,
    pub(super) state: State,
}

impl Record {
    pub(super) fn open(sealer: &Sealer, key: &str, sealed: &[u8]) -> Result<Self, Unreadable> {
        let plain = sealer.open(Context { purpose: PURPOSE, id: key }, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| Unreadable::Version)
    }

    pub(super) fn entry(&self, sealer: &Sealer, key: &str) -> Result<Entry, StoreError> {
        let plain = serde_json::to_vec(self).map_err(not_written)?;
        let value = sealer.seal(Context { purpose: PURPOSE, id: key }, &plain)?;
        let deadline = self.deadline.plus(REMEMBERED);
        Ok(Entry { value, deadline, groups: vec![group(hour(self.deadline))] })
    }

    pub(super) fn seen(&self, now: Timestamp) -> ParkedRequest {
        let state = match self.state {
            State::Kept if now >= self.deadline => ParkedState::Expired,
            State::Kept => ParkedState::Kept,
            State::Sending { at, .. } => ParkedState::Sending(at),
            State::Sent { at } => ParkedState::Sent(at),
            State::Discarded { at } => ParkedState::Discarded(at),
            State::Expired => ParkedState::Expired,
            State::Damaged => ParkedState::Damaged,
        };
        let (head, size, deadline) = (self.head.clone(), self.size, self.deadline);
        ParkedRequest { head, size, deadline, state }
    }
}

fn hour(moment: Timestamp) -> i64 {
    moment.as_millis().div_euclid(HOUR)
}

fn group(hour: i64) -> String {
    format!("parked-until/{hour}")
}

/// The groups in which requests can lie whose time came lately.
pub(super) fn due(now: Timestamp) -> impl Iterator<Item = String> {
    (hour(now) - HOURS..=hour(now)).map(group)
}
