//! Where to listen, and the port that customers see.

use std::net::SocketAddr;

use ipnet::IpNet;

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::{Listen, ProxyProtocol};

/// [`Listen`] and the port of the URLs that we publish.
pub(crate) struct Listening {
    /// The listeners.
    pub(crate) listen: Listen,
    /// Port of published URLs.
    pub(crate) public_port: u16,
}

/// Reads `listen`.
pub(crate) fn read(root: &Mapping<'_>) -> Option<Listening> {
    let value = root.required("listen", "write listen: { https: 0.0.0.0:8443 }")?;
    let map = value.mapping("write at least https: 0.0.0.0:8443 here")?;
    let https_value = map.required("https", "write https: 0.0.0.0:8443");
    let https = https_value.as_ref().and_then(address);
    let http = given(map.optional("http"), address);
    let operations = given(map.optional("operations"), address);
    let trusted_proxies = given(map.optional("trusted_proxies"), networks);
    let workers = given(map.optional("workers"), |value| number(value, 1..=1024));
    let public_port = given(map.optional("public_port"), |value| number(value, 1..=65_535));
    let proxy_protocol = given(map.optional("proxy_protocol"), |value| {
        value.word(&[("off", ProxyProtocol::Off), ("required", ProxyProtocol::Required)])
    });
    map.finish();
    let listen = Listen {
        proxy_protocol: proxy_protocol?.unwrap_or(ProxyProtocol::Off),
        https: https?,
        http: http?,
        operations: operations?.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9090))),
        trusted_proxies: trusted_proxies?.unwrap_or_default(),
        workers: workers?.map(usize::from),
    };
    refuse_shared_addresses(&map.value, &listen)?;
    if listen.proxy_protocol == ProxyProtocol::Required && listen.trusted_proxies.is_empty() {
        let said = "`proxy_protocol` is required, and no `trusted_proxies` may speak it";
        map.value.problem(said, "name the balancer's network, such as [10.0.0.0/8]");
        return None;
    }
    let public_port = public_port?;
    if public_port.is_none() && !matches!(listen.https.port(), 0 | 443) {
        let port = listen.https.port();
        map.value.warn(format!(
            "published URLs have port 443 while https listens on {port}; set public_port to the \
             port that customers use"
        ));
    }
    Some(Listening { listen, public_port: public_port.unwrap_or(443) })
}

fn address(value: &Value<'_>) -> Option<SocketAddr> {
    value.parse("write an address and a port, such as 0.0.0.0:8443 or [::]:8443")
}

fn number(value: &Value<'_>, range: std::ops::RangeInclusive<u16>) -> Option<u16> {
    let wanted = format!("write a whole number from {} to {}", range.start(), range.end());
    value.read(&wanted, |text| text.parse().ok().filter(|number| range.contains(number)))
}

fn networks(value: &Value<'_>) -> Option<Vec<IpNet>> {
    let items = value.items("write a list of networks, such as [10.0.0.0/8]")?;
    let networks: Vec<_> = items.iter().map(network).collect();
    networks.into_iter().collect()
}

fn network(value: &Value<'_>) -> Option<IpNet> {
    let network = value.read("write a network such as 10.0.0.0/8, or one address", |text| {
        text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
    })?;
    if network.prefix_len() == 0 {
        value.warn("every peer's forwarded headers are believed; name the balancer's network");
    }
    Some(network)
}

fn refuse_shared_addresses(value: &Value<'_>, listen: &Listen) -> Option<()> {
    let named = [
        ("https", Some(listen.https)),
        ("http", listen.http),
        ("operations", Some(listen.operations)),
    ];
    for (index, (name, address)) in named.iter().enumerate() {
        let earlier = named.iter().take(index).find(|(_, other)| other == address);
        let (Some((other, _)), Some(address)) = (earlier, address) else { continue };
        if address.port() != 0 {
            let said = format!("`{name}` and `{other}` are both {address}");
            value.problem(said, "give each its own port");
            return None;
        }
    }
    Some(())
}
