//! What the walk takes down of what it met.

use domain::Timestamp;
use http::Method;
use url::Url;

use super::model::Act;

/// A request that can be made again.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) fields: Vec<(String, String)>,
    pub(super) act: Act,
    pub(super) by: By,
}

/// Who makes a request in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Navigation,
    Script,
}

/// Somebody who is to answer at an identity provider.
#[derive(Debug, Clone)]
pub(super) struct AtProvider {
    pub(super) email: String,
    pub(super) url: String,
    pub(super) browser: usize,
    pub(super) since: Timestamp,
}

/// What an honest customer would do next in a browser.
#[derive(Debug, Clone)]
pub(super) enum Next {
    Type(String),
    Answer(AtProvider),
    Factor(String),
    Keep,
    Resume(String),
}

/// An attempt in which a first code was right and the end of a recovery code is still wanted.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) handle: String,
    pub(super) email: String,
    pub(super) at: Timestamp,
    pub(super) end: String,
}

impl Held {
    /// The end of a code is typed, or was elsewhere.
    pub(super) fn kept(&self) -> Act {
        let Self { handle, email, at, .. } = self.clone();
        Act::Kept { email, handle, at }
    }
}
