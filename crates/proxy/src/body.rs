//! The two bodies: streamed piece by piece, never collected, with a limit on standing still.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::error::BodyError;
use crate::header_rules::{self, RequestRules};
use crate::idle::IdleTimer;
use crate::pool::Lease;
use crate::{Limits, cookies};

/// A body that somebody else streams; its length must be exact.
pub type KeptBody = Pin<Box<dyn Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>> + Send>>;

/// The body of a request: what the client streams, what was kept elsewhere and is streamed from
/// there, or bytes at hand.
pub struct RequestBody(Source);

enum Source {
    Whole(Option<Bytes>),
    /// Not yet being forwarded.
    Waiting(Origin),
    Streaming(Box<Streaming>),
}

/// Where a streamed body comes from.
enum Origin {
    Client(Incoming),
    Kept(KeptBody),
}

struct Streaming {
    origin: Origin,
    idle: IdleTimer,
    rules: Arc<RequestRules>,
    progress: Arc<Progress>,
}

impl From<Incoming> for RequestBody {
    fn from(incoming: Incoming) -> Self {
        if incoming.is_end_stream() {
            return Self(Source::Whole(None));
        }
        Self(Source::Waiting(Origin::Client(incoming)))
    }
}

impl From<KeptBody> for RequestBody {
    fn from(kept: KeptBody) -> Self {
        Self(Source::Waiting(Origin::Kept(kept)))
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Whole(Some(bytes).filter(|b| !b.is_empty())))
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").field("size", &self.size_hint()).finish_non_exhaustive()
    }
}

impl Origin {
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self {
            Self::Client(incoming) => Pin::new(incoming).poll_frame(cx).map_err(BodyError::Broken),
            Self::Kept(kept) => kept.as_mut().poll_frame(cx).map_err(BodyError::Kept),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Client(incoming) => incoming.is_end_stream(),
            Self::Kept(kept) => kept.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Client(incoming) => incoming.size_hint(),
            Self::Kept(kept) => kept.size_hint(),
        }
    }
}

impl RequestBody {
    /// Starts the limits; what comes back says how far the upstream took the body, and is `None`
    /// where that is no question.
    pub(crate) fn watch(
        &mut self,
        rules: &Arc<RequestRules>,
        limits: &Limits,
    ) -> Option<Arc<Progress>> {
        let origin = match std::mem::replace(&mut self.0, Source::Whole(None)) {
            Source::Waiting(origin) => origin,
            other => {
                self.0 = other;
                return None;
            }
        };
        let progress = Arc::new(Progress::new());
        self.0 = Source::Streaming(Box::new(Streaming {
            origin,
            idle: IdleTimer::new(limits.body_idle),
            rules: Arc::clone(rules),
            progress: Arc::clone(&progress),
        }));
        Some(progress)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Source::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Source::Waiting(origin) => origin.poll_frame(cx),
            Source::Streaming(streaming) => streaming.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Whole(bytes) => bytes.is_none(),
            Source::Waiting(origin) => origin.is_end_stream(),
            Source::Streaming(streaming) => streaming.origin.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Whole(Some(bytes)) => SizeHint::with_exact(bytes.len() as u64),
            Source::Whole(None) => SizeHint::with_exact(0),
            Source::Waiting(origin) => origin.size_hint(),
            Source::Streaming(streaming) => streaming.origin.size_hint(),
        }
    }
}

impl Streaming {
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = match self.origin.poll_frame(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                self.progress.waits_for_client();
                ready!(self.idle.poll_expired(cx));
                return Poll::Ready(Some(Err(BodyError::Idle(self.idle.limit()))));
            }
        };
        self.idle.reset();
        self.progress.moved();
        // Some applications read trailers as if they were headers (attacks.md E1).
        let clean = |trailers: &mut HeaderMap| {
            header_rules::strip(trailers, |name| self.rules.drops(name));
        };
        Poll::Ready(frame.map(|f| f.map(|f| with_trailers(f, clean))))
    }
}

/// How far the upstream took a request body.
#[derive(Debug)]
pub(crate) struct Progress {
    begin: Instant,
    /// Milliseconds from `begin` to the last piece taken.
    last: AtomicU64,
}

impl Progress {
    const WAITING: u64 = u64::MAX;

    fn new() -> Self {
        Self { begin: Instant::now(), last: AtomicU64::new(0) }
    }

    fn moved(&self) {
        let millis = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(0);
        self.last.store(millis, Ordering::Relaxed);
    }

    fn waits_for_client(&self) {
        self.last.store(Self::WAITING, Ordering::Relaxed);
    }

    /// When the upstream last took a piece; `None` while it waits for the client.
    pub(crate) fn last(&self) -> Option<Instant> {
        let millis = self.last.load(Ordering::Relaxed);
        (millis != Self::WAITING).then(|| self.begin + Duration::from_millis(millis))
    }
}

/// The body of an answer. Once it has ended, its connection serves the next request; dropped
/// earlier, the connection is closed.
#[derive(Debug)]
pub struct ForwardBody {
    incoming: Incoming,
    idle: IdleTimer,
    lease: Option<Lease>,
}

impl ForwardBody {
    /// `lease` is `None` where the connection serves no further request.
    pub(crate) fn new(incoming: Incoming, lease: Option<Lease>, limits: &Limits) -> Self {
        let mut body = Self { incoming, idle: IdleTimer::new(limits.body_idle), lease };
        body.release_at_end();
        body
    }

    fn release(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.release();
        }
    }

    fn release_at_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.release();
        }
    }
}

impl Body for ForwardBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.idle.reset();
                this.release_at_end();
                Poll::Ready(Some(Ok(with_trailers(frame, |trailers| {
                    header_rules::strip(trailers, header_rules::drops_from_response);
                    cookies::strip_response(trailers);
                }))))
            }
            Poll::Ready(Some(Err(error))) => {
                this.lease = None;
                Poll::Ready(Some(Err(BodyError::Broken(error))))
            }
            Poll::Ready(None) => {
                this.release();
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(this.idle.poll_expired(cx));
                this.lease = None;
                Poll::Ready(Some(Err(BodyError::Idle(this.idle.limit()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

fn with_trailers(mut frame: Frame<Bytes>, clean: impl FnOnce(&mut HeaderMap)) -> Frame<Bytes> {
    if let Some(trailers) = frame.trailers_mut() {
        clean(trailers);
    }
    frame
}
