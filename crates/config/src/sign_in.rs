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
    let otherwise = map.optional("otherwise");
    let site = given(map.optional("site"), |value| {
        names::reference::<SiteName>(value, known.site_names, "sites")
    });
    let (people, domains) = (people(&map), domains(&map));
    let (idp, mode) = (map.optional("use"), map.optional("mode"));
    map.finish();
    let outcome = match (&otherwise, &idp) {
        (Some(otherwise), _) => otherwise.word(&OTHERWISE),
        (None, Some(idp)) => use_of(idp, mode.as_ref(), known),
        (None, None) => {
            value.problem("`use` is missing", "write use: NAME, or { otherwise: … }");
            None
        }
    };
    let (people, domains, site, outcome) = (people?, domains?, site?, outcome?);
    let for_all = people.is_empty() && domains.is_empty();
    if otherwise.is_some() && !(for_all && idp.is_none() && mode.is_none()) {
        let wanted = "give the other keys a rule of their own, before this one";
        value.problem("`otherwise` stands beside other keys than `site`", wanted);
        return None;
    }
    if otherwise.is_none() && for_all && site.is_none() {
        let wanted = "add people:, domain: or site:, or write { otherwise: … }";
        value.problem("this rule does not say whom it is for", wanted);
        return None;
    }
    let rule = SignInRule { people, domains, site, outcome, line: value.line() };
    check_authority(idp.as_ref().unwrap_or(value), &rule, known)?;
    Some(Read { rule, otherwise: otherwise.is_some() })
}

fn use_of(idp: &Value<'_>, mode: Option<&Value<'_>>, known: &Known<'_>) -> Option<Outcome> {
    let name: Option<IdpName> = names::reference(idp, known.idp_names, "identity_providers");
    let mode = mode.map_or(Some(Mode::Required), |mode| mode.word(&MODES));
    Some(Outcome::Use { idp: name?, mode: mode? })
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
fn check_authority(value: &Value<'_>, rule: &SignInRule, known: &Known<'_>) -> Option<()> {
    let Outcome::Use { idp: name, .. } = &rule.outcome else { return Some(()) };
    let idp = known.idps.and_then(|idps| idps.iter().find(|idp| idp.federation.name == *name));
    let Some(idp) = idp else { return Some(()) };
    if !idp.federation.enabled {
        value.warn(format!("`{name}` is not enabled: people of this rule are refused"));
    }
    let own = &idp.federation.domains;
    let stranger = rule.domains.iter().find(|said| !own.iter().any(|o| covers(o, said)));
    let foreign =
        rule.people.iter().map(EmailAddress::domain).find(|d| !own.iter().any(|o| o.matches(d)));
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
