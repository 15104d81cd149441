//! Time that stands still until the test moves it, for the gateway and its peers alike.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Sleep, Timestamp};
use fakes::FakeClock;
use tokio::sync::watch;

/// Time that stands still until the test moves it.
#[derive(Debug, Clone)]
pub struct MovedClock {
    now: Arc<watch::Sender<Timestamp>>,
    peers: FakeClock,
}

impl MovedClock {
    /// Begins at 2026-11-22T09:00:00Z.
    pub fn new() -> Self {
        let begin = 1_795_338_000;
        let (now, _) = watch::channel(Timestamp::from_seconds(begin));
        Self { now: Arc::new(now), peers: FakeClock::manual(begin) }
    }

    /// The same time for fakes.
    pub fn peers(&self) -> FakeClock {
        self.peers.clone()
    }

    /// Moves time on; who sleeps until then wakes up. The peers' first: what the gateway fetches as
    /// it wakes must not be of before.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| {
            *now = now.plus(by);
            self.peers.set(now.as_seconds());
        });
    }
}

impl Default for MovedClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, moment: Timestamp) -> Sleep {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            // A clock that is gone moves no more: the sleeper is about to go, too.
            let _ = now.wait_for(|now| *now >= moment).await;
        })
    }
}
