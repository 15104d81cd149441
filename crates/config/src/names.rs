//! Names that the operator chose, and references to them.

use crate::nearest::nearest;
use crate::reader::{Value, quote};

/// A name that the operator chose for a site, an identity provider or a JSM.
pub(crate) fn chosen<T: std::str::FromStr>(name: &str, value: &Value<'_>) -> Option<T> {
    let parsed = name.parse().ok();
    if parsed.is_none() {
        let wanted = "use 1 to 40 letters a-z, digits and hyphens, a letter first";
        value.problem(format!("{} is not a usable name", quote(name)), wanted);
    }
    parsed
}

/// The key `name` of `value`, which must be one of `known`.
pub(crate) fn known<T: std::str::FromStr>(
    name: &str,
    value: &Value<'_>,
    known: &[&str],
    section: &str,
) -> Option<T> {
    if !known.contains(&name) {
        let wanted = format!("name one that is under `{section}`");
        let near = nearest(name, known.iter().copied());
        value.problem_near(format!("{} is not under `{section}`", quote(name)), wanted, near);
        return None;
    }
    name.parse().ok()
}

/// The name in `value`, which must be one of `known`.
pub(crate) fn reference<T: std::str::FromStr>(
    value: &Value<'_>,
    known: &[&str],
    section: &str,
) -> Option<T> {
    let wanted = format!("name one that is under `{section}`");
    let text = value.text(&wanted)?;
    if !known.contains(&text) {
        let near = nearest(text, known.iter().copied());
        value.problem_near(format!("{} is not under `{section}`", quote(text)), wanted, near);
        return None;
    }
    // A known name that is no good was reported where it stands.
    text.parse().ok()
}
