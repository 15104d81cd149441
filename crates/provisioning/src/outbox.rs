//! The outbox: customers whose state in JSM is still to be brought about.
//!
//! One entry for each person, holding who they are and not what to do: the plan is made when the
//! entry is worked off, so that the newest sign-in counts, nothing is done twice, and the order of a
//! person's writes is that of the sign-ins. Entries hold an address and are sealed.

use std::sync::Arc;
use std::time::Duration;

use domain::{Identity, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};
use session::{Context, Sealer};
use store::{Area, Entry, Store};

use crate::records::Records;
use crate::{ProvisioningError, hash};

pub(crate) const PURPOSE: &str = "jsm-outbox";
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What nobody could write for so long is given up; the next sign-in begins anew.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// One person whose state is still to be brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Who, as proved at the last sign-in.
    pub identity: Identity,
    /// Since when.
    pub since: Timestamp,
    /// How often it was tried.
    pub trials: u32,
    /// Not tried before.
    pub next: Timestamp,
    /// Cause of the last failure, as `vestibule why` names it.
    pub cause: Option<String>,
    /// Whether removals of this person wait for `vestibule provisioning release`.
    pub held: bool,
}

/// An entry, and its bytes by which a change of it is noticed.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) waiting: Waiting,
    key: String,
    sealed: Vec<u8>,
}

pub(crate) struct Outbox {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    records: Records,
}

impl Outbox {
    pub(crate) fn new(store: Arc<dyn Store>, sealer: Arc<Sealer>, records: Records) -> Self {
        Self { store, sealer, records }
    }

    /// Puts a person in; who is in already keeps the place and gets the new identity.
    pub(crate) async fn put(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        // What the identity provider needs for sign-out is nobody's business here.
        let identity = Identity { idp_session: None, session_deadline: None, ..identity.clone() };
        let old = self.of(&identity.person, now).await?.map(|taken| taken.waiting);
        if old.as_ref().is_some_and(|old| old.identity == identity) {
            return Ok(());
        }
        let waiting = match old {
            Some(old) => Waiting { identity, ..old },
            None => {
                Waiting { identity, since: now, trials: 0, next: now, cause: None, held: false }
            }
        };
        let key = self.key(&waiting.identity.person);
        let entry = self.sealed(&key, &waiting, now)?;
        Ok(self.store.put(Area::Records, &key, entry, now).await?)
    }

    /// The entry of a person.
    pub(crate) async fn of(
        &self,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Option<Taken>, ProvisioningError> {
        let key = self.key(person);
        let sealed = self.store.get(Area::Records, &key, now).await?;
        Ok(sealed.and_then(|sealed| self.opened(key, sealed)))
    }

    /// Everybody who waits, whoever waits longest first.
    pub(crate) async fn all(&self, now: Timestamp) -> Result<Vec<Taken>, ProvisioningError> {
        let found = self.store.group(Area::Records, &self.group(), now).await?;
        let opened = found.into_iter().filter_map(|(key, sealed)| self.opened(key, sealed));
        let mut all: Vec<Taken> = opened.collect();
        all.sort_by_key(|taken| taken.waiting.since);
        Ok(all)
    }

    /// Takes an entry out, unless it has changed since.
    pub(crate) async fn done(
        &self,
        taken: &Taken,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        // An entry whose deadline has come is as good as none.
        let ended = Entry { value: vec![], deadline: now, groups: vec![] };
        self.store.replace_if(Area::Records, &taken.key, &taken.sealed, ended, now).await?;
        Ok(())
    }

    /// Notes a failure and when to try again, unless the entry has changed since.
    pub(crate) async fn later(
        &self,
        taken: &Taken,
        cause: &str,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let trials = taken.waiting.trials + 1;
        let waiting = Waiting {
            trials,
            next: now.plus(pause(trials, hash::random())),
            cause: Some(cause.to_owned()),
            ..taken.waiting.clone()
        };
        self.replace(taken, &waiting, now).await
    }

    /// Notes that removals wait for an operator, unless the entry has changed since.
    pub(crate) async fn hold(
        &self,
        taken: &Taken,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        if taken.waiting.held {
            return Ok(());
        }
        self.replace(taken, &Waiting { held: true, cause: None, ..taken.waiting.clone() }, now)
            .await
    }

    async fn replace(
        &self,
        taken: &Taken,
        waiting: &Waiting,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let entry = self.sealed(&taken.key, waiting, now)?;
        self.store.replace_if(Area::Records, &taken.key, &taken.sealed, entry, now).await?;
        Ok(())
    }

    fn sealed(
        &self,
        key: &str,
        waiting: &Waiting,
        now: Timestamp,
    ) -> Result<Entry, ProvisioningError> {
        let plain = serde_json::to_vec(waiting).map_err(|_| ProvisioningError::LedgerUnreadable)?;
        let value = self.sealer.seal(Context { purpose: PURPOSE, id: key }, &plain)?;
        Ok(Entry { value, deadline: now.plus(KEPT), groups: vec![self.group()] })
    }

    /// `None` for an entry that another version wrote or whose key is gone: the next sign-in of that
    /// person writes a new one.
    fn opened(&self, key: String, sealed: Vec<u8>) -> Option<Taken> {
        let plain = match self.sealer.open(Context { purpose: PURPOSE, id: &key }, &sealed) {
            Ok(plain) => plain,
            Err(reason) => {
                tracing::warn!(%reason, "an entry of the outbox cannot be read");
                return None;
            }
        };
        let waiting = serde_json::from_slice(&plain).ok()?;
        Some(Taken { waiting, key, sealed })
    }

    fn key(&self, person: &PersonKey) -> String {
        self.records.key("outbox", &hash::person(person))
    }

    fn group(&self) -> String {
        self.records.key("outbox", "all")
    }
}

/// Between half and all of 2, 4, 8, … 60 seconds.
fn pause(trials: u32, random: u64) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << trials.clamp(1, 6).saturating_sub(1));
    let half = longest.min(LONGEST_PAUSE) / 2;
    let spread = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    half + Duration::from_millis(random % spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        for (trials, longest) in [(1, 2), (2, 4), (5, 32), (6, 60), (99, 60)] {
            let longest = Duration::from_secs(longest);
            let all: Vec<Duration> = (0..70_000).map(|random| pause(trials, random)).collect();
            assert!(all.iter().all(|p| *p >= longest / 2 && *p <= longest));
            assert!(all.contains(&longest));
        }
    }
}
