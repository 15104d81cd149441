//! One replica at a time does what goes on beside sign-ins.

use std::time::Duration;

use domain::Timestamp;
use store::{Area, Entry};

use crate::records::Records;
use crate::{ProvisioningError, hash};

/// A holder that died keeps others away for so long at most.
const LEASE: Duration = Duration::from_secs(15);

/// The turn of one replica.
pub(crate) struct Lease {
    key: String,
    token: Vec<u8>,
    until: Timestamp,
}

impl Lease {
    /// Takes the turn at this work; `None`: another replica has it.
    pub(crate) async fn take(
        records: &Records,
        work: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, ProvisioningError> {
        let key = records.key(work, "lease");
        let token = format!("{:016x}{:016x}", hash::random(), hash::random()).into_bytes();
        let until = now.plus(LEASE);
        let entry = Entry { value: token.clone(), deadline: until, groups: vec![] };
        let ours = records.store().put_if_absent(Area::Records, &key, entry, now).await?;
        Ok(ours.then_some(Self { key, token, until }))
    }

    /// Keeps the turn; false when it was lost.
    pub(crate) async fn keep(
        &mut self,
        records: &Records,
        now: Timestamp,
    ) -> Result<bool, ProvisioningError> {
        if self.until.since(now) > LEASE / 2 {
            return Ok(true);
        }
        let until = now.plus(LEASE);
        let entry = Entry { value: self.token.clone(), deadline: until, groups: vec![] };
        let store = records.store();
        let kept = store.replace_if(Area::Records, &self.key, &self.token, entry, now).await?;
        self.until = until;
        Ok(kept)
    }

    /// Gives the turn to whoever asks next.
    pub(crate) async fn give_back(self, records: &Records, now: Timestamp) {
        let ended = Entry { value: vec![], deadline: now, groups: vec![] };
        let store = records.store();
        let _ = store.replace_if(Area::Records, &self.key, &self.token, ended, now).await;
    }
}
