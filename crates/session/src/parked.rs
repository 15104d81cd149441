//! Requests that wait until their customer has signed in again.

mod handle;
mod quota;
mod record;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use domain::{PersonKey, Timestamp};
use store::{Area, Store, StoreError};
use zeroize::Zeroizing;

pub use handle::{ParkedHandle, ParkedHandleError};
pub use record::{ParkedHead, ParkedRequest, ParkedState};
pub use writer::ParkedWriter;

use self::quota::Quota;
use self::record::{Record, State};
use crate::{Context, Sealer, Unreadable, random};

/// Kinds of names in the store.
pub(crate) use quota::PURPOSE as QUOTA_PURPOSE;
pub(crate) use record::PURPOSE as HEAD_PURPOSE;

/// What the pieces of a body are sealed for.
pub(crate) const BODY_PURPOSE: &str = "parked body";
const HEAD: &str = "parked/";
const BODY: &str = "parked-body/";
/// What is held in memory of a body that is written or read.
const CHUNK: usize = 256 * 1024;
/// How long after its deadline it is still known what became of a request.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// A body that is being sent when its deadline comes is sent to its end.
const SENDING: Duration = Duration::from_secs(3600);
/// How often an outcome that the store did not tell is asked for.
const ASKED: usize = 3;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParkedLimits {
    /// Most bytes of one body.
    pub request: u64,
    /// Most bytes of one person's bodies together.
    pub person: u64,
    /// Most bytes of all bodies together.
    pub all: u64,
    /// For how long.
    pub keep: Duration,
}

/// Why a request could not be parked. Nothing of it is kept then.
#[derive(Debug, thiserror::Error)]
pub enum ParkError {
    /// Its body is larger than one may be.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    /// The person has parked too much already.
    #[error("the person's parked requests would take more than {0} bytes together")]
    PersonFull(u64),
    /// Everybody together has parked too much already.
    #[error("all parked requests would take more than {0} bytes together")]
    AllFull(u64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a piece of a parked body could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ParkedReadError {
    /// The store failed; it may answer later.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store has lost it.
    #[error("a piece of the parked body is no longer in the store")]
    Missing,
    /// It was altered, moved, or sealed with a key that is gone.
    #[error("a piece of the parked body cannot be read")]
    Unreadable(#[source] Unreadable),
}

/// Where a parked body lies.
#[derive(Debug, Clone)]
pub struct ParkedBody {
    name: String,
    chunks: u32,
    size: u64,
}

impl ParkedBody {
    /// Bytes of the whole.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many pieces it has; at least one.
    pub fn chunks(&self) -> u32 {
        self.chunks
    }
}

/// The right to send a parked request, which one caller gets.
#[derive(Debug)]
pub struct Claimed {
    key: String,
    sealed: Vec<u8>,
    record: Record,
}

impl Claimed {
    /// The request without its body.
    pub fn request(&self) -> ParkedRequest {
        self.record.seen(Timestamp::from_millis(i64::MIN))
    }

    /// Its body.
    pub fn body(&self) -> ParkedBody {
        let Record { body, chunks, size, .. } = &self.record;
        ParkedBody { name: body.clone(), chunks: *chunks, size: *size }
    }
}

/// What a claim found.
#[derive(Debug)]
pub enum Claim {
    /// It is this caller's to send, and nobody else's.
    Mine(Box<Claimed>),
    /// Somebody was there before, or it is too late.
    Not(Box<ParkedRequest>),
    /// There is no such request.
    Nothing,
}

/// What became of a claimed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The upstream answered.
    Sent,
    /// It may have arrived, and nobody knows.
    Unknown,
    /// Not a byte of it, or not the whole of it, left: it waits again.
    Kept,
    /// The customer does not want it sent.
    Discarded,
    /// It can no longer be read back whole.
    Damaged,
}

/// Requests that wait until their customer has signed in again, sealed in the store.
///
/// A body is written and read in pieces of 256 KiB, each sealed under its number and whether it is
/// the last, so that none can be left out, doubled or exchanged. The head is written last: what
/// broke off is never found. Nobody but the caller whose [`ParkedRequests::claim`] succeeded may
/// send a request, and a request that was claimed is never handed out again unless that caller
/// says that it did not leave.
pub struct ParkedRequests {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    limits: ParkedLimits,
}

impl ParkedRequests {
    /// Parked requests in `store`.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>, limits: ParkedLimits) -> Self {
        Self { store, sealer, limits }
    }

    /// How much is kept, and for how long.
    pub fn limits(&self) -> &ParkedLimits {
        &self.limits
    }

    /// Begins to park a request of a person. `announced` is what the request says of its length;
    /// without it, room for the largest is kept until it has ended.
    ///
    /// # Errors
    /// [`ParkError`], and nothing is kept.
    pub async fn begin(
        &self,
        whose: &PersonKey,
        announced: Option<u64>,
        now: Timestamp,
    ) -> Result<ParkedWriter<'_>, ParkError> {
        let most = self.limits.request;
        if announced.is_some_and(|size| size > most) {
            return Err(ParkError::TooLarge(most));
        }
        let handle = ParkedHandle::from_random(random::bytes()?);
        let body = self.sealer.name(BODY, &[handle.bytes()]);
        let deadline = now.plus(self.limits.keep);
        let size = announced.unwrap_or(most);
        let charge = self.quota().charge(whose, size, deadline, now).await?;
        Ok(ParkedWriter::new(self, handle, body, charge, (now, deadline)))
    }

