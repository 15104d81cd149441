//! How long sessions live, and what holds while the store is gone.

use std::collections::BTreeMap;
use std::time::Duration;

use policy::{Lifetimes, Limits, portal_id};

use crate::mapping::{Mapping, given};
use crate::reader::{Value, quote};
use crate::scalar::{DURATION, duration};

const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 3600);
/// Longer than any session lives: marks of revocations are not kept for ever.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);
/// Longer is no grace.
const LONGEST_GRACE: Duration = Duration::from_secs(3600);

/// What holds where nothing is said.
pub(crate) fn ordinary() -> Lifetimes {
    let (groups, portals) = (BTreeMap::new(), BTreeMap::new());
    Lifetimes { idle: IDLE, absolute: ABSOLUTE, groups, portals }
}

/// Reads `session` of a site.
pub(crate) fn read(value: &Value<'_>) -> Option<Lifetimes> {
    let map = value.mapping("write { idle: 30m, absolute: 12h }")?;
    let idle = given(map.optional("idle"), time);
    let absolute = given(map.optional("absolute"), time);
    let portals = given(map.optional("portals"), |value| {
        shorter(value, "write the portal's id: { \"3\": { idle: 5m } }", portal_id)
    });
    let groups = given(map.optional("groups"), |value| {
        let name = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
        shorter(value, "write the group's name: { acme-admins: { absolute: 1h } }", name)
    });
    map.finish();
    let (idle, absolute) = (idle?.unwrap_or(IDLE), absolute?.unwrap_or(ABSOLUTE));
    if idle > absolute {
        let wanted = "make `idle` at most as long as `absolute`";
        value.problem("a session would end before it is idle for long enough", wanted);
        return None;
    }
    let (portals, groups) = (portals?.unwrap_or_default(), groups?.unwrap_or_default());
    Some(Lifetimes { idle, absolute, groups, portals })
}

/// Reads `store_grace`.
pub(crate) fn grace(root: &Mapping<'_>) -> Option<Duration> {
    let read = |value: &Value<'_>| {
        let grace = value.read(DURATION, duration)?;
        if grace > LONGEST_GRACE {
            value.problem("nobody can be revoked for so long", "write at most 1h");
            return None;
        }
        Some(grace)
    };
    Some(given(root.optional("store_grace"), read)?.unwrap_or_default())
}

fn time(value: &Value<'_>) -> Option<Duration> {
    let time = value.read(DURATION, duration)?;
    if time > LONGEST {
        value.problem("a session lives for 90 days at most", "write at most 90d");
        return None;
    }
    Some(time)
}

fn shorter(
    value: &Value<'_>,
    wanted: &str,
    name: impl Fn(&str) -> Option<String>,
) -> Option<BTreeMap<String, Limits>> {
    let entries = value.named(wanted)?;
    let read: Vec<_> = entries
        .iter()
        .map(|(key, value)| {
            let Some(name) = name(key) else {
                value.problem(format!("{} is none", quote(key)), wanted);
                return None;
            };
            Some((name, limits(value)?))
        })
        .collect();
    read.into_iter().collect()
}

fn limits(value: &Value<'_>) -> Option<Limits> {
    let wanted = "write { idle: 5m, absolute: 1h } or one of them";
    let map = value.mapping(wanted)?;
    let idle = given(map.optional("idle"), time);
    let absolute = given(map.optional("absolute"), time);
    map.finish();
    let limits = Limits { idle: idle?, absolute: absolute? };
    if limits == Limits::default() {
        value.problem("nothing is limited here", wanted);
        return None;
    }
    Some(limits)
}
