//! Who signs in where.

use domain::{DomainPattern, EmailAddress, HostName, IdpName, SiteName, Timestamp};
use policy::{Enforcement, Fallback, Mode, Outcome, Share, SignInRule, SignInRules};

use crate::mapping::{Mapping, given};
use crate::nearest::nearest;
use crate::reader::{Value, quote};
use crate::scalar::{end_of_day, start_of_day};
use crate::{IdentityProvider, Site, names};

mod checks;

const MODES: [(&str, Mode); 4] = [
    ("off", Mode::Off),
    ("optional", Mode::Optional),
    ("preferred", Mode::Preferred),
    ("required", Mode::Required),
];

const OTHERWISE: [(&str, Outcome); 3] = [
    ("upstream_login", Outcome::UpstreamLogin),
    ("choose", Outcome::Choose),
    ("deny", Outcome::Deny),
];

/// What rules may refer to.
pub(crate) struct Known<'a> {
    /// Names under `identity_providers`, usable or not.
    pub(crate) idp_names: &'a [&'a str],
    /// The usable ones; `None` when some are not.
    pub(crate) idps: Option<&'a [IdentityProvider]>,
    /// Names under `sites`, usable or not.
    pub(crate) site_names: &'a [&'a str],
    /// The usable ones; `None` when some are not.
    pub(crate) sites: Option<&'a [Site]>,
}

/// Reads `sign_in`.
pub(crate) fn read(root: &Mapping<'_>, known: &Known<'_>) -> Option<SignInRules> {
    let enabled = known.idps.unwrap_or_default().iter().filter(|idp| idp.federation.enabled);
    let speakers = enabled.map(|idp| (idp.federation.name.clone(), idp.federation.domains.clone()));
    let speakers = speakers.collect();
    let Some(value) = root.optional("sign_in") else {
        return Some(SignInRules::new(Vec::new(), speakers));
    };
    let items = value.items("write a list of rules such as { domain: acme.example, use: acme }")?;
    let read: Vec<_> = items.iter().map(|item| rule(item, known)).collect();
    checks::order(&items, &read);
    checks::repeated(&items, &read);
    let rules = read.into_iter().map(|read| read.map(|read| read.rule)).collect::<Option<_>>()?;
    Some(SignInRules::new(rules, speakers))
}

/// Names of identity providers that some rule falls back to, read before the rules are: these may
/// speak for the domains of another one.
pub(crate) fn stand_ins<'a>(root: &Mapping<'a>) -> Vec<&'a str> {
    let rules = root.optional("sign_in").map(|value| value.silent_items()).unwrap_or_default();
    rules.iter().filter_map(|rule| rule.silent_text("fallback")).collect()
}

/// A rule, and whether it was written as `otherwise`.
struct Read {
    rule: SignInRule,
    otherwise: bool,
}

fn rule(value: &Value<'_>, known: &Known<'_>) -> Option<Read> {
    let map = value.mapping("write { domain: …, use: … } or { otherwise: … }")?;
    let otherwise = map.optional("otherwise");
    let site = given(map.optional("site"), |value| {
        names::reference::<SiteName>(value, known.site_names, "sites")
    });
    let (people, domains) = (people(&map), domains(&map));
    let hosts = given(map.optional("host"), |value| hosts(value, known));
    let portals = given(map.optional("portal"), portals);
    let dates = dates(&map);
    let share = given(map.optional("share"), share);
    let report_only = given(map.optional("report_only"), Value::flag);
    let (idp, mode) = (map.optional("use"), map.optional("mode"));
    let fallback = map.optional("fallback");
    map.finish();
    let outcome = match (&otherwise, &idp) {
        (Some(otherwise), _) => otherwise.word(&OTHERWISE),
        (None, Some(idp)) => use_of(idp, mode.as_ref(), fallback.as_ref(), known),
        (None, None) => {
            value.problem("`use` is missing", "write use: NAME, or { otherwise: … }");
            None
        }
    };
    let (from, until) = dates?;
    let rule = SignInRule {
        people: people?,
        domains: domains?,
        site: site?,
        hosts: hosts?.unwrap_or_default(),
        portals: portals?.unwrap_or_default(),
        from,
        until,
        share: share?,
        enforcement: match report_only? {
            Some(true) => Enforcement::ReportOnly,
            _ => Enforcement::Enforced,
        },
        outcome: outcome?,
        line: value.line(),
    };
    let with_use = idp.is_some() || mode.is_some() || fallback.is_some();
    checks::shape(value, &rule, otherwise.is_some(), with_use)?;
    checks::authority(idp.as_ref().unwrap_or(value), &rule, known)?;
    Some(Read { rule, otherwise: otherwise.is_some() })
}

