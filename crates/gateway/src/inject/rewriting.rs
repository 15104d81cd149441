//! A page on its way through, until our script stands in it.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use lol_html::html_content::ContentType;
use lol_html::send::{HtmlRewriter, Settings};
use lol_html::{MemorySettings, OutputSink, element};
use proxy::ForwardBody;

/// What the rewriter may hold of a page whose beginning has no end, such as a tag of megabytes.
const MEMORY: usize = 256 * 1024;
/// A page whose first so many bytes have neither head nor body is none that scripts run in.
const LOOKED_AT: usize = 1024 * 1024;

/// What has come out of the rewriter.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Written>>);

#[derive(Default)]
struct Written {
    bytes: BytesMut,
    injected: bool,
}

impl Out {
    fn with<T>(&self, act: impl FnOnce(&mut Written) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OutputSink for Out {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        self.with(|written| written.bytes.extend_from_slice(chunk));
    }
}

/// A page on its way through.
pub(crate) struct Rewriting {
    body: ForwardBody,
    state: State,
}

enum State {
    /// The script's place has not come yet.
    Looking(Box<Looking>),
    /// It stands there, or never will: everything passes as it comes.
    Passing,
}

struct Looking {
    rewriter: HtmlRewriter<'static, Out>,
    out: Out,
    seen: usize,
}

impl Rewriting {
    pub(super) fn new(body: ForwardBody, tag: String) -> Self {
        Self { body, state: State::Looking(Box::new(Looking::new(tag))) }
    }
}

impl Looking {
    fn new(tag: String) -> Self {
        let out = Out::default();
        let noted = out.clone();
        // Before everything else in the head: the page's own scripts must find it there. A page
        // without `<head>` in its source has a `<body>`, or is taken as it is.
        let first = element!("head, body", move |element| {
            noted.with(|written| {
                if !written.injected {
                    written.injected = true;
                    element.prepend(&tag, ContentType::Html);
                }
            });
            Ok(())
        });
        let memory = MemorySettings::new()
            .with_max_allowed_memory_usage(MEMORY)
            .with_graceful_bail_out_on_memory_limit_exceeded(true);
        let settings = Settings::new_send()
            .append_element_content_handler(first)
            .with_memory_settings(memory)
            .with_strict(false);
        let rewriter = HtmlRewriter::new(settings, out.clone());
        Self { rewriter, out, seen: 0 }
    }

    /// Takes a piece of the page; gives what may go on. `Err`: the same, and all that follows
    /// passes as it comes.
    fn take(mut self: Box<Self>, piece: &[u8]) -> Result<(Box<Self>, Bytes), Bytes> {
        self.seen = self.seen.saturating_add(piece.len());
        if let Err(error) = self.rewriter.write(piece) {
            tracing::debug!(%error, "a page stays without our script");
            // It has given back all that it held, as it was.
            return Err(self.out.with(|out| out.bytes.split()).freeze());
        }
        let injected = self.out.with(|out| out.injected);
        if injected || self.seen > LOOKED_AT {
            return Err(self.rest());
        }
        let bytes = self.out.with(|out| out.bytes.split());
        Ok((self, bytes.freeze()))
    }

    /// All that is left, once the script is there or the page has ended.
    fn rest(self: Box<Self>) -> Bytes {
        let Self { rewriter, out, .. } = *self;
        if let Err(error) = rewriter.end() {
            tracing::debug!(%error, "the end of a page could not be rewritten");
        }
        out.with(|out| out.bytes.split()).freeze()
    }
}

impl fmt::Debug for Rewriting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rewriting").field("body", &self.body).finish_non_exhaustive()
    }
}

impl Body for Rewriting {
    type Data = Bytes;
    type Error = <ForwardBody as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        loop {
            if matches!(this.state, State::Passing) {
                return Pin::new(&mut this.body).poll_frame(cx);
            }
            let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
            let State::Looking(looking) = std::mem::replace(&mut this.state, State::Passing) else {
                return Poll::Ready(frame);
            };
            let bytes = match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => match looking.take(&piece) {
                        Ok((looking, bytes)) => {
                            this.state = State::Looking(looking);
                            bytes
                        }
                        Err(bytes) => bytes,
                    },
                    // Trailers of a page that had no place for the script: nobody reads them.
                    Err(_trailers) => looking.rest(),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => looking.rest(),
            };
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Passing) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "<script src=\"/s\"></script>";

    /// The page as it leaves, fed in pieces of a size.
    fn through(page: &[u8], size: usize) -> Vec<u8> {
        let mut state = Some(Box::new(Looking::new(TAG.to_owned())));
        let mut whole = Vec::new();
        for piece in page.chunks(size) {
            let Some(looking) = state.take() else {
                whole.extend_from_slice(piece);
                continue;
            };
            let bytes = match looking.take(piece) {
                Ok((looking, bytes)) => {
                    state = Some(looking);
                    bytes
                }
                Err(bytes) => bytes,
            };
            whole.extend_from_slice(&bytes);
        }
        if let Some(looking) = state {
            whole.extend_from_slice(&looking.rest());
        }
        whole
    }

    #[test]
    fn the_script_is_the_first_thing_in_the_head() {
        for (before, after) in [
            ("<!doctype html><html><head>", "<script>x</script></head><body>ä</body></html>"),
            ("<!-- <head> --><HTML>\n<HEAD lang=\"a>b\">", "<title>a < b</title>"),
            ("<body class=x>", "<p>no head"),
        ] {
            let page = format!("{before}{after}");
            for size in [1, 2, 7, 4096] {
                let out = String::from_utf8(through(page.as_bytes(), size)).unwrap();
                assert_eq!(out, format!("{before}{TAG}{after}"), "pieces of {size}");
            }
        }
    }

    #[test]
    fn once_only_and_what_is_no_page_stays_as_it_was() {
        let twice = "<head></head><body><head><body>";
        assert_eq!(through(twice.as_bytes(), 3).len(), twice.len() + TAG.len());
        let odd = b"\xff\xfe<p>\x00 no page at all <<<".to_vec();
        assert_eq!(through(&odd, 5), odd);
        let page = b"<title><head></title><textarea><body></textarea>";
        assert_eq!(through(page, 4), page, "text, not tags");
    }

    #[test]
    fn a_page_that_would_take_memory_passes_as_it_came() {
        let mut tag = b"<html><div data-x=\"".to_vec();
        tag.resize(3 * 1024 * 1024, b'x');
        tag.extend(b"\"><head></head>");
        assert!(through(&tag, 16 * 1024) == tag, "a tag of megabytes");
        let mut late = vec![b' '; 2 * 1024 * 1024];
        late.extend(b"<head></head>");
        assert!(through(&late, 16 * 1024) == late);
    }
}
