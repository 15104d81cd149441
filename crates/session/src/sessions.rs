//! Sessions: made, found, used.

mod beginning;
mod ending;
mod feed;
mod listing;
mod revoking;

use std::sync::Arc;
use std::time::Duration;

use domain::{PersonKey, SiteName, Timestamp};
use store::{Area, Entry, Store, StoreError};

use crate::hot::Hot;
use crate::not_before::NotBefore;
use crate::open_session::ends;
use crate::outage::Outage;
use crate::stored::{Parts, SESSION, Stored};
use crate::{OpenSession, Sealer, Secrets, SessionCookie, Unreadable, tombstone, whose};

pub use beginning::CreateError;
pub use feed::{FOLLOWED, Heard};
pub use listing::Listed;

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

/// What lies under a cookie's name.
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
    marks: NotBefore,
    outage: Outage,
    sites: Vec<SiteName>,
    grace: Duration,
}

impl Sessions {
    /// Sessions in `store`. Until [`Sessions::follow`] runs, none is cached over a second.
    pub fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Self {
        let marks = NotBefore::new(Arc::clone(&store));
        let (hot, outage) = (Hot::new(), Outage::default());
        Self { store, sealer, hot, marks, outage, sites: Vec::new(), grace: Duration::ZERO }
    }

    /// With all sites that there are: a revocation that names no person looks there for records.
    #[must_use]
    pub fn of_sites(self, sites: Vec<SiteName>) -> Self {
        Self { sites, ..self }
    }

    /// With how long the sessions that are open here go on while the store does not answer.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
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
        let good = session.facts().site == *site
            && self.marks.is_current(now, self.hot.feed())
            && !self.marks.bars_session(&session);
        good.then_some(session)
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
        let key = self.sealer.name(SESSION, &[&cookie.id()]);
        let whose = self.whose_was(&key, site, now).await?;
        Ok(whose.map_or(Opened::None, Opened::Ended))
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
        let read = self.outage.watch(self.read_and_judge(cookie, site, now), now).await;
        let Err(error) = read else { return read };
        let kept = self.outage.within(self.grace, now).and_then(|down| {
            let session = self.hot.find_as_of(cookie, down, now)?;
            let good = session.facts().site == *site
                && self.marks.is_complete()
                && !self.marks.bars_session(&session);
            good.then_some(session)
        });
        kept.map(Found::Live).ok_or(error)
    }

    async fn read_and_judge(
        &self,
        cookie: &SessionCookie,
        site: &SiteName,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        self.marks.refresh(now, self.hot.feed()).await?;
        if let Some(session) = self.open_cached(cookie, site, now) {
            return Ok(Found::Live(session));
        }
        let key = self.sealer.name(SESSION, &[&cookie.id()]);
        let ticket = self.hot.ticket(&key, now);
        let Some(record) = self.store.get(Area::Sessions, &key, now).await? else {
            return Ok(Found::Absent);
        };
        let read = match self.read(&record, &key, cookie) {
            Ok(read) if read.0.facts.site == *site => read,
            Ok(_) => return Ok(Found::Foreign),
            Err(reason) => {
                tracing::debug!(%reason, "a session's record cannot be read");
                return Ok(Found::Foreign);
            }
        };
        let over = now >= ends(&read.0.facts, read.0.last_use);
        let session = Arc::new(OpenSession::new(read, cookie.clone(), key, ticket));
        if over || self.marks.bars_session(&session) {
            return Ok(Found::Over(session.facts().person().cloned()));
        }
        self.hot.insert(&session);
        Ok(Found::Live(session))
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
        stored.used(now);
        if let Some(until) = tombstone::due(ends(&stored.facts, stored.last_use), stored.remembered)
        {
            self.entomb(key, &stored.facts, until, now).await?;
            stored.remembered = until;
        }
        let value = parts.with_facts(&self.sealer, key, &stored)?;
        let entry = self.entry(&stored, value)?;
        // Another replica may have been first: then its write says the same.
        self.store.replace_if(Area::Sessions, key, &record, entry, now).await?;
        session.written(&stored);
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
        Ok(Entry { value, deadline, groups: whose::groups(&self.sealer, &stored.facts) })
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}
