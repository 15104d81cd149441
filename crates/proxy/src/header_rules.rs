//! Which header fields do not pass.

use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};

use crate::IdentityHeader;

/// Which fields of a request from outside do not pass; made once per upstream.
#[derive(Debug, Clone)]
pub(crate) struct RequestRules {
    /// Names of the plain identity headers with `-` for `_`, lower case.
    identity: Box<[Box<str>]>,
}

impl RequestRules {
    pub(crate) fn new(identity: &[IdentityHeader]) -> Self {
        let dashed = |header: &IdentityHeader| header.name.as_str().replace('_', "-").into();
        Self { identity: identity.iter().map(dashed).collect() }
    }

    /// Whether a field of this name is dropped (attacks.md E1). Names of [`HeaderName`] are lower
    /// case. A name with an underscore is dropped whatever it says: many applications read
    /// `X_Vestibule_Assertion` and `X-Vestibule-Assertion` as one.
    pub(crate) fn drops(&self, name: &HeaderName) -> bool {
        let name = name.as_str();
        is_hop_by_hop(name)
            || is_claim(name)
            || name.contains('_')
            || self.identity.iter().any(|own| **own == *name)
    }
}

/// Said about the request by whoever stood before us, and believed by applications: rebuilt or
/// dropped (attacks.md E3); `Host` is always replaced. `Proxy` becomes `HTTP_PROXY` in CGI.
fn is_claim(name: &str) -> bool {
    match name {
        "forwarded" | "proxy" | "expect" | "true-client-ip" => true,
        _ => name.strip_prefix("x-").is_some_and(|rest| {
            rest.starts_with("vestibule-")
                || rest.starts_with("forwarded-")
                || rest.starts_with("original-")
                || matches!(rest, "real-ip" | "rewrite-url" | "client-ip" | "cluster-client-ip")
        }),
    }
}

/// Whether a field of an answer is dropped. `Alt-Svc` would lead browsers around the gateway.
pub(crate) fn drops_from_response(name: &HeaderName) -> bool {
    is_hop_by_hop(name.as_str()) || name.as_str() == "alt-svc"
}

/// RFC 9110 §7.6.1: fields of one connection, not of the message. `Proxy-*` belong to a forward
/// proxy, `HTTP2-Settings` to an upgrade that we do not make. `Trailer` stays: it announces fields
/// that travel on.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
    )
}

/// Removes every field for which `drops` says so and every field that `Connection` names, in one
/// pass over the names.
pub(crate) fn strip(headers: &mut HeaderMap, drops: impl Fn(&HeaderName) -> bool) {
    // RFC 9110 §7.6.1: first what Connection names, then Connection itself; whatever the gateway
    // adds comes later, so that nobody outside can name it (attacks.md E2).
    let named: Vec<HeaderValue> = match headers.get(CONNECTION) {
        Some(_) => {
            headers.get_all(CONNECTION).iter().filter(|v| names_fields(v)).cloned().collect()
        }
        None => Vec::new(),
    };
    let doomed: Vec<HeaderName> = headers.keys().filter(|name| drops(name)).cloned().collect();
    for name in doomed {
        headers.remove(name);
    }
    for token in named.iter().flat_map(tokens) {
        if let Ok(name) = HeaderName::from_bytes(token) {
            headers.remove(name);
        }
    }
}

fn names_fields(connection: &HeaderValue) -> bool {
    let plain = |token: &[u8]| {
        token.eq_ignore_ascii_case(b"keep-alive") || token.eq_ignore_ascii_case(b"close")
    };
    !tokens(connection).all(plain)
}

/// The members of a comma-separated list, trimmed; empty ones are left out.
pub(crate) fn tokens(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii).filter(|t| !t.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdentityValue;

    fn rules() -> RequestRules {
        let header = |name| IdentityHeader {
            name: HeaderName::from_static(name),
            value: IdentityValue::Email,
        };
        RequestRules::new(&[header("x-user"), header("remote_user")])
    }

    fn stripped(lines: &[(&str, &str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, value.parse().unwrap());
        }
        strip(&mut headers, |name| rules().drops(name));
        let mut names: Vec<_> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn e1_every_spelling_of_an_identity_header_is_dropped() {
        for name in [
            "X-Vestibule-Assertion",
            "x_vestibule_assertion",
            "X-Vestibule_Assertion",
            "x-vestibule-anything",
            "X-USER",
            "x_user",
            "Remote-User",
            "REMOTE_USER",
        ] {
            assert_eq!(stripped(&[(name, "a"), (name, "b"), ("accept", "*/*")]), ["accept"]);
        }
    }

    #[test]
    fn e2_fields_that_connection_names_go_however_they_are_listed() {
        let lines = [
            ("Connection", "keep-alive, X-One"),
            ("connection", " ,x-two,, TE ,\"x-three\""),
            ("X-One", "1"),
            ("X-Two", "2"),
            ("TE", "trailers"),
            ("Keep-Alive", "timeout=5"),
            ("Cookie", "a=b"),
        ];
        assert_eq!(stripped(&lines), ["cookie"]);
    }

    #[test]
    fn e3_claims_about_the_client_are_dropped_and_plain_fields_stay() {
        let lines = [
            ("X-Forwarded-For", "203.0.113.9"),
            ("X-Forwarded-Prefix", "/admin"),
            ("Forwarded", "for=203.0.113.9"),
            ("X-Real-IP", "203.0.113.9"),
            ("X-Original-URL", "/admin"),
            ("X-Rewrite-URL", "/admin"),
            ("Proxy", "http://evil.example"),
            ("Accept", "*/*"),
            ("X-Atlassian-Token", "no-check"),
            ("Authorization", "Basic eDp5"),
        ];
        assert_eq!(stripped(&lines), ["accept", "authorization", "x-atlassian-token"]);
    }
}
