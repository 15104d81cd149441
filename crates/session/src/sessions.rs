//! Sessions: made, found, used, ended.

use std::sync::Arc;
use std::time::Duration;

use domain::{IdpName, PersonKey, SiteName, Timestamp};
use store::{Area, Entry, Store, StoreError};
use tokio::sync::broadcast::error::RecvError;

use crate::hot::Hot;
use crate::open_session::ends;
use crate::stored::{self, Parts, Stored};
use crate::{Facts, OpenSession, Sealer, Secrets, SessionCookie, Unreadable, Who};

/// Kinds of names in the store.
const SESSION: &str = "session/";
const BY_PERSON: &str = "sessions-of-person/";
const BY_IDP: &str = "sessions-of-idp/";
const BY_IDP_SESSION: &str = "sessions-of-idp-session/";
const BY_IDP_SUBJECT: &str = "sessions-of-idp-subject/";
const BY_SITE: &str = "sessions-of-site/";

/// Pause before a closed change feed is asked for again.
const FEED_PAUSE: Duration = Duration::from_millis(250);

/// A group of sessions that can be ended at once.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of one person.
    Person(&'a PersonKey),
    /// Of everybody whom an identity provider signed in.
    Idp(&'a IdpName),
    /// Of one session at an identity provider (SAML `SessionIndex`, OpenID Connect `sid`).
    IdpSession(&'a IdpName, &'a str),
    /// Of one subject, as the identity provider's protocol names it (NameID, `sub`).
    IdpSubject(&'a IdpName, &'a str),
    /// Of one site.
    Site(&'a SiteName),
}

impl<'a> Whose<'a> {
    fn name(self) -> (&'static str, Vec<&'a [u8]>) {
        match self {
            Self::Person(person) => {
                let (idp, subject) = (person.idp.as_str(), person.subject.as_str());
                (BY_PERSON, vec![idp.as_bytes(), subject.as_bytes()])
            }
            Self::Idp(idp) => (BY_IDP, vec![idp.as_str().as_bytes()]),
            Self::IdpSession(idp, id) => {
                (BY_IDP_SESSION, vec![idp.as_str().as_bytes(), id.as_bytes()])
            }
            Self::IdpSubject(idp, subject) => {
                (BY_IDP_SUBJECT, vec![idp.as_str().as_bytes(), subject.as_bytes()])
            }
            Self::Site(site) => (BY_SITE, vec![site.as_str().as_bytes()]),
        }
    }
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
    /// When the store fails; then there may be a record, but nobody has its cookie.
    pub async fn create(
        &self,
        facts: Facts,
        secrets: Secrets,
        now: Timestamp,
    ) -> Result<(SessionCookie, Arc<OpenSession>), StoreError> {
        let cookie = SessionCookie::generate()?;
        let key = self.sealer.name(SESSION, &[&cookie.id()])?;
        let ticket = self.hot.ticket(&key, now);
        let stored = Stored { facts, last_use: now };
        let value = stored::seal(&self.sealer, &key, &cookie, &stored, &secrets)?;
        let entry = self.entry(&stored, value)?;
        if !self.store.put_if_absent(Area::Sessions, &key, entry, now).await? {
            return Err(StoreError::Unavailable("a new session's id was taken".to_owned()));
        }
        let parts = (stored.facts, secrets);
        let session = OpenSession::new(parts, cookie.clone(), key, ticket, now);
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
        if let Some(session) = self.open_cached(cookie, site, now) {
            return Ok(Some(session));
        }
        for key in self.sealer.names(SESSION, &[&cookie.id()]) {
            let ticket = self.hot.ticket(&key, now);
            let Some(record) = self.store.get(Area::Sessions, &key, now).await? else { continue };
            let (stored, secrets) = match self.read(&record, &key, cookie) {
                Ok(read) => read,
                Err(reason) => {
                    tracing::debug!(%reason, "a session's record cannot be read");
                    return Ok(None);
                }
            };
            if stored.facts.site != *site || now >= ends(&stored.facts, stored.last_use) {
                return Ok(None);
            }
            let parts = (stored.facts, secrets);
            let session = OpenSession::new(parts, cookie.clone(), key, ticket, stored.last_use);
            let session = Arc::new(session);
            self.hot.insert(&session);
            return Ok(Some(session));
        }
        Ok(None)
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
        let value = parts.with_facts(&self.sealer, key, &stored)?;
        let entry = self.entry(&stored, value)?;
        // Another replica may have been first: then its write says the same.
        self.store.replace_if(Area::Sessions, key, &record, entry, now).await?;
        session.written(now);
        Ok(())
    }

    /// Ends a session: once this returns, no replica that hears the store lets it pass. The record
    /// goes first, the cookie is the caller's to take away then (attacks.md D6).
    ///
    /// # Errors
    /// When the store failed: the session must be taken to live on.
    pub async fn end(&self, session: &OpenSession) -> Result<(), StoreError> {
        self.store.remove(Area::Sessions, session.key()).await?;
        self.hot.remove(session);
        Ok(())
    }

    /// Ends those sessions of a group that `which` means and says how many there were. As with
    /// [`Sessions::end`], no replica that hears the store lets them pass any more. A record that
    /// cannot be read is not ended.
    ///
    /// # Errors
    /// When the store failed: some may live on; call again.
    pub async fn end_where(
        &self,
        whose: Whose<'_>,
        which: impl Fn(&Facts) -> bool + Send,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (kind, parts) = whose.name();
        let groups: Vec<String> = self.sealer.names(kind, &parts).collect();
        let mut ended = 0;
        for group in groups {
            for (key, record) in self.store.group(Area::Sessions, &group, now).await? {
                let stored = Parts::split(&record).and_then(|p| p.facts(&self.sealer, &key));
                if !stored.is_ok_and(|stored| which(&stored.facts)) {
                    continue;
                }
                self.store.remove(Area::Sessions, &key).await?;
                self.hot.changed(&key);
                ended += 1;
            }
        }
        Ok(ended)
    }

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
                    Ok(change) if change.area == Area::Sessions => self.hot.changed(&change.key),
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
        Ok(Entry { value, deadline, groups: self.groups(&stored.facts)? })
    }

    /// Groups under which a revocation finds the session.
    fn groups(&self, facts: &Facts) -> Result<Vec<String>, StoreError> {
        let mut groups = vec![self.sealer.name(BY_SITE, &[facts.site.as_str().as_bytes()])?];
        let Who::Person(customer) = &facts.who else { return Ok(groups) };
        let identity = &customer.identity;
        let idp = identity.person.idp.as_str().as_bytes();
        let subject = identity.person.subject.as_str().as_bytes();
        groups.push(self.sealer.name(BY_PERSON, &[idp, subject])?);
        groups.push(self.sealer.name(BY_IDP, &[idp])?);
        if let Some(there) = &identity.idp_session {
            groups.push(self.sealer.name(BY_IDP_SUBJECT, &[idp, there.subject.as_bytes()])?);
            if let Some(id) = &there.id {
                groups.push(self.sealer.name(BY_IDP_SESSION, &[idp, id.as_bytes()])?);
            }
        }
        Ok(groups)
    }
}

/// Ends the hearing when the listening ends in whatever way.
struct Hearing<'h>(&'h Hot);

impl Drop for Hearing<'_> {
    fn drop(&mut self) {
        self.0.set_hearing(false);
    }
}
