//! What is fed, and what must hold.

mod configuration;
mod cookies;
mod id_token;
mod openid;
mod paths;
mod response;

use anyhow::Result;

/// What became of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Accepted, and it says what a seed says.
    Accepted,
    /// Refused.
    Refused,
    /// Accepted although it must not be; what is wrong.
    Wrong(String),
}

/// Feeds one input to one entrance.
pub(crate) type Check = Box<dyn Fn(&[u8]) -> Verdict>;

/// One entrance of the gateway.
pub(crate) struct Target {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// Valid inputs.
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Feeds one input.
    pub(crate) check: Check,
}

/// Every target, the dearest first.
pub(crate) fn all() -> Result<Vec<Target>> {
    Ok(vec![
        response::responses()?,
        response::metadata()?,
        id_token::tokens()?,
        id_token::key_sets()?,
        id_token::callbacks(),
        openid::logout_tokens()?,
        openid::userinfo()?,
        openid::groups()?,
        paths::return_paths(),
        paths::addresses(),
        cookies::requests(),
        configuration::files()?,
    ])
}
