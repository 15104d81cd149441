//! Sessions that end, or go on under another id.

use std::sync::Arc;

use domain::Timestamp;
use store::{Area, StoreError};

use super::{CreateError, Sessions};
use crate::stored::Parts;
use crate::{Facts, OpenSession, SessionCookie, Whose};

impl Sessions {
    /// Ends a session: once this returns, no replica that hears the store lets it pass. The record
    /// goes first, the cookie is the caller's to take away then (attacks.md D6).
    ///
    /// # Errors
    /// When the store failed: the session must be taken to live on.
    pub async fn end(&self, session: &OpenSession, now: Timestamp) -> Result<(), StoreError> {
        self.store.remove(Area::Sessions, session.key()).await?;
        self.hot.remove(session);
        self.bury(session.key(), session.facts(), now).await;
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
        let mut ended = 0;
        for group in whose.names(&self.sealer) {
            for (key, record) in self.store.group(Area::Sessions, &group, now).await? {
                let stored = Parts::split(&record).and_then(|p| p.facts(&self.sealer, &key));
                let Some(stored) = stored.ok().filter(|stored| which(&stored.facts)) else {
                    continue;
                };
                self.store.remove(Area::Sessions, &key).await?;
                self.hot.changed(&key);
                self.bury(&key, &stored.facts, now).await;
                ended += 1;
            }
        }
        Ok(ended)
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
        stored.last_use = now;
        stored.remembered = now;
        self.begin(stored, secrets, now).await
    }
}
