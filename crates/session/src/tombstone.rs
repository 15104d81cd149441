//! What is left of a session that has ended: whose it was, and where.
//!
//! It lies beside the session from the beginning, because nobody is there to write it when a
//! session ends by itself; and it is found by the same cookie. It opens nothing.

use std::time::Duration;

use domain::{PersonKey, SiteName, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Area, Entry, StoreError};

use crate::stored::not_written;
use crate::{Context, Facts, Sessions};

/// How long it lasts at most after the session's end.
const LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// How long it lasts at least; it is written anew only when that is not sure any more.
const AT_LEAST: Duration = Duration::from_secs(12 * 60 * 60);

pub(crate) const PURPOSE: &str = "ended session";

#[derive(Serialize, Deserialize)]
struct Tombstone {
    person: PersonKey,
    site: SiteName,
}

/// Until when the tombstone of a session lasts that would end at `ends`; `None`: longer than it
/// must already, being there until `there`.
pub(crate) fn due(ends: Timestamp, there: Timestamp) -> Option<Timestamp> {
    (there < ends.plus(AT_LEAST)).then(|| ends.plus(LASTS))
}

impl Sessions {
    /// The tombstone of the session under `key`, and its own key. A guest's session leaves none.
    pub(crate) fn tombstone(
        &self,
        key: &str,
        facts: &Facts,
        until: Timestamp,
    ) -> Result<Option<(String, Entry)>, StoreError> {
        let Some(person) = facts.person().cloned() else { return Ok(None) };
        let site = facts.site.clone();
        let plain = serde_json::to_vec(&Tombstone { person, site }).map_err(not_written)?;
        let name = name(key);
        let value = self.sealer().seal(Context { purpose: PURPOSE, id: &name }, &plain)?;
        Ok(Some((name, Entry { value, deadline: until, groups: Vec::new() })))
    }

    /// Writes it, whatever was there.
    pub(crate) async fn entomb(
        &self,
        key: &str,
        facts: &Facts,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.tombstone(key, facts, until)? {
            Some((name, entry)) => self.store().put(Area::Sessions, &name, entry, now).await,
            None => Ok(()),
        }
    }

    /// The same when the session ends now, whatever was there. That it failed harms little: the
    /// tombstone from the session's beginning stays.
    pub(crate) async fn bury(&self, key: &str, facts: &Facts, now: Timestamp) {
        if let Err(error) = self.entomb(key, facts, now.plus(LASTS), now).await {
            tracing::debug!(%error, "a tombstone was not renewed");
        }
    }

    /// Whose session at `site` was under `key`.
    pub(crate) async fn whose_was(
        &self,
        key: &str,
        site: &SiteName,
        now: Timestamp,
    ) -> Result<Option<PersonKey>, StoreError> {
        let name = name(key);
        let Some(sealed) = self.store().get(Area::Sessions, &name, now).await? else {
            return Ok(None);
        };
        let plain = self.sealer().open(Context { purpose: PURPOSE, id: &name }, &sealed);
        let plain =
            plain.inspect_err(|reason| tracing::debug!(%reason, "a tombstone cannot be read"));
        let read: Option<Tombstone> =
            plain.ok().and_then(|plain| serde_json::from_slice(&plain).ok());
        Ok(read.filter(|read| read.site == *site).map(|read| read.person))
    }
}

/// Its key in the store: found from the session's, so that whoever ends sessions of a group, and
/// knows no cookie, finds it.
fn name(key: &str) -> String {
    format!("ended-{key}")
}
