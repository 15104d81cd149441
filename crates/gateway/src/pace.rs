//! How often one client network may have typed addresses routed.
//!
//! Where the rules tell single addresses of a domain apart, whoever types many learns who is known
//! (capabilities N17). The table has a fixed size, so nobody can fill it: networks that share a place
//! share its pace.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::Timestamp;

/// Places in the table; 8 bytes each.
const PLACES: usize = 16 * 1024;
/// One more address each two seconds …
const INTERVAL: i64 = 2_000;
/// … after this many at once: a company behind one address signs in on Monday morning.
const BURST: i64 = 40;

/// A pace for each client network (generic cell rate algorithm).
pub(crate) struct Pace {
    /// When the next address would be due if each came at its time, in milliseconds.
    due: Vec<AtomicI64>,
    /// Keyed anew at each start: nobody can aim at another network's place.
    places: RandomState,
}

impl Pace {
    pub(crate) fn new() -> Self {
        let due = std::iter::repeat_with(|| AtomicI64::new(0)).take(PLACES).collect();
        Self { due, places: RandomState::new() }
    }

    /// Counts one address from `client`; `false`: it came too soon, and is not counted.
    pub(crate) fn admits(&self, client: IpAddr, now: Timestamp) -> bool {
        let place = self.places.hash_one(network(client)) % PLACES as u64;
        let Some(due) = usize::try_from(place).ok().and_then(|place| self.due.get(place)) else {
            return false;
        };
        let now = now.as_millis();
        let next = |due: i64| {
            let next = due.max(now).saturating_add(INTERVAL);
            (next <= now.saturating_add(BURST * INTERVAL)).then_some(next)
        };
        due.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

/// What one subscriber usually has: a /24 of IPv4, a /48 of IPv6.
fn network(client: IpAddr) -> u128 {
    match client.to_canonical() {
        IpAddr::V4(address) => u128::from(u32::from(address) >> 8),
        IpAddr::V6(address) => (u128::from(address) >> 80) | (1 << 127),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_a_burst_and_then_its_interval_and_others_are_not_concerned() {
        let pace = Pace::new();
        let at = |client: &str, millis| {
            pace.admits(client.parse().unwrap(), Timestamp::from_millis(millis))
        };
        let start = 1_000_000;
        let admitted = (1..=100).filter(|host| at(&format!("192.0.2.{host}"), start));
        assert_eq!(admitted.count(), 40);
        assert!(!at("192.0.2.1", start + 1999) && at("192.0.2.1", start + 2000));
        assert!(!at("::ffff:192.0.2.9", start + 2001), "the same network in IPv6 clothes");
        assert!(at("198.51.100.1", start) && at("2001:db8::1", start));
        let admitted = (0..100).filter(|n| at(&format!("2001:db8:1:{n}::1"), start));
        assert_eq!(admitted.count(), 40);
    }
}
