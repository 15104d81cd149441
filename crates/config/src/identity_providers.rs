//! The identity providers: what all of them have in common.

use domain::{DomainPattern, IdpName, SiteName};
use federation::{IdpSettings, Protocol};
use login::{ClaimRules, Expression, NAME_ID};

use crate::mapping::{Mapping, given};
use crate::presets::{Defaults, PRESETS, Preset};
use crate::reader::Value;
use crate::saml::OwnKey;
use crate::{IdentityProvider, claims, names, oauth2, oidc, picture, saml, second_factor};

/// Reads `identity_providers`. `sites` are the names of the sites, `stand_ins` those that rules fall
/// back to.
pub(crate) fn read(
    root: &Mapping<'_>,
    own_key: OwnKey,
    sites: &[&str],
    stand_ins: &[&str],
) -> Option<Vec<IdentityProvider>> {
    let wanted = "write at least one: identity_providers: { acme: { domains: […], saml: … } }";
    let entries = root.required("identity_providers", wanted)?;
    let named = entries.named(wanted)?;
    if named.is_empty() {
        entries.problem("no identity provider is here", wanted);
        return None;
    }
    let mut around = Around { own_key, sites, stand_ins, claimed: Vec::new() };
    let read: Vec<_> = named.iter().map(|(name, value)| idp(name, value, &mut around)).collect();
    read.into_iter().collect()
}

/// What one identity provider is read against.
struct Around<'a> {
    own_key: OwnKey,
    /// Names of the sites.
    sites: &'a [&'a str],
    /// These may share domains with others: some rule says when they stand in.
    stand_ins: &'a [&'a str],
    claimed: Vec<Claim>,
}

/// A domain that an enabled identity provider claimed.
struct Claim {
    pattern: DomainPattern,
    idp: String,
}

fn idp(key: &str, value: &Value<'_>, around: &mut Around<'_>) -> Option<IdentityProvider> {
    let name: Option<IdpName> = names::chosen(key, value);
    let map = value.mapping("write domains: and one of saml:, oidc: and oauth2: here")?;
    let label =
        given(map.optional("label"), |v| v.text("write its name for people").map(str::to_owned));
    let enabled = given(map.optional("enabled"), Value::flag);
    let in_use = enabled.flatten().unwrap_or(true);
    let domains = domains(&map, key, in_use, around);
    let probe = given(map.optional("probe"), Value::flag);
    let preset = given(map.optional("preset"), |value| value.word(&PRESETS));
    let usual = preset.flatten().unwrap_or(Preset::Generic).defaults();
    let (protocol, defaults) = spoken(&map, around.own_key, usual);
    let tenants = check_tenants(value, protocol.as_ref(), domains.as_deref());
    let logo = given(map.optional("logo"), picture::read);
    let hidden = given(map.optional("hidden"), Value::flag);
    let sites = given(map.optional("sites"), |value| sites(value, around.sites));
    let names_value = map.optional("claims");
    let trusted = given(map.optional("second_factor"), |value| {
        second_factor::trusted(value, protocol.as_ref())
    });
    map.finish();
    preset?;
    tenants?;
    let claims = given(names_value, |value| claims::read(value, &defaults));
    if let (Some(protocol), Some(claims)) = (&protocol, &claims) {
        check_subject(value, protocol, claims.as_ref().unwrap_or(&defaults))?;
    }
    Some(IdentityProvider {
        federation: IdpSettings {
            label: label?.unwrap_or_else(|| key.to_owned()),
            name: name?,
            domains: domains?,
            enabled: enabled?.unwrap_or(true),
            probe: probe?,
            protocol: protocol?,
        },
        claims: claims?.unwrap_or(defaults),
        logo: logo?,
        hidden: hidden?.unwrap_or(false),
        sites: sites?,
        trusted_factors: trusted?.unwrap_or_default(),
    })
}

fn sites(value: &Value<'_>, known: &[&str]) -> Option<Vec<SiteName>> {
    let items = value.some_items("write sites: [help], the sites whose people it signs in")?;
    let read: Vec<_> = items.iter().map(|item| names::reference(item, known, "sites")).collect();
    read.into_iter().collect()
}

