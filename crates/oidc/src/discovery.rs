//! The provider's metadata (OpenID Connect Discovery §3, RFC 8414).

use serde_json::{Map, Value};
use url::Url;

use crate::client_authentication::BASIC;
use crate::json::{self, JsonError};
use crate::{CallbackError, RelyingParty, endpoint};

/// Metadata or keys of a provider that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// Not a JSON object.
    #[error("the document is not a JSON object")]
    Unreadable,
    /// A member is named twice.
    #[error("the document names a member twice")]
    DuplicateMember,
    /// A member is missing or not of its type.
    #[error("the metadata has no usable member {0:?}")]
    Member(&'static str),
    /// The metadata is of another issuer.
    #[error("the metadata is of another issuer than the configured one")]
    Issuer,
    /// An endpoint is not https, or points into this machine or a private network.
    #[error("the address in {0:?} may not be called")]
    Endpoint(&'static str),
    /// No key that can verify a signature.
    #[error("the key set has no usable signing key")]
    NoUsableKey,
}

impl From<JsonError> for DiscoveryError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax => Self::Unreadable,
            JsonError::Duplicate => Self::DuplicateMember,
        }
    }
}

/// What a provider says about itself, as far as the code flow needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMetadata {
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    jwks_uri: Url,
    pub(crate) userinfo_endpoint: Option<Url>,
    pub(crate) end_session_endpoint: Option<Url>,
    /// Microsoft Graph of this provider, from `msgraph_host`.
    pub(crate) graph: Option<Url>,
    /// `token_endpoint_auth_methods_supported`.
    pub(crate) client_authentication: Vec<String>,
    /// `authorization_response_iss_parameter_supported`.
    sends_issuer: bool,
}

impl ProviderMetadata {
    /// Reads the document found at [`RelyingParty::discovery_url`].
    ///
    /// # Errors
    /// See [`DiscoveryError`].
    pub fn parse(document: &[u8], party: &RelyingParty) -> Result<Self, DiscoveryError> {
        let members = json::parse_object(document)?;
        // OpenID Connect Discovery §4.3: exactly the issuer that was asked for (attacks.md C6).
        // Entra's common document has the template itself.
        if text(&members, "issuer")? != party.issuer.text {
            return Err(DiscoveryError::Issuer);
        }
        let address = |name: &'static str| {
            endpoint::parse_named_by(text(&members, name)?, &party.issuer.url)
                .ok_or(DiscoveryError::Endpoint(name))
        };
        // What no sign-in needs is left out when it may not be called.
        let may_have = |name: &str| {
            let text = members.get(name).and_then(Value::as_str)?;
            endpoint::parse_named_by(text, &party.issuer.url)
        };
        let methods = texts(&members, "token_endpoint_auth_methods_supported")?;
        Ok(Self {
            authorization_endpoint: address("authorization_endpoint")?,
            token_endpoint: address("token_endpoint")?,
            jwks_uri: address("jwks_uri")?,
            userinfo_endpoint: may_have("userinfo_endpoint"),
            end_session_endpoint: may_have("end_session_endpoint"),
            graph: graph(&members, &party.issuer.url),
            // OpenID Connect Discovery §3: the default when the metadata is silent.
            client_authentication: methods.unwrap_or_else(|| vec![BASIC.to_owned()]),
            sends_issuer: flag(&members, "authorization_response_iss_parameter_supported")?,
        })
    }

    /// Where the provider's keys are.
    pub fn jwks_uri(&self) -> &Url {
        &self.jwks_uri
    }

    /// Where browsers are sent to sign in.
    pub fn authorization_endpoint(&self) -> &Url {
        &self.authorization_endpoint
    }

    /// Where codes are exchanged.
    pub fn token_endpoint(&self) -> &Url {
        &self.token_endpoint
    }
}

impl RelyingParty {
    /// Checks the `iss` parameter of an authorization response (RFC 9207 §2.4): required when the
    /// metadata promises it, compared whenever it is there (attacks.md C6).
    ///
    /// # Errors
    /// [`CallbackError::IssuerMissing`], [`CallbackError::IssuerForeign`].
    pub fn check_callback_issuer(
        &self,
        provider: &ProviderMetadata,
        iss: Option<&str>,
    ) -> Result<(), CallbackError> {
        match iss {
            None if provider.sends_issuer => Err(CallbackError::IssuerMissing),
            Some(iss) if !self.issuer.includes(iss) => Err(CallbackError::IssuerForeign),
            _ => Ok(()),
        }
    }
}

/// `msgraph_host`, which Entra's metadata names, as an address that the issuer may name.
fn graph(members: &Map<String, Value>, issuer: &Url) -> Option<Url> {
    let host = members.get("msgraph_host")?.as_str()?;
    endpoint::parse_named_by(&format!("{}://{host}/", issuer.scheme()), issuer)
}

fn text<'a>(
    members: &'a Map<String, Value>,
    name: &'static str,
) -> Result<&'a str, DiscoveryError> {
    members.get(name).and_then(Value::as_str).ok_or(DiscoveryError::Member(name))
}

fn texts(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Vec<String>>, DiscoveryError> {
    let Some(value) = members.get(name).filter(|v| !v.is_null()) else { return Ok(None) };
    let items = value.as_array().ok_or(DiscoveryError::Member(name))?;
    Ok(Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
}

fn flag(members: &Map<String, Value>, name: &'static str) -> Result<bool, DiscoveryError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(DiscoveryError::Member(name)),
    }
}
