//! A body that ends when its session does.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use proxy::BodyError;
use session::OpenSession;

use super::Streams;
use crate::body::Body;

/// What the watch and the body share.
#[derive(Debug)]
pub(super) struct Download {
    cut: AtomicBool,
    moved: AtomicBool,
    /// It moves without anybody doing anything.
    by_itself: bool,
    waiting: Mutex<Option<Waker>>,
}

impl Download {
    pub(super) fn new(by_itself: bool) -> Self {
        let (cut, moved) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { cut, moved, by_itself, waiting: Mutex::default() }
    }

    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    pub(super) fn was_used(&self) -> bool {
        self.moved.swap(false, Ordering::Relaxed) && !self.by_itself
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// To be woken by a cut, too.
    fn wait(&self, context: &Context<'_>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *waiting {
            Some(waker) => waker.clone_from(context.waker()),
            None => *waiting = Some(context.waker().clone()),
        }
    }
}

/// The upstream's body, until its session ends: then it breaks off with an error, so that nobody
/// takes what has come for the whole.
#[derive(Debug)]
pub(crate) struct Guarded {
    body: Body,
    download: Arc<Download>,
    streams: Arc<Streams>,
    session: Arc<OpenSession>,
}

impl Guarded {
    pub(super) fn new(
        body: Body,
        download: Arc<Download>,
        streams: Arc<Streams>,
        session: Arc<OpenSession>,
    ) -> Self {
        Self { body, download, streams, session }
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if this.download.is_cut() {
            return Poll::Ready(Some(Err(BodyError::Cut)));
        }
        let polled = Pin::new(&mut this.body).poll_frame(context);
        if polled.is_ready() {
            this.download.moved.store(true, Ordering::Relaxed);
            return polled;
        }
        this.download.wait(context);
        // A cut between the first look and the waiting has woken nobody.
        if this.download.is_cut() { Poll::Ready(Some(Err(BodyError::Cut))) } else { Poll::Pending }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.streams.forget(&self.session, &self.download);
    }
}
