//! How one value is read from claims: a path, or a few simple operations on one.

use std::fmt;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};

use crate::Claims;

/// The name under which an expression finds the protocol's own subject: the NameID unless it is
/// transient, or `sub`. An attribute of that name is not seen.
pub const NAME_ID: &str = "NameID";

/// How one value is read from claims. Each operation works on every value of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// The claim or attribute of this name, inner names after dots.
    Claim(String),
    /// The first that gives something.
    FirstOf(Vec<Expression>),
    /// In lower case.
    Lower(Box<Expression>),
    /// What the first group of a pattern captures; values that do not match are left out.
    Capture {
        /// Of what.
        from: Box<Expression>,
        /// The pattern.
        pattern: Pattern,
    },
    /// Parts between separators, trimmed; empty ones are left out.
    Split {
        /// Of what.
        from: Box<Expression>,
        /// The separator; never empty.
        separator: String,
    },
    /// Always this text.
    Constant(String),
}

/// What an expression gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The claim that it came from; `None` for a constant.
    pub claim: Option<String>,
    /// The values; empty when the claim is there and nothing of it is left.
    pub values: Vec<String>,
}

impl Expression {
    /// What `claims` give; `None` when no claim is there, which is not the same as an empty list.
    pub fn read(&self, claims: &Claims) -> Option<Found> {
        match self {
            Self::Claim(name) => {
                let values = claims.get(name)?.clone();
                Some(Found { claim: Some(name.clone()), values })
            }
            Self::FirstOf(choices) => {
                let mut empty = None;
                for found in choices.iter().filter_map(|choice| choice.read(claims)) {
                    if found.values.iter().any(|value| !value.trim().is_empty()) {
                        return Some(found);
                    }
                    empty = empty.or(Some(found));
                }
                empty
            }
            Self::Lower(from) => from.each(claims, |value| vec![lower(value)]),
            Self::Capture { from, pattern } => {
                from.each(claims, |value| pattern.capture(value).into_iter().collect())
            }
            Self::Split { from, separator } => from.each(claims, |value| {
                let parts = value.split(separator.as_str()).map(str::trim);
                parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }),
            Self::Constant(text) => Some(Found { claim: None, values: vec![text.clone()] }),
        }
    }

    fn each(&self, claims: &Claims, change: impl Fn(&str) -> Vec<String>) -> Option<Found> {
        let found = self.read(claims)?;
        let values = found.values.iter().flat_map(|value| change(value)).collect();
        Some(Found { values, ..found })
    }

    /// Names of the claims that it looks at, in order.
    pub fn claims(&self) -> Vec<&str> {
        match self {
            Self::Claim(name) => vec![name],
            Self::FirstOf(choices) => choices.iter().flat_map(Self::claims).collect(),
            Self::Lower(from) | Self::Capture { from, .. } | Self::Split { from, .. } => {
                from.claims()
            }
            Self::Constant(_) => Vec::new(),
        }
    }
}

/// In lower case, but for the few letters that would turn into ASCII (the Kelvin sign into `k`): a
/// look-alike of an address must not become that address.
fn lower(text: &str) -> String {
    let small = |c: char| match c.is_ascii() {
        true => c.to_ascii_lowercase().to_string(),
        false => {
            let small: String = c.to_lowercase().collect();
            if small.contains(|c: char| c.is_ascii()) { c.to_string() } else { small }
        }
    };
    text.chars().map(small).collect()
}

/// As the file has it, in one line.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(name) => f.write_str(name),
            Self::FirstOf(choices) => {
                let choices: Vec<_> = choices.iter().map(Self::to_string).collect();
                write!(f, "first of {}", choices.join(", "))
            }
            Self::Lower(from) => write!(f, "{from} in lower case"),
            Self::Capture { from, pattern } => write!(f, "{from} captured by {pattern}"),
            Self::Split { from, separator } => write!(f, "{from} split at {separator:?}"),
            Self::Constant(text) => write!(f, "always {text:?}"),
        }
    }
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not in the syntax of the `regex` crate, or too large.
    #[error("this is not a regular expression that can be used")]
    Syntax,
    /// Nothing would be captured.
    #[error("the pattern has no group in parentheses")]
    NoGroup,
}

/// A regular expression with a group. Its time is linear in the text, whatever the pattern.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// Compiled size of a pattern; more is none that somebody wrote by hand.
const MAX_PATTERN: usize = 256 * 1024;

impl Pattern {
    fn capture(&self, text: &str) -> Option<String> {
        let captured = self.0.captures(text)?.get(1)?;
        Some(captured.as_str().to_owned())
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let built = RegexBuilder::new(text).size_limit(MAX_PATTERN).build();
        let pattern = built.map_err(|_| PatternError::Syntax)?;
        if pattern.captures_len() < 2 {
            return Err(PatternError::NoGroup);
        }
        Ok(Self(pattern))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        [
            ("mail", vec!["Ann@Acme.example"]),
            ("blank", vec![" "]),
            ("memberOf", vec!["CN=Staff,OU=x", "CN=Admins,OU=y", "Everyone"]),
            ("roles", vec!["a; b ;;c"]),
            ("none", vec![]),
        ]
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
        .collect()
    }

    fn claim(name: &str) -> Box<Expression> {
        Box::new(Expression::Claim(name.to_owned()))
    }

    fn values(expression: &Expression) -> Option<Vec<String>> {
        expression.read(&claims()).map(|found| found.values)
    }

    #[test]
    fn operations_work_on_every_value() {
        assert_eq!(lower("MAR\u{212a} \u{130} ÄÖ"), "mar\u{212a} \u{130} äö");
        let lower = Expression::Lower(claim("mail"));
        assert_eq!(values(&lower).unwrap(), ["ann@acme.example"]);
        let pattern = "^CN=([^,]+)".parse().unwrap();
        let capture = Expression::Capture { from: claim("memberOf"), pattern };
        assert_eq!(values(&capture).unwrap(), ["Staff", "Admins"]);
        let split = Expression::Split { from: claim("roles"), separator: ";".to_owned() };
        assert_eq!(values(&split).unwrap(), ["a", "b", "c"]);
        let both = Expression::Lower(Box::new(capture));
        assert_eq!(values(&both).unwrap(), ["staff", "admins"]);
        assert_eq!(values(&Expression::Constant("x".to_owned())).unwrap(), ["x"]);
        assert_eq!(both.to_string(), "memberOf captured by /^CN=([^,]+)/ in lower case");
    }

    #[test]
    fn the_first_that_gives_something_counts_and_absent_is_not_empty() {
        let first = |names: &[&str]| {
            let choices = names.iter().map(|name| *claim(name)).collect();
            let found = Expression::FirstOf(choices).read(&claims());
            found.map(|found| (found.claim.unwrap(), found.values.len()))
        };
        assert_eq!(first(&["upn", "blank", "mail"]), Some(("mail".to_owned(), 1)));
        assert_eq!(first(&["upn", "none"]), Some(("none".to_owned(), 0)));
        assert_eq!(first(&["upn", "other"]), None);
    }

    #[test]
    fn a_pattern_needs_a_group_and_a_bounded_size() {
        assert_eq!("^CN=.*".parse::<Pattern>(), Err(PatternError::NoGroup));
        assert_eq!("(".parse::<Pattern>(), Err(PatternError::Syntax));
        assert_eq!("(a{1000}){1000}".parse::<Pattern>(), Err(PatternError::Syntax));
        // Catastrophic for an engine that backtracks.
        let nested: Pattern = "^(a+)+$".parse().unwrap();
        assert_eq!(nested.capture(&format!("{}b", "a".repeat(100_000))), None);
    }
}
