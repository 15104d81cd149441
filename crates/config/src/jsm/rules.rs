//! Rules for organizations, service desks and groups.

use provisioning::{
    ClaimTest, DeskRule, GroupGift, GroupRule, OrganizationGift, OrganizationKey, OrganizationRule,
    Origin, Otherwise, Rename, Source, TextPattern, WholePattern, Whom,
};

use crate::claims;
use crate::mapping::{Mapping, given};
use crate::names;
use crate::nearest::nearest;
use crate::reader::{Value, quote};

const ORGANIZATION: &str = "write { domain: acme.example, organization: Acme }";
const DESK: &str = "write { join: [\"1\"] }";
const GROUP: &str = "write { group: acme-support, join: [acme-customers] }";
/// Where the keys are explained that mean the same in every rule.
const RULE: &str = "jsm.*.RULE";
/// New organizations of values in an hour, unless said otherwise.
const PER_HOUR: usize = 10;

/// What the rules for organizations give, for rules that name one.
pub(super) struct Organizations<'a> {
    names: Vec<&'a str>,
    ids: Vec<&'a str>,
    /// Some rule takes names from values, or the rules themselves cannot be read: any name may be
    /// right.
    open: bool,
}

impl<'a> Organizations<'a> {
    pub(super) fn of(rules: Option<&'a [OrganizationRule]>) -> Self {
        let mut known = Self { names: vec![], ids: vec![], open: rules.is_none() };
        for rule in rules.unwrap_or_default() {
            match &rule.gives {
                OrganizationGift::Named { name, .. } => known.names.push(name),
                OrganizationGift::WithId(id) => known.ids.push(id),
                OrganizationGift::From { .. } => known.open = true,
            }
        }
        known
    }
}

pub(super) fn organizations(value: &Value<'_>, idps: &[&str]) -> Option<Vec<OrganizationRule>> {
    let items = value.items(&format!("{ORGANIZATION} in a list"))?;
    let read: Vec<_> = items.iter().map(|item| organization(item, idps)).collect();
    read.into_iter().collect()
}

fn organization(value: &Value<'_>, idps: &[&str]) -> Option<OrganizationRule> {
    let map = value.mapping(ORGANIZATION)?;
    let whom = whom(&map, idps);
    let (named, by_id) = (map.optional("organization"), map.optional("organization_id"));
    let values = values(&map);
    let create = given(map.optional("create"), Value::flag);
    let per_hour = given(map.optional("create_per_hour"), |value| {
        let within = |n: &usize| (1..=10_000).contains(n);
        value.read("write a whole number from 1 to 10000", |t| t.parse().ok().filter(within))
    });
    map.finish();
    let kinds = [
        named.is_some(),
        by_id.is_some(),
        values.from_claim.is_some(),
        values.from_groups.is_some(),
    ];
    if kinds.into_iter().filter(|there| *there).count() != 1 {
        let said = "this needs exactly one of `organization`, `organization_id`, `from_claim` and `from_groups`";
        value.problem(said, ORGANIZATION);
        return None;
    }
    let from_values = values.are_there();
    let stray = [&values.allow, &values.rename].into_iter().flatten().next();
    if let Some(key) = stray.filter(|_| !from_values) {
        key.problem("only values are renamed and held against a pattern", "use it with from_claim");
        return None;
    }
    let (create, per_hour) = (create?, per_hour?);
    let gives = if from_values {
        let allowed = values.allow.is_some();
        let source = source(values)?;
        if create == Some(true) && !allowed {
            let wanted = "write allow: and a regular expression that every value must match";
            value.problem(
                "`create` needs `allow`: whoever sends a value makes an organization",
                wanted,
            );
            return None;
        }
        let limit = per_hour.unwrap_or(PER_HOUR);
        let create_per_hour = if create == Some(true) { limit } else { 0 };
        OrganizationGift::From { source, create_per_hour }
    } else if let Some(id) = by_id {
        OrganizationGift::WithId(number(&id)?)
    } else {
        let name = name(&named?, "write the organization's name in JSM")?;
        OrganizationGift::Named { name, create: create.unwrap_or(true) }
    };
    let whom = whom?;
    if whom == Whom::default() && !from_values {
        value.warn("this rule is about everybody");
    }
    Some(OrganizationRule { whom, gives })
}

/// Keys of rules that take names from values; they mean the same in every section.
struct Values<'a> {
    from_claim: Option<Value<'a>>,
    from_groups: Option<Value<'a>>,
    allow: Option<Value<'a>>,
    rename: Option<Value<'a>>,
}

impl Values<'_> {
    fn are_there(&self) -> bool {
        self.from_claim.is_some() || self.from_groups.is_some()
    }
}

