//! Rules that contradict themselves, and rules that hold for more people than they seem to.

use policy::{FactorRule, FactorRules, SignInRules};
use provisioning::JsmSettings;

use crate::mapping::Mapping;
use crate::reader::Value;
use crate::{IdentityProvider, Site};

/// Whether what the rule says fits together.
pub(super) fn shape(
    rule: &FactorRule,
    side_doors: Option<&Value<'_>>,
    trusted_browser: Option<&Value<'_>>,
) -> Option<()> {
    if let Some(value) = side_doors.filter(|_| rule.portals.is_empty()) {
        value.problem("side doors lead to a portal, and this rule names none", "add portal:");
        return None;
    }
    let both = rule.fresh.is_some() && rule.trusted_browser.is_some();
    if let Some(value) = trusted_browser.filter(|_| both) {
        let wanted = "leave out `fresh`, or write trusted_browser: never";
        value.problem("a trusted browser proves nothing fresh", wanted);
        return None;
    }
    Some(())
}

/// What rules are held against once everything is read.
pub(crate) struct Around<'a> {
    pub(crate) idps: &'a [IdentityProvider],
    pub(crate) sites: &'a [Site],
    pub(crate) jsm: &'a [JsmSettings],
    pub(crate) sign_in: &'a SignInRules,
}

/// Notes what is probably not meant: what is unknown takes the strictest branch (invariant 8), and
/// that surprises whom nobody warned.
pub(crate) fn remarks(root: &Mapping<'_>, rules: &FactorRules, around: &Around<'_>) {
    let items = root.optional("second_factor").and_then(|value| value.items(""));
    for (value, rule) in items.unwrap_or_default().iter().zip(rules.rules()) {
        groups(value, rule, around);
        organizations(value, rule, around);
        people(value, rule, around);
        guests(value, rule, around);
    }
}

fn groups(value: &Value<'_>, rule: &FactorRule, around: &Around<'_>) {
    let theirs = |idp: &&IdentityProvider| {
        let name = &idp.federation.name;
        idp.federation.enabled && (rule.idps.is_empty() || rule.idps.contains(name))
    };
    let silent = |idp: &&IdentityProvider| theirs(idp) && idp.claims.groups.is_none();
    if rule.groups.is_empty() {
        return;
    }
    for idp in around.idps.iter().filter(silent) {
        value.warn(format!(
            "no groups are read from `{}`, so this rule holds for all of its people; name others by idp:",
            idp.federation.name
        ));
    }
}

fn organizations(value: &Value<'_>, rule: &FactorRule, around: &Around<'_>) {
    if rule.organizations.is_empty() {
        return;
    }
    let known = |name: &String| around.jsm.iter().any(|jsm| jsm.may_give(name));
    for name in rule.organizations.iter().filter(|name| !known(name)) {
        value.warn(format!("no rule under `jsm` gives the organization `{name}`"));
    }
    let here = |site: &&Site| rule.site.as_ref().is_none_or(|own| *own == site.name);
    for site in around.sites.iter().filter(here).filter(|site| site.jsm.is_none()) {
        value.warn(format!(
            "the site `{}` has no JSM, so nobody's organizations are known there and this rule holds for all; add site:",
            site.name
        ));
    }
}

/// A misspelt address is of nobody: the factor would never be asked for.
fn people(value: &Value<'_>, rule: &FactorRule, around: &Around<'_>) {
    let named =
        |idp: &&IdentityProvider| rule.idps.is_empty() || rule.idps.contains(&idp.federation.name);
    for email in &rule.people {
        let domain = email.domain();
        let mut idps = around.idps.iter().filter(named);
        if !idps.any(|idp| idp.federation.domains.iter().any(|own| own.matches(&domain))) {
            value.warn(format!(
                "no identity provider of this rule may speak for `{email}`, so it is never asked for a factor"
            ));
        }
    }
}

fn guests(value: &Value<'_>, rule: &FactorRule, around: &Around<'_>) {
    let names_people = !rule.idps.is_empty()
        || !rule.groups.is_empty()
        || !rule.organizations.is_empty()
        || !rule.people.is_empty();
    let now = value.reading.environment.now();
    let here = |site: &&Site| rule.site.as_ref().is_none_or(|own| *own == site.name);
    let admits = |site: &&Site| here(site) && around.sign_in.admit_guests(&site.name, now);
    if !names_people && around.sites.iter().any(|site| admits(&site)) {
        value.warn("people whom `sign_in` leaves to the help center's own sign-in have no factor and are refused by this rule");
    }
}
