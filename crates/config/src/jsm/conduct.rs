//! How customers are kept as the rules say.

use std::collections::HashMap;

use domain::{DomainPattern, EmailAddress, IdpName};
use provisioning::{AddressPattern, BrakeSettings, Conduct, Reactivation, SyncMode};

use crate::mapping::{Mapping, given};
use crate::names;
use crate::reader::Value;
use crate::scalar::{DURATION, duration};

const SYNC: [(&str, SyncMode); 3] =
    [("add_only", SyncMode::AddOnly), ("mirror", SyncMode::Mirror), ("off", SyncMode::Off)];
const REACTIVATION: [(&str, Reactivation); 4] = [
    ("always", Reactivation::Always),
    ("unless_blocked", Reactivation::UnlessBlocked),
    ("ask", Reactivation::Ask),
    ("never", Reactivation::Never),
];

/// What a JSM or one of its identity providers says itself.
#[derive(Clone, Copy)]
pub(super) struct Own {
    sync: Option<SyncMode>,
    reactivation: Option<Reactivation>,
}

impl Own {
    fn over(self, usual: Conduct) -> Conduct {
        Conduct {
            sync: self.sync.unwrap_or(usual.sync),
            reactivation: self.reactivation.unwrap_or(usual.reactivation),
        }
    }
}

fn own(map: &Mapping<'_>) -> Option<Own> {
    let sync = given(map.optional("sync"), |value| value.word(&SYNC));
    let reactivation = given(map.optional("reactivation"), |value| value.word(&REACTIVATION));
    Some(Own { sync: sync?, reactivation: reactivation? })
}

/// `sync` and `reactivation` of a JSM.
pub(super) fn read(map: &Mapping<'_>) -> Option<Conduct> {
    Some(own(map)?.over(Conduct::default()))
}

/// The same of single identity providers.
pub(super) fn providers(value: &Value<'_>, idps: &[&str]) -> Option<Vec<(IdpName, Own)>> {
    let named = value.named("write names of identity providers, each with { sync: mirror }")?;
    let read = named.iter().map(|(name, value)| {
        let known = names::known(name, value, idps, "identity_providers");
        let map = value.mapping("write { sync: mirror } or { reactivation: ask }")?;
        let own = own(&map);
        map.finish();
        Some((known?, own?))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

pub(super) fn over(usual: Conduct, own: Vec<(IdpName, Own)>) -> HashMap<IdpName, Conduct> {
    own.into_iter().map(|(idp, own)| (idp, own.over(usual))).collect()
}

pub(super) fn brake(value: &Value<'_>) -> Option<BrakeSettings> {
    let map = value.mapping("write { removals: 20, window: 1h }")?;
    let usual = BrakeSettings::default();
    let removals = given(map.optional("removals"), |value| {
        let within = |n: &usize| (0..=100_000).contains(n);
        value.read("write a whole number from 0 to 100000", |t| t.parse().ok().filter(within))
    });
    let window = given(map.optional("window"), |value| value.read(DURATION, duration));
    map.finish();
    Some(BrakeSettings {
        removals: removals?.unwrap_or(usual.removals),
        window: window?.unwrap_or(usual.window),
    })
}

/// Addresses and domains.
pub(super) fn addresses(value: &Value<'_>) -> Option<Vec<AddressPattern>> {
    let wanted = "write addresses and domains, such as [ann@acme.example, \"*.spam.example\"]";
    let items = value.items(wanted)?;
    let read = items.iter().map(|item| {
        if item.text(wanted)?.contains('@') {
            return item.parse::<EmailAddress>(wanted).map(AddressPattern::Address);
        }
        item.parse::<DomainPattern>(wanted).map(AddressPattern::Domain)
    });
    read.collect::<Vec<_>>().into_iter().collect()
}