fn values<'a>(map: &Mapping<'a>) -> Values<'a> {
    let map = map.shared(RULE, &["from_claim", "from_groups", "allow", "rename"]);
    Values {
        from_claim: map.optional("from_claim"),
        from_groups: map.optional("from_groups"),
        allow: map.optional("allow"),
        rename: map.optional("rename"),
    }
}

fn source(values: Values<'_>) -> Option<Source> {
    let Values { from_claim, from_groups, allow, rename } = values;
    let origin = match (from_claim, from_groups) {
        (Some(claim), _) => claims::one(&claim).map(Origin::Claim),
        (None, Some(groups)) => {
            let wanted = "write from_groups: true, or leave it out";
            groups.read(wanted, |text| (text == "true").then_some(Origin::Groups))
        }
        (None, None) => None,
    };
    let wanted = "write a regular expression that the whole value must match";
    let allow = given(allow, |value| value.parse::<WholePattern>(wanted));
    let rename = given(rename, self::rename);
    Some(Source { origin: origin?, allow: allow?, rename: rename? })
}

fn rename(value: &Value<'_>) -> Option<Rename> {
    let map = value.mapping("write { match: \"^jsm-(.+)$\", to: \"$1\" }")?;
    let pattern = map.required("match", "write match: and a regular expression");
    let to = map.required("to", "write to: and the name, with $1 for the first group");
    let otherwise = given(map.optional("otherwise"), |value| {
        value.word(&[("skip", Otherwise::Skip), ("keep", Otherwise::Keep)])
    });
    map.finish();
    let pattern_text = pattern.as_ref().and_then(|v| v.text("write a regular expression"));
    let to_value = to?;
    let to = to_value.text_as_written("write the name");
    let rename = Rename::new(pattern_text?, to?, otherwise?.unwrap_or_default());
    if rename.is_err() {
        let said = format!("{} is not a regular expression that can be used", quote(pattern_text?));
        pattern?.problem(said, "write one such as \"^jsm-(.+)$\"");
    }
    let rename = rename.ok()?;
    if let Some(group) = rename.unknown_group() {
        let said = format!("`match` has no group {}", quote(group));
        to_value.problem(
            said,
            "write $1 for its first group, and ${1} where a letter, a digit or _ follows",
        );
        return None;
    }
    Some(rename)
}

pub(super) fn desks(
    value: &Value<'_>,
    organizations: &Organizations<'_>,
    idps: &[&str],
) -> Option<Vec<DeskRule>> {
    let items = value.items(&format!("write a list of {}", DESK.trim_start_matches("write ")))?;
    let read: Vec<_> = items.iter().map(|item| desk(item, organizations, idps)).collect();
    read.into_iter().collect()
}

fn desk(value: &Value<'_>, organizations: &Organizations<'_>, idps: &[&str]) -> Option<DeskRule> {
    let map = value.mapping(DESK)?;
    let whom = whom(&map, idps);
    let (by_name, by_id) = (map.optional("organization"), map.optional("organization_id"));
    let join = map.required("join", "write join: [\"1\"], the ids of service desks");
    let join = join.and_then(|value| {
        let items = value.some_items("write a list of ids such as [\"1\", \"3\"]")?;
        let read: Vec<_> = items.iter().map(desk_id).collect();
        read.into_iter().collect::<Option<Vec<_>>>()
    });
    map.finish();
    let organization = match (by_name, by_id) {
        (Some(_), Some(id)) => {
            id.problem("the organization is named above", "leave one out");
            None
        }
        (Some(value), None) => granted(&value, organizations).map(Some),
        (None, Some(id)) => granted_id(&id, organizations).map(Some),
        (None, None) => Some(None),
    };
    Some(DeskRule { whom: whom?, organization: organization?, join: join? })
}

pub(super) fn groups(value: &Value<'_>, idps: &[&str]) -> Option<Vec<GroupRule>> {
    let items = value.items(&format!("{GROUP} in a list"))?;
    let read: Vec<_> = items.iter().map(|item| group(item, idps)).collect();
    read.into_iter().collect()
}

fn group(value: &Value<'_>, idps: &[&str]) -> Option<GroupRule> {
    let map = value.mapping(GROUP)?;
    let whom = whom(&map, idps);
    let join = map.optional("join");
    let values = values(&map);
    let licensed = given(map.optional("licensed"), Value::flag);
    map.finish();
    let gives = match (join, values.are_there()) {
        (Some(join), false) => {
            let wanted = "write names of groups of Jira";
            let items = join.some_items(wanted)?;
            let names: Vec<_> = items.iter().map(|item| name(item, wanted)).collect();
            GroupGift::Named(names.into_iter().collect::<Option<_>>()?)
        }
        (None, true) => GroupGift::From(source(values)?),
        _ => {
            let said = "this needs exactly one of `join`, `from_claim` and `from_groups`";
            value.problem(said, GROUP);
            return None;
        }
    };
    Some(GroupRule { whom: whom?, gives, licensed: licensed?.unwrap_or(false) })
}

