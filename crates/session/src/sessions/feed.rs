//! What other replicas change.

use std::time::Duration;

use domain::Clock;
use store::{Area, Change, Followed};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::Sessions;
use crate::naming::NAMING;
use crate::not_before::MARK;
use crate::stored::SESSION;

/// The store's entries that are followed here: the store need not tell of others.
pub const FOLLOWED: Followed =
    Followed(&[(Area::Sessions, SESSION), (Area::Records, MARK), (Area::Records, NAMING)]);

/// Pause before a closed change feed is asked for again.
const FEED_PAUSE: Duration = Duration::from_millis(250);

/// What has changed, for whoever keeps something open on behalf of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// The record of one session, by its key: it was used, or has ended.
    Session(&'a str),
    /// A not-before mark.
    Mark,
    /// Anything may have: changes were missed.
    Gap,
}

impl Sessions {
    /// Listens to the store's changes for ever and tells of them, so that opened sessions may be
    /// used for longer than half a second. To be run once, in the background; dropping it ends the
    /// listening.
    pub async fn follow(&self, clock: &dyn Clock, tell: impl Fn(Heard<'_>) + Send + Sync) {
        let _deaf_when_dropped = Hearing(self, clock);
        loop {
            let mut feed = self.store.changes();
            // A feed that is not connected is closed from the beginning.
            let waiting = match feed.try_recv() {
                Err(TryRecvError::Closed) => None,
                Err(TryRecvError::Empty) => Some(None),
                Err(TryRecvError::Lagged(_)) => Some(None),
                Ok(change) => Some(Some(change)),
            };
            if let Some(first) = waiting {
                self.sealer.adopt_names_again(&*self.store, clock.now()).await;
                self.marks.changed();
                self.hot.hear();
                tell(Heard::Gap);
                self.read_marks(clock).await;
                if let Some(change) = first {
                    self.heard(&change, clock, &tell).await;
                }
                self.listen(&mut feed, clock, &tell).await;
                tell(Heard::Gap);
            }
            let now = clock.now();
            self.hot.hear_no_more(now);
            // Whether the store is gone as well: then `grace` begins.
            let _noted = self.outage.watch(self.store.get(Area::Sessions, "probe", now), now).await;
            tokio::time::sleep(FEED_PAUSE).await;
        }
    }

    /// Until the feed is closed.
    async fn listen(
        &self,
        feed: &mut Receiver<Change>,
        clock: &dyn Clock,
        tell: &(impl Fn(Heard<'_>) + Send + Sync),
    ) {
        loop {
            match feed.recv().await {
                Ok(change) => self.heard(&change, clock, tell).await,
                Err(RecvError::Lagged(_)) => {
                    self.marks.changed();
                    self.hot.forget_all();
                    self.read_marks(clock).await;
                    tell(Heard::Gap);
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn heard(
        &self,
        change: &Change,
        clock: &dyn Clock,
        tell: &(impl Fn(Heard<'_>) + Send + Sync),
    ) {
        match change.area {
            Area::Sessions if change.key.starts_with(SESSION) => {
                self.hot.changed(&change.key);
                tell(Heard::Session(&change.key));
            }
            Area::Records if change.key.starts_with(MARK) => {
                self.marks.changed();
                self.read_marks(clock).await;
                tell(Heard::Mark);
            }
            // Records were restored, or begun anew.
            Area::Records if change.key == NAMING => {
                self.sealer.adopt_names_again(&*self.store, clock.now()).await;
            }
            _ => {}
        }
    }

    /// Early: else the next request waits for it. Marks that could not be read let nobody in.
    async fn read_marks(&self, clock: &dyn Clock) {
        if let Err(error) = self.marks.refresh(clock.now(), self.hot.feed()).await {
            tracing::debug!(%error, "marks were not read");
        }
    }

    /// Whether changes are heard: if not, what is open must be looked after each second.
    pub fn hears(&self) -> bool {
        self.hot.feed() == crate::hot::Feed::Heard
    }
}

/// Ends the hearing when the listening ends in whatever way.
struct Hearing<'h>(&'h Sessions, &'h dyn Clock);

impl Drop for Hearing<'_> {
    fn drop(&mut self) {
        self.0.hot.hear_no_more(self.1.now());
    }
}