/// The one protocol that it speaks, and where its claims usually are.
fn spoken(map: &Mapping<'_>, own_key: OwnKey, usual: Defaults) -> (Option<Protocol>, ClaimRules) {
    let (saml, oidc) = (map.optional("saml"), map.optional("oidc"));
    match (saml, oidc, map.optional("oauth2")) {
        (Some(value), None, None) => (saml::read(&value, own_key).map(Protocol::Saml), usual.saml),
        (None, Some(value), None) => (oidc::read(&value, &usual).map(Protocol::Oidc), usual.oidc),
        (None, None, Some(value)) => (oauth2::read(&value).map(Protocol::OAuth2), usual.oidc),
        _ => {
            let said = "this needs exactly one of `saml`, `oidc` and `oauth2`";
            map.value.problem(said, "say how it is spoken to");
            (None, usual.saml)
        }
    }
}

/// What a tenant speaks for, its identity provider does.
fn check_tenants(
    value: &Value<'_>,
    protocol: Option<&Protocol>,
    domains: Option<&[DomainPattern]>,
) -> Option<()> {
    let (Some(Protocol::Oidc(oidc)), Some(domains)) = (protocol, domains) else { return Some(()) };
    for tenant in &oidc.tenants {
        let beyond = |own: &&DomainPattern| !domains.iter().any(|domain| covers(domain, own));
        if let Some(own) = tenant.domains.iter().find(beyond) {
            let said = format!("tenant `{}` has `{own}`, which is not among `domains`", tenant.id);
            value.problem(said, "add it to `domains` of this identity provider, or take it out");
            return None;
        }
    }
    Some(())
}

/// OpenID Connect has `sub` and SAML the NameID, unless it is asked for one that does not last; plain
/// OAuth 2.0 has nothing that all agree on.
fn check_subject(value: &Value<'_>, protocol: &Protocol, claims: &ClaimRules) -> Option<()> {
    let (why, example) = match protocol {
        Protocol::OAuth2(_) => ("OAuth 2.0 does not say who somebody is", "id"),
        Protocol::Saml(saml) if saml.request.wants_transient_name() => {
            ("a transient NameID is another one at every sign-in", "employeeNumber")
        }
        _ => return Some(()),
    };
    // The name itself, said once more, lasts no longer.
    let own = Expression::Claim(NAME_ID.to_owned());
    let is_saml = matches!(protocol, Protocol::Saml(_));
    if claims.subject.as_ref().is_some_and(|subject| !is_saml || *subject != own) {
        return Some(());
    }
    let wanted = format!(
        "write claims: {{ subject: {example} }}, the claim that never changes and never passes on"
    );
    value.problem(format!("`claims.subject` is missing: {why}"), &wanted);
    None
}

fn domains(
    map: &Mapping<'_>,
    idp: &str,
    in_use: bool,
    around: &mut Around<'_>,
) -> Option<Vec<DomainPattern>> {
    let wanted = "write domains: [acme.example], the domains it may speak for";
    let items = map.required("domains", wanted)?.some_items(wanted)?;
    let mut patterns = Vec::new();
    let mut complete = true;
    for item in &items {
        match domain(item, idp, in_use, around) {
            Some(pattern) => patterns.push(pattern),
            None => complete = false,
        }
    }
    complete.then_some(patterns)
}

fn domain(
    value: &Value<'_>,
    idp: &str,
    in_use: bool,
    around: &mut Around<'_>,
) -> Option<DomainPattern> {
    let pattern: DomainPattern =
        value.parse("write a domain such as acme.example or *.acme.example")?;
    let others = around.claimed.iter().filter(|claim| claim.idp != idp);
    let stands_in = |name: &str| around.stand_ins.contains(&name);
    let mut others = others.filter(|claim| !stands_in(idp) && !stands_in(&claim.idp));
    let other = others.find(|claim| overlap(&claim.pattern, &pattern));
    // One that signs nobody in claims nothing: so can a new one take over from an old one.
    if let Some(claim) = other.filter(|_| in_use) {
        let said = format!("`{pattern}` overlaps `{}` of `{}`", claim.pattern, claim.idp);
        value.problem(said, "an address belongs to one identity provider");
        return None;
    }
    if in_use {
        around.claimed.push(Claim { pattern: pattern.clone(), idp: idp.to_owned() });
    }
    Some(pattern)
}

/// Whether some domain is meant by both.
fn overlap(a: &DomainPattern, b: &DomainPattern) -> bool {
    covers(a, b) || covers(b, a)
}

/// Whether every domain that `inner` means is meant by `outer` too.
pub(crate) fn covers(outer: &DomainPattern, inner: &DomainPattern) -> bool {
    let wider = outer.is_wildcard() && inner.is_wildcard() && outer.domain() == inner.domain();
    let exact = !outer.is_wildcard() && inner.is_wildcard();
    wider || (outer.matches(inner.domain()) && !exact)
}
