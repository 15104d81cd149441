//! Who must show a second factor where.

use std::net::IpAddr;
use std::time::Duration;

use domain::{IdpName, SiteName};
use ipnet::IpNet;
use policy::{
    Enforcement, FactorRule, FactorRules, Grace, PathPrefix, Require, SideDoors, portal_id,
};

use crate::mapping::{Mapping, given};
use crate::names;
use crate::reader::Value;
use crate::scalar::{DURATION, duration, end_of_day};

mod checks;
mod trusted;

pub(crate) use checks::{Around, remarks};
pub(crate) use trusted::read as trusted;

const REQUIRE: [(&str, Require); 1] = [("totp", Require::Totp)];

/// Browsers forget a cookie after so long, whatever it says (RFC 6265bis §5.5).
const LONGEST_TRUST: Duration = Duration::from_secs(400 * 86_400);

/// Names that rules may refer to.
pub(crate) struct Named<'a> {
    /// Under `identity_providers`.
    pub(crate) idps: &'a [&'a str],
    /// Under `sites`.
    pub(crate) sites: &'a [&'a str],
}

/// Reads `second_factor`.
pub(crate) fn read(root: &Mapping<'_>, named: &Named<'_>) -> Option<FactorRules> {
    let Some(value) = root.optional("second_factor") else { return Some(FactorRules::default()) };
    let wanted = "write a list of rules such as { group: admins, require: totp }";
    let items = value.items(wanted)?;
    let read: Vec<_> = items.iter().map(|item| rule(item, named)).collect();
    read.into_iter().collect::<Option<_>>().map(FactorRules::new)
}

fn rule(value: &Value<'_>, named: &Named<'_>) -> Option<FactorRule> {
    let map = value.mapping("write { group: …, require: totp }")?;
    let require = map.required("require", "write require: totp");
    let require = require.and_then(|value| value.word(&REQUIRE));
    let site = given(map.optional("site"), |value| {
        names::reference::<SiteName>(value, named.sites, "sites")
    });
    let idps = list(&map, "idp", "name identity providers", |value| {
        names::reference::<IdpName>(value, named.idps, "identity_providers")
    });
    let groups = list(&map, "group", "write groups as the identity provider names them", text);
    let organizations = list(&map, "organization", "name organizations of JSM", text);
    let people = list(&map, "people", "write a list such as [ann@acme.example]", |value| {
        value.parse("write an e-mail address")
    });
    let portals = list(&map, "portal", PORTAL, |value| value.read(PORTAL, portal_id));
    let paths = list(&map, "path", PATH, |value| value.parse(PATH));
    let networks = list(&map, "network", NETWORK, |value| value.read(NETWORK, network));
    let outside = list(&map, "outside", NETWORK, |value| value.read(NETWORK, network));
    let side_doors_value = map.optional("side_doors");
    let side_doors = given(side_doors_value.clone(), side_doors);
    let fresh = given(map.optional("fresh"), |value| value.read(DURATION, duration));
    let grace = given(map.optional("grace"), grace);
    let trusted_value = map.optional("trusted_browser");
    let trusted_browser = given(trusted_value.clone(), trust);
    let report_only = given(map.optional("report_only"), Value::flag);
    map.finish();
    let rule = FactorRule {
        site: site?,
        idps: idps?,
        groups: groups?,
        organizations: organizations?,
        people: people?,
        portals: portals?,
        side_doors: side_doors?.unwrap_or_default(),
        paths: paths?,
        networks: networks?,
        outside: outside?,
        require: require?,
        fresh: fresh?,
        grace: grace?,
        trusted_browser: trusted_browser?.flatten(),
        enforcement: match report_only? {
            Some(true) => Enforcement::ReportOnly,
            _ => Enforcement::Enforced,
        },
        line: value.line(),
    };
    checks::shape(&rule, side_doors_value.as_ref(), trusted_value.as_ref())?;
    Some(rule)
}

const PORTAL: &str = "write the number of a portal, as /servicedesk/customer/portal/NUMBER has it";
const PATH: &str = "write a path such as /secure/admin, which means everything below it, too";
const NETWORK: &str = "write a network such as 10.0.0.0/8, or one address";

/// One value or several; without the key, none.
fn list<T>(
    map: &Mapping<'_>,
    key: &'static str,
    wanted: &str,
    read: impl Fn(&Value<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(value) = map.optional(key) else { return Some(Vec::new()) };
    let read: Vec<_> = value.some_items(wanted)?.iter().map(read).collect();
    read.into_iter().collect()
}

fn text(value: &Value<'_>) -> Option<String> {
    value.text("write a name").map(|text| text.trim().to_owned())
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// An empty list is meant: nothing but the portal's own pages.
fn side_doors(value: &Value<'_>) -> Option<SideDoors> {
    let items = value.items("write paths such as [/rest/servicedeskapi], or [] for none")?;
    let read: Vec<_> = items.iter().map(|item| item.parse::<PathPrefix>(PATH)).collect();
    read.into_iter().collect::<Option<_>>().map(SideDoors::These)
}

fn grace(value: &Value<'_>) -> Option<Grace> {
    let wanted = "write { until: 2027-01-31 } or { sign_ins: 3 }";
    let map = value.mapping(wanted)?;
    let until = given(map.optional("until"), |value| {
        let end = value.read("write the last day, such as 2027-01-31", end_of_day)?;
        if value.reading.environment.now() >= end {
            value.warn("this day has passed: nobody may put it off any more; remove it");
        }
        Some(end)
    });
    let sign_ins = given(map.optional("sign_ins"), |value| {
        value.read("write a whole number from 1 to 100", |text| {
            text.parse::<u32>().ok().filter(|count| (1..=100).contains(count))
        })
    });
    map.finish();
    let grace = Grace { until: until?, sign_ins: sign_ins? };
    if grace.until.is_none() && grace.sign_ins.is_none() {
        value.problem("this grace has no end", wanted);
        return None;
    }
    Some(grace)
}

/// `Some(None)`: never.
fn trust(value: &Value<'_>) -> Option<Option<Duration>> {
    value.read("write never, or for how long, such as 30d, at most 400d", |text| match text {
        "never" => Some(None),
        text => duration(text).filter(|long| *long <= LONGEST_TRUST).map(Some),
    })
}
