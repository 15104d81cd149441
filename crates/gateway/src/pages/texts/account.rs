//! Texts of the account page.

mod de;
mod en;
mod es;
mod fr;
mod pt_br;

pub(super) use de::ACCOUNT as DE;
pub(super) use en::ACCOUNT as EN;
pub(super) use es::ACCOUNT as ES;
pub(super) use fr::ACCOUNT as FR;
pub(super) use pt_br::ACCOUNT as PT_BR;

/// The account page.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) title: &'static str,
    /// Where name and address come from: label of the identity provider.
    pub(crate) from: fn(&str) -> String,
    pub(crate) second_step: &'static str,
    /// Since when there is an app.
    pub(crate) app_since: fn(&str) -> String,
    pub(crate) no_app: &'static str,
    /// How many recovery codes are left.
    pub(crate) codes_left: fn(usize) -> String,
    pub(crate) codes_low: &'static str,
    /// When a reset that somebody asked for takes place.
    pub(crate) reset_waits: fn(&str) -> String,
    pub(crate) withdraw: &'static str,
    pub(crate) new_codes: &'static str,
    pub(crate) new_app: &'static str,
    /// What a change asks for.
    pub(crate) proof: &'static str,
    pub(crate) proof_why: &'static str,
    pub(crate) devices: &'static str,
    pub(crate) this_device: &'static str,
    pub(crate) unknown_device: &'static str,
    /// From which address, and when it was used last.
    pub(crate) used: fn(&str, &str) -> String,
    pub(crate) sign_out_there: &'static str,
    pub(crate) trusted: &'static str,
    pub(crate) trusted_why: &'static str,
    pub(crate) no_trusted: &'static str,
    /// Until when a browser is trusted.
    pub(crate) trusted_until: fn(&str) -> String,
    pub(crate) forget: &'static str,
    pub(crate) sign_ins: &'static str,
    pub(crate) no_sign_ins: &'static str,
    pub(crate) when: &'static str,
    pub(crate) address: &'static str,
    pub(crate) browser: &'static str,
    pub(crate) not_you: &'static str,
    pub(crate) done: &'static str,
    pub(crate) home: &'static str,
}
