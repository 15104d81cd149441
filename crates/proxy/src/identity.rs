//! What the upstream is told about a person.

use std::fmt::Write as _;

use domain::{Identity, JsmAccount, PersonKey};
use http::header::{HeaderName, HeaderValue};

use crate::{IdentityValue, Upstream};

/// The identity headers of one person toward one upstream, ready to be inserted. The caller keeps
/// them with the session for at most half of the assertion's life.
#[derive(Debug, Clone)]
pub struct IdentityHeaders {
    person: PersonKey,
    assertion: HeaderValue,
    plain: Vec<(HeaderName, HeaderValue)>,
}

impl IdentityHeaders {
    /// The headers that `upstream` wants about `identity`. `assertion` comes from
    /// [`crate::AssertionSigner::sign`] and must be about the same person.
    pub fn new(
        identity: &Identity,
        account: Option<&JsmAccount>,
        assertion: HeaderValue,
        upstream: &Upstream,
    ) -> Self {
        let plain = |wanted: &crate::IdentityHeader| {
            let text = match wanted.value {
                IdentityValue::Email => identity.email.to_string(),
                IdentityValue::Name => identity.display_name.clone(),
                IdentityValue::Person => identity.person.to_string(),
                // A header without a value could be read as somebody; none cannot.
                IdentityValue::Account => account?.0.clone(),
            };
            Some((wanted.name.clone(), HeaderValue::try_from(encoded(&text)).ok()?))
        };
        let plain = upstream.identity().iter().filter_map(plain).collect();
        Self { person: identity.person.clone(), assertion, plain }
    }

    pub(crate) fn person(&self) -> &PersonKey {
        &self.person
    }

    pub(crate) fn assertion(&self) -> &HeaderValue {
        &self.assertion
    }

    pub(crate) fn plain(&self) -> &[(HeaderName, HeaderValue)] {
        &self.plain
    }
}

/// Percent-encodes what is not printable ASCII, line breaks among it (attacks.md E19), the percent
/// sign itself, so that it can be undone, and spaces at the ends, which HTTP would lose.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.len().saturating_sub(1);
    for (index, byte) in text.bytes().enumerate() {
        let inner_space = byte == b' ' && index != 0 && index != last;
        if inner_space || (byte.is_ascii_graphic() && byte != b'%') {
            out.push(char::from(byte));
            continue;
        }
        // Writing into a string does not fail.
        let _ = write!(out, "%{byte:02X}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e19_line_breaks_and_other_control_characters_are_encoded() {
        assert_eq!(encoded("Ann\r\nX-Admin: 1"), "Ann%0D%0AX-Admin: 1");
        assert_eq!(encoded("Zoë 100%\0\u{7f}"), "Zo%C3%AB 100%25%00%7F");
        assert_eq!(encoded(" a b "), "%20a b%20");
        assert_eq!(encoded("ann@acme.example"), "ann@acme.example");
    }
}
