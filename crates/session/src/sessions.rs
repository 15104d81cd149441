//! Sessions: made, found, used.

mod ending;
mod feed;
mod listing;

use std::sync::Arc;

use domain::{PersonKey, SiteName, Timestamp};
use store::{Area, Entry, Store, StoreError};

use crate::device::DeviceId;
use crate::hot::Hot;
use crate::open_session::ends;
use crate::stored::{self, Parts, Stored};
use crate::{
    Facts, OpenSession, Sealer, Secrets, SessionCookie, Unreadable, Who, tombstone, whose,
};

pub use listing::Listed;

/// Kind of the sessions' names in the store.
const SESSION: &str = "session/";

/// Why there is no new session.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// A revocation came after the sign-in had begun, or the session that was to go on has ended.
    #[error("the sign-in was revoked while it was under way")]
    Revoked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a cookie opens.
#[derive(Debug)]
pub enum Opened {
    /// A session that may be used.
    Live(Arc<OpenSession>),
    /// A session that has ended, at most a day ago, and whose it was. It opens nothing.
    Ended(PersonKey),
    /// Nothing that anybody knows of.
    None,
}

/// What lies under a cookie's names.
enum Found {
    Live(Arc<OpenSession>),
    /// It has ended by itself, and the record is still there.
    Over(Option<PersonKey>),
    /// There is a record, of another site or unreadable.
    Foreign,
    Absent,
}

/// All sessions, over the store and a cache of those opened lately.
pub struct Sessions {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    hot: Hot,
}

