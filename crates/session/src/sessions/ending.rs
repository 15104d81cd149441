//! Sessions that end.

use domain::Timestamp;
use store::{Area, StoreError};

use super::Sessions;
use crate::stored::{Parts, Stored};
use crate::{Facts, OpenSession, Whose};

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
        which: impl Fn(&Facts) -> bool + Send + Sync,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.end_stored(whose, |stored| which(&stored.facts), now).await
    }

    pub(super) async fn end_stored(
        &self,
        whose: Whose<'_>,
        which: impl Fn(&Stored) -> bool + Send + Sync,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut ended = 0;
        let group = whose.name(&self.sealer);
        for (key, record) in self.store.group(Area::Sessions, &group, now).await? {
            let stored = Parts::split(&record).and_then(|p| p.facts(&self.sealer, &key));
            let Some(stored) = stored.ok().filter(&which) else { continue };
            self.store.remove(Area::Sessions, &key).await?;
            self.hot.changed(&key);
            self.bury(&key, &stored.facts, now).await;
            ended += 1;
        }
        Ok(ended)
    }
}
