//! When somebody who stays away loses access. Pure.
//!
//! Nobody's access ends but after a notice that the mail server took, for as long as the operator
//! says; a sign-in begins a new count.

use std::time::Duration;

use domain::{EmailAddress, SiteName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::AddressPattern;
use crate::ledger::Ledger;

/// A sign-in is noted to the day: the last one may be so much later than its note.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Whoever takes a licence is not asked about again for so long.
const LICENSED: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Letters that are not sent are given up before; then another one may be written.
const GIVEN_UP: Duration = Duration::from_secs(4 * 24 * 60 * 60);

/// The operator's word about those who stay away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DormancySettings {
    /// Access ends after so long without a sign-in …
    pub after: Duration,
    /// … and so long after the notice.
    pub notice: Duration,
    /// Whether anything is done.
    pub mode: DormancyMode,
    /// Whose access never ends.
    pub except: Vec<AddressPattern>,
}

/// Whether anything is done about those who stay away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DormancyMode {
    /// They are written to, and their access ends.
    End,
    /// The audit log says what would have been done.
    ReportOnly,
}

/// How a customer is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The address.
    pub email: EmailAddress,
    /// What they are called.
    pub name: String,
    /// Tag of the language in which they last saw a page.
    pub language: String,
    /// Where they signed in.
    pub site: SiteName,
}

/// What came of staying away; empty again with the next sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Course {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<Notice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<End>,
    /// Since when the brake holds the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held: Option<Timestamp>,
    /// When the account was seen to take a licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) licensed: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reported: Option<Reported>,
}

impl Course {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A notice that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) receipt: Receipt,
    pub(crate) post: Post,
}

/// By what a notice is known when the mail server has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When it was written.
    pub written: Timestamp,
    /// The earliest end that it names.
    pub until: Timestamp,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It lies in the mail queue for good.
    Queued,
    /// The mail server took it.
    Taken,
    /// The mail server will never take it.
    Refused,
}

/// How far a notice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Post {
    Waits,
    /// The mail server took it.
    Sent(Timestamp),
    /// The mail server will never take it.
    Refused,
}

/// Somebody set out to end the access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) at: Timestamp,
    /// Whether JSM has done it, and the audit log has it.
    pub(crate) done: bool,
}

/// What `report_only` has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reported {
    /// When a notice would have been written.
    pub(crate) notice: Timestamp,
    /// Whether the end was reported, too.
    pub(crate) end: bool,
}

/// Where somebody stands who may be staying away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DormancyState {
    /// Here not long ago.
    Awake,
    /// The operator's file says that this access never ends.
    Excepted,
    /// The account takes a licence: who works in Jira signs in there.
    Licensed,
    /// No address is known: nobody can be told, and the access never ends by itself.
    NoAddress,
    /// The mail server refused the notice for good.
    Undeliverable,
    /// A notice is due.
    NoticeDue,
    /// A notice was written, and waits for the mail server.
    NoticeWaits,
    /// A notice was given.
    Noticed {
        /// When the mail server took it.
        given: Timestamp,
        /// When the access may end.
        ends: Timestamp,
    },
    /// The notice is over.
    Over {
        /// When it was given.
        given: Timestamp,
    },
    /// The access has ended.
    Ended {
        /// When.
        at: Timestamp,
    },
}

/// On whose word an access ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warrant {
    /// The operator's file; after a notice.
    Policy,
    /// An operator's order; after a notice, too.
    Order,
    /// An operator's order that says that no notice is needed.
    OrderWithoutNotice,
}

impl DormancySettings {
    /// Where the owner of a ledger stands; `None`: nobody has signed in to the account.
    pub(crate) fn state(&self, ledger: &Ledger, now: Timestamp) -> Option<DormancyState> {
        let last = ledger.last_sign_in?;
        if let Some(End { at, done: true }) = ledger.course.end {
            return Some(DormancyState::Ended { at });
        }
        if now.since(last) < self.after.saturating_sub(self.notice) {
            return Some(DormancyState::Awake);
        }
        if ledger.addresses().any(|email| self.excepts(email)) {
            return Some(DormancyState::Excepted);
        }
        if ledger.course.licensed.is_some_and(|seen| now.since(seen) < LICENSED) {
            return Some(DormancyState::Licensed);
        }
        // One of before the last sign-in is none.
        let notice = ledger.course.notice.filter(|notice| notice.receipt.written > last);
        let unread = match (&ledger.contact, notice) {
            (None, _) => DormancyState::NoAddress,
            (Some(_), None) => DormancyState::NoticeDue,
            (Some(_), Some(notice)) => self.after_notice(notice, last, now),
        };
        Some(unread)
    }

    fn after_notice(&self, notice: Notice, last: Timestamp, now: Timestamp) -> DormancyState {
        let age = now.since(notice.receipt.written);
        match notice.post {
            Post::Sent(given) => {
                let ends =
                    notice.receipt.until.max(given.plus(self.notice)).max(last.plus(self.after));
                if now >= ends {
                    DormancyState::Over { given }
                } else {
                    DormancyState::Noticed { given, ends }
                }
            }
            Post::Refused if age < self.notice => DormancyState::Undeliverable,
            Post::Waits if age < GIVEN_UP => DormancyState::NoticeWaits,
            Post::Refused | Post::Waits => DormancyState::NoticeDue,
        }
    }

    /// Whether the access may be ended now.
    pub(crate) fn may_end(&self, ledger: &Ledger, warrant: Warrant, now: Timestamp) -> bool {
        let state = self.state(ledger, now);
        if warrant != Warrant::OrderWithoutNotice {
            return matches!(state, Some(DormancyState::Over { .. }));
        }
        let long = self.after.saturating_add(DAY);
        let away = ledger.last_sign_in.is_some_and(|last| now.since(last) >= long);
        match state {
            None
            | Some(
                DormancyState::Awake
                | DormancyState::Excepted
                | DormancyState::Licensed
                | DormancyState::Ended { .. },
            ) => false,
            // Whoever it is may be excepted.
            Some(DormancyState::NoAddress) => away && self.except.is_empty(),
            Some(_) => away,
        }
    }

    /// The end that a notice of now names.
    pub(crate) fn earliest_end(&self, last_sign_in: Timestamp, now: Timestamp) -> Timestamp {
        now.plus(self.notice).max(last_sign_in.plus(self.after))
    }

    fn excepts(&self, email: &EmailAddress) -> bool {
        self.except.iter().any(|pattern| pattern.matches(email))
    }
}

#[cfg(test)]
mod tests;
