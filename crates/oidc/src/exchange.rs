//! The token endpoint (OpenID Connect Core §3.1.3).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::Secret;
use form_urlencoded::{Serializer, byte_serialize};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use serde_json::{Map, Value};

use crate::json;
use crate::{ProviderMetadata, RelyingParty};

/// A code that could not be exchanged for tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The verifier breaks RFC 7636 §4.1.
    #[error("the code verifier is not one")]
    Verifier,
    /// The provider takes neither `client_secret_basic` nor `client_secret_post`.
    #[error("the provider takes no client authentication that is spoken here")]
    ClientAuthentication,
    /// `invalid_grant`: the code is used, expired, or for another client or redirect address.
    #[error("the provider does not accept the code")]
    CodeRefused,
    /// `invalid_client` or `unauthorized_client`.
    #[error("the provider does not accept our client id or secret")]
    ClientRefused,
    /// Another error of RFC 6749 §5.2.
    #[error("the provider does not accept the token request")]
    RequestRefused,
    /// A status that says nothing more.
    #[error("the token endpoint answered with status {0}")]
    Status(u16),
    /// Not a JSON object with members named once, or a member of another type.
    #[error("the token response cannot be read")]
    Unreadable,
    /// The token is not a bearer token.
    #[error("the token response has another token type than Bearer")]
    TokenType,
    /// No ID token.
    #[error("the token response has no ID token")]
    IdTokenMissing,
}

/// What is exchanged for tokens.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// From the callback.
    pub code: &'a str,
    /// The same as in the authentication request.
    pub redirect_uri: &'a str,
    /// The same as in the authentication request.
    pub verifier: &'a str,
}

impl RelyingParty {
    /// The request to the token endpoint.
    ///
    /// # Errors
    /// [`ExchangeError::Verifier`], [`ExchangeError::ClientAuthentication`].
    pub fn token_request(
        &self,
        provider: &ProviderMetadata,
        request: &TokenRequest<'_>,
    ) -> Result<Request<Vec<u8>>, ExchangeError> {
        // The verifier is never optional (attacks.md C5).
        if !is_verifier(request.verifier) {
            return Err(ExchangeError::Verifier);
        }
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", request.code)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("code_verifier", request.verifier);
        let mut message = Request::post(provider.token_endpoint.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        match self.authentication(provider)? {
            Authentication::Basic(secret) => {
                message = message.header(AUTHORIZATION, basic(&self.client_id, secret)?)
            }
            Authentication::Post(secret) => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret);
            }
            Authentication::Public => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        message.body(form.finish().into_bytes()).map_err(|_| ExchangeError::RequestRefused)
    }

    fn authentication<'a>(
        &'a self,
        provider: &ProviderMetadata,
    ) -> Result<Authentication<'a>, ExchangeError> {
        let Some(secret) = &self.client_secret else { return Ok(Authentication::Public) };
        // OpenID Connect Discovery §3: client_secret_basic when the metadata is silent.
        let Some(methods) = &provider.client_authentication else {
            return Ok(Authentication::Basic(secret.expose()));
        };
        let offers = |name: &str| methods.iter().any(|method| method == name);
        if offers("client_secret_basic") {
            return Ok(Authentication::Basic(secret.expose()));
        }
        if offers("client_secret_post") {
            return Ok(Authentication::Post(secret.expose()));
        }
        Err(ExchangeError::ClientAuthentication)
    }
}

enum Authentication<'a> {
    Basic(&'a str),
    Post(&'a str),
    Public,
}

/// RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
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

/// Tokens as the provider sent them, not yet verified.
#[derive(Debug, Clone)]
pub struct TokenResponse {
    pub(crate) id_token: Secret<String>,
    pub(crate) access_token: Option<Secret<String>>,
}

impl TokenResponse {
    /// Reads the answer of the token endpoint (RFC 6749 §5).
    ///
    /// # Errors
    /// See [`ExchangeError`]; of an error answer only the code is read, never its description.
    pub fn parse(status: StatusCode, body: &[u8]) -> Result<Self, ExchangeError> {
        if status != StatusCode::OK {
            return Err(refused(status, body));
        }
        let members = json::parse_object(body).map_err(|_| ExchangeError::Unreadable)?;
        // Some providers answer errors with 200.
        if members.contains_key("error") {
            return Err(refused(status, body));
        }
        let bearer =
            text(&members, "token_type")?.is_some_and(|t| t.eq_ignore_ascii_case("bearer"));
        if !bearer {
            return Err(ExchangeError::TokenType);
        }
        let id_token = text(&members, "id_token")?.ok_or(ExchangeError::IdTokenMissing)?;
        Ok(Self {
            id_token: Secret::new(id_token),
            access_token: text(&members, "access_token")?.map(Secret::new),
        })
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, ExchangeError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) => Ok(Some(value.clone())),
        Some(_) => Err(ExchangeError::Unreadable),
    }
}

fn refused(status: StatusCode, body: &[u8]) -> ExchangeError {
    let members = json::parse_object(body).unwrap_or_default();
    match members.get("error").and_then(Value::as_str) {
        Some("invalid_grant") => ExchangeError::CodeRefused,
        Some("invalid_client" | "unauthorized_client") => ExchangeError::ClientRefused,
        Some(_) => ExchangeError::RequestRefused,
        None if status == StatusCode::UNAUTHORIZED => ExchangeError::ClientRefused,
        None => ExchangeError::Status(status.as_u16()),
    }
}
