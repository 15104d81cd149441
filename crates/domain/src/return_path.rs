//! Where a customer goes after signing in: always a path on the same site.

use serde::{Deserialize, Serialize};

/// Why a text is no return path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a return path starts with one slash and stays on this site")]
pub struct ReturnPathError;

/// Longest path and query that is kept.
const MAX: usize = 4096;

/// Path and query on the same site, exactly as requested.
///
/// A browser resolves it to the same origin: it starts with one `/`, and has no backslash, control
/// character, space or fragment. Never one of our own endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The site's front page.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// Checks a path and query.
    ///
    /// # Errors
    /// When a browser could resolve it to another origin, or it is ours or too long.
    pub fn parse(text: &str) -> Result<Self, ReturnPathError> {
        let path = text.split('?').next().unwrap_or_default();
        let printable = text.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'\\' && b != b'#');
        let local = path.starts_with('/') && !path.starts_with("//");
        let ours = path == "/.vestibule" || path.starts_with("/.vestibule/");
        let dotted = decoded_segments(path).any(|s| s == "." || s == "..");
        if !printable || !local || ours || dotted || text.len() > MAX {
            return Err(ReturnPathError);
        }
        Ok(Self(text.to_owned()))
    }

    /// Path and query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Id of the customer portal that this path leads to: the number in
    /// `/servicedesk/customer/portal/7/create/42`, with or without a context path of one segment
    /// before it (Data Center). `None` for every other path.
    pub fn portal(&self) -> Option<String> {
        let path = self.0.split('?').next().unwrap_or_default();
        let segments: Vec<String> = decoded_segments(path).skip(1).collect();
        let after = |prefix: usize| segments.get(prefix..);
        let found = [0, 1].into_iter().filter_map(after).find_map(|rest| match rest {
            [a, b, c, id, ..] if a == "servicedesk" && b == "customer" && c == "portal" => {
                Some(id.clone())
            }
            _ => None,
        });
        found
            .filter(|id| !id.is_empty() && id.len() <= 20 && id.bytes().all(|b| b.is_ascii_digit()))
    }

    /// The value of a field of the query, as it stands; the first of that name.
    pub fn query_field(&self, name: &str) -> Option<&str> {
        let (_, query) = self.0.split_once('?')?;
        let mut fields = query.split('&').filter_map(|field| field.split_once('='));
        fields.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// A `Location` value: this path with the fragment, if there is one.
    pub fn location(&self, fragment: Option<&Fragment>) -> String {
        fragment.map_or_else(|| self.0.clone(), |f| format!("{}#{}", self.0, f.0))
    }
}

fn decoded_segments(path: &str) -> impl Iterator<Item = String> + '_ {
    path.split('/')
        .map(|s| percent_encoding::percent_decode_str(s).decode_utf8_lossy().into_owned())
}

impl TryFrom<String> for ReturnPath {
    type Error = ReturnPathError;
    fn try_from(text: String) -> Result<Self, ReturnPathError> {
        Self::parse(&text)
    }
}

impl From<ReturnPath> for String {
    fn from(path: ReturnPath) -> Self {
        path.0
    }
}

/// The part after `#`, which only the browser knows; without the `#`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fragment(String);

impl Fragment {
    /// Checks a fragment (RFC 3986 §3.5); a leading `#` is dropped.
    ///
    /// # Errors
    /// When it is empty, over 1024 bytes, or has a character that needs encoding.
    pub fn parse(text: &str) -> Result<Self, ReturnPathError> {
        let text = text.strip_prefix('#').unwrap_or(text);
        let plain = |b: u8| (0x21..=0x7e).contains(&b) && !b"\"<>\\^`{|}#".contains(&b);
        let fits = !text.is_empty() && text.len() <= 1024;
        (fits && text.bytes().all(plain)).then(|| Self(text.to_owned())).ok_or(ReturnPathError)
    }
}

impl TryFrom<String> for Fragment {
    type Error = ReturnPathError;
    fn try_from(text: String) -> Result<Self, ReturnPathError> {
        Self::parse(&text)
    }
}

impl From<Fragment> for String {
    fn from(fragment: Fragment) -> Self {
        fragment.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// attacks.md E10: the shapes behind the known open-redirect payloads.
    #[test]
    fn e10_paths_that_leave_the_site_are_refused() {
        for text in [
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "/ /evil.example",
            "",
            "?x",
            "/..//evil.example",
            "/.//evil.example",
            "/%2e%2e//evil.example",
            "/%2E/x",
            "/a#b",
            "///evil.example",
            "/.vestibule/sign-out",
            "/.vestibule",
            "/ü",
            "http:/evil.example",
            "/\0",
            "/a\\..\\b",
        ] {
            assert!(ReturnPath::parse(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn the_portal_of_a_path_is_read_however_it_is_written() {
        let portal = |path: &str| ReturnPath::parse(path).unwrap().portal();
        for path in [
            "/servicedesk/customer/portal/3",
            "/servicedesk/customer/portal/3/create/42?q=1",
            "/jira/servicedesk/customer/portal/3/SUP-1",
            "/servicedesk/customer/portal/%33",
        ] {
            assert_eq!(portal(path).as_deref(), Some("3"), "{path}");
        }
        for path in [
            "/",
            "/servicedesk/customer/portals",
            "/servicedesk/customer/portal/",
            "/servicedesk/customer/portal/x",
            "/a/b/servicedesk/customer/portal/3",
            "/?x=/servicedesk/customer/portal/3",
        ] {
            assert_eq!(portal(path), None, "{path}");
        }
    }

    #[test]
    fn deep_links_are_kept_to_the_byte() {
        let path = ReturnPath::parse("/servicedesk/customer/portal/1/SUP-1042?x=1&u=https://a//b")
            .unwrap();
        let fragment = Fragment::parse("#comment-7").unwrap();
        assert_eq!(
            path.location(Some(&fragment)),
            "/servicedesk/customer/portal/1/SUP-1042?x=1&u=https://a//b#comment-7"
        );
        assert!(Fragment::parse("\"><script>").is_err() && Fragment::parse("a\r\nb").is_err());
    }
}
