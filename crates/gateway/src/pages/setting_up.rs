//! The page of somebody whose account is being made.

use askama::Template;
use domain::ReferenceCode;
use provisioning::Progress;

use super::Frame;

/// Says that the account is being made. `setting-up.js` keeps its status up to date; a browser without
/// script loads it again after half a minute.
#[derive(Debug, Template)]
#[template(path = "setting-up.html")]
pub(crate) struct SettingUpPage<'a> {
    pub(crate) frame: Frame<'a>,
    /// Whether JSM does not answer; else it is only slow.
    pub(crate) outage: bool,
    pub(crate) done: Progress,
    /// Where the button leads, and the script asks.
    pub(crate) again: &'a str,
    /// After how many seconds the script asks.
    pub(crate) seconds: u8,
    pub(crate) reference: ReferenceCode,
}

impl SettingUpPage<'_> {
    /// Each step in words, and whether it is done.
    fn steps(&self) -> [(&'static str, bool); 3] {
        let t = &self.frame.t.setting_up;
        let Progress { account, organizations, desks } = self.done;
        [
            (t.account.of(account), account),
            (t.organizations.of(organizations), organizations),
            (t.portals.of(desks), desks),
        ]
    }
}
