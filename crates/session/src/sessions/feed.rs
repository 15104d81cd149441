//! What other replicas change.

use std::time::Duration;

use store::Area;
use tokio::sync::broadcast::error::RecvError;

use super::{SESSION, Sessions};
use crate::hot::Hot;

/// Pause before a closed change feed is asked for again.
const FEED_PAUSE: Duration = Duration::from_millis(250);

impl Sessions {
    /// Listens to the store's changes for ever, so that opened sessions may be used for longer than
    /// a second. To be run once, in the background; dropping it ends the listening.
    pub async fn follow(&self) {
        let _deaf_when_dropped = Hearing(&self.hot);
        loop {
            let mut feed = self.store.changes();
            // What was cached before could have changed before the feed began.
            self.hot.forget_all();
            self.hot.set_hearing(true);
            loop {
                match feed.recv().await {
                    Ok(change)
                        if change.area == Area::Sessions && change.key.starts_with(SESSION) =>
                    {
                        self.hot.changed(&change.key);
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.hot.forget_all(),
                    Err(RecvError::Closed) => break,
                }
            }
            self.hot.set_hearing(false);
            self.hot.forget_all();
            tokio::time::sleep(FEED_PAUSE).await;
        }
    }
}

/// Ends the hearing when the listening ends in whatever way.
struct Hearing<'h>(&'h Hot);

impl Drop for Hearing<'_> {
    fn drop(&mut self) {
        self.0.set_hearing(false);
    }
}