impl Sessions {
    /// Sessions in `store`. Until [`Sessions::follow`] runs, none is cached over a second.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        Self { store, sealer, hot: Hot::new() }
    }

    /// Makes a session. Its id is always new (attacks.md D1); an old session of the same browser
    /// is the caller's to end.
    ///
    /// # Errors
    /// When the sign-in was revoked meanwhile, or the store fails; then there may be a record, but
    /// nobody has its cookie.
    pub async fn create(
        &self,
        facts: Facts,
        secrets: Secrets,
        now: Timestamp,
    ) -> Result<(SessionCookie, Arc<OpenSession>), CreateError> {
        let device = DeviceId::generate()?;
        self.begin(Stored { facts, device, last_use: now, remembered: now }, secrets, now).await
    }

    /// Writes a session under a new id.
    async fn begin(
        &self,
        mut stored: Stored,
        secrets: Secrets,
        now: Timestamp,
    ) -> Result<(SessionCookie, Arc<OpenSession>), CreateError> {
        let cookie = SessionCookie::generate()?;
        let key = self.sealer.name(SESSION, &[&cookie.id()])?;
        let ticket = self.hot.ticket(&key, now);
        if let Some(until) = tombstone::due(ends(&stored.facts, now), now) {
            // First: one without a session harms nobody.
            self.entomb(&key, &stored.facts, until, now).await?;
            stored.remembered = until;
        }
        let value = stored::seal(&self.sealer, &key, &cookie, &stored, &secrets)?;
        let entry = self.entry(&stored, value)?;
        if !self.store.put_if_absent(Area::Sessions, &key, entry, now).await? {
            return Err(StoreError::Unavailable("a new session's id was taken".to_owned()).into());
        }
        let session = OpenSession::new((stored, secrets), cookie.clone(), key, ticket);
        Ok((cookie, Arc::new(session)))
    }

    /// The session of a cookie at a site, if it was opened lately and has not changed since.
    /// `None` says nothing: ask [`Sessions::open`]. Never waits; allocates nothing.
    pub fn open_cached(
        &self,
        cookie: &SessionCookie,
        site: &SiteName,
        now: Timestamp,
    ) -> Option<Arc<OpenSession>> {
        let session = self.hot.find(cookie, now)?;
        (session.facts().site == *site).then_some(session)
    }

    /// The session of a cookie at a site. `None`: there is none, it has ended, it is another
    /// site's (attacks.md D3), or its record cannot be read; such a record is kept.
    ///
    /// # Errors
    /// When the store fails, which is never "no session".
    pub async fn open(
        &self,
        cookie: &SessionCookie,
        site: &SiteName,
        now: Timestamp,
    ) -> Result<Option<Arc<OpenSession>>, StoreError> {
        Ok(match self.find(cookie, site, now).await? {
            Found::Live(session) => Some(session),
            Found::Over(_) | Found::Foreign | Found::Absent => None,
        })
    }

    /// The same, and whose session it was if it has ended: what somebody was writing when it ended
    /// can be kept for them. Costs a second look into the store, so only ask where it matters.
    ///
    /// # Errors
    /// When the store fails, which is never "no session".
    pub async fn open_or_ended(
        &self,
        cookie: &SessionCookie,
        site: &SiteName,
        now: Timestamp,
    ) -> Result<Opened, StoreError> {
        match self.find(cookie, site, now).await? {
            Found::Live(session) => return Ok(Opened::Live(session)),
            Found::Over(person) => return Ok(person.map_or(Opened::None, Opened::Ended)),
            Found::Foreign => return Ok(Opened::None),
            Found::Absent => {}
        }
        for key in self.sealer.names(SESSION, &[&cookie.id()]) {
            if let Some(person) = self.whose_was(&key, site, now).await? {
                return Ok(Opened::Ended(person));
            }
        }
        Ok(Opened::None)
    }

    async fn find(
        &self,
        cookie: &SessionCookie,
        site: &SiteName,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        if let Some(session) = self.open_cached(cookie, site, now) {
            return Ok(Found::Live(session));
        }
        for key in self.sealer.names(SESSION, &[&cookie.id()]) {
            let ticket = self.hot.ticket(&key, now);
            let Some(record) = self.store.get(Area::Sessions, &key, now).await? else { continue };
            let read = match self.read(&record, &key, cookie) {
                Ok(read) if read.0.facts.site == *site => read,
                Ok(_) => return Ok(Found::Foreign),
                Err(reason) => {
                    tracing::debug!(%reason, "a session's record cannot be read");
                    return Ok(Found::Foreign);
                }
            };
            let stored = &read.0;
            if now >= ends(&stored.facts, stored.last_use) {
                return Ok(Found::Over(person(&stored.facts).cloned()));
            }
            let session = Arc::new(OpenSession::new(read, cookie.clone(), key, ticket));
            self.hot.insert(&session);
            return Ok(Found::Live(session));
        }
        Ok(Found::Absent)
    }

    /// Notes that the session was used. Writes at most every min(60 s, idle/20) and by one of the
    /// callers; all others return at once. A failure harms nobody but an idle customer.
    ///
    /// # Errors
    /// When the last use was due to be written and the store failed.
    pub async fn touch(&self, session: &OpenSession, now: Timestamp) -> Result<(), StoreError> {
        if !session.claim_write(now) {
            return Ok(());
        }
        let key = session.key();
        let Some(record) = self.store.get(Area::Sessions, key, now).await? else {
            self.hot.remove(session);
            return Ok(());
        };
        let Ok(parts) = Parts::split(&record) else { return Ok(()) };
        let Ok(mut stored) = parts.facts(&self.sealer, key) else { return Ok(()) };
        stored.last_use = stored.last_use.max(now);
        if let Some(until) = tombstone::due(ends(&stored.facts, stored.last_use), stored.remembered)
        {
            self.entomb(key, &stored.facts, until, now).await?;
            stored.remembered = until;
        }
        let value = parts.with_facts(&self.sealer, key, &stored)?;
        let entry = self.entry(&stored, value)?;
        // Another replica may have been first: then its write says the same.
        self.store.replace_if(Area::Sessions, key, &record, entry, now).await?;
        session.written(now);
        Ok(())
    }

    fn read(
        &self,
        record: &[u8],
        key: &str,
        cookie: &SessionCookie,
    ) -> Result<(Stored, Secrets), Unreadable> {
        let parts = Parts::split(record)?;
        let secrets = parts.secrets(&self.sealer, key, cookie)?;
        Ok((parts.facts(&self.sealer, key)?, secrets))
    }

    fn entry(&self, stored: &Stored, value: Vec<u8>) -> Result<Entry, StoreError> {
        let deadline = ends(&stored.facts, stored.last_use);
        Ok(Entry { value, deadline, groups: whose::groups(&self.sealer, &stored.facts)? })
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

fn person(facts: &Facts) -> Option<&PersonKey> {
    match &facts.who {
        Who::Person(customer) => Some(&customer.identity.person),
        Who::Guest => None,
    }
}
