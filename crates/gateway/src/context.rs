//! What is known of a request before anything is decided.

use std::net::IpAddr;
use std::sync::Arc;

use domain::{Blame, HostName, Language, Notice, ReferenceCode, Refusal, Timestamp};
use http::{HeaderMap, HeaderValue, Request, header};
use ipnet::IpNet;

use crate::gateway::{Gateway, Site};
use crate::navigation::{Caller, caller};
use crate::target::{self, TargetError};

/// What is known of a request before anything is decided.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext {
    /// Ties together what this request causes.
    pub(crate) reference: ReferenceCode,
    /// When it came.
    pub(crate) now: Timestamp,
    /// From where, as far as trusted proxies tell.
    pub(crate) client: IpAddr,
    /// Who waits for the answer.
    pub(crate) caller: Caller,
    /// To which help center; `None` when it is none of ours or cannot be told.
    pub(crate) site: Option<Arc<Site>>,
    /// `Accept-Language`, unread: most requests never show a page of ours.
    accepted: Option<HeaderValue>,
}

/// A request for one of our sites, understood in exactly one way.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// What every request has.
    pub(crate) context: RequestContext,
    /// Its site.
    pub(crate) site: Arc<Site>,
    /// The host that was asked.
    pub(crate) host: HostName,
    /// Whether that is the canonical host.
    pub(crate) canonical: bool,
}

impl RequestContext {
    /// The context of a request whose host and path are still unjudged.
    pub(crate) fn new<B>(gateway: &Gateway, peer: IpAddr, request: &Request<B>) -> Self {
        Self {
            reference: crate::random::reference(),
            now: gateway.clock.now(),
            client: client_address(peer, request.headers(), &gateway.trusted_proxies),
            caller: caller(request.method(), request.headers()),
            site: None,
            accepted: request.headers().get(header::ACCEPT_LANGUAGE).cloned(),
        }
    }

    /// The language of a page that answers this request.
    pub(crate) fn language(&self) -> Language {
        let accepted = self.accepted.as_ref().and_then(|value| value.to_str().ok());
        accepted.map(Language::accepted).unwrap_or_default()
    }

    /// Judges host and path.
    ///
    /// # Errors
    /// When the request is for no site of ours, or could be understood in two ways.
    pub(crate) fn visit<B>(
        &mut self,
        gateway: &Gateway,
        request: &Request<B>,
    ) -> Result<Visit, Refusal> {
        let host = target::host(request.uri(), request.headers()).map_err(refusal)?;
        let (site, canonical) = gateway.site(&host).ok_or_else(|| unknown_host(host.as_str()))?;
        self.site = Some(Arc::clone(site));
        target::check_path(request.uri().path()).map_err(refusal)?;
        Ok(Visit { context: self.clone(), site: Arc::clone(site), host, canonical })
    }
}

/// Invariant 6: a forwarded address is believed only when the peer is a trusted proxy; then it is
/// the last address in the chain that is not one itself.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let entries = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
    let mut nearest = peer;
    for entry in entries {
        // Garbage ends the chain: what stands before it was written by a stranger.
        let Ok(address) = entry.trim().parse() else { break };
        nearest = address;
        if !is_trusted(&nearest) {
            break;
        }
    }
    nearest
}

fn refusal(error: TargetError) -> Refusal {
    let cause = match error {
        TargetError::Host => "host-unclear",
        TargetError::Path => "path-ambiguous",
    };
    let remedy = "nothing to mend if it came from a stranger; a link of the help center that is written so must be corrected there";
    Refusal::new(cause, Blame::Customer, Notice::BadRequest, error.to_string(), remedy)
}

fn unknown_host(host: &str) -> Refusal {
    let explanation = format!("no site has the host `{host}`");
    let remedy = "if customers should reach the help center under this name, add it to the `hosts` of a site";
    Refusal::new("host-unknown", Blame::Customer, Notice::NotFound, explanation, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let headers = forwarded
            .iter()
            .map(|v| ("x-forwarded-for".parse().unwrap(), v.parse().unwrap()))
            .collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn forwarded_addresses_are_believed_from_trusted_proxies_only() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["garbage"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }
}
