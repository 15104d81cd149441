//! Where a request goes, as the rules see it: from the very bytes that are forwarded.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Pages and files of a JSM help center that show nothing of any portal's requests.
const OPEN: [&str; 13] = [
    "/servicedesk/customer/portals",
    "/servicedesk/customer/user/login",
    "/favicon.ico",
    "/robots.txt",
    "/s",
    "/static",
    "/images",
    "/download/resources",
    "/download/batch",
    "/download/contextbatch",
    "/rest/webresources",
    "/apple-touch-icon.png",
    "/manifest.json",
];

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// Decoded; `None`: the path has two readings.
    segments: Option<Vec<Cow<'a, str>>>,
    portal: Portal,
}

/// Which portal a path belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Portal {
    /// The one of this id.
    Is(String),
    /// It names none and may show what belongs to any: a side door.
    Any,
    /// None: a page or file that every portal shares.
    None,
    /// It names one in a way that the upstream may read differently.
    Unclear,
}

impl<'a> Place<'a> {
    /// The place of a path, exactly as it will be forwarded. A query and what follows is ignored.
    pub fn of(path: &'a str) -> Self {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let segments = segments(path);
        let portal = segments.as_deref().map_or(Portal::Unclear, portal);
        Self { segments, portal }
    }

    /// Whether it is or may be one of these portals, not counting side doors.
    pub(crate) fn is_in(&self, portals: &[String]) -> bool {
        match &self.portal {
            Portal::Is(id) => portals.contains(id),
            Portal::Unclear => true,
            Portal::Any | Portal::None => false,
        }
    }

    /// Whether it is or may be the portal of this id, not counting side doors.
    pub(crate) fn may_be(&self, portal: &str) -> bool {
        match &self.portal {
            Portal::Is(id) => id == portal,
            Portal::Unclear => true,
            Portal::Any | Portal::None => false,
        }
    }

    /// Whether it may show what belongs to any portal.
    pub(crate) fn is_side_door(&self) -> bool {
        self.portal == Portal::Any
    }

    /// Whether it lies, or may lie, under one of these.
    pub(crate) fn is_under(&self, prefixes: &[PathPrefix]) -> bool {
        let Some(segments) = &self.segments else { return true };
        prefixes.iter().any(|prefix| prefix.holds(segments))
    }
}

/// A path and everything below it. Case does not matter, and segments are compared whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPrefix(Vec<String>);

/// A text that is no path of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a path starts with one slash and has no query, no escapes and no dot segments")]
pub struct PathPrefixError;

impl FromStr for PathPrefix {
    type Err = PathPrefixError;

    fn from_str(text: &str) -> Result<Self, PathPrefixError> {
        let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"?#%".contains(&b));
        let read = if plain { segments(text) } else { None };
        let read = read.ok_or(PathPrefixError)?;
        Ok(Self(read.iter().filter(|s| !s.is_empty()).map(|s| s.to_ascii_lowercase()).collect()))
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0.join("/"))
    }
}

impl PathPrefix {
    fn holds(&self, segments: &[Cow<'_, str>]) -> bool {
        let same = |(own, segment): (&String, &Cow<'_, str>)| own.eq_ignore_ascii_case(segment);
        self.0.len() <= segments.len() && self.0.iter().zip(segments).all(same)
    }
}

/// Decoded segments; `None` when two readers could read the path differently. No honest client
/// escapes a letter, a digit or one of `-._~` (RFC 3986 §2.3), servlet containers drop what follows
/// a `;`, and dot or empty segments are the classics (attacks.md E6, E7).
fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    let inner = path.strip_prefix('/')?;
    let mut read = Vec::new();
    let mut rest = inner.split('/').peekable();
    while let Some(raw) = rest.next() {
        let segment = segment(raw)?;
        let empty_inside = segment.is_empty() && rest.peek().is_some();
        if empty_inside || segment == "." || segment == ".." {
            return None;
        }
        read.push(segment);
    }
    Some(read)
}

fn segment(raw: &str) -> Option<Cow<'_, str>> {
    let plain = |b: u8| b.is_ascii_graphic() && !b"\\;#?".contains(&b);
    if !raw.bytes().all(plain) {
        return None;
    }
    if !raw.contains('%') {
        return Some(Cow::Borrowed(raw));
    }
    let mut pieces = raw.split('%');
    let mut decoded = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (hex, after) = piece.split_at_checked(2)?;
        let signed = hex.starts_with(['+', '-']);
        let byte = u8::from_str_radix(hex, 16).ok().filter(|_| !signed)?;
        let needless = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if needless || byte.is_ascii_control() || b"/\\;%".contains(&byte) {
            return None;
        }
        decoded.push(byte);
        decoded.extend_from_slice(after.as_bytes());
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Data Center may have a context path of one segment before `/servicedesk/customer/portal`.
fn portal(segments: &[Cow<'_, str>]) -> Portal {
    let after = |before: usize| segments.get(before..);
    let named = [0, 1].into_iter().filter_map(after).find_map(|rest| match rest {
        [a, b, c, id, ..] if is(a, "servicedesk") && is(b, "customer") && is(c, "portal") => {
            Some(id)
        }
        _ => None,
    });
    match named {
        Some(id) if id.is_empty() => Portal::Any,
        Some(id) => portal_id(id).map_or(Portal::Unclear, Portal::Is),
        None if is_open(segments) => Portal::None,
        None => Portal::Any,
    }
}

fn is(segment: &str, word: &str) -> bool {
    segment.eq_ignore_ascii_case(word)
}

fn is_open(segments: &[Cow<'_, str>]) -> bool {
    let front = segments.iter().all(|segment| segment.is_empty());
    let starts = |open: &str| {
        let words = open.split('/').skip(1);
        segments.len() >= words.clone().count() && words.zip(segments).all(|(w, s)| is(s, w))
    };
    front || OPEN.iter().any(|open| starts(open))
}

/// The id of a portal as rules compare it: without leading zeros, which a server that reads numbers
/// does not see. `None`: no id.
pub fn portal_id(text: &str) -> Option<String> {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
    let short = text.trim_start_matches('0');
    let id = if short.is_empty() { "0" } else { short };
    (digits && id.len() <= 18).then(|| id.to_owned())
}
