//! Which addresses may be called, and over what.

use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;

use crate::OutboundError;

/// Whether a URL's host is this machine: `localhost`, any name under `.localhost` (RFC 6761
/// §6.3; resolved here without DNS), 127.0.0.0/8 or `[::1]`. Takes IPv6 with or without brackets.
pub fn is_loopback_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(&host);
    bare.parse::<IpAddr>()
        .map_or_else(|_| bare == "localhost" || bare.ends_with(".localhost"), |ip| ip.is_loopback())
}

/// The host of an address that may be called.
pub(crate) fn permitted_host(uri: &Uri) -> Result<String, OutboundError> {
    let host = uri.host().filter(|h| !h.is_empty()).ok_or(OutboundError::Address)?;
    let plain = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => false,
        Some(scheme) if *scheme == Scheme::HTTP => true,
        _ => return Err(OutboundError::Address),
    };
    if plain && !is_loopback_host(host) {
        return Err(OutboundError::PlainHttp { host: host.to_owned() });
    }
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "idp.LocalHost", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in [
            "localhost.evil.example",
            "evillocalhost",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }

    #[test]
    fn plain_http_and_other_schemes_are_refused() {
        let check = |text: &str| permitted_host(&text.parse().unwrap());
        assert_eq!(check("https://idp.example:8443/x").unwrap(), "idp.example");
        assert_eq!(check("http://127.0.0.1:80/x").unwrap(), "127.0.0.1");
        assert!(matches!(check("http://idp.example/"), Err(OutboundError::PlainHttp { .. })));
        assert!(matches!(check("http://169.254.169.254/"), Err(OutboundError::PlainHttp { .. })));
        assert!(matches!(check("ftp://idp.example/"), Err(OutboundError::Address)));
        assert!(matches!(check("/only/a/path"), Err(OutboundError::Address)));
    }
}
