//! Us at one OpenID provider.

use std::time::Duration;

use domain::Secret;
use openidconnect::core::CoreJwsSigningAlgorithm;
use url::Url;

use crate::endpoint;

/// What was agreed with the provider.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its issuer identifier.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// Our secret there; `None`: a public client, which has PKCE only.
    pub client_secret: Option<Secret<String>>,
    /// Scopes to ask for; `openid` is added when missing.
    pub scopes: Vec<String>,
    /// JWS algorithms (RFC 7518 §3.1) accepted for ID tokens.
    pub algorithms: Vec<String>,
    /// Tolerated difference of clocks.
    pub clock_skew: Duration,
}

/// A registration that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not https (or http toward this machine), or with a query or fragment.
    #[error("the issuer is not an https address without query and fragment")]
    Issuer,
    /// The client id is empty.
    #[error("the client id is empty")]
    ClientId,
    /// `none`, an HMAC algorithm, or one that is not known here.
    #[error("the algorithm {0:?} cannot be accepted for ID tokens")]
    Algorithm(String),
    /// No algorithm is accepted, so no token would be.
    #[error("no algorithm is accepted for ID tokens")]
    NoAlgorithm,
}

/// Us at one OpenID provider: a registration that can work.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    pub(crate) issuer: String,
    pub(crate) issuer_url: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<Secret<String>>,
    pub(crate) scopes: String,
    pub(crate) algorithms: Vec<CoreJwsSigningAlgorithm>,
    pub(crate) clock_skew: Duration,
}

impl RelyingParty {
    /// Checks a registration.
    ///
    /// # Errors
    /// See [`RegistrationError`].
    pub fn new(registration: Registration) -> Result<Self, RegistrationError> {
        // OpenID Connect Discovery §3: https, no query, no fragment.
        let issuer_url = endpoint::parse(&registration.issuer)
            .filter(|url| url.query().is_none())
            .ok_or(RegistrationError::Issuer)?;
        if registration.client_id.is_empty() {
            return Err(RegistrationError::ClientId);
        }
        let algorithms =
            registration.algorithms.iter().map(|a| algorithm(a)).collect::<Result<Vec<_>, _>>()?;
        if algorithms.is_empty() {
            return Err(RegistrationError::NoAlgorithm);
        }
        let others = registration.scopes.iter().map(String::as_str).filter(|s| *s != "openid");
        Ok(Self {
            scopes: std::iter::once("openid").chain(others).collect::<Vec<_>>().join(" "),
            issuer: registration.issuer,
            issuer_url,
            client_id: registration.client_id,
            client_secret: registration.client_secret,
            algorithms,
            clock_skew: registration.clock_skew,
        })
    }

    /// The issuer identifier, exactly as in the registration.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the provider's metadata is (OpenID Connect Discovery §4.1).
    pub fn discovery_url(&self) -> Url {
        let mut url = self.issuer_url.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{path}/.well-known/openid-configuration"));
        url
    }
}

/// The algorithms that the verifier implements. HMAC is left out on purpose: a public key used as
/// HMAC secret is the oldest forgery there is (attacks.md C3).
fn algorithm(name: &str) -> Result<CoreJwsSigningAlgorithm, RegistrationError> {
    Ok(match name {
        "RS256" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        "RS384" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        "RS512" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        "PS256" => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        "PS384" => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        "PS512" => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        "ES384" => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        "EdDSA" => CoreJwsSigningAlgorithm::EdDsa,
        _ => return Err(RegistrationError::Algorithm(name.to_owned())),
    })
}
