//! Whom a rule is about, and what it reads of them. Pure.

use std::fmt;
use std::str::FromStr;

use domain::{DomainPattern, Identity, IdpName};
use login::Expression;
use regex::{Regex, RegexBuilder};

/// Compiled size of a pattern; more is none that somebody wrote by hand.
const MAX_PATTERN: usize = 256 * 1024;

/// Conditions of a rule: all that are given must hold, and of each list one entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whom {
    /// Identity providers.
    pub idps: Vec<IdpName>,
    /// Domains of addresses.
    pub domains: Vec<DomainPattern>,
    /// Groups as the identity provider names them.
    pub groups: Vec<TextPattern>,
    /// What a claim must say.
    pub claims: Vec<ClaimTest>,
}

/// What a claim must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimTest {
    /// Where it is.
    pub from: Expression,
    /// One of its values is one of these.
    pub values: Vec<TextPattern>,
}

/// A text, or many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPattern {
    /// Exactly this.
    Is(String),
    /// Everything that begins so.
    Begins(String),
    /// Everything that matches as a whole.
    Matches(WholePattern),
}

impl TextPattern {
    /// Whether `text` is meant.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Is(wanted) => text == wanted,
            Self::Begins(front) => text.starts_with(front.as_str()),
            Self::Matches(pattern) => pattern.matches(text),
        }
    }
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a regular expression that can be used")]
pub struct PatternError;

/// A regular expression that a text must match from its beginning to its end. Its time is linear in
/// the text, whatever the pattern.
#[derive(Debug, Clone)]
pub struct WholePattern {
    text: String,
    regex: Regex,
}

impl WholePattern {
    /// Whether the whole `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl FromStr for WholePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        // By itself first: a stray parenthesis must not close the group that is put around.
        compiled(text)?;
        let regex = compiled(&format!(r"\A(?:{text})\z"))?;
        Ok(Self { text: text.to_owned(), regex })
    }
}

impl PartialEq for WholePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for WholePattern {}

impl fmt::Display for WholePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Makes another name of a value.
#[derive(Debug, Clone)]
pub struct Rename {
    pattern: Regex,
    to: String,
    otherwise: Otherwise,
}

/// What becomes of a value that a [`Rename`] does not touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Otherwise {
    /// It gives nothing.
    #[default]
    Skip,
    /// It is taken as it is.
    Keep,
}

impl Rename {
    /// What `pattern` matches becomes `to`, in which `$1` stands for its first group.
    ///
    /// # Errors
    /// When `pattern` is none.
    pub fn new(pattern: &str, to: &str, otherwise: Otherwise) -> Result<Self, PatternError> {
        Ok(Self { pattern: compiled(pattern)?, to: to.to_owned(), otherwise })
    }

    /// The first reference to a group that the pattern does not have: it would stand for nothing in
    /// every name.
    pub fn unknown_group(&self) -> Option<&str> {
        let known = |group: &str| match group.parse::<usize>() {
            Ok(number) => number < self.pattern.captures_len(),
            Err(_) => self.pattern.capture_names().flatten().any(|name| name == group),
        };
        let mut rest = self.to.as_str();
        while let Some((_, after)) = rest.split_once('$') {
            let (group, left) = reference(after);
            if group.is_some_and(|group| !known(group)) {
                return group;
            }
            rest = left;
        }
        None
    }

    /// The name that `value` stands for.
    pub fn apply(&self, value: &str) -> Option<String> {
        if self.pattern.is_match(value) {
            return Some(self.pattern.replace(value, self.to.as_str()).into_owned());
        }
        (self.otherwise == Otherwise::Keep).then(|| value.to_owned())
    }
}

impl PartialEq for Rename {
    fn eq(&self, other: &Self) -> bool {
        let own = (self.pattern.as_str(), &self.to, self.otherwise);
        own == (other.pattern.as_str(), &other.to, other.otherwise)
    }
}

impl Eq for Rename {}

/// What stands behind a `$`, as the regular expressions read it: the group, if it is one, and the rest.
fn reference(after: &str) -> (Option<&str>, &str) {
    if let Some(rest) = after.strip_prefix('$') {
        return (None, rest);
    }
    if let Some((group, rest)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        return (Some(group), rest);
    }
    let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
    let (group, rest) = after.split_at(end);
    ((!group.is_empty()).then_some(group), rest)
}

fn compiled(text: &str) -> Result<Regex, PatternError> {
    RegexBuilder::new(text).size_limit(MAX_PATTERN).build().map_err(|_| PatternError)
}

/// Whether a rule is about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    Yes,
    /// Why not.
    No(&'static str),
    /// This is not known of them.
    Unknown(String),
}

impl Whom {
    /// What is certain to fail comes before what is not known.
    pub(crate) fn is_about(&self, identity: &Identity) -> About {
        if !self.idps.is_empty() && !self.idps.contains(&identity.person.idp) {
            return About::No("another identity provider");
        }
        let domain = identity.email.domain();
        if !self.domains.is_empty() && !self.domains.iter().any(|own| own.matches(&domain)) {
            return About::No("another domain");
        }
        let mut unknown = None;
        if !self.groups.is_empty() {
            match &identity.groups {
                None => unknown = Some("groups".to_owned()),
                Some(groups) if !groups.iter().any(|group| self.means(group)) => {
                    return About::No("in none of the groups");
                }
                Some(_) => {}
            }
        }
        for test in &self.claims {
            match test.from.read(&identity.claims) {
                None => unknown = unknown.or_else(|| Some(test.from.to_string())),
                Some(found) if !test.holds(&found.values) => {
                    return About::No("the claim says something else");
                }
                Some(_) => {}
            }
        }
        unknown.map_or(About::Yes, About::Unknown)
    }

    /// Whether a group is among those that the rule names.
    pub(crate) fn means(&self, group: &str) -> bool {
        self.groups.iter().any(|pattern| pattern.matches(group))
    }

    /// Names of the claims that it reads.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &str> {
        self.claims.iter().flat_map(|test| test.from.claims())
    }
}

impl ClaimTest {
    fn holds(&self, values: &[String]) -> bool {
        values.iter().any(|value| self.values.iter().any(|wanted| wanted.matches(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_from_beginning_to_end() {
        let allow: WholePattern = "globex-[a-z]+".parse().unwrap();
        assert!(allow.matches("globex-lab"));
        for hostile in ["xglobex-lab", "globex-lab\n", "globex-lab\nAcme", "globex-LAB", ""] {
            assert!(!allow.matches(hostile), "{hostile:?}");
        }
        let either: WholePattern = "a|b".parse().unwrap();
        assert!(either.matches("a") && !either.matches("ab") && !either.matches("xb"));
        assert!("a)|(b".parse::<WholePattern>().is_err() && "(".parse::<WholePattern>().is_err());
    }

    #[test]
    fn a_rename_makes_a_name_and_leaves_out_what_it_does_not_touch() {
        let rename = Rename::new("^jsm-(.+)$", "Customer $1", Otherwise::Skip).unwrap();
        assert_eq!(rename.apply("jsm-acme").as_deref(), Some("Customer acme"));
        assert_eq!(rename.apply("vpn-acme"), None);
        let keep = Rename::new("^jsm-", "", Otherwise::Keep).unwrap();
        assert_eq!(keep.apply("vpn").as_deref(), Some("vpn"));
        assert_eq!(keep.apply("jsm-acme").as_deref(), Some("acme"));
    }
}
