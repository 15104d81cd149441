//! Us at one OpenID provider.

use std::time::Duration;

use openidconnect::core::CoreJwsSigningAlgorithm;
use url::Url;

use crate::ClientAuthentication;
use crate::client_authentication::Client;
use crate::issuer::Issuer;

/// What was agreed with the provider.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its issuer identifier; with `tenants`, a template that holds `{tenantid}` once.
    pub issuer: String,
    /// Tenants (claim `tid`) that may sign in people; empty: the issuer is an ordinary one.
    pub tenants: Vec<String>,
    /// Our client id there.
    pub client_id: String,
    /// How we prove that we are that client.
    pub client_authentication: ClientAuthentication,
    /// Scopes to ask for; `openid` is added when missing.
    pub scopes: Vec<String>,
    /// JWS algorithms (RFC 7518 §3.1) accepted for ID tokens and logout tokens.
    pub algorithms: Vec<String>,
    /// Audiences that a token may have beside our client id.
    pub trusted_audiences: Vec<String>,
    /// Acceptable `acr`, in order of preference; empty: any.
    pub acr_values: Vec<String>,
    /// How long ago the customer may have signed in at the provider.
    pub max_age: Option<Duration>,
    /// `prompt` of the authentication request.
    pub prompt: Option<String>,
    /// Tolerated difference of clocks.
    pub clock_skew: Duration,
}

/// A registration that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not https (or http toward this machine), or with a query or fragment.
    #[error("the issuer is not an https address without query and fragment")]
    Issuer,
    /// Tenants without a template, a template without tenants, or tenants that are no names.
    #[error("an issuer has {{tenantid}} once when there are tenants, and not at all without them")]
    Tenants,
    /// The client id is empty.
    #[error("the client id is empty")]
    ClientId,
    /// Not PKCS#8 in PEM, or neither RSA of 2048 bits or more nor P-256.
    #[error("the client's private key is not usable")]
    ClientKey,
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
    pub(crate) issuer: Issuer,
    pub(crate) client: Client,
    pub(crate) scopes: String,
    pub(crate) algorithms: Vec<CoreJwsSigningAlgorithm>,
    trusted_audiences: Vec<String>,
    pub(crate) acr_values: Vec<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) prompt: Option<String>,
    pub(crate) clock_skew: Duration,
}

impl RelyingParty {
    /// Checks a registration.
    ///
    /// # Errors
    /// See [`RegistrationError`].
    pub fn new(registration: Registration) -> Result<Self, RegistrationError> {
        let issuer = Issuer::new(registration.issuer, registration.tenants)?;
        let client = Client::new(registration.client_id, registration.client_authentication)?;
        let algorithms =
            registration.algorithms.iter().map(|a| algorithm(a)).collect::<Result<Vec<_>, _>>()?;
        if algorithms.is_empty() {
            return Err(RegistrationError::NoAlgorithm);
        }
        let others = registration.scopes.iter().map(String::as_str).filter(|s| *s != "openid");
        Ok(Self {
            scopes: std::iter::once("openid").chain(others).collect::<Vec<_>>().join(" "),
            issuer,
            client,
            algorithms,
            trusted_audiences: registration.trusted_audiences,
            acr_values: registration.acr_values,
            max_age: registration.max_age,
            prompt: registration.prompt,
            clock_skew: registration.clock_skew,
        })
    }

    /// The issuer identifier, exactly as in the registration.
    pub fn issuer(&self) -> &str {
        &self.issuer.text
    }

    /// Where the provider's metadata is (OpenID Connect Discovery §4.1); of a template, that of
    /// all tenants.
    pub fn discovery_url(&self) -> Url {
        let mut url = self.issuer.url.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{path}/.well-known/openid-configuration"));
        url
    }

    pub(crate) fn trusts_audience(&self, audience: &str) -> bool {
        self.trusted_audiences.iter().any(|trusted| trusted == audience)
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
