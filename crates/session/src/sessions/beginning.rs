//! Sessions that begin, or go on under another id.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use store::{Area, StoreError};

use super::Sessions;
use crate::not_before::LONGEST;
use crate::open_session::ends;
use crate::stored::{self, SESSION, Stored};
use crate::{DeviceId, Facts, OpenSession, Secrets, SessionCookie, tombstone};

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

impl Sessions {
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
        self.begin(
            Stored { facts, device, last_use: now, longest_pause: Duration::ZERO, remembered: now },
            secrets,
            now,
        )
        .await
    }

    /// Writes a session under a new id.
    async fn begin(
        &self,
        mut stored: Stored,
        secrets: Secrets,
        now: Timestamp,
    ) -> Result<(SessionCookie, Arc<OpenSession>), CreateError> {
        // No session outlives the marks that would bar it.
        stored.facts.deadline = stored.facts.deadline.min(stored.facts.began.plus(LONGEST));
        let cookie = SessionCookie::generate()?;
        let key = self.sealer.name(SESSION, &[&cookie.id()]);
        let ticket = self.hot.ticket(&key, now);
        let remembered = tombstone::due(ends(&stored.facts, now), now);
        stored.remembered = remembered.unwrap_or(stored.remembered);
        let value = stored::seal(&self.sealer, &key, &cookie, &stored, &secrets)?;
        let mut entries = vec![(key.clone(), self.entry(&stored, value)?)];
        if let Some(until) = remembered {
            entries.extend(self.tombstone(&key, &stored.facts, until)?);
        }
        // At once: nobody has the cookie before both are there.
        let are_new = self.store.put_each_if_absent(Area::Sessions, entries, now).await?;
        if are_new.contains(&false) {
            return Err(StoreError::Unavailable("a new session's id was taken".to_owned()).into());
        }
        let session = Arc::new(OpenSession::new((stored, secrets), cookie.clone(), key, ticket));
        // After the record is there: a revocation finds the record, or its mark is found here.
        if self.bars(&session.facts().into(), now).await? {
            self.end(&session, now).await?;
            return Err(CreateError::Revoked);
        }
        Ok((cookie, session))
    }

    /// Goes on with a session under a new id, as after a second factor (attacks.md D1): `change`
    /// says what is different, all else stays, secrets too. The old id is dead once this returns;
    /// of two callers at once one goes on.
    ///
    /// # Errors
    /// [`CreateError::Revoked`] when the session has ended meanwhile; else the store failed, and
    /// the session may have ended.
    pub async fn renew(
        &self,
        session: &OpenSession,
        change: impl FnOnce(&mut Facts) + Send,
        now: Timestamp,
    ) -> Result<(SessionCookie, Arc<OpenSession>), CreateError> {
        // Taken first, so that a session that was ended meanwhile is never brought back.
        let taken = self.store.take(Area::Sessions, session.key(), now).await?;
        self.hot.remove(session);
        let record = taken.ok_or(CreateError::Revoked)?;
        let read = self.read(&record, session.key(), session.cookie());
        let (mut stored, secrets) = read.map_err(|_| CreateError::Revoked)?;
        change(&mut stored.facts);
        stored.used(now);
        stored.remembered = now;
        self.begin(stored, secrets, now).await
    }
}