    /// The request of a handle and what became of it; `None` when there is none, or its record
    /// cannot be read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn find(
        &self,
        handle: &ParkedHandle,
        now: Timestamp,
    ) -> Result<Option<ParkedRequest>, StoreError> {
        let found = self.read(handle, now).await?;
        Ok(found.map(|(_, _, record)| record.seen(now)))
    }

    /// Takes the request of a handle in order to send it: of any number of callers one may. Not
    /// `take`, because a lost answer of `take` would lose the request: here it can be asked whose
    /// claim has come through.
    ///
    /// # Errors
    /// When the store fails. Unless it then lost every answer, the request waits as before.
    pub async fn claim(&self, handle: &ParkedHandle, now: Timestamp) -> Result<Claim, StoreError> {
        let claim: [u8; 16] = random::bytes()?;
        loop {
            let Some((key, sealed, mut record)) = self.read(handle, now).await? else {
                return Ok(Claim::Nothing);
            };
            if record.seen(now).state != ParkedState::Kept {
                return Ok(Claim::Not(Box::new(record.seen(now))));
            }
            record.state = State::Sending { at: now, claim };
            let entry = record.entry(&self.sealer, &key)?;
            let ours = entry.value.clone();
            match self.store.replace_if(Area::Sessions, &key, &sealed, entry, now).await {
                Ok(true) => {
                    return Ok(Claim::Mine(Box::new(Claimed { key, sealed: ours, record })));
                }
                Ok(false) => {}
                Err(error) => {
                    let Some(true) = self.holds(&key, &ours, now).await else { return Err(error) };
                    return Ok(Claim::Mine(Box::new(Claimed { key, sealed: ours, record })));
                }
            }
        }
    }

    /// Says what became of a claimed request. When this fails, the request stays claimed: it is
    /// never sent twice.
    ///
    /// # Errors
    /// When the store fails again and again.
    pub async fn end(
        &self,
        claimed: Claimed,
        ended: Ended,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Claimed { key, sealed, mut record } = claimed;
        let State::Sending { claim, .. } = record.state else { return Ok(()) };
        record.state = match ended {
            Ended::Sent => State::Sent { at: now },
            Ended::Unknown => record.state,
            Ended::Kept => State::Kept,
            Ended::Discarded => State::Discarded { at: now },
            Ended::Damaged => State::Damaged,
        };
        let mut outcome = Ok(false);
        let mut expected = sealed;
        for _ in 0..ASKED {
            let entry = record.entry(&self.sealer, &key)?;
            outcome = self.store.replace_if(Area::Sessions, &key, &expected, entry, now).await;
            match outcome {
                Ok(true) => break,
                // Nobody else changes what is claimed, but it may have been sealed anew.
                Ok(false) => match self.store.get(Area::Sessions, &key, now).await {
                    Ok(Some(found)) if self.is_claimed(&key, &found, claim) => expected = found,
                    _ => break,
                },
                Err(_) => {}
            }
        }
        if ended != Ended::Kept {
            self.remove(&record.body, record.chunks).await;
            self.quota().release(&record.charge, now).await;
        }
        outcome.map(|_| ())
    }

    /// Reads one piece of a claimed body, from 0 on.
    ///
    /// # Errors
    /// When the store fails or has lost the piece, or it is not what was written.
    pub async fn chunk(
        &self,
        body: &ParkedBody,
        number: u32,
        now: Timestamp,
    ) -> Result<Zeroizing<Vec<u8>>, ParkedReadError> {
        let key = chunk_key(&body.name, number);
        let sealed = self.store.get(Area::Sessions, &key, now).await?;
        let sealed = sealed.ok_or(ParkedReadError::Missing)?;
        let id = chunk_id(&key, Last::of(number, body.chunks));
        let context = Context { purpose: BODY_PURPOSE, id: &id };
        self.sealer.open(context, &sealed).map_err(ParkedReadError::Unreadable)
    }

    /// Marks the requests whose time has come and gives them, each to one caller in the cluster.
    /// To be called every now and then, at least once in two hours.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn expire(&self, now: Timestamp) -> Result<Vec<ParkedRequest>, StoreError> {
        let mut expired = Vec::new();
        for group in record::due(now) {
            for (key, sealed) in self.store.group(Area::Sessions, &group, now).await? {
                let Ok(mut record) = Record::open(&self.sealer, &key, &sealed) else { continue };
                if !matches!(record.state, State::Kept) || now < record.deadline {
                    continue;
                }
                record.state = State::Expired;
                let entry = record.entry(&self.sealer, &key)?;
                if self.store.replace_if(Area::Sessions, &key, &sealed, entry, now).await? {
                    self.remove(&record.body, record.chunks).await;
                    self.quota().release(&record.charge, now).await;
                    expired.push(record.seen(now));
                }
            }
        }
        Ok(expired)
    }

    /// Key, sealed record and record of a handle.
    async fn read(
        &self,
        handle: &ParkedHandle,
        now: Timestamp,
    ) -> Result<Option<(String, Vec<u8>, Record)>, StoreError> {
        let key = self.sealer.name(HEAD, &[handle.bytes()]);
        let Some(sealed) = self.store.get(Area::Sessions, &key, now).await? else {
            return Ok(None);
        };
        match Record::open(&self.sealer, &key, &sealed) {
            Ok(record) => Ok(Some((key, sealed, record))),
            Err(reason) => {
                tracing::debug!(%reason, "a parked request cannot be read");
                Ok(None)
            }
        }
    }

    /// Whether a sealed record is the one of this claim.
    fn is_claimed(&self, key: &str, sealed: &[u8], ours: [u8; 16]) -> bool {
        let record = Record::open(&self.sealer, key, sealed);
        record.is_ok_and(|r| matches!(r.state, State::Sending { claim, .. } if claim == ours))
    }

    /// Whether an entry has this value; `None`: the store does not say.
    async fn holds(&self, key: &str, value: &[u8], now: Timestamp) -> Option<bool> {
        for _ in 0..ASKED {
            if let Ok(found) = self.store.get(Area::Sessions, key, now).await {
                return Some(found.is_some_and(|found| found == value));
            }
        }
        None
    }

    /// Removes a body; what cannot be removed goes by its deadline.
    async fn remove(&self, body: &str, chunks: u32) {
        for number in 0..chunks {
            let removed = self.store.remove(Area::Sessions, &chunk_key(body, number)).await;
            if let Err(error) = removed {
                tracing::debug!(%error, "a parked body was not removed");
                return;
            }
        }
    }

    fn quota(&self) -> Quota<'_> {
        Quota { store: self.store.as_ref(), sealer: &self.sealer, limits: &self.limits }
    }
}

/// Whether a piece is the last of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Yes,
    No,
}

impl Last {
    fn of(number: u32, chunks: u32) -> Self {
        if number.checked_add(1) == Some(chunks) { Self::Yes } else { Self::No }
    }
}

fn chunk_key(body: &str, number: u32) -> String {
    format!("{body}/{number}")
}

/// What a piece is sealed for, beside its purpose; the key ends in its number.
fn chunk_id(key: &str, last: Last) -> String {
    let last = if last == Last::Yes { "last" } else { "more" };
    format!("{key}/{last}")
}

/// What a piece can be sealed for, by its key alone.
pub(crate) fn piece_ids(key: &str) -> [String; 2] {
    [chunk_id(key, Last::No), chunk_id(key, Last::Yes)]
}
