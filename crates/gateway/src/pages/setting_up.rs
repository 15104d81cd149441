//! The page of somebody whose account is being made.

use askama::Template;
use domain::ReferenceCode;
use provisioning::Progress;

use super::Frame;

/// Says that the account is being made; asks again by the `Refresh` header.
#[derive(Debug, Template)]
#[template(path = "setting-up.html")]
pub(crate) struct SettingUpPage<'a> {
    pub(crate) frame: Frame<'a>,
    /// Whether JSM does not answer; else it is only slow.
    pub(crate) outage: bool,
    pub(crate) done: Progress,
    /// Where the button leads.
    pub(crate) again: &'a str,
    pub(crate) reference: ReferenceCode,
}

impl SettingUpPage<'_> {
    /// Name of each step, and whether it is done.
    fn steps(&self) -> [(&'static str, bool); 3] {
        let t = &self.frame.t.setting_up;
        [
            (t.account, self.done.account),
            (t.organizations, self.done.organizations),
            (t.portals, self.done.desks),
        ]
    }
}
