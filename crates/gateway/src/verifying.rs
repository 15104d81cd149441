//! The threads that verify SAML responses.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Responses verified at once.
const THREADS: usize = 2;

/// Threads that do nothing else. Whoever waits stands in their queue: a thread that is done takes
/// the next message without sleeping in between, with all that it needs still in its caches.
pub(crate) struct Verifying(Option<Runtime>);

impl Verifying {
    /// Makes the pool; its threads start when they are needed.
    pub(crate) fn new() -> io::Result<Self> {
        let pool = Builder::new_current_thread()
            .thread_name("verifying")
            .max_blocking_threads(THREADS)
            .build()?;
        Ok(Self(Some(pool)))
    }

    /// Runs `job` there. `None`: the gateway is stopping.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.0.as_ref()?.spawn_blocking(job).await.ok()
    }
}

/// Never blocks, so that a gateway may be dropped inside another runtime.
impl Drop for Verifying {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            pool.shutdown_background();
        }
    }
}
