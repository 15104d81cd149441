//! The identity providers: what all of them have in common.

use domain::{DomainPattern, IdpName, SiteName};
use federation::{IdpSettings, Protocol};
use login::ClaimNames;

use crate::mapping::{Mapping, given};
use crate::reader::{Value, quote};
use crate::saml::OwnKey;
use crate::{IdentityProvider, names, oauth2, oidc, picture, saml};

/// Reads `identity_providers`.
pub(crate) fn read(
    root: &Mapping<'_>,
    own_key: OwnKey,
    sites: &[&str],
) -> Option<Vec<IdentityProvider>> {
    let wanted = "write at least one: identity_providers: { acme: { domains: […], saml: … } }";
    let entries = root.required("identity_providers", wanted)?;
    let named = entries.named(wanted)?;
    if named.is_empty() {
        entries.problem("no identity provider is here", wanted);
        return None;
    }
    let mut around = Around { own_key, sites, claimed: Vec::new() };
    let read: Vec<_> = named.iter().map(|(name, value)| idp(name, value, &mut around)).collect();
    read.into_iter().collect()
}

/// What one identity provider is read against.
struct Around<'a> {
    own_key: OwnKey,
    /// Names of the sites.
    sites: &'a [&'a str],
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
    let domains = domains(&map, key, in_use, &mut around.claimed);
    let probe = given(map.optional("probe"), Value::flag);
    let (protocol, defaults) = spoken(&map, around.own_key);
    let logo = given(map.optional("logo"), picture::read);
    let hidden = given(map.optional("hidden"), Value::flag);
    let sites = given(map.optional("sites"), |value| sites(value, around.sites));
    let names_value = map.optional("claims");
    map.finish();
    let claims = given(names_value, |value| claim_names(value, &defaults));
    if let (Some(Protocol::OAuth2(_)), Some(claims)) = (&protocol, &claims) {
        check_subject(value, claims.as_ref())?;
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
    })
}

fn sites(value: &Value<'_>, known: &[&str]) -> Option<Vec<SiteName>> {
    let items = value.some_items("write sites: [help], the sites whose people it signs in")?;
    let read: Vec<_> = items.iter().map(|item| names::reference(item, known, "sites")).collect();
    read.into_iter().collect()
}

/// The one protocol that it speaks, and where its claims usually are.
fn spoken(map: &Mapping<'_>, own_key: OwnKey) -> (Option<Protocol>, ClaimNames) {
    let (saml, oidc) = (map.optional("saml"), map.optional("oidc"));
    match (saml, oidc, map.optional("oauth2")) {
        (Some(value), None, None) => {
            (saml::read(&value, own_key).map(Protocol::Saml), saml_claims())
        }
        (None, Some(value), None) => (oidc::read(&value).map(Protocol::Oidc), oidc_claims()),
        (None, None, Some(value)) => (oauth2::read(&value).map(Protocol::OAuth2), oidc_claims()),
        _ => {
            let said = "this needs exactly one of `saml`, `oidc` and `oauth2`";
            map.value.problem(said, "say how it is spoken to");
            (None, saml_claims())
        }
    }
}

/// OpenID Connect has `sub` and SAML the NameID; plain OAuth 2.0 has nothing that all agree on.
fn check_subject(value: &Value<'_>, claims: Option<&ClaimNames>) -> Option<()> {
    if claims.is_some_and(|claims| claims.subject.is_some()) {
        return Some(());
    }
    let wanted = "write claims: { subject: id }, the claim that never changes and never passes on";
    value.problem("`claims.subject` is missing: OAuth 2.0 does not say who somebody is", wanted);
    None
}

fn domains(
    map: &Mapping<'_>,
    idp: &str,
    in_use: bool,
    claimed: &mut Vec<Claim>,
) -> Option<Vec<DomainPattern>> {
    let wanted = "write domains: [acme.example], the domains it may speak for";
    let items = map.required("domains", wanted)?.some_items(wanted)?;
    let mut patterns = Vec::new();
    let mut complete = true;
    for item in &items {
        match domain(item, idp, in_use, claimed) {
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
    claimed: &mut Vec<Claim>,
) -> Option<DomainPattern> {
    let pattern: DomainPattern =
        value.parse("write a domain such as acme.example or *.acme.example")?;
    let other = claimed.iter().find(|claim| claim.idp != idp && overlap(&claim.pattern, &pattern));
    // One that signs nobody in claims nothing: so can a new one take over from an old one.
    if let Some(claim) = other.filter(|_| in_use) {
        let said = format!("`{pattern}` overlaps `{}` of `{}`", claim.pattern, claim.idp);
        value.problem(said, "an address belongs to one identity provider");
        return None;
    }
    if in_use {
        claimed.push(Claim { pattern: pattern.clone(), idp: idp.to_owned() });
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

/// What schools and companies have sent for twenty years (eduPerson, inetOrgPerson).
fn saml_claims() -> ClaimNames {
    ClaimNames {
        email: "mail".to_owned(),
        name: Some("displayName".to_owned()),
        groups: Some("memberOf".to_owned()),
        subject: None,
    }
}

/// OpenID Connect Core §5.1; `groups` is no standard and what most providers use.
fn oidc_claims() -> ClaimNames {
    ClaimNames {
        email: "email".to_owned(),
        name: Some("name".to_owned()),
        groups: Some("groups".to_owned()),
        subject: None,
    }
}

fn claim_names(value: &Value<'_>, defaults: &ClaimNames) -> Option<ClaimNames> {
    let map = value.mapping("write { email: …, name: …, groups: …, subject: … }")?;
    let read = |key| given(map.optional(key), claim_name);
    let (email, name) = (read("email"), read("name"));
    let (groups, subject) = (read("groups"), read("subject"));
    map.finish();
    Some(ClaimNames {
        email: email?.unwrap_or_else(|| defaults.email.clone()),
        name: name?.or_else(|| defaults.name.clone()),
        groups: groups?.or_else(|| defaults.groups.clone()),
        subject: subject?,
    })
}

fn claim_name(value: &Value<'_>) -> Option<String> {
    let wanted = "write the claim's or attribute's name as the identity provider sends it";
    let text = value.text(wanted)?;
    if text.trim() != text || text.chars().any(char::is_control) {
        value
            .problem(format!("{} has blanks around it or control characters", quote(text)), wanted);
        return None;
    }
    Some(text.to_owned())
}
