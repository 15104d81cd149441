//! Pages behind links that an operator hands out.

use askama::Template;
use domain::Notice;

use super::Frame;
use super::outcome::Fields;
use super::texts::Circumstances;

/// What a tested sign-in would have come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It would succeed.
    Succeeds,
    /// It would be refused: why, in the operator's words, and what to do.
    Refused { explanation: String, remedy: String },
}

/// One table: what was received, how it was read, where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) title: String,
    /// Name and value; values are redacted by whoever fills this.
    pub(crate) rows: Vec<(String, String)>,
}

/// Result of `vestibule idp test`.
#[derive(Debug, Template)]
#[template(path = "test-result.html")]
pub(crate) struct TestResultPage<'a> {
    pub(crate) frame: Frame<'a>,
    /// Label of the identity provider.
    pub(crate) provider: &'a str,
    pub(crate) verdict: Verdict,
    pub(crate) sections: &'a [Section],
    pub(crate) warnings: &'a [String],
    /// Where the test begins anew.
    pub(crate) again: &'a str,
}

impl TestResultPage<'_> {
    /// The text of the link to a new test, as the notice says it whose one link it is.
    fn try_again(&self) -> Option<&'static str> {
        let nothing = Circumstances { provider: None, since: None };
        (self.frame.t.notice)(Notice::ProviderDenied, &nothing).link
    }
}

/// Asks before a break-glass link is used: a mail scanner that opens it must not use it up.
#[derive(Debug, Template)]
#[template(path = "break-glass.html")]
pub(crate) struct BreakGlassPage<'a> {
    pub(crate) frame: Frame<'a>,
    /// Whom it signs in.
    pub(crate) name: &'a str,
    /// Until when, for people: [`Frame::moment`].
    pub(crate) until: &'a str,
    /// Own path that takes the answer, by POST.
    pub(crate) action: &'a str,
    pub(crate) fields: Fields<'a>,
}
