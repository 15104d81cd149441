//! A WebSocket between browser and upstream, as bytes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};
use tokio::task::AbortHandle;
use tokio::time::sleep;
use tracing::debug;

/// Most WebSocket messages are small; two of these are held per tunnel.
const BUFFER: usize = 8 * 1024;

/// A handle of a running tunnel, among the extensions of the answer that opened it. Dropping it
/// leaves the tunnel alone.
#[derive(Debug, Clone)]
pub struct Tunnel(AbortHandle);

impl Tunnel {
    /// Ends the tunnel at once, both sides; for a session that was revoked.
    pub fn cut(&self) {
        self.0.abort();
    }

    /// Whether the tunnel has ended.
    pub fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    pub(crate) fn open(client: OnUpgrade, upstream: OnUpgrade, idle: Duration) -> Self {
        let run = async move {
            if let Err(error) = run(client, upstream, idle).await {
                debug!(error = &*error, "a tunnel ended");
            }
        };
        Self(tokio::spawn(run).abort_handle())
    }
}

async fn run(
    client: OnUpgrade,
    upstream: OnUpgrade,
    limit: Duration,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // The client's side resolves when the gateway has sent the answer that the upstream gave.
    let (client, upstream) = tokio::try_join!(client, upstream)?;
    let moved = AtomicU64::new(0);
    let mut client = Watched { io: TokioIo::new(client), moved: &moved };
    let mut upstream = TokioIo::new(upstream);
    tokio::select! {
        copied = copy_bidirectional_with_sizes(&mut client, &mut upstream, BUFFER, BUFFER) => {
            copied?;
        }
        () = stands_still(&moved, limit) => {}
    }
    Ok(())
}

/// Resolves once nothing has moved for `limit`, at most for twice that.
async fn stands_still(moved: &AtomicU64, limit: Duration) {
    loop {
        let before = moved.load(Ordering::Relaxed);
        sleep(limit).await;
        if moved.load(Ordering::Relaxed) == before {
            return;
        }
    }
}

/// One side of a tunnel, through which both directions pass.
struct Watched<'a> {
    io: TokioIo<Upgraded>,
    moved: &'a AtomicU64,
}

impl AsyncRead for Watched<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        self.moved.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.moved.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
