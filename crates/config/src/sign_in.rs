//! Who signs in where.

use domain::{DomainPattern, EmailAddress, IdpName, SiteName};
use policy::{Mode, Outcome, SignInRule, SignInRules};

use crate::identity_providers::covers;
use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::{IdentityProvider, names};

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
}

/// Reads `sign_in`.
pub(crate) fn read(root: &Mapping<'_>, known: &Known<'_>) -> Option<SignInRules> {
    let Some(value) = root.optional("sign_in") else { return Some(SignInRules::default()) };
    let items = value.items("write a list of rules such as { domain: acme.example, use: acme }")?;
    let read: Vec<_> = items.iter().map(|item| rule(item, known)).collect();
    check_order(&items, &read);
    let rules = read.into_iter().map(|read| read.map(|read| read.rule)).collect::<Option<_>>()?;
    Some(SignInRules { rules })
}

/// A rule, and whether it was written as `otherwise`.
struct Read {
    rule: SignInRule,
    otherwise: bool,
}

fn rule(value: &Value<'_>, known: &Known<'_>) -> Option<Read> {
    let map = value.mapping("write { domain: …, use: … } or { otherwise: … }")?;
    let site = given(map.optional("site"), |value| {
        names::reference::<SiteName>(value, known.site_names, "sites")
    });
    let otherwise = map.optional("otherwise");
    let (people, domains) = (people(&map), domains(&map));
    let (idp, mode) = (map.optional("use"), map.optional("mode"));
    map.finish();
    if let Some(otherwise) = otherwise {
        let alone = people.as_ref().is_none_or(Vec::is_empty)
            && domains.as_ref().is_none_or(Vec::is_empty)
            && idp.is_none()
            && mode.is_none();
        if !alone {
            let wanted = "give the other keys a rule of their own, before this one";
            value.problem("`otherwise` stands beside other keys than `site`", wanted);
        }
        let outcome = otherwise.word(&OTHERWISE)?;
        let (people, domains) = (people?, domains?);
        let rule = SignInRule { people, domains, site: site?, outcome, line: value.line() };
        return alone.then_some(Read { rule, otherwise: true });
    }
    let Some(idp) = idp else {
        value.problem("`use` is missing", "write use: NAME, or { otherwise: … }");
        return None;
    };
    let name: Option<IdpName> = names::reference(&idp, known.idp_names, "identity_providers");
    let mode = given(mode, |mode| mode.word(&MODES));
    let (people, domains, site) = (people?, domains?, site?);
    if people.is_empty() && domains.is_empty() && site.is_none() {
        let wanted = "add people:, domain: or site:, or write { otherwise: … }";
        value.problem("this rule does not say whom it is for", wanted);
        return None;
    }
    let name = name?;
    check_authority(&idp, &name, (&people, &domains), known)?;
    let outcome = Outcome::Use { idp: name, mode: mode?.unwrap_or(Mode::Required) };
    let rule = SignInRule { people, domains, site, outcome, line: value.line() };
    Some(Read { rule, otherwise: false })
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

/// A rule must not send somebody to an identity provider that may not speak for the address
/// (invariant 3): the sign-in would end with a refusal.
fn check_authority(
    value: &Value<'_>,
    name: &IdpName,
    (people, domains): (&[EmailAddress], &[DomainPattern]),
    known: &Known<'_>,
) -> Option<()> {
    let idp = known.idps.and_then(|idps| idps.iter().find(|idp| idp.federation.name == *name));
    let Some(idp) = idp else { return Some(()) };
    if !idp.federation.enabled {
        value.warn(format!("`{name}` is not enabled: people of this rule are refused"));
    }
    let own = &idp.federation.domains;
    let stranger = domains.iter().find(|said| !own.iter().any(|o| covers(o, said)));
    let foreign =
        people.iter().map(EmailAddress::domain).find(|d| !own.iter().any(|o| o.matches(d)));
    let Some(outside) = stranger.map(ToString::to_string).or(foreign.map(|d| d.to_string())) else {
        return Some(());
    };
    let said = format!("`{name}` may not speak for `{outside}`");
    value.problem(said, format!("add it to identity_providers.{name}.domains, or use another"));
    None
}

/// `otherwise` rules end the list, the one for all sites comes last: a rule after it would never
/// match.
fn check_order(items: &[Value<'_>], read: &[Option<Read>]) {
    let mut closed = false;
    let mut ending = false;
    for (value, read) in items.iter().zip(read) {
        let Some(read) = read else { continue };
        if closed || (ending && !read.otherwise) {
            value.problem("this rule stands after `otherwise`", "move `otherwise` to the end");
        }
        ending |= read.otherwise;
        closed |= read.otherwise && read.rule.site.is_none();
    }
}
