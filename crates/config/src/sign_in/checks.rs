//! Rules that contradict themselves, each other, or what an identity provider may do.

use std::collections::HashMap;

use domain::{EmailAddress, IdpName};
use policy::{Fallback, Outcome, SignInRule};

use super::{Known, Read};
use crate::IdentityProvider;
use crate::identity_providers::covers;
use crate::reader::Value;

/// Whether the rule says whom it is for, and `otherwise` stands alone.
pub(super) fn shape(
    value: &Value<'_>,
    rule: &SignInRule,
    otherwise: bool,
    with_use: bool,
) -> Option<()> {
    let for_all = rule.people.is_empty() && rule.domains.is_empty();
    if otherwise && !(for_all && rule.share.is_none() && !with_use) {
        let wanted = "give the other keys a rule of their own, before this one";
        value.problem("`otherwise` stands beside keys that name people or a provider", wanted);
        return None;
    }
    let placed = rule.site.is_some() || !rule.hosts.is_empty() || !rule.portals.is_empty();
    if !otherwise && for_all && !placed {
        let wanted = "add people:, domain:, site:, host: or portal:, or write { otherwise: … }";
        value.problem("this rule does not say whom it is for", wanted);
        return None;
    }
    Some(())
}

/// A rule must not send somebody to an identity provider that may not speak for the address
/// (invariant 3): the sign-in would end with a refusal.
pub(super) fn authority(value: &Value<'_>, rule: &SignInRule, known: &Known<'_>) -> Option<()> {
    let Outcome::Use { idp, fallback, .. } = &rule.outcome else { return Some(()) };
    let stand_in = match fallback {
        Some(Fallback::Idp(other)) => may_speak(value, other, rule, known),
        _ => Some(()),
    };
    may_speak(value, idp, rule, known).and(stand_in)
}

fn may_speak(
    value: &Value<'_>,
    name: &IdpName,
    rule: &SignInRule,
    known: &Known<'_>,
) -> Option<()> {
    let named = |idp: &&IdentityProvider| idp.federation.name == *name;
    let Some(idp) = known.idps.and_then(|idps| idps.iter().find(named)) else { return Some(()) };
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

/// `otherwise` rules end the list, the one for everybody everywhere comes last: a rule after it
/// would never match.
pub(super) fn order(items: &[Value<'_>], read: &[Option<Read>]) {
    let mut closed = false;
    let mut ending = false;
    for (value, read) in items.iter().zip(read) {
        let Some(Read { rule, otherwise }) = read else { continue };
        if closed || (ending && !otherwise) {
            value.problem("this rule stands after `otherwise`", "move `otherwise` to the end");
        }
        ending |= otherwise;
        let everywhere = rule.site.is_none() && rule.hosts.is_empty() && rule.portals.is_empty();
        let always = rule.from.is_none() && rule.until.is_none();
        let decides = rule.enforcement == policy::Enforcement::Enforced;
        closed |= *otherwise && everywhere && always && decides;
    }
}

/// Two rules that differ in nothing but what they say: the second would never decide.
pub(super) fn repeated(items: &[Value<'_>], read: &[Option<Read>]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (value, rule) in items.iter().zip(read).filter_map(|(v, r)| Some((v, &r.as_ref()?.rule))) {
        let place = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            rule.site,
            rule.hosts,
            rule.portals,
            rule.from,
            rule.until,
            rule.share,
            rule.enforcement
        );
        let people = rule.people.iter().map(ToString::to_string);
        for whom in people.chain(rule.domains.iter().map(ToString::to_string)) {
            let both = !rule.people.is_empty() && !rule.domains.is_empty();
            if both {
                continue;
            }
            match seen.get(&format!("{place} {whom}")) {
                Some(line) if *line != rule.line => {
                    let said = format!("`{whom}` is in the rule of line {line} already");
                    value.problem(said, "keep one of them, or tell them apart by other keys");
                }
                _ => {
                    seen.insert(format!("{place} {whom}"), rule.line);
                }
            }
        }
    }
}
