//! The marks in force: few, at hand, and never older than the cache of sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use domain::Timestamp;
use store::{Area, Entry, Store, StoreError};
use tokio::sync::Mutex;

use crate::hot::{Feed, WITHOUT_FEED};
use crate::marks::{Concerned, Mark, MarkSet, StoredMark, hash};
use crate::stored::not_written;
use crate::{DeviceId, OpenSession, Whose, base64url};

/// Kind of the marks' names in the store, and the group of all of them.
pub(crate) const MARK: &str = "not-before/";
const MARKS: &str = "not-before";

/// How long a mark lasts: longer than any session, see [`LONGEST`].
const LASTS: Duration = Duration::from_secs(92 * 24 * 60 * 60);
/// The longest that a session lives, whatever its caller says.
pub(crate) const LONGEST: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How long a sign-out at an identity provider is remembered: longer than any sign-in may take.
const SIGN_OUT_LASTS: Duration = Duration::from_secs(4 * 60 * 60);

/// Marks are read anew now and then, even while changes are heard: so expired ones go.
const WITH_FEED: Duration = Duration::from_secs(60);

/// The marks in force.
pub(crate) struct NotBefore {
    store: Arc<dyn Store>,
    set: ArcSwap<MarkSet>,
    /// Counts the sets: a session that one has cleared need not be held against it again.
    generation: AtomicU64,
    /// How often a change was heard, and how often when the marks were read.
    heard: AtomicU64,
    read_after: AtomicU64,
    read_at: AtomicI64,
    reading: Mutex<()>,
}

impl NotBefore {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            set: ArcSwap::default(),
            generation: AtomicU64::new(1),
            heard: AtomicU64::new(1),
            read_after: AtomicU64::new(0),
            read_at: AtomicI64::new(i64::MIN),
            reading: Mutex::default(),
        }
    }

    /// A mark has changed, or may have.
    pub(crate) fn changed(&self) {
        self.heard.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether every change that was heard has been read.
    pub(crate) fn is_complete(&self) -> bool {
        self.read_after.load(Ordering::Acquire) == self.heard.load(Ordering::Acquire)
    }

    /// Whether the marks at hand are those in force.
    pub(crate) fn is_current(&self, now: Timestamp, feed: Feed) -> bool {
        let read_at = Timestamp::from_millis(self.read_at.load(Ordering::Acquire));
        let limit = match feed {
            Feed::Heard => WITH_FEED,
            Feed::Deaf => WITHOUT_FEED,
        };
        self.is_complete() && now < read_at.plus(limit)
    }

    /// Reads the marks unless those at hand are in force; of many callers one reads.
    ///
    /// # Errors
    /// When the store fails or holds a mark that is none: then nobody can be let in.
    pub(crate) async fn refresh(&self, now: Timestamp, feed: Feed) -> Result<(), StoreError> {
        if self.is_current(now, feed) {
            return Ok(());
        }
        let _turn = self.reading.lock().await;
        if self.is_current(now, feed) {
            return Ok(());
        }
        let heard = self.heard.load(Ordering::Acquire);
        let mut set = MarkSet::default();
        for (key, value) in self.store.group(Area::Records, MARKS, now).await? {
            let name = key.strip_prefix(MARK).unwrap_or_default();
            set.add(name, &read(&value)?);
        }
        if **self.set.load() != set {
            self.set.store(Arc::new(set));
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        self.read_at.fetch_max(now.as_millis(), Ordering::AcqRel);
        self.read_after.fetch_max(heard, Ordering::AcqRel);
        Ok(())
    }

    /// Whether a mark at hand bars this; [`NotBefore::refresh`] comes first.
    pub(crate) fn bars(&self, about: &Concerned<'_>, device: Option<DeviceId>) -> bool {
        self.set.load().bars(about, device)
    }

    /// The same for an opened session, which is held against each set of marks once.
    pub(crate) fn bars_session(&self, session: &OpenSession) -> bool {
        let generation = self.generation.load(Ordering::Acquire);
        if session.cleared() == generation {
            return false;
        }
        let barred = self.bars(&session.facts().into(), Some(session.device()));
        if !barred {
            session.clear(generation);
        }
        barred
    }

    /// Sets a mark; one that is later already stays.
    pub(crate) async fn set(&self, mark: &Mark, now: Timestamp) -> Result<(), StoreError> {
        let key = format!("{MARK}{}", base64url::encode(&mark.name()));
        let value = serde_json::to_vec(&StoredMark::new(mark, now)).map_err(not_written)?;
        let entry = || Entry {
            value: value.clone(),
            deadline: now.plus(LASTS),
            groups: vec![MARKS.into()],
        };
        loop {
            let done = match self.store.get(Area::Records, &key, now).await? {
                None => self.store.put_if_absent(Area::Records, &key, entry(), now).await?,
                Some(there) if read(&there)?.at >= now => true,
                Some(there) => {
                    self.store.replace_if(Area::Records, &key, &there, entry(), now).await?
                }
            };
            if done {
                self.changed();
                return Ok(());
            }
        }
    }

    /// Remembers that an identity provider signed somebody out, for sign-ins under way.
    pub(crate) async fn signed_out(
        &self,
        whom: Whose<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(key) = sign_out_key(whom) else { return Ok(()) };
        let value = serde_json::to_vec(&now).map_err(not_written)?;
        let entry = Entry { value, deadline: now.plus(SIGN_OUT_LASTS), groups: Vec::new() };
        self.store.put(Area::Records, &key, entry, now).await
    }

    /// Whether the identity provider signed these out since they began.
    pub(crate) async fn was_signed_out(
        &self,
        about: &Concerned<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (Some(person), Some(there)) = (about.person, about.idp_session) else {
            return Ok(false);
        };
        let session = there.id.as_ref().map(|id| Whose::IdpSession(&person.idp, id));
        let subject = Whose::IdpSubject(&person.idp, &there.subject);
        let keys: Vec<_> =
            [Some(subject), session].into_iter().flatten().filter_map(sign_out_key).collect();
        let ends = self.store.get_each(Area::Records, &keys, now).await?;
        let mut since = false;
        for end in ends.into_iter().flatten() {
            let at: Timestamp = serde_json::from_slice(&end).map_err(|_| no_mark())?;
            since |= about.began < at;
        }
        Ok(since)
    }
}

fn sign_out_key(whom: Whose<'_>) -> Option<String> {
    let name = match whom {
        Whose::IdpSession(idp, id) => hash("signed-out-session", &[idp.as_str(), id]),
        Whose::IdpSubject(idp, subject) => hash("signed-out-subject", &[idp.as_str(), subject]),
        _ => return None,
    };
    Some(format!("signed-out/{}", base64url::encode(&name)))
}

/// Fields of later versions are ignored; what has no time at all is no mark.
fn read(value: &[u8]) -> Result<StoredMark, StoreError> {
    serde_json::from_slice(value).map_err(|_| no_mark())
}

fn no_mark() -> StoreError {
    StoreError::Unavailable("a not-before mark in the store cannot be read".to_owned())
}
