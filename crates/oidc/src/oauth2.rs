//! OAuth 2.0 without OpenID Connect (RFC 6749): who signed in is what the userinfo endpoint says
//! of the access token.

use std::collections::BTreeMap;

use domain::Timestamp;
use http::header::HeaderMap;
use http::{Request, StatusCode};
use serde_json::{Map, Value};
use url::Url;

use crate::authorization::challenge;
use crate::client_authentication::{Client, POST};
use crate::exchange::token_request;
use crate::userinfo::{bearer_get, object};
use crate::{
    AuthorizationRequest, BearerToken, ClientAuthentication, ExchangeError, RegistrationError,
    TokenRequest, UserinfoError, claims, json,
};

/// Us at one provider that speaks OAuth 2.0 alone.
#[derive(Debug, Clone)]
pub struct OAuth2Client {
    authorization_endpoint: Url,
    token_endpoint: Url,
    client: Client,
    scopes: String,
}

/// What was agreed with the provider; its endpoints come from the operator, not from a document.
#[derive(Debug, Clone)]
pub struct OAuth2Registration {
    /// RFC 6749 §3.1.
    pub authorization_endpoint: Url,
    /// RFC 6749 §3.2.
    pub token_endpoint: Url,
    /// Our client id there.
    pub client_id: String,
    /// How we prove that we are that client.
    pub client_authentication: ClientAuthentication,
    /// Scopes to ask for.
    pub scopes: Vec<String>,
}

impl OAuth2Client {
    /// Checks a registration.
    ///
    /// # Errors
    /// [`RegistrationError::ClientId`], [`RegistrationError::ClientKey`].
    pub fn new(registration: OAuth2Registration) -> Result<Self, RegistrationError> {
        Ok(Self {
            authorization_endpoint: registration.authorization_endpoint,
            token_endpoint: registration.token_endpoint,
            client: Client::new(registration.client_id, registration.client_authentication)?,
            scopes: registration.scopes.join(" "),
        })
    }

    /// Where to send the browser; the nonce is not sent, since there is nothing to carry it back.
    pub fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        let mut url = self.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("state", request.state)
            // Attacks.md C5; RFC 6749 §3.1: who does not know a parameter ignores it.
            .append_pair("code_challenge", &challenge(request.verifier))
            .append_pair("code_challenge_method", "S256");
        let scopes = Some(self.scopes.as_str()).filter(|scopes| !scopes.is_empty());
        for (name, value) in [("scope", scopes), ("login_hint", request.login_hint)] {
            url.query_pairs_mut().extend_pairs(value.map(|value| (name, value)));
        }
        url
    }

    /// The request to the token endpoint.
    ///
    /// # Errors
    /// As for [`crate::RelyingParty::token_request`].
    pub fn token_request(
        &self,
        request: &TokenRequest<'_>,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, ExchangeError> {
        let methods = [POST.to_owned()];
        token_request(&self.client, &self.token_endpoint, &methods, request, now)
    }
}

impl BearerToken {
    /// A request that this token gives access to.
    ///
    /// # Errors
    /// [`UserinfoError::Unavailable`]: it cannot stand in a header.
    pub fn get(&self, url: &Url) -> Result<Request<Vec<u8>>, UserinfoError> {
        bearer_get(url, &self.0).ok_or(UserinfoError::Unavailable)
    }
}

/// What a provider says of the person whose token it gave; trusted because it came straight from
/// the address in the operator's file, over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile(Map<String, Value>);

impl Profile {
    /// Reads the answer of the userinfo endpoint.
    ///
    /// # Errors
    /// See [`UserinfoError`]; a list is [`UserinfoError::Unreadable`] (attacks.md C16).
    pub fn parse(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, UserinfoError> {
        object(status, headers, body).map(Self)
    }

    /// The same with `email` and `email_verified` of the primary address in a list as GitHub has
    /// it: objects with `email`, `primary` and `verified`. What the profile itself said of an
    /// address is dropped: it may be any address that the person chose to show.
    ///
    /// # Errors
    /// See [`UserinfoError`].
    pub fn with_addresses(
        mut self,
        status: StatusCode,
        body: &[u8],
    ) -> Result<Self, UserinfoError> {
        if status != StatusCode::OK {
            return Err(UserinfoError::Status(status.as_u16()));
        }
        let addresses = json::parse_list(body).map_err(|_| UserinfoError::Unreadable)?;
        let is = |address: &Value, name: &str| address.get(name) == Some(&Value::Bool(true));
        let mut primary = addresses.iter().filter(|address| is(address, "primary"));
        self.0.remove("email");
        self.0.remove("email_verified");
        let Some(address) = primary.next() else { return Ok(self) };
        if primary.next().is_some() {
            return Err(UserinfoError::Unreadable);
        }
        if let Some(email @ Value::String(_)) = address.get("email") {
            self.0.insert("email".to_owned(), email.clone());
            self.0.insert("email_verified".to_owned(), Value::Bool(is(address, "verified")));
        }
        Ok(self)
    }

    /// Every claim as a list of texts; members of nested objects by dotted path.
    pub fn claims(&self) -> BTreeMap<String, Vec<String>> {
        claims::flatten(&self.0)
    }
}
