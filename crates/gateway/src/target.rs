//! The request target and the host, judged once, before anything reads them.

use domain::HostName;
use http::{HeaderMap, Uri, header};

/// Why a request cannot be understood in exactly one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// No host, two hosts, or two that differ (attacks.md E8).
    #[error("the request does not name exactly one host")]
    Host,
    /// A path that two readers could understand in two ways (attacks.md E6, E7).
    #[error("the path has a dot segment, a backslash, an empty segment or an encoded slash")]
    Path,
}

/// The host that the request names, without port.
///
/// RFC 9112 §3.2: exactly one `Host`; an absolute-form target or `:authority` must agree with it.
pub(crate) fn host(uri: &Uri, headers: &HeaderMap) -> Result<HostName, TargetError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Err(TargetError::Host);
    }
    let from_header =
        first.map(|value| value.to_str().map_err(|_| TargetError::Host)).transpose()?;
    let from_header = from_header.map(without_port).transpose()?;
    // An authority with user information is nobody's honest request.
    let authority = uri.authority().map(http::uri::Authority::as_str);
    let from_target = authority.map(without_port).transpose()?;
    match (from_target, from_header) {
        (Some(target), Some(header)) if target != header => Err(TargetError::Host),
        (Some(host), _) | (None, Some(host)) => Ok(host),
        (None, None) => Err(TargetError::Host),
    }
}

fn without_port(text: &str) -> Result<HostName, TargetError> {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "0"));
    if port.len() > 5 || !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(TargetError::Host);
    }
    host.parse().map_err(|_| TargetError::Host)
}

/// Refuses paths that we, a rule and the upstream could read differently. What passes is forwarded
/// to the byte.
pub(crate) fn check_path(path: &str) -> Result<(), TargetError> {
    let plain = |b: u8| (0x21..=0x7e).contains(&b) && b != b'\\' && b != b'#';
    if !path.starts_with('/') || !path.bytes().all(plain) {
        return Err(TargetError::Path);
    }
    let inner = path.get(1..).unwrap_or_default();
    // `a//b` is `a/b` to some servers; a single trailing slash is ordinary.
    let mut segments = inner.split('/').peekable();
    while let Some(segment) = segments.next() {
        let empty_inside = segment.is_empty() && (segments.peek().is_some());
        if empty_inside || !is_unambiguous(segment) {
            return Err(TargetError::Path);
        }
    }
    Ok(())
}

fn is_unambiguous(segment: &str) -> bool {
    // `;parameters` are dropped by servlet containers: `..;x` is `..` to them.
    let name = segment.split(';').next().unwrap_or_default();
    let Some(decoded) = decode(name) else { return false };
    decode(segment).is_some()
        && !matches!(decoded.as_slice(), b"." | b"..")
        && !decoded.iter().any(|b| matches!(b, b'/' | b'\\' | b'%' | 0..=0x1f | 0x7f))
}

/// Percent-decodes once; `None` when an escape is malformed.
fn decode(segment: &str) -> Option<Vec<u8>> {
    let escapes = segment.split('%').skip(1);
    let well_formed = |rest: &str| {
        rest.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    };
    let mut escapes = escapes.map(well_formed);
    escapes.all(|ok| ok).then(|| percent_encoding::percent_decode_str(segment).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(hosts: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for host in hosts {
            map.append(header::HOST, host.parse().unwrap());
        }
        map
    }

    /// attacks.md E8.
    #[test]
    fn e8_hosts_are_folded_and_contradictions_refused() {
        let read = |uri: &str, hosts: &[&str]| host(&uri.parse().unwrap(), &headers(hosts));
        let help: HostName = "help.example.com".parse().unwrap();
        for one in
            ["help.example.com", "HELP.Example.com", "help.example.com.", "help.example.com:8443"]
        {
            assert_eq!(read("/x", &[one]).as_ref(), Ok(&help), "{one}");
        }
        assert_eq!(read("https://help.example.com/x", &["help.example.com"]), Ok(help.clone()));
        assert_eq!(read("https://help.example.com/x", &[]), Ok(help));
        for (uri, hosts) in [
            ("/x", vec!["help.example.com", "help.example.com"]),
            ("/x", vec!["help.example.com", "evil.example"]),
            ("https://evil.example/x", vec!["help.example.com"]),
            ("/x", vec![]),
            ("/x", vec!["help.example.com:99999999"]),
            ("/x", vec!["user@help.example.com"]),
            ("/x", vec!["help.example.com/evil"]),
        ] {
            assert_eq!(read(uri, &hosts), Err(TargetError::Host), "{uri} {hosts:?}");
        }
    }

    /// attacks.md E6, E7.
    #[test]
    fn e7_paths_with_two_readings_are_refused() {
        for path in [
            "/a/../b",
            "/a/./b",
            "/%2e%2e/b",
            "/a/%2E./b",
            "//a",
            "/a//b",
            "/a%2fb",
            "/a%5cb",
            "/a\\b",
            "/..;x/b",
            "/a/..;/b",
            "/a%00b",
            "/%252e%252e/b",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a#b",
            "/a/..",
            "a",
            "*",
        ] {
            assert_eq!(check_path(path), Err(TargetError::Path), "{path}");
        }
        for path in [
            "/",
            "/a/",
            "/a;v=1/b",
            "/servicedesk/customer/portal/1/SUP-1042",
            "/a%20b/%C3%A4",
            "/a.b/...c",
        ] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }
}
