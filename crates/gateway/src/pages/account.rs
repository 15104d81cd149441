//! The account page.

use std::fmt;

use askama::Template;

use super::second_factor::codes_file;
use super::{FactorMistake, Frame};

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
    /// Whether a change of the second step asks for a code.
    pub(crate) asks_code: bool,
    pub(crate) mistake: Option<FactorMistake>,
    /// Whether something was just done.
    pub(crate) done: bool,
}

/// Sets another app up. Holds its secret.
#[derive(Template)]
#[template(path = "account-app.html")]
pub(crate) struct NewAppPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) qr_svg: &'a str,
    pub(crate) otpauth_url: &'a str,
    pub(crate) key_text: &'a str,
    /// Of a code.
    pub(crate) digits: u8,
    pub(crate) mistake: Option<FactorMistake>,
}

/// Shows new recovery codes once; without any, asks for the end of one that was kept.
#[derive(Template)]
#[template(path = "account-codes.html")]
pub(crate) struct NewCodesPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) codes: Vec<String>,
    /// Whether what was typed is the end of none.
    pub(crate) wrong: bool,
}

// Secrets and codes of a page must not end in a log: neither of these two shows them.
impl fmt::Debug for NewAppPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAppPage").finish_non_exhaustive()
    }
}

impl fmt::Debug for NewCodesPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCodesPage").finish_non_exhaustive()
    }
}

impl NewCodesPage<'_> {
    fn file(&self) -> String {
        codes_file(&self.codes)
    }
}
