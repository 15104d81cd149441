//! The body of an answer: ours, or the upstream's as it streams.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use proxy::ForwardBody;

use crate::inject::Rewriting;
use crate::streams::Guarded;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Body {
    /// Made here.
    Own(Full<Bytes>),
    /// From the upstream.
    Forwarded(ForwardBody),
    /// The same, on which something was put in.
    Rewritten(Box<Rewriting>),
    /// From the upstream, cut when its session ends.
    Guarded(Box<Guarded>),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = <ForwardBody as http_body::Body>::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Own(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Forwarded(body) => Pin::new(body).poll_frame(context),
            Self::Rewritten(body) => Pin::new(body.as_mut()).poll_frame(context),
            Self::Guarded(body) => Pin::new(&mut **body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Forwarded(body) => body.is_end_stream(),
            Self::Rewritten(body) => body.is_end_stream(),
            Self::Guarded(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Forwarded(body) => body.size_hint(),
            Self::Rewritten(body) => body.size_hint(),
            Self::Guarded(body) => body.size_hint(),
        }
    }
}
