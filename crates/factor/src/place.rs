//! From where somebody comes: the network, and the browser where it is known.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// From where somebody comes.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// The address, as trusted proxies say.
    pub address: IpAddr,
    /// The hash of the browser's binding (`session::BrowserBinding::hash`), where it has one.
    pub browser: Option<[u8; 32]>,
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self { address, browser: None }
    }
}

impl Client {
    /// The network: /24 of IPv4, /64 of IPv6, which is what one customer of a provider has.
    pub(crate) fn network(&self) -> String {
        match self.address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// The places that it is in: its browser first, as nobody else can be there.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.browser.map(Place::Browser).into_iter().chain([Place::Network(self.network())])
    }
}

/// A browser or a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// The hash of a browser's binding.
    Browser([u8; 32]),
    /// A network in CIDR notation.
    Network(String),
}

impl Place {
    /// Distinct for distinct places.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Browser(hash) => [b"b", hash.as_slice()].concat(),
            Self::Network(network) => [b"n", network.as_bytes()].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_what_one_customer_of_a_provider_has() {
        for (address, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            let client = Client::from(address.parse::<IpAddr>().unwrap());
            assert_eq!(client.network(), network, "{address}");
        }
    }
}