/// The conditions of a rule.
fn whom(map: &Mapping<'_>, idps: &[&str]) -> Option<Whom> {
    let map = map.shared(RULE, &["domain", "idp", "group", "group_prefix", "group_match", "claim"]);
    let listed = |key, wanted: &'static str| given(map.optional(key), |v| v.some_items(wanted));
    let domains = listed("domain", "write domain: acme.example, or a list");
    let providers = listed("idp", "write idp: acme, or a list");
    let exact = listed("group", "write group: acme-support, or a list");
    let begins = listed("group_prefix", "write group_prefix: acme-, or a list");
    let matching = listed("group_match", "write group_match: \"acme-.*\", or a list");
    let claim = given(map.optional("claim"), claim_test);
    let domains =
        all(domains?, |value| value.parse("write a domain such as acme.example or *.acme.example"));
    let idps = all(providers?, |value| names::reference(value, idps, "identity_providers"));
    let wanted = "write the group's name as the identity provider sends it";
    let exact = all(exact?, |value| value.text(wanted).map(|t| TextPattern::Is(t.to_owned())));
    let begins = all(begins?, |v| v.text(wanted).map(|t| TextPattern::Begins(t.to_owned())));
    let pattern = "write a regular expression that the whole name must match";
    let matching = all(matching?, |value| value.parse(pattern).map(TextPattern::Matches));
    Some(Whom {
        idps: idps?,
        domains: domains?,
        groups: [exact?, begins?, matching?].concat(),
        claims: claim?.into_iter().collect(),
    })
}

fn claim_test(value: &Value<'_>) -> Option<ClaimTest> {
    let map = value.mapping("write { from: department, is: support }")?;
    let from = map.required("from", "write from: and the claim's name");
    let from = from.and_then(|value| claims::one(&value));
    let exact = given(map.optional("is"), |value| value.some_items("write a text, or a list"));
    let matching = given(map.optional("match"), |v| v.some_items("write a pattern, or a list"));
    map.finish();
    let exact = all(exact?, |v| v.text("write a text").map(|t| TextPattern::Is(t.to_owned())));
    let pattern = "write a regular expression that the whole value must match";
    let matching = all(matching?, |value| value.parse(pattern).map(TextPattern::Matches));
    let values = [exact?, matching?].concat();
    if values.is_empty() {
        value.problem("this needs `is` or `match`", "write { from: department, is: support }");
        return None;
    }
    Some(ClaimTest { from: from?, values })
}

fn all<'a, T>(
    values: Option<Vec<Value<'a>>>,
    read: impl Fn(&Value<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let read: Vec<_> = values.unwrap_or_default().iter().map(read).collect();
    read.into_iter().collect()
}

/// An organization that some rule gives: one that none gives would never match.
fn granted(value: &Value<'_>, organizations: &Organizations<'_>) -> Option<OrganizationKey> {
    let wanted = "name an organization that `organizations` gives";
    let text = value.text(wanted)?.trim();
    if !organizations.open && !organizations.names.contains(&text) {
        let near = nearest(text, organizations.names.iter().copied());
        value.problem_near(format!("no rule gives the organization {}", quote(text)), wanted, near);
        return None;
    }
    Some(OrganizationKey::Name(text.to_owned()))
}

fn granted_id(value: &Value<'_>, organizations: &Organizations<'_>) -> Option<OrganizationKey> {
    let id = number(value)?;
    if !organizations.open && !organizations.ids.contains(&id.as_str()) {
        let wanted = "give it an organization_id that `organizations` gives";
        value.problem(format!("no rule gives the organization {}", quote(&id)), wanted);
        return None;
    }
    Some(OrganizationKey::Id(id))
}

fn number(value: &Value<'_>) -> Option<String> {
    value.read("write the organization's number in JSM", |text| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.to_owned())
    })
}

fn name(value: &Value<'_>, wanted: &str) -> Option<String> {
    value.text(wanted).map(|text| text.trim().to_owned())
}

/// Becomes a segment of a path: a number, a project key, or `projectKey:ABC` and the like.
fn desk_id(value: &Value<'_>) -> Option<String> {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
    value.read("write the id or the project key of a service desk", |text| {
        text.chars().all(usual).then(|| text.to_owned())
    })
}
