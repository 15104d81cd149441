//! How long a session lives: at a site, for some groups, at some portals.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Timestamp;

use crate::Place;

/// Limits beside a site's own; only those that are shorter change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// After how long without a request it is over.
    pub idle: Option<Duration>,
    /// How long after sign-in it is over.
    pub absolute: Option<Duration>,
}

/// How long sessions of a site live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetimes {
    /// After how long without a request a session ends.
    pub idle: Duration,
    /// How long after sign-in it ends.
    pub absolute: Duration,
    /// Shorter for members of groups: the shortest of all that somebody is in.
    pub groups: BTreeMap<String, Limits>,
    /// Shorter for the pages of a portal, by its id: there, and only there, a session that is older
    /// is none.
    pub portals: BTreeMap<String, Limits>,
}

/// The limits of one session, settled at sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// After how long without a request it ends.
    pub idle: Duration,
    /// How long after sign-in it ends.
    pub absolute: Duration,
    /// The shortest time without a request that decides anything: its last use must be noted often
    /// enough for that.
    pub shortest_idle: Duration,
}

impl Lifetimes {
    /// The limits of a session of somebody with these groups. Groups that the identity provider
    /// did not name may be any: then the shortest limit of all holds (attacks.md D15).
    pub fn of(&self, groups: Option<&[String]>) -> Lifetime {
        let member = |name: &String| groups.is_none_or(|groups| groups.contains(name));
        let limits =
            || self.groups.iter().filter(|(name, _)| member(name)).map(|(_, limits)| limits);
        let idle = limits().filter_map(|l| l.idle).fold(self.idle, Duration::min);
        let absolute = limits().filter_map(|l| l.absolute).fold(self.absolute, Duration::min);
        let portals = self.portals.values().filter_map(|l| l.idle);
        Lifetime { idle, absolute, shortest_idle: portals.fold(idle, Duration::min) }
    }

    /// Whether a session is too old for the place of a request. A path that may be any portal's is
    /// held to the limits of all.
    pub fn outlived(&self, path: &str, age: &Age, now: Timestamp) -> bool {
        if self.portals.is_empty() {
            return false;
        }
        let place = Place::of(path);
        let mut held = self.portals.iter().filter(|(id, _)| place.may_be(id));
        held.any(|(_, limits)| {
            let idle = limits.idle.is_some_and(|idle| age.longest_pause >= idle + age.noted_every);
            idle || limits.absolute.is_some_and(|absolute| now >= age.signed_in.plus(absolute))
        })
    }
}

/// How old a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// When the customer signed in.
    pub signed_in: Timestamp,
    /// The longest time between two uses since, and since the last one: who was away for too long
    /// does not come back by way of another portal.
    pub longest_pause: Duration,
    /// A use may have come so long after the last that was noted: the error is on the long side.
    pub noted_every: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn limits(idle: u32, absolute: u32) -> Limits {
        let minutes = |count: u32| (count > 0).then(|| MINUTE * count);
        Limits { idle: minutes(idle), absolute: minutes(absolute) }
    }

    fn lifetimes() -> Lifetimes {
        let named = |pairs: &[(&str, Limits)]| {
            pairs.iter().map(|(name, limits)| ((*name).to_owned(), *limits)).collect()
        };
        Lifetimes {
            idle: MINUTE * 30,
            absolute: MINUTE * 720,
            groups: named(&[
                ("admins", limits(10, 60)),
                ("staff", limits(20, 30)),
                ("all", limits(90, 0)),
            ]),
            portals: named(&[("3", limits(5, 0)), ("4", limits(0, 15))]),
        }
    }

    #[test]
    fn the_shortest_limit_of_all_groups_holds() {
        let of = |groups: Option<&[&str]>| {
            let groups: Option<Vec<String>> =
                groups.map(|groups| groups.iter().map(ToString::to_string).collect());
            let Lifetime { idle, absolute, shortest_idle } = lifetimes().of(groups.as_deref());
            assert_eq!(shortest_idle, MINUTE * 5, "portal 3");
            (idle.as_secs() / 60, absolute.as_secs() / 60)
        };
        assert_eq!(of(Some(&[])), (30, 720));
        assert_eq!(of(Some(&["Admins", "other"])), (30, 720));
        assert_eq!(of(Some(&["admins"])), (10, 60));
        assert_eq!(of(Some(&["admins", "staff"])), (10, 30));
        assert_eq!(of(Some(&["all"])), (30, 720), "a longer limit changes nothing");
        assert_eq!(of(None), (10, 30), "any group may be theirs");
    }

    #[test]
    fn a_portals_limit_holds_on_its_pages_from_exactly_its_moment_on() {
        let age = |longest_pause| Age { signed_in: NOW, longest_pause, noted_every: MINUTE };
        let outlived =
            |path: &str, at: Duration| lifetimes().outlived(path, &age(at), NOW.plus(at));
        let millisecond = Duration::from_millis(1);
        let page = |id: u8| format!("/servicedesk/customer/portal/{id}/create");
        for (id, end) in [(3, MINUTE * 6), (4, MINUTE * 15)] {
            assert!(!outlived(&page(id), end - millisecond), "{id}");
            assert!(outlived(&page(id), end), "{id}");
        }
        for free in
            ["/servicedesk/customer/portal/1", "/servicedesk/customer/portals", "/", "/rest/x"]
        {
            assert!(!outlived(free, MINUTE * 10_000), "{free}");
        }
        // Another writing of the id, and one that the upstream may read as any.
        assert!(outlived("/servicedesk/customer/portal/03", MINUTE * 6));
        assert!(outlived("/servicedesk/customer/portal/x;3", MINUTE * 6));
        // A pause that is over counts.
        let page = "/servicedesk/customer/portal/3";
        assert!(lifetimes().outlived(page, &age(MINUTE * 6), NOW.plus(MINUTE * 7)));
        let none = Lifetimes { portals: BTreeMap::new(), ..lifetimes() };
        assert!(!none.outlived(
            "/servicedesk/customer/portal/x;3",
            &age(MINUTE * 6),
            NOW.plus(MINUTE * 6)
        ));
    }
}
