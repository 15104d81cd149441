//! How we prove at the token endpoint who we are (OpenID Connect Core §9).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::{Secret, Timestamp};
use form_urlencoded::{Serializer, byte_serialize};
use http::header::HeaderValue;
use url::Url;

use crate::client_key::ClientKey;
use crate::{ExchangeError, RegistrationError};

pub(crate) const BASIC: &str = "client_secret_basic";
pub(crate) const POST: &str = "client_secret_post";

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone)]
pub enum ClientAuthentication {
    /// A public client: PKCE only.
    None,
    /// A shared secret, as the provider's metadata wants it: `client_secret_basic` unless it offers
    /// `client_secret_post` alone. Without metadata (OAuth 2.0): `client_secret_post`.
    Secret(Secret<String>),
    /// `client_secret_basic`, whatever the metadata says.
    SecretBasic(Secret<String>),
    /// `client_secret_post`, whatever the metadata says.
    SecretPost(Secret<String>),
    /// `private_key_jwt` (RFC 7523 §2.2).
    PrivateKeyJwt {
        /// PKCS#8 in PEM, RSA of at least 2048 bits or P-256.
        key: Secret<Vec<u8>>,
        /// `kid` in the header, where the provider wants one.
        key_id: Option<String>,
    },
}

/// Us at one provider, with what proves it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    proof: Proof,
}

#[derive(Debug, Clone)]
enum Proof {
    Public,
    Offered(Secret<String>),
    Basic(Secret<String>),
    Post(Secret<String>),
    Key(ClientKey),
}

/// What a client assertion needs beside the key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AssertionFacts<'a> {
    pub(crate) endpoint: &'a Url,
    /// Random; becomes `jti`.
    pub(crate) id: [u8; 32],
    pub(crate) now: Timestamp,
}

impl Client {
    pub(crate) fn new(
        id: String,
        authentication: ClientAuthentication,
    ) -> Result<Self, RegistrationError> {
        if id.is_empty() {
            return Err(RegistrationError::ClientId);
        }
        let proof = match authentication {
            ClientAuthentication::None => Proof::Public,
            ClientAuthentication::Secret(secret) => Proof::Offered(secret),
            ClientAuthentication::SecretBasic(secret) => Proof::Basic(secret),
            ClientAuthentication::SecretPost(secret) => Proof::Post(secret),
            ClientAuthentication::PrivateKeyJwt { key, key_id } => {
                Proof::Key(ClientKey::new(&key, key_id).ok_or(RegistrationError::ClientKey)?)
            }
        };
        Ok(Self { id, proof })
    }

    /// Adds what proves us to the form; or gives the `Authorization` header that does. `methods`
    /// are those that the provider takes.
    pub(crate) fn authenticate(
        &self,
        form: &mut Serializer<'_, String>,
        methods: &[String],
        facts: &AssertionFacts<'_>,
    ) -> Result<Option<HeaderValue>, ExchangeError> {
        match &self.proof {
            Proof::Basic(secret) => return basic(&self.id, secret.expose()).map(Some),
            Proof::Offered(secret) if methods.iter().any(|method| method == BASIC) => {
                return basic(&self.id, secret.expose()).map(Some);
            }
            Proof::Offered(_) if !methods.iter().any(|method| method == POST) => {
                return Err(ExchangeError::ClientAuthentication);
            }
            Proof::Offered(secret) | Proof::Post(secret) => {
                form.append_pair("client_secret", secret.expose());
            }
            Proof::Key(key) => {
                let assertion = key.assertion(&self.id, facts);
                let assertion = assertion.ok_or(ExchangeError::ClientAssertion)?;
                // RFC 7523 §2.2.
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                form.append_pair("client_assertion_type", kind)
                    .append_pair("client_assertion", &assertion);
            }
            Proof::Public => {}
        }
        form.append_pair("client_id", &self.id);
        Ok(None)
    }
}

/// RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
fn basic(client_id: &str, secret: &str) -> Result<HeaderValue, ExchangeError> {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let joined = BASE64_STANDARD.encode(format!("{}:{}", encode(client_id), encode(secret)));
    let mut value = HeaderValue::from_str(&format!("Basic {joined}"))
        .map_err(|_| ExchangeError::ClientAuthentication)?;
    value.set_sensitive(true);
    Ok(value)
}
