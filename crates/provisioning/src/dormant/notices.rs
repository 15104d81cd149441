//! Notices to those who stay away: written once, and counted when the mail server took them.

use std::time::Duration;

use domain::{JsmAccount, Timestamp};

use super::DueNotice;
use crate::ProvisioningError;
use crate::dormancy::{DormancySettings, DormancyState, Notice, Post, Posted, Receipt};
use crate::ledger::Ledger;
use crate::provisioner::Provisioner;

/// A letter is not written twice within this, whoever wants to.
const WRITING: Duration = Duration::from_secs(60 * 60);

impl Provisioner {
    /// The notice that somebody may be written now; nobody else writes it for a while.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn due_notice(
        &self,
        account: &JsmAccount,
        policy: &DormancySettings,
        now: Timestamp,
    ) -> Result<Option<DueNotice>, ProvisioningError> {
        let records = &self.0.records;
        let Some(ledger) = records.ledger(account, now).await? else { return Ok(None) };
        let due = policy.state(&ledger, now) == Some(DormancyState::NoticeDue);
        if !due || self.0.is_spared(account, &ledger).await? {
            return Ok(None);
        }
        let (Some(to), Some(last_sign_in)) = (ledger.contact, ledger.last_sign_in) else {
            return Ok(None);
        };
        if !records.mark("dormancy-notice", &account.0, now.plus(WRITING), now).await? {
            return Ok(None);
        }
        let receipt = Receipt { written: now, until: policy.earliest_end(last_sign_in, now) };
        Ok(Some(DueNotice { to, receipt, owner: ledger.owner, last_sign_in }))
    }

    /// Whether nobody has signed in to the account since a notice was written.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn notice_stands(
        &self,
        account: &JsmAccount,
        receipt: Receipt,
        now: Timestamp,
    ) -> Result<bool, ProvisioningError> {
        let ledger = self.0.records.ledger(account, now).await?;
        let last = ledger.and_then(|ledger| ledger.last_sign_in);
        Ok(last.is_some_and(|last| last < receipt.written))
    }

    /// Notes how far a notice has come.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_notice(
        &self,
        account: &JsmAccount,
        receipt: Receipt,
        posted: Posted,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let post = match posted {
            Posted::Queued => Post::Waits,
            Posted::Taken => Post::Sent(now),
            Posted::Refused => Post::Refused,
        };
        let note = |ledger: &mut Ledger| {
            // Whoever signed in since has begun anew.
            let stale = ledger.last_sign_in.is_none_or(|last| last >= receipt.written);
            // The server may answer before the queue's word is noted, and its word is the last.
            let known =
                ledger.course.notice.filter(|known| known.receipt.written >= receipt.written);
            let older =
                known.is_some_and(|known| known.receipt != receipt || known.post != Post::Waits);
            if !stale && !older {
                ledger.course.notice = Some(Notice { receipt, post });
            }
        };
        if self.0.records.ledger(account, now).await?.is_none() {
            return Ok(());
        }
        self.0.records.change_ledger(account, now, note).await
    }
}
