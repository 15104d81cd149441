//! A stable share of all addresses, for rollout in steps.

use std::fmt;

use domain::EmailAddress;

/// A share of all addresses, in percent. An address is in it for ever or not at all, on every
/// replica and in every version; who is in a smaller share is in every larger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u8);

impl Share {
    /// A share of `percent` per cent; `None` unless it is 1 to 100.
    pub fn of(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }

    /// Whether `email` is in it.
    pub fn holds(self, email: &EmailAddress) -> bool {
        hash(email.as_str()) % 100 < u64::from(self.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

/// FNV-1a with a final mix (splitmix64): neighbours such as `user1` and `user2` fall apart. Written
/// out, since the standard library's hash may change with a version.
fn hash(text: &str) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_stable_grows_and_is_about_as_large_as_it_says() {
        let people: Vec<EmailAddress> =
            (0..5000).map(|n| format!("user{n}@acme.example").parse().unwrap()).collect();
        let within = |percent| {
            let share = Share::of(percent).unwrap();
            people.iter().filter(|email| share.holds(email)).collect::<Vec<_>>()
        };
        let (fifth, half) = (within(20), within(50));
        assert!((900..1100).contains(&fifth.len()), "{}", fifth.len());
        assert!((2350..2650).contains(&half.len()), "{}", half.len());
        assert!(fifth.iter().all(|email| half.contains(email)));
        assert_eq!(within(100).len(), 5000);
        // Never to change: somebody would change sides with an update.
        assert_eq!(hash("ann@acme.example"), 677933041350752701);
        assert_eq!((Share::of(0), Share::of(101)), (None, None));
    }
}
