//! What is written to whom.

use domain::{AuditEvent, EmailAddress, JsmAccount, JsmName, Language, Timestamp};
use provisioning::Receipt;
use serde::{Deserialize, Serialize};

/// What is written about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Letter {
    /// A factor was enrolled or replaced.
    Enrolled,
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: usize,
    },
    /// Somebody asked for a reset.
    ResetRequested {
        /// When it takes place.
        due: Timestamp,
    },
    /// A factor was reset.
    ResetDone,
    /// Access ends, because nobody has signed in for long.
    StayedAway {
        /// In which JSM.
        jsm: JsmName,
        /// Which account.
        account: JsmAccount,
        /// Says until when they must have signed in.
        receipt: Receipt,
        /// What a later sign-in does.
        later: Later,
    },
}

/// What a sign-in does after the access has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Later {
    /// It opens the account again.
    Opens,
    /// Nothing: support has to open it.
    NeedsSupport,
}

impl Letter {
    /// The letter that a fact is worth.
    pub(crate) fn about(event: &AuditEvent) -> Option<Self> {
        match event {
            AuditEvent::FactorEnrolled { .. } => Some(Self::Enrolled),
            AuditEvent::RecoveryCodeUsed { left, .. } => {
                Some(Self::RecoveryCodeUsed { left: *left })
            }
            AuditEvent::FactorResetRequested { due, .. } => {
                Some(Self::ResetRequested { due: *due })
            }
            AuditEvent::FactorReset { .. } => Some(Self::ResetDone),
            _ => None,
        }
    }
}

/// To whom it goes, and from which help center.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Addressee {
    pub(crate) email: EmailAddress,
    pub(crate) name: String,
    /// Tag of the language.
    pub(crate) language: String,
    /// Name of the help center for people.
    pub(crate) site: String,
    /// Where it is.
    pub(crate) url: String,
}

impl Addressee {
    pub(crate) fn language(&self) -> Language {
        Language::of_tag(&self.language).unwrap_or_default()
    }
}
