//! Pages for the second factor.

use std::fmt;

use askama::Template;
use domain::Timestamp;
use http::StatusCode;

use super::Frame;

/// What is wrong with a code that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactorMistake {
    /// It does not match; our time.
    Wrong(Timestamp),
    /// It is none of the recovery codes.
    WrongRecovery,
    /// It was right once.
    Used,
    /// Too many were wrong: seconds to wait.
    TooMany(u64),
}

/// Asks for a code of the app.
#[derive(Debug, Template)]
#[template(path = "factor-challenge.html")]
pub(crate) struct ChallengePage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) attempt: &'a str,
    /// Who asks and why.
    pub(crate) why: String,
    /// As the app shows it.
    pub(crate) account: &'a str,
    /// Of a code.
    pub(crate) digits: u8,
    /// Label of the checkbox that lets the browser stand for it; `None`: it may not.
    pub(crate) trust: Option<String>,
    pub(crate) mistake: Option<FactorMistake>,
}

/// Sets an app up. Holds its secret.
#[derive(Template)]
#[template(path = "factor-enrolment.html")]
pub(crate) struct EnrolmentPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) attempt: &'a str,
    /// Who asks and why.
    pub(crate) why: String,
    pub(crate) qr_svg: &'a str,
    pub(crate) otpauth_url: &'a str,
    pub(crate) key_text: &'a str,
    /// Of a code.
    pub(crate) digits: u8,
    /// Whether it may be put off.
    pub(crate) later: bool,
    pub(crate) mistake: Option<FactorMistake>,
}

/// Shows recovery codes once; without any, asks for the end of one that was kept.
#[derive(Template)]
#[template(path = "factor-codes.html")]
pub(crate) struct CodesPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) attempt: &'a str,
    pub(crate) codes: Vec<String>,
    /// Whether what was typed is the end of none.
    pub(crate) wrong: bool,
}

/// Asks for a recovery code.
#[derive(Debug, Template)]
#[template(path = "factor-recovery.html")]
pub(crate) struct RecoveryPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) attempt: &'a str,
    pub(crate) mistake: Option<FactorMistake>,
}

/// What helps without a code.
#[derive(Debug, Template)]
#[template(path = "factor-lost.html")]
pub(crate) struct LostPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) attempt: &'a str,
    /// How long a reset is held back; `None`: none is offered.
    pub(crate) hours: Option<u64>,
    /// When the reset that was asked for takes place, for people.
    pub(crate) due: Option<String>,
}

// Secrets and codes of a page must not end in a log: neither of these two shows them.
impl fmt::Debug for EnrolmentPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentPage").finish_non_exhaustive()
    }
}

impl fmt::Debug for CodesPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodesPage").field("wrong", &self.wrong).finish_non_exhaustive()
    }
}

impl CodesPage<'_> {
    /// The codes as a file that a link downloads.
    fn file(&self) -> String {
        codes_file(&self.codes)
    }
}

/// Recovery codes as the address of a file.
pub(super) fn codes_file(codes: &[String]) -> String {
    let lines: Vec<String> = codes.iter().map(|code| format!("{code}%0A")).collect();
    format!("data:text/plain;charset=utf-8,{}", lines.concat())
}

impl LostPage<'_> {
    /// What a reset does, where one can be asked for.
    fn offered(&self) -> Option<String> {
        let hours = self.hours.filter(|_| self.due.is_none());
        hours.map(self.frame.t.second_factor.reset_why)
    }

    fn title(&self) -> &'static str {
        let texts = &self.frame.t.second_factor;
        if self.due.is_some() { texts.reset_waits } else { texts.lost }
    }
}

impl FactorMistake {
    /// The status of the page that says it.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Wrong(_) | Self::WrongRecovery | Self::Used => StatusCode::FORBIDDEN,
        }
    }

    /// How long to wait, in minutes and seconds.
    pub(super) fn waiting(&self) -> String {
        let seconds = if let Self::TooMany(seconds) = self { *seconds } else { 0 };
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }
}