fn use_of(
    idp: &Value<'_>,
    mode: Option<&Value<'_>>,
    fallback: Option<&Value<'_>>,
    known: &Known<'_>,
) -> Option<Outcome> {
    let name: Option<IdpName> = names::reference(idp, known.idp_names, "identity_providers");
    let read = mode.map_or(Some(Mode::Required), |mode| mode.word(&MODES));
    let left = given(fallback.cloned(), |value| fall_back(value, known));
    let (name, mode, fallback_said) = (name?, read?, left?);
    let Some(value) = fallback else {
        return Some(Outcome::Use { idp: name, mode, fallback: None });
    };
    if mode == Mode::Off {
        value.problem("with `mode: off` nothing is used that could fail", "leave this out");
        return None;
    }
    if fallback_said == Some(Fallback::Idp(name.clone())) {
        value.problem(format!("`{name}` cannot stand in for itself"), "name another one");
        return None;
    }
    Some(Outcome::Use { idp: name, mode, fallback: fallback_said })
}

fn fall_back(value: &Value<'_>, known: &Known<'_>) -> Option<Fallback> {
    let wanted = "write upstream_login, or the name of another identity provider";
    let text = value.text(wanted)?;
    if text == "upstream_login" {
        return Some(Fallback::UpstreamLogin);
    }
    if !known.idp_names.contains(&text) {
        let names = known.idp_names.iter().copied().chain(["upstream_login"]);
        let said = format!("{} is not under `identity_providers`", quote(text));
        value.problem_near(said, wanted, nearest(text, names));
        return None;
    }
    text.parse().ok().map(Fallback::Idp)
}

fn people(map: &Mapping<'_>) -> Option<Vec<EmailAddress>> {
    let Some(value) = map.optional("people") else { return Some(Vec::new()) };
    let items = value.some_items("write a list such as [ann@acme.example]")?;
    let read: Vec<_> = items.iter().map(|item| item.parse("write an e-mail address")).collect();
    read.into_iter().collect()
}

/// `domain` for one, `domains` for several.
fn domains(map: &Mapping<'_>) -> Option<Vec<DomainPattern>> {
    let (one, several) = (map.optional("domain"), map.optional("domains"));
    let wanted = "write a domain such as acme.example or *.acme.example";
    if one.is_some() && several.is_some() {
        map.value.problem("`domain` and `domains` are both said", "keep `domains`");
        return None;
    }
    if let Some(one) = one {
        return one.parse(wanted).map(|pattern| vec![pattern]);
    }
    let Some(several) = several else { return Some(Vec::new()) };
    let items = several.some_items("write a list such as [acme.example]")?;
    let read: Vec<_> = items.iter().map(|item| item.parse(wanted)).collect();
    read.into_iter().collect()
}

fn hosts(value: &Value<'_>, known: &Known<'_>) -> Option<Vec<HostName>> {
    let wanted = "write a host of one of the sites";
    let items = value.some_items(wanted)?;
    let read: Vec<_> = items.iter().map(|item| host(item, known, wanted)).collect();
    read.into_iter().collect()
}

fn host(value: &Value<'_>, known: &Known<'_>, wanted: &str) -> Option<HostName> {
    let host: HostName = value.parse(wanted)?;
    let Some(sites) = known.sites else { return Some(host) };
    let Some(site) = sites.iter().find(|site| site.hosts.contains(&host)) else {
        let hosts = sites.iter().flat_map(|site| &site.hosts).map(HostName::as_str);
        let near = nearest(host.as_str(), hosts);
        value.problem_near(format!("no site has the host `{host}`"), wanted, near);
        return None;
    };
    let first = site.hosts.first().filter(|first| **first != host);
    if let Some(first) = first {
        let said = format!("`{host}` redirects to `{first}` before anybody signs in");
        value.problem(said, "name the first host of a site");
        return None;
    }
    Some(host)
}

fn portals(value: &Value<'_>) -> Option<Vec<String>> {
    let wanted = "write the number of a portal, as /servicedesk/customer/portal/NUMBER has it";
    let items = value.some_items(wanted)?;
    let number = |text: &str| {
        let plain = text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.to_owned())
    };
    let read: Vec<_> = items.iter().map(|item| item.read(wanted, number)).collect();
    read.into_iter().collect()
}

/// First and last moment.
fn dates(map: &Mapping<'_>) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
    let from = given(map.optional("from"), |value| {
        value.read("write the first day, such as 2026-12-01", start_of_day)
    });
    let until_value = map.optional("until");
    let until = given(until_value.clone(), |value| {
        value.read("write the last day, such as 2027-01-31", end_of_day)
    });
    let (from, until) = (from?, until?);
    let (Some(value), Some(end)) = (until_value, until) else { return Some((from, until)) };
    if from.is_some_and(|from| from >= end) {
        value.problem("the rule ends before it begins", "write a day after `from`");
        return None;
    }
    if value.reading.environment.now() >= end {
        value.warn("this day has passed: the rule decides nothing any more; remove it");
    }
    Some((from, until))
}

fn share(value: &Value<'_>) -> Option<Share> {
    value.read("write a whole number of per cent from 1% to 100%, such as 20%", |text| {
        let digits = text.strip_suffix('%')?.trim_end();
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok())?.and_then(Share::of)
    })
}
