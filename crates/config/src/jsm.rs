//! The JSMs and what customers get there.

mod conduct;
pub(crate) mod dormancy;
mod rules;
mod site;

use domain::{JsmName, PersonKey};
use provisioning::{BrakeSettings, JsmSettings, JsmSite, Matching, OrganizationGift};

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::{Site, names};

/// Reads `jsm`. Each JSM is given `links`; `idps` are the names of the identity providers.
pub(crate) fn read(
    root: &Mapping<'_>,
    links: &[Vec<PersonKey>],
    idps: &[&str],
) -> Option<Vec<JsmSettings>> {
    let Some(value) = root.optional("jsm") else { return Some(Vec::new()) };
    let named = value.named("write a name and { cloud: … } for each JSM")?;
    let read: Vec<_> = named.iter().map(|(name, value)| jsm(name, value, links, idps)).collect();
    read.into_iter().collect()
}

/// Notes the JSMs that no site uses.
pub(crate) fn warn_of_unused(root: &Mapping<'_>, sites: &[Site]) {
    let named = root.optional("jsm").and_then(|value| value.named("write names here"));
    for (name, value) in named.unwrap_or_default() {
        let uses = |site: &Site| site.jsm.as_ref().is_some_and(|jsm| jsm.as_str() == name);
        if !sites.iter().any(uses) {
            value.warn("no site names this JSM, so nobody is created here; set sites.NAME.jsm");
        }
    }
}

fn jsm(
    key: &str,
    value: &Value<'_>,
    links: &[Vec<PersonKey>],
    idps: &[&str],
) -> Option<JsmSettings> {
    let name: Option<JsmName> = names::chosen(key, value);
    let map = value.mapping("write cloud: { site: …, email: …, token: … }")?;
    map.not_yet(&["portals"]);
    let site = site::read(&map);
    let organizations =
        given(map.optional("organizations"), |value| rules::organizations(value, idps));
    let matching = given(map.optional("matching"), |v| {
        v.word(&[("all", Matching::All), ("first", Matching::First)])
    });
    let known = rules::Organizations::of(organizations.as_ref().and_then(Option::as_deref));
    let desks = given(map.optional("desks"), |value| rules::desks(value, &known, idps));
    let groups_value = map.optional("groups");
    let groups = given(groups_value.clone(), |value| rules::groups(value, idps));
    let conduct = conduct::read(&map);
    let providers = given(map.optional("providers"), |value| conduct::providers(value, idps));
    let brake = given(map.optional("brake"), conduct::brake);
    let blocked = given(map.optional("blocked"), conduct::addresses);
    let dormancy = given(map.optional("dormancy"), dormancy::read);
    map.finish();
    if let Some(None) = desks {
        value.warn("no `desks`: customers are created and join no service desk");
    }
    if let (Some(value), Some(JsmSite::Cloud(_))) = (&groups_value, &site) {
        value.problem("customers of JSM Cloud are in no group of Jira", "leave it out");
        return None;
    }
    let conduct = conduct?;
    let organizations = organizations?.unwrap_or_default();
    warn_of_shadowed(&map, &organizations);
    Some(JsmSettings {
        name: name?,
        site: site?,
        organizations,
        matching: matching?.unwrap_or_default(),
        desks: desks?.unwrap_or_default(),
        groups: groups?.unwrap_or_default(),
        conduct,
        conducts: providers?.map(|own| conduct::over(conduct, own)).unwrap_or_default(),
        brake: brake?.unwrap_or_else(BrakeSettings::default),
        blocked: blocked?.unwrap_or_default(),
        dormancy: dormancy?,
        links: links.to_vec(),
    })
}

/// A rule that reads values and takes all of them gives whatever an identity provider sends.
fn warn_of_shadowed(map: &Mapping<'_>, rules: &[provisioning::OrganizationRule]) {
    let Some(value) = map.optional("organizations") else { return };
    for (rule, item) in rules.iter().zip(value.silent_items()) {
        if let OrganizationGift::From { source, .. } = &rule.gives
            && source.allow.is_none()
            && rule.whom.idps.is_empty()
            && rule.whom.domains.is_empty()
        {
            item.warn("every identity provider can put its people into any organization; say `idp`, `domain` or `allow`");
        }
    }
}
