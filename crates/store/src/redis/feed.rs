//! The change feed: what Redis says of changed keys, to whoever follows.
//!
//! Each primary tells each of our connections which of the keys that are followed have changed
//! (client tracking in broadcast mode, RESP3). The feed is open only while every primary is heard; a
//! connection that is lost closes the receivers, so that whoever follows knows that it is deaf.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use redis::{PushInfo, PushKind, Value};
use tokio::sync::broadcast;

use super::keys::Keys;
use super::settings::RedisAddress;
use crate::{Change, Followed};

/// How many changes a slow follower may be behind before it has missed some.
const BEHIND: usize = 16_384;

/// One feed for all nodes of all Redises of a store.
pub(super) struct Feed {
    pub(super) followed: Followed,
    state: Mutex<State>,
}

/// A node of one of the store's Redises.
pub(super) type Source = (&'static str, RedisAddress);

#[derive(Default)]
struct State {
    /// The primaries there are, and whether each is heard.
    sources: BTreeMap<Source, bool>,
    open: Option<broadcast::Sender<Change>>,
}

impl State {
    fn settle(&mut self) {
        let heard = !self.sources.is_empty() && self.sources.values().all(|heard| *heard);
        match (heard, &self.open) {
            (true, None) => self.open = Some(broadcast::channel(BEHIND).0),
            // Closes the receivers.
            (false, Some(_)) => self.open = None,
            _ => {}
        }
    }
}

impl Feed {
    pub(super) fn of(followed: Followed) -> Self {
        Self { followed, state: Mutex::default() }
    }

    /// These are the primaries of `redis` from now on. A new one is not heard yet.
    pub(super) fn expect(&self, redis: &'static str, primaries: &[RedisAddress]) {
        self.change(|state| {
            state.sources.retain(|(of, address), _| *of != redis || primaries.contains(address));
            for address in primaries {
                state.sources.entry((redis, address.clone())).or_default();
            }
        });
    }

    /// Whether a primary is heard. Says nothing of nodes that are no primaries.
    pub(super) fn hears(&self, source: &Source, heard: bool) {
        self.change(|state| {
            if let Some(known) = state.sources.get_mut(source) {
                *known = heard;
            }
        });
    }

    /// What Redis said unasked.
    pub(super) fn push(&self, source: &Source, keys: &Keys, push: &PushInfo) {
        match (&push.kind, push.data.as_slice()) {
            (PushKind::Invalidate, [Value::Array(changed)]) => {
                for key in changed {
                    let Value::BulkString(key) = key else { continue };
                    if let Some((area, key)) = keys.entry_of(key) {
                        self.tell(Change { area, key });
                    }
                }
            }
            // The whole database was emptied: closed and opened again, nobody follows on.
            (PushKind::Invalidate, _) => self.change(|state| state.open = None),
            (PushKind::Disconnection, _) => self.hears(source, false),
            _ => {}
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Change> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.open {
            Some(open) => open.subscribe(),
            None => broadcast::channel(1).1,
        }
    }

    fn tell(&self, change: Change) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &state.open {
            let _nobody_follows = open.send(change);
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.settle();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::{RecvError, TryRecvError};

    use super::*;
    use crate::Area;

    fn address(port: u16) -> RedisAddress {
        RedisAddress { host: "127.0.0.1".to_owned(), port }
    }

    fn changed(key: &str) -> PushInfo {
        let key = Value::BulkString(key.as_bytes().to_vec());
        PushInfo { kind: PushKind::Invalidate, data: vec![Value::Array(vec![key])] }
    }

    #[tokio::test]
    async fn the_feed_is_open_only_while_every_primary_is_heard() {
        let (feed, keys) = (Feed::of(Followed::ALL), Keys::new("v"));
        let (one, two) = (("a", address(1)), ("a", address(2)));
        assert_eq!(feed.subscribe().recv().await, Err(RecvError::Closed), "before anything");
        feed.expect("a", &[address(1), address(2)]);
        feed.hears(&one, true);
        assert_eq!(feed.subscribe().recv().await, Err(RecvError::Closed), "one of two");
        feed.hears(&two, true);
        let mut open = feed.subscribe();
        feed.push(&two, &keys, &changed("v:s:key"));
        feed.push(&two, &keys, &changed("other:s:key"));
        assert_eq!(open.recv().await, Ok(Change { area: Area::Sessions, key: "key".to_owned() }));
        assert_eq!(open.try_recv(), Err(TryRecvError::Empty), "foreign keys say nothing");
        feed.push(&one, &keys, &PushInfo { kind: PushKind::Disconnection, data: Vec::new() });
        assert_eq!(open.recv().await, Err(RecvError::Closed), "one is lost");
        feed.hears(&one, true);
        let mut again = feed.subscribe();
        assert_eq!(again.try_recv(), Err(TryRecvError::Empty));
        feed.push(&one, &keys, &PushInfo { kind: PushKind::Invalidate, data: vec![Value::Nil] });
        assert_eq!(again.recv().await, Err(RecvError::Closed), "emptied");
        assert_eq!(feed.subscribe().try_recv(), Err(TryRecvError::Empty), "and open anew");
        feed.expect("a", &[address(2), address(3)]);
        assert_eq!(feed.subscribe().recv().await, Err(RecvError::Closed), "a new primary");
    }
}
