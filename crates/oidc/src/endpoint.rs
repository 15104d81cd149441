//! Which addresses a discovery document may name.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// How far away a host is. A name says nothing about where it leads; there, TLS decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Machine,
    PrivateNetwork,
    Elsewhere,
}

/// An https address without credentials or fragment; http only toward this machine.
pub(crate) fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let secure = match url.scheme() {
        "https" => true,
        "http" => reach(&url) == Reach::Machine,
        _ => false,
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (secure && plain && url.host().is_some()).then_some(url)
}

/// An endpoint named by `issuer`. A public issuer may not point the gateway into the machine or
/// network that it runs in (attacks.md C14), and an https issuer may not fall back to http.
pub(crate) fn parse_named_by(text: &str, issuer: &Url) -> Option<Url> {
    let url = parse(text)?;
    let downgrade = issuer.scheme() == "https" && url.scheme() != "https";
    (!downgrade && reach(&url) >= reach(issuer)).then_some(url)
}

fn reach(url: &Url) -> Reach {
    match url.host() {
        Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
            Reach::Machine
        }
        Some(Host::Domain(_)) | None => Reach::Elsewhere,
        Some(Host::Ipv4(ip)) => reach_v4(ip),
        Some(Host::Ipv6(ip)) => ip.to_ipv4_mapped().map_or_else(|| reach_v6(ip), reach_v4),
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    if ip.is_loopback() {
        return Reach::Machine;
    }
    let inside = ip.is_private() || ip.is_link_local() || ip.is_unspecified();
    if inside { Reach::PrivateNetwork } else { Reach::Elsewhere }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    if ip.is_loopback() {
        return Reach::Machine;
    }
    let inside = ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified();
    if inside { Reach::PrivateNetwork } else { Reach::Elsewhere }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c14_endpoints_inside_are_not_named_from_outside() {
        let public = Url::parse("https://idp.example").unwrap();
        for text in [
            "http://idp.example/token",
            "http://localhost/token",
            "https://localhost/token",
            "https://x.localhost/token",
            "https://127.0.0.1/token",
            "https://[::1]/token",
            "https://[::ffff:127.0.0.1]/token",
            "https://10.1.2.3/token",
            "https://192.168.0.1/token",
            "https://169.254.169.254/latest",
            "https://0.0.0.0/token",
            "https://[fd00::1]/token",
            "https://user:pass@idp.example/token",
            "https://idp.example/token#x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "/token",
            "",
        ] {
            assert!(parse_named_by(text, &public).is_none(), "{text}");
        }
        for text in ["https://idp.example/token", "https://tokens.example:8443/t?x=1"] {
            assert!(parse_named_by(text, &public).is_some(), "{text}");
        }
    }

    #[test]
    fn an_issuer_on_this_machine_may_name_plain_http_on_this_machine_only() {
        let local = Url::parse("http://idp.localhost:4000").unwrap();
        assert!(parse_named_by("http://127.0.0.1:4000/token", &local).is_some());
        assert!(parse_named_by("http://10.0.0.1/token", &local).is_none());
        let private = Url::parse("https://10.0.0.1").unwrap();
        assert!(parse_named_by("https://10.0.0.2/token", &private).is_some());
        assert!(parse_named_by("https://127.0.0.1/token", &private).is_none());
    }
}
