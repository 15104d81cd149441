//! Where an identity provider's claims are: names or simple expressions.

use login::{ClaimRules, Expression, Pattern};

use crate::mapping::{Mapping, given};
use crate::reader::{Value, quote};

const WANTED: &str = "write a claim's name, or one of { first_of: […] }, { lower: … }, { capture: PATTERN, from: … }, { split: SEPARATOR, from: … }, { constant: … }";

/// What schools and companies have sent for twenty years (eduPerson, inetOrgPerson).
pub(crate) fn saml() -> ClaimRules {
    rules("mail", "displayName", "memberOf")
}

/// OpenID Connect Core §5.1; `groups` is no standard and what most providers use.
pub(crate) fn oidc() -> ClaimRules {
    rules("email", "name", "groups")
}

fn rules(email: &str, name: &str, groups: &str) -> ClaimRules {
    ClaimRules {
        email: claim(email),
        name: Some(claim(name)),
        groups: Some(claim(groups)),
        subject: None,
        kept: std::collections::BTreeSet::new(),
    }
}

/// The claim of this name.
pub(crate) fn claim(name: &str) -> Expression {
    Expression::Claim(name.to_owned())
}

/// Reads `claims` of an identity provider; what is left out is as in `defaults`.
pub(crate) fn read(value: &Value<'_>, defaults: &ClaimRules) -> Option<ClaimRules> {
    let map = value.mapping("write { email: …, name: …, groups: …, subject: … }")?;
    let read = |key| given(map.optional(key), |value| expression(&shared(value)));
    let (email, name) = (read("email"), read("name"));
    let (groups, subject) = (read("groups"), read("subject"));
    map.finish();
    Some(ClaimRules {
        email: email?.unwrap_or_else(|| defaults.email.clone()),
        name: name?.or_else(|| defaults.name.clone()),
        groups: groups?.or_else(|| defaults.groups.clone()),
        subject: subject?.or_else(|| defaults.subject.clone()),
        kept: std::collections::BTreeSet::new(),
    })
}

/// Reads one name or expression that stands by itself.
pub(crate) fn one(value: &Value<'_>) -> Option<Expression> {
    expression(&shared(value))
}

/// The keys of an expression are the same in every place where one may stand.
fn shared<'a>(value: &Value<'a>) -> Value<'a> {
    let mut value = value.clone();
    "identity_providers.*.claims.EXPRESSION".clone_into(&mut value.pattern);
    value
}

fn expression(value: &Value<'_>) -> Option<Expression> {
    if value.is_scalar() {
        return name(value).map(Expression::Claim);
    }
    let map = value.mapping(WANTED)?;
    let (claim, first_of) = (map.optional("claim"), map.optional("first_of"));
    let (lower, constant) = (map.optional("lower"), map.optional("constant"));
    let (capture, split) = (map.optional("capture"), map.optional("split"));
    let from = map.optional("from");
    map.finish();
    let operations = [&claim, &first_of, &lower, &constant, &capture, &split];
    if operations.iter().filter(|operation| operation.is_some()).count() != 1 {
        value.problem("this needs exactly one operation", WANTED);
        return None;
    }
    let needs_from = capture.is_some() || split.is_some();
    if let Some(from) = from.as_ref().filter(|_| !needs_from) {
        from.problem("only `capture` and `split` have a `from`", WANTED);
        return None;
    }
    if let Some(value) = claim {
        return name(&value).map(Expression::Claim);
    }
    if let Some(value) = first_of {
        let items = value.some_items("write a list of names and expressions")?;
        let read: Vec<_> = items.iter().map(|item| expression(&shared(item))).collect();
        return read.into_iter().collect::<Option<_>>().map(Expression::FirstOf);
    }
    if let Some(value) = lower {
        return expression(&shared(&value)).map(|from| Expression::Lower(Box::new(from)));
    }
    if let Some(value) = constant {
        return value.text("write the text").map(|text| Expression::Constant(text.to_owned()));
    }
    let from = source(&map, from.as_ref());
    if let Some(value) = capture {
        let wanted = "write a regular expression with one group, such as \"^CN=([^,]+)\"";
        let pattern = value.parse::<Pattern>(wanted);
        return Some(Expression::Capture { from: from?, pattern: pattern? });
    }
    let separator = split?.text_as_written("write the separator, such as \",\"");
    Some(Expression::Split { from: from?, separator: separator?.to_owned() })
}

fn source(map: &Mapping<'_>, from: Option<&Value<'_>>) -> Option<Box<Expression>> {
    let Some(from) = from else {
        map.value.problem("`from` is missing", "write from: and the claim that it works on");
        return None;
    };
    expression(&shared(from)).map(Box::new)
}

fn name(value: &Value<'_>) -> Option<String> {
    let wanted = "write the claim's or attribute's name as the identity provider sends it";
    let text = value.text(wanted)?;
    if text.trim() != text || text.chars().any(char::is_control) {
        value
            .problem(format!("{} has blanks around it or control characters", quote(text)), wanted);
        return None;
    }
    Some(text.to_owned())
}
