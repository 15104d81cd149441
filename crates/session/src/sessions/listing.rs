//! Sessions by group, for those who may see them.

use domain::Timestamp;
use store::{Area, StoreError};

use super::Sessions;
use crate::open_session::ends;
use crate::stored::{Parts, Stored};
use crate::{DeviceId, Facts, Whose};

/// A session as its customer and operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What to call it.
    pub device: DeviceId,
    /// What is known of it.
    pub facts: Facts,
    /// When it was last used; as much as a minute ago more is not noted.
    pub last_use: Timestamp,
}

impl Sessions {
    /// The live sessions of a group, the last used first. Reads the whole group: not for the path
    /// of a request.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, whose: Whose<'_>, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
        let mut listed = self.list_stored(whose, |_| true, now).await?;
        listed.sort_by(|a, b| (b.last_use, a.device).cmp(&(a.last_use, b.device)));
        Ok(listed)
    }

    /// In no order.
    pub(super) async fn list_stored(
        &self,
        whose: Whose<'_>,
        which: impl Fn(&Stored) -> bool + Send + Sync,
        now: Timestamp,
    ) -> Result<Vec<Listed>, StoreError> {
        self.marks.refresh(now, self.hot.feed()).await?;
        let mut listed = Vec::new();
        let group = whose.name(&self.sealer);
        for (key, record) in self.store.group(Area::Sessions, &group, now).await? {
            let stored = Parts::split(&record).and_then(|p| p.facts(&self.sealer, &key));
            let live = |stored: &Stored| {
                let barred = self.marks.bars(&(&stored.facts).into(), Some(stored.device));
                now < ends(&stored.facts, stored.last_use) && !barred
            };
            let Some(stored) = stored.ok().filter(|s| which(s) && live(s)) else { continue };
            let (device, last_use) = (stored.device, stored.last_use);
            listed.push(Listed { device, facts: stored.facts, last_use });
        }
        Ok(listed)
    }
}
