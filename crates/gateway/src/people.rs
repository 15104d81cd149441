//! What is known of somebody who has signed in here before, found by address.

use std::time::Duration;

use domain::{EmailAddress, Identity, IdpName, JsmAccount, SiteName, Timestamp};
use serde::{Deserialize, Serialize};
use session::Vault;
use store::StoreError;

const KIND: &str = "person-by-address/";

/// Who stays away for so long is a stranger again.
const REMEMBERED: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// What is older is written again though nothing has changed.
const NEWS: Duration = Duration::from_secs(24 * 60 * 60);

/// Somebody who has signed in before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// As proved at the last sign-in.
    pub(crate) identity: Identity,
    /// The account in JSM, where the site has one.
    pub(crate) account: Option<JsmAccount>,
    /// When that was.
    pub(crate) last_sign_in: Timestamp,
}

impl Known {
    /// Whether this says what `newer` says, but for the day.
    fn says_enough(&self, newer: &Self) -> bool {
        let stable = |known: &Self| {
            let identity =
                Identity { idp_session: None, session_deadline: None, ..known.identity.clone() };
            (identity, known.account.clone())
        };
        newer.last_sign_in < self.last_sign_in.plus(NEWS) && stable(self) == stable(newer)
    }
}

/// People who have signed in before, by site and address.
pub(crate) struct People {
    vault: Vault,
}

impl People {
    pub(crate) fn new(vault: Vault) -> Self {
        Self { vault }
    }

    /// Notes a sign-in, once a day when nothing else is new: each note waits for the disk.
    pub(crate) async fn note(
        &self,
        site: &SiteName,
        identity: &Identity,
        account: Option<&JsmAccount>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known =
            Known { identity: identity.clone(), account: account.cloned(), last_sign_in: now };
        let parts = [site.as_str(), identity.email.as_str()];
        let before: Option<Known> = self.vault.get(KIND, &parts, now).await?;
        if before.is_some_and(|before| before.says_enough(&known)) {
            return Ok(());
        }
        self.vault.put(KIND, &parts, &known, now.plus(REMEMBERED), now).await
    }

    /// Whoever signed in last with this address.
    pub(crate) async fn find(
        &self,
        site: &SiteName,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<Known>, StoreError> {
        self.vault.get(KIND, &[site.as_str(), email.as_str()], now).await
    }

    /// The identity provider that signed in this address last.
    pub(crate) async fn linked(
        &self,
        site: &SiteName,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<IdpName>, StoreError> {
        let known = self.find(site, email, now).await?;
        Ok(known.map(|known| known.identity.person.idp))
    }
}
