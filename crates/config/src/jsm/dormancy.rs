//! When somebody who stays away loses access.

use std::time::Duration;

use provisioning::{
    AddressPattern, DormancyMode, DormancySettings, JsmSettings, JsmSite, Reactivation,
};

use super::conduct;
use crate::Site;
use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::scalar::{DURATION, duration};
use crate::settings::MailSettings;

const WANTED: &str = "write { after: 365d, notice: 30d }";
const NOTICE: Duration = Duration::from_secs(30 * 86_400);
/// Sign-ins are noted to the day.
const DAY: Duration = Duration::from_secs(86_400);

/// Reads `dormancy` of a JSM.
pub(super) fn read(value: &Value<'_>) -> Option<DormancySettings> {
    let map = value.mapping(WANTED)?;
    let after = map.required("after", WANTED);
    let after = after.and_then(|value| value.read(DURATION, duration));
    let notice = given(map.optional("notice"), |value| value.read(DURATION, duration));
    let report_only = given(map.optional("report_only"), Value::flag);
    let except: Option<Option<Vec<AddressPattern>>> =
        given(map.optional("except"), conduct::addresses);
    map.finish();
    let (after, notice) = (after?, notice?.unwrap_or(NOTICE));
    if notice < DAY || after < notice + DAY {
        let said = "there is no time for the notice";
        value.problem(said, "make `notice` a day or more, and `after` a day longer than that");
        return None;
    }
    let mode = match report_only? {
        Some(true) => DormancyMode::ReportOnly,
        _ => DormancyMode::End,
    };
    Some(DormancySettings { after, notice, mode, except: except?.unwrap_or_default() })
}

/// Holds the policies against the rest of the file. False: one cannot be carried out.
pub(crate) fn check(
    root: &Mapping<'_>,
    jsms: &[JsmSettings],
    sites: &[Site],
    mail: Option<&MailSettings>,
) -> bool {
    let named = root.optional("jsm").and_then(|value| value.named("write names here"));
    let mut good = true;
    for (name, value) in named.unwrap_or_default() {
        let Some(jsm) = jsms.iter().find(|jsm| jsm.name.as_str() == name) else { continue };
        let (Some(policy), Some(map)) = (&jsm.dormancy, value.mapping("write { … }")) else {
            continue;
        };
        let Some(said) = map.optional("dormancy") else { continue };
        if policy.mode == DormancyMode::End && mail.is_none() {
            let wanted = "write `mail`, or report_only: true";
            said.problem("nobody can be told that their access will end", wanted);
            good = false;
        }
        let of_jsm = sites.iter().filter(|site| site.jsm.as_ref() == Some(&jsm.name));
        let longest = of_jsm.map(|site| site.session.absolute).max().unwrap_or_default();
        if policy.after - policy.notice <= longest {
            let text = "somebody whose session still goes on would be told that they stay away";
            said.problem(
                text,
                "make `after` longer than `notice` and the longest session together",
            );
            good = false;
        }
        if policy.mode == DormancyMode::End {
            warn(jsm, &said);
        }
    }
    good
}

/// Says how final an end is.
fn warn(jsm: &JsmSettings, said: &Value<'_>) {
    let of_providers = jsm.conducts.values().map(|conduct| conduct.reactivation);
    let mut all = of_providers.chain([jsm.conduct.reactivation]);
    let cloud = matches!(jsm.site, JsmSite::Cloud(_));
    if all.clone().any(|reactivation| reactivation == Reactivation::Never) {
        said.warn("whoever comes back is refused, and nobody is asked; say reactivation: ask");
    } else if cloud && all.any(|reactivation| reactivation != Reactivation::Ask) {
        said.warn("JSM Cloud has no API that opens an account again: whoever comes back waits for an administrator (`vestibule provisioning queue`), as with reactivation: ask");
    }
}
