//! Where an identity provider listens.

use roxmltree::Node;
use url::{Host, Url};

use super::MetadataError;
use crate::xml::{METADATA, POST, REDIRECT, SOAP_BINDING, children, shown};

/// How a message travels (SAML Bindings §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binding {
    /// HTTP-Redirect.
    Redirect,
    /// HTTP-POST.
    Post,
    /// SOAP over HTTP, from server to server.
    Soap,
}

impl Binding {
    fn uri(self) -> &'static str {
        match self {
            Self::Redirect => REDIRECT,
            Self::Post => POST,
            Self::Soap => SOAP_BINDING,
        }
    }
}

/// A single logout service (SAML Metadata §2.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutEndpoint {
    /// How messages get there.
    pub binding: Binding,
    /// Where requests go.
    pub location: Url,
    /// Where answers go: `ResponseLocation`, or the same place (SAML Metadata §2.2.2).
    pub response_location: Url,
}

/// The single sign-on service of a binding, if there is one.
pub(super) fn sign_on(role: Node<'_, '_>, binding: Binding) -> Result<Option<Url>, MetadataError> {
    children(role, METADATA, "SingleSignOnService")
        .find(|endpoint| endpoint.attribute("Binding") == Some(binding.uri()))
        .and_then(|endpoint| endpoint.attribute("Location"))
        .map(protected)
        .transpose()
}

/// The single logout services that can be used: the first of each binding. One that is not
/// protected is left out; sign-in does not depend on it.
pub(super) fn logout(role: Node<'_, '_>) -> Vec<LogoutEndpoint> {
    [Binding::Redirect, Binding::Post, Binding::Soap]
        .into_iter()
        .filter_map(|binding| {
            let endpoint = children(role, METADATA, "SingleLogoutService")
                .find(|endpoint| endpoint.attribute("Binding") == Some(binding.uri()))?;
            let location = protected(endpoint.attribute("Location")?).ok()?;
            let answers = endpoint.attribute("ResponseLocation").map(protected).transpose().ok()?;
            let response_location = answers.unwrap_or_else(|| location.clone());
            Some(LogoutEndpoint { binding, location, response_location })
        })
        .collect()
}

/// A26: https, or http toward this machine.
fn protected(location: &str) -> Result<Url, MetadataError> {
    let bad = || MetadataError::Endpoint(shown(location));
    let url = Url::parse(location).map_err(|_| bad())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    (plain && safe).then_some(url).ok_or_else(bad)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
