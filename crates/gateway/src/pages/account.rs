//! The account page.

use askama::Template;

use super::Frame;

/// A signed-in device.
#[derive(Debug)]
pub(crate) struct DeviceLine {
    /// Names it in the form.
    pub(crate) id: String,
    /// Browser and system.
    pub(crate) name: String,
    /// Address and last use.
    pub(crate) used: String,
    /// Whether it is the one that asks.
    pub(crate) this: bool,
}

/// A browser that is trusted.
#[derive(Debug)]
pub(crate) struct TrustedLine {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Until when.
    pub(crate) until: String,
}

/// One of the last sign-ins.
#[derive(Debug)]
pub(crate) struct SignInLine {
    pub(crate) when: String,
    pub(crate) address: String,
    pub(crate) browser: String,
}

/// The second step of a customer.
#[derive(Debug)]
pub(crate) struct SecondStep {
    /// Since when there is an app; `None`: there is none.
    pub(crate) since: Option<String>,
    pub(crate) codes_left: usize,
    pub(crate) codes_low: bool,
    /// When it is removed because somebody asked for it.
    pub(crate) reset_due: Option<String>,
}

/// What a customer has here.
#[derive(Debug, Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    /// Label of the identity provider.
    pub(crate) provider: &'a str,
    pub(crate) second_step: SecondStep,
    pub(crate) devices: Vec<DeviceLine>,
    pub(crate) trusted: Vec<TrustedLine>,
    pub(crate) sign_ins: Vec<SignInLine>,
    /// Whether something was just done.
    pub(crate) done: bool,
}
