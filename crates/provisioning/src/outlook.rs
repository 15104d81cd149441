//! What a sign-in would do in JSM. Nothing is called and nothing is written.

use domain::{Identity, Timestamp};

use crate::plan::{Known, Plan, plan};
use crate::rules::{Judged, wanted};
use crate::{Provisioner, ProvisioningError};

/// What a sign-in would do in JSM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// What becomes of the customer's account.
    pub account: Account,
    /// Every rule, in the order of the file.
    pub judged: Vec<Judged>,
    /// What follows from the rules and from what is known of the customer.
    pub plan: Plan,
}

/// What becomes of the customer's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// It is found by the address, or made.
    New,
    /// It was begun and is brought to its end.
    Unfinished,
    /// Its access was ended; whether that is undone is `reactivation`'s.
    Ended,
    /// Name or address are not those that came.
    Outdated,
    /// It stays as it is.
    Unchanged,
}

impl Provisioner {
    /// What a sign-in of `identity` would do now.
    ///
    /// # Errors
    /// What would refuse it before anything is done: a blocked address, another person's account, a
    /// store that does not answer.
    pub async fn outlook(
        &self,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Outlook, ProvisioningError> {
        let settings = &self.0.settings;
        if settings.blocks(&identity.email) {
            return Err(ProvisioningError::Blocked);
        }
        let standing = self.0.standing(&identity.person, now).await?;
        let wanted = wanted(settings, identity);
        let (account, plan) = match standing.as_ref().map(|standing| &standing.ledger) {
            None => {
                let nothing = Known { person: &identity.person, grants: &[], left_alone: &[] };
                let sync = settings.conduct_of(&identity.person.idp).sync;
                (Account::New, plan(&wanted, &nothing, sync))
            }
            Some(ledger) => {
                let account = if ledger.course.end.is_some() {
                    Account::Ended
                } else if !ledger.complete {
                    Account::Unfinished
                } else if self.0.is_outdated(ledger, identity) {
                    Account::Outdated
                } else {
                    Account::Unchanged
                };
                (account, self.0.plan(identity, &wanted, ledger, now))
            }
        };
        Ok(Outlook { account, judged: wanted.judged, plan })
    }
}
