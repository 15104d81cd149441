//! Writing a body piece by piece.

use domain::Timestamp;
use store::{Area, Entry, StoreError};
use zeroize::Zeroizing;

use super::quota::Charge;
use super::record::{Record, State};
use super::{
    BODY_PURPOSE, CHUNK, HEAD, Last, ParkError, ParkedHandle, ParkedHead, ParkedRequests, SENDING,
    chunk_id, chunk_key,
};
use crate::Context;

/// A body that is being parked. It holds one piece in memory; a caller that waits for each
/// [`ParkedWriter::write`] is as slow as the store.
pub struct ParkedWriter<'p> {
    parked: &'p ParkedRequests,
    handle: ParkedHandle,
    body: String,
    charge: Charge,
    now: Timestamp,
    deadline: Timestamp,
    piece: Zeroizing<Vec<u8>>,
    chunks: u32,
    size: u64,
}

impl<'p> ParkedWriter<'p> {
    pub(super) fn new(
        parked: &'p ParkedRequests,
        handle: ParkedHandle,
        body: String,
        charge: Charge,
        (now, deadline): (Timestamp, Timestamp),
    ) -> Self {
        let piece = Zeroizing::new(Vec::new());
        Self { parked, handle, body, charge, now, deadline, piece, chunks: 0, size: 0 }
    }

    /// Adds bytes to the body.
    ///
    /// # Errors
    /// When it becomes too large, or the store fails; then [`ParkedWriter::abandon`] it.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), ParkError> {
        let most = self.parked.limits.request;
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.size = self.size.saturating_add(more);
        if self.size > most {
            return Err(ParkError::TooLarge(most));
        }
        while !bytes.is_empty() {
            if self.piece.len() >= CHUNK {
                self.flush(Last::No).await?;
            }
            let room = CHUNK.saturating_sub(self.piece.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.piece.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Ends the body and makes the request findable; gives its handle and until when it is kept.
    ///
    /// # Errors
    /// When the store fails; nothing is kept then.
    pub async fn finish(
        mut self,
        head: ParkedHead,
    ) -> Result<(ParkedHandle, Timestamp), StoreError> {
        match self.close(head).await {
            Ok(()) => Ok((self.handle, self.deadline)),
            Err(error) => {
                self.abandon().await;
                Err(error)
            }
        }
    }

    /// Removes what was written.
    pub async fn abandon(self) {
        let Self { parked, handle, body, charge, now, chunks, .. } = self;
        let key = parked.sealer.name(HEAD, &[handle.bytes()]);
        // Its answer may have been lost; nobody knows its handle.
        let _ = parked.store.remove(Area::Sessions, &key).await;
        parked.remove(&body, chunks).await;
        parked.quota().release(&charge, now).await;
    }

    async fn close(&mut self, head: ParkedHead) -> Result<(), StoreError> {
        self.flush(Last::Yes).await?;
        self.parked.quota().settle(&mut self.charge, self.size, self.now).await;
        let key = self.parked.sealer.name(HEAD, &[self.handle.bytes()]);
        let record = Record {
            head,
            size: self.size,
            chunks: self.chunks,
            body: self.body.clone(),
            charge: self.charge.clone(),
            deadline: self.deadline,
            state: State::Kept,
        };
        let entry = record.entry(&self.parked.sealer, &key)?;
        if self.parked.store.put_if_absent(Area::Sessions, &key, entry, self.now).await? {
            return Ok(());
        }
        Err(StoreError::Unavailable("a new parked request's handle was taken".to_owned()))
    }

    async fn flush(&mut self, last: Last) -> Result<(), StoreError> {
        let key = chunk_key(&self.body, self.chunks);
        let context = Context { purpose: BODY_PURPOSE, id: &chunk_id(&key, last) };
        let value = self.parked.sealer.seal(context, &self.piece)?;
        self.piece.clear();
        // Counted first: a piece whose answer is lost is removed, too.
        self.chunks = self.chunks.saturating_add(1);
        let deadline = self.deadline.plus(SENDING);
        let entry = Entry { value, deadline, groups: Vec::new() };
        self.parked.store.put(Area::Sessions, &key, entry, self.now).await
    }
}
