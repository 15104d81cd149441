//! A parked body on its way to the upstream, read back piece by piece.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use domain::Timestamp;
use http_body::{Body, Frame, SizeHint};
use session::{ParkedBody, ParkedReadError};

use crate::gateway::Gateway;

/// One piece, being read.
type Reading = Pin<Box<dyn Future<Output = Result<Bytes, ParkedReadError>> + Send>>;

/// Why a body could not be read back whole; empty while nothing is wrong.
pub(super) type Trouble = Arc<OnceLock<ParkedReadError>>;

/// A parked body that is streamed: one piece is in memory.
pub(super) struct Replay {
    gateway: Arc<Gateway>,
    body: ParkedBody,
    now: Timestamp,
    next: u32,
    left: u64,
    reading: Option<Reading>,
    trouble: Trouble,
}

impl Replay {
    pub(super) fn new(gateway: &Arc<Gateway>, body: ParkedBody, now: Timestamp) -> (Self, Trouble) {
        let (trouble, left) = (Trouble::default(), body.size());
        let gateway = Arc::clone(gateway);
        let kept = Arc::clone(&trouble);
        (Self { gateway, body, now, next: 0, left, reading: None, trouble: kept }, trouble)
    }

    fn read(&self) -> Reading {
        let (gateway, body) = (Arc::clone(&self.gateway), self.body.clone());
        let (number, now) = (self.next, self.now);
        Box::pin(async move {
            // Not copied: it is wiped when the last part of it was sent.
            gateway.parked.chunk(&body, number, now).await.map(Bytes::from_owner)
        })
    }
}

impl Body for Replay {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if this.left == 0 || this.next >= this.body.chunks() {
            return Poll::Ready(None);
        }
        if this.reading.is_none() {
            this.reading = Some(this.read());
        }
        let Some(reading) = &mut this.reading else { return Poll::Ready(None) };
        let piece = ready!(reading.as_mut().poll(cx));
        this.reading = None;
        match piece {
            Ok(piece) => {
                this.next = this.next.saturating_add(1);
                let size = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                this.left = this.left.saturating_sub(size);
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Err(error) => {
                let text = error.to_string();
                let _first = this.trouble.set(error);
                Poll::Ready(Some(Err(text.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
