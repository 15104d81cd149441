//! The token endpoint (OpenID Connect Core §3.1.3).

use domain::{Secret, Timestamp};
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use serde_json::{Map, Value};
use url::Url;

use crate::client_authentication::{AssertionFacts, Client};
use crate::{ProviderMetadata, RelyingParty, json};

/// A code that could not be exchanged for tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The verifier breaks RFC 7636 §4.1.
    #[error("the code verifier is not one")]
    Verifier,
    /// The provider takes neither `client_secret_basic` nor `client_secret_post`.
    #[error("the provider takes no client authentication that is spoken here")]
    ClientAuthentication,
    /// Our key signed nothing.
    #[error("the client assertion could not be signed")]
    ClientAssertion,
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
    /// No access token, and nothing else was asked for.
    #[error("the token response has no access token")]
    AccessTokenMissing,
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
    /// Random; names the client assertion where one is sent (`private_key_jwt`).
    pub assertion_id: [u8; 32],
}

impl RelyingParty {
    /// The request to the token endpoint.
    ///
    /// # Errors
    /// [`ExchangeError::Verifier`], [`ExchangeError::ClientAuthentication`],
    /// [`ExchangeError::ClientAssertion`].
    pub fn token_request(
        &self,
        provider: &ProviderMetadata,
        request: &TokenRequest<'_>,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, ExchangeError> {
        let (endpoint, methods) = (&provider.token_endpoint, &provider.client_authentication);
        token_request(&self.client, endpoint, methods, request, now)
    }
}

/// The request to a token endpoint that takes these methods of authentication.
pub(crate) fn token_request(
    client: &Client,
    endpoint: &Url,
    methods: &[String],
    request: &TokenRequest<'_>,
    now: Timestamp,
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
    let facts = AssertionFacts { endpoint, id: request.assertion_id, now };
    let header = client.authenticate(&mut form, methods, &facts)?;
    let mut message = Request::post(endpoint.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json");
    if let Some(header) = header {
        message = message.header(AUTHORIZATION, header);
    }
    message.body(form.finish().into_bytes()).map_err(|_| ExchangeError::RequestRefused)
}

/// RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// Tokens as the provider sent them, not yet verified.
#[derive(Debug, Clone)]
pub struct TokenResponse {
    pub(crate) id_token: Secret<String>,
    pub(crate) access_token: Option<Secret<String>>,
}

impl TokenResponse {
    /// The ID token as it came, for a later `id_token_hint`.
    pub fn id_token(&self) -> &Secret<String> {
        &self.id_token
    }

    /// Reads the answer of the token endpoint (RFC 6749 §5).
    ///
    /// # Errors
    /// See [`ExchangeError`]; of an error answer only the code is read, never its description.
    pub fn parse(status: StatusCode, body: &[u8]) -> Result<Self, ExchangeError> {
        let members = granted(status, body)?;
        let id_token = text(&members, "id_token")?.ok_or(ExchangeError::IdTokenMissing)?;
        Ok(Self {
            id_token: Secret::new(id_token),
            access_token: text(&members, "access_token")?.map(Secret::new),
        })
    }
}

/// An access token alone (RFC 6749 §5.1), as providers without OpenID Connect give it.
#[derive(Debug, Clone)]
pub struct BearerToken(pub(crate) Secret<String>);

impl BearerToken {
    /// Reads the answer of the token endpoint.
    ///
    /// # Errors
    /// See [`ExchangeError`].
    pub fn parse(status: StatusCode, body: &[u8]) -> Result<Self, ExchangeError> {
        let members = granted(status, body)?;
        let token = text(&members, "access_token")?.filter(|token| !token.is_empty());
        Ok(Self(Secret::new(token.ok_or(ExchangeError::AccessTokenMissing)?)))
    }
}

/// The members of an answer that grants a bearer token.
fn granted(status: StatusCode, body: &[u8]) -> Result<Map<String, Value>, ExchangeError> {
    if status != StatusCode::OK {
        return Err(refused(status, body));
    }
    let members = json::parse_object(body).map_err(|_| ExchangeError::Unreadable)?;
    // Some providers answer errors with 200.
    if members.contains_key("error") {
        return Err(refused(status, body));
    }
    let bearer = text(&members, "token_type")?.is_some_and(|t| t.eq_ignore_ascii_case("bearer"));
    if !bearer {
        return Err(ExchangeError::TokenType);
    }
    Ok(members)
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
        // GitHub has words of its own.
        Some("invalid_grant" | "bad_verification_code") => ExchangeError::CodeRefused,
        Some("invalid_client" | "unauthorized_client" | "incorrect_client_credentials") => {
            ExchangeError::ClientRefused
        }
        Some(_) => ExchangeError::RequestRefused,
        None if status == StatusCode::UNAUTHORIZED => ExchangeError::ClientRefused,
        None => ExchangeError::Status(status.as_u16()),
    }
}
