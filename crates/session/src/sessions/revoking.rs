//! Revocation: a not-before mark first, then whatever records are found (invariant 12).

use domain::Timestamp;
use store::{Area, StoreError};

use super::{Listed, Sessions};
use crate::marks::{Concerned, Mark};
use crate::open_session::ends;
use crate::stored::Parts;
use crate::{Facts, OpenSession, Whose};

impl Sessions {
    /// Ends all sessions and sign-ins that a mark means and that began before `now`; says how many
    /// sessions were found. What is not found has ended all the same.
    ///
    /// # Errors
    /// When the store failed: the mark may not be set, or records are left, which it bars; call
    /// again.
    pub async fn revoke(&self, mark: &Mark, now: Timestamp) -> Result<usize, StoreError> {
        self.marks.set(mark, now).await?;
        let mut ended = 0;
        for whose in self.places(mark) {
            let meant = |stored: &_| mark.means(stored);
            ended += self.end_stored(whose, meant, now).await?;
        }
        Ok(ended)
    }

    /// The live sessions that a mark means, the last used first. Reads whole groups: not for the
    /// path of a request.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_of(&self, mark: &Mark, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        for whose in self.places(mark) {
            listed.extend(self.list_stored(whose, |stored| mark.means(stored), now).await?);
        }
        listed.sort_by(|a, b| (b.last_use, a.device).cmp(&(a.last_use, b.device)));
        Ok(listed)
    }

    /// Whether a mark bars a sign-in, or its identity provider signed the person out since it
    /// began. [`Sessions::create`] asks by itself; ask before anything is written for them.
    ///
    /// # Errors
    /// When the store fails: then nobody may be let in.
    pub async fn bars(&self, about: &Concerned<'_>, now: Timestamp) -> Result<bool, StoreError> {
        self.marks.refresh(now, self.hot.feed()).await?;
        Ok(self.marks.bars(about, None) || self.marks.was_signed_out(about, now).await?)
    }

    /// Ends sessions of which their identity provider says that they are over, and remembers it
    /// for sign-ins under way. Of the groups, those sessions that `which` means.
    ///
    /// # Errors
    /// When the store failed: some may live on; call again.
    pub async fn end_by_provider(
        &self,
        groups: &[Whose<'_>],
        which: impl Fn(&Facts) -> bool + Send + Sync,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        for whose in groups {
            self.marks.signed_out(*whose, now).await?;
        }
        let mut ended = 0;
        for whose in groups {
            ended += self.end_where(*whose, &which, now).await?;
        }
        Ok(ended)
    }

    /// Whether a session that was opened before has ended meanwhile; asks the store, so that
    /// something that is open for long can be cut.
    ///
    /// # Errors
    /// When the store fails: that is never "ended" (invariant 5).
    pub async fn has_ended(
        &self,
        session: &OpenSession,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if now >= session.facts().deadline || self.is_barred(session, now).await? {
            return Ok(true);
        }
        let record = self.store.get(Area::Sessions, session.key(), now).await?;
        let Some(record) = record else { return Ok(true) };
        let stored = Parts::split(&record).and_then(|p| p.facts(&self.sealer, session.key()));
        Ok(stored.is_ok_and(|stored| now >= ends(&stored.facts, stored.last_use)))
    }

    /// Whether a mark bars an opened session.
    ///
    /// # Errors
    /// When marks must be read and the store fails.
    pub async fn is_barred(
        &self,
        session: &OpenSession,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.marks.refresh(now, self.hot.feed()).await?;
        Ok(self.marks.bars_session(session))
    }

    /// Whether something was heard that may have ended an opened session; asks nobody. To be asked
    /// once by whoever has begun to listen on its behalf.
    pub fn has_news(&self, session: &OpenSession) -> bool {
        !self.hot.is_unchanged(session.ticket())
            || !self.marks.is_complete()
            || self.marks.bars_session(session)
    }

    /// The groups in which a mark's sessions are.
    fn places<'a>(&'a self, mark: &'a Mark) -> Vec<Whose<'a>> {
        match mark {
            Mark::Person(person) => vec![Whose::Person(person)],
            Mark::Idp(idp) => vec![Whose::Idp(idp)],
            Mark::Organization(name) => vec![Whose::Organization(name)],
            Mark::Site(site) => vec![Whose::Site(site)],
            Mark::Device(_) | Mark::Network(_) | Mark::All => {
                self.sites.iter().map(Whose::Site).collect()
            }
        }
    }
}
