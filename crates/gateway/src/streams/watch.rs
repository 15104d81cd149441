//! Looks after what is open, and cuts it.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use session::OpenSession;
use store::StoreError;
use tokio::task::JoinSet;

use super::{Due, Stream, Streams};
use crate::gateway::Gateway;

/// How often all of it is looked after: half of the second that a revocation may take.
const ROUND: Duration = Duration::from_millis(500);

/// How often a session with something open is looked up although nothing was heard of it: so one
/// ends that nobody used any more.
const NOW_AND_THEN: Duration = Duration::from_secs(60);

/// Most sessions that are looked up at once.
const AT_ONCE: usize = 64;

/// How a session is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Against the marks at hand.
    Marks,
    /// Its record in the store, too.
    Store,
    /// Only whether its time is up.
    Time,
}

/// For ever.
pub(crate) async fn watch(gateway: Arc<Gateway>) {
    loop {
        let round = gateway.clock.sleep_until(gateway.clock.now().plus(ROUND));
        tokio::select! {
            () = gateway.streams.news.notified() => {}
            () = round => gateway.streams.note_use(&gateway).await,
        }
        look(&gateway).await;
    }
}

/// Looks up what is due and cuts what has ended.
async fn look(gateway: &Arc<Gateway>) {
    let now = gateway.clock.now();
    let due = gateway.streams.due(gateway.sessions.hears(), now);
    let mut looking = JoinSet::new();
    for (session, look) in due {
        if looking.len() >= AT_ONCE {
            let _one_less = looking.join_next().await;
        }
        let gateway = Arc::clone(gateway);
        looking.spawn(async move {
            match has_ended(&gateway, &session, look, now).await {
                Ok(true) => gateway.streams.cut(session.key()),
                Ok(false) => {}
                // Never "ended": the next round asks again (invariant 5).
                Err(error) => {
                    tracing::debug!(%error, "not known whether a session has ended");
                    gateway.streams.again(session.key());
                }
            }
        });
    }
    while looking.join_next().await.is_some() {}
}

async fn has_ended(
    gateway: &Gateway,
    session: &OpenSession,
    look: Look,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match look {
        Look::Time => Ok(now >= session.facts().deadline),
        Look::Marks => gateway.sessions.is_barred(session, now).await,
        Look::Store => gateway.sessions.has_ended(session, now).await,
    }
}

impl Streams {
    /// One session of each record with something open, and how to look it up. Cuts what has had its
    /// own time, and takes away tunnels that are over.
    fn due(&self, hears: bool, now: Timestamp) -> Vec<(Arc<OpenSession>, Look)> {
        let mut state = self.state();
        let Due { sessions, all, marks } = std::mem::take(&mut state.due);
        state.open.retain(|_, open| {
            open.streams.iter().for_each(|stream| stream.cut_at(now));
            open.streams.retain(|stream| !stream.is_over());
            !open.streams.is_empty()
        });
        let due = state.open.iter_mut().filter_map(|(key, open)| {
            let session = open.streams.first().map(|stream| Arc::clone(&stream.session))?;
            let stale = now >= open.looked_up.plus(NOW_AND_THEN);
            if all || !hears || stale || sessions.contains(key) {
                open.looked_up = now;
                return Some((session, Look::Store));
            }
            Some((session, if marks { Look::Marks } else { Look::Time }))
        });
        due.collect()
    }

    fn cut(&self, key: &str) {
        let streams = self.state().open.remove(key);
        streams.iter().flat_map(|open| &open.streams).for_each(Stream::cut);
    }

    /// To be looked up in the next round.
    fn again(&self, key: &str) {
        let mut state = self.state();
        if state.open.contains_key(key) {
            state.due.sessions.insert(key.to_owned());
        }
    }

    /// Whoever downloads uses the session; it must not end as idle under their hands.
    async fn note_use(&self, gateway: &Gateway) {
        let used: Vec<_> = {
            let state = self.state();
            let streams = state.open.values().flat_map(|open| &open.streams);
            streams.filter(|stream| stream.was_used()).map(|s| Arc::clone(&s.session)).collect()
        };
        let now = gateway.clock.now();
        for session in used {
            if let Err(error) = gateway.sessions.touch(&session, now).await {
                tracing::debug!(%error, "last use not noted");
            }
        }
    }
}
