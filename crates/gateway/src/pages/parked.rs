//! The page before a parked request is sent.

use askama::Template;

use super::Frame;

/// Asks before a parked request is sent: says what goes where.
#[derive(Debug, Template)]
#[template(path = "resume.html")]
pub(crate) struct ResumePage<'a> {
    pub(crate) frame: Frame<'a>,
    /// The path that it was sent to.
    pub(crate) path: &'a str,
    /// Its size, for people.
    pub(crate) size: &'a str,
    /// When it was written, and until when it is kept, for people.
    pub(crate) times: (&'a str, &'a str),
    /// Own path that takes the answer, by POST.
    pub(crate) action: &'a str,
}

/// The window in which somebody signed in beside a page of the help center.
#[derive(Debug, Template)]
#[template(path = "signed-in.html")]
pub(crate) struct SignedInPage<'a> {
    pub(crate) frame: Frame<'a>,
}
