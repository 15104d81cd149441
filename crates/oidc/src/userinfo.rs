//! The userinfo endpoint (OpenID Connect Core §5.3).

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, StatusCode};
use serde_json::{Map, Value};
use url::Url;

use domain::Secret;

use crate::verified::boolean;
use crate::{ProviderMetadata, TokenResponse, VerifiedIdToken, json};

/// A userinfo answer that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserinfoError {
    /// The provider has no such endpoint, or gave no access token for it.
    #[error("the provider has no userinfo endpoint, or no access token for it")]
    Unavailable,
    /// Another status than 200.
    #[error("the userinfo endpoint answered with status {0}")]
    Status(u16),
    /// A JWT.
    #[error("the userinfo answer is a JWT and not plain JSON")]
    Signed,
    /// Not a JSON object with members named once.
    #[error("the userinfo answer is not a JSON object")]
    Unreadable,
    /// No `sub`, or that of somebody else.
    #[error("the userinfo answer is about somebody else than the ID token")]
    Subject,
}

/// A GET with a bearer token (RFC 6750 §2.1).
pub(crate) fn bearer_get(url: &Url, token: &Secret<String>) -> Option<Request<Vec<u8>>> {
    Request::get(url.as_str())
        .header(AUTHORIZATION, bearer(token)?)
        .header(ACCEPT, "application/json")
        .body(Vec::new())
        .ok()
}

fn bearer(token: &Secret<String>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl ProviderMetadata {
    /// The request to the userinfo endpoint.
    ///
    /// # Errors
    /// [`UserinfoError::Unavailable`].
    pub fn userinfo_request(
        &self,
        tokens: &TokenResponse,
    ) -> Result<Request<Vec<u8>>, UserinfoError> {
        let (endpoint, token) = (&self.userinfo_endpoint, &tokens.access_token);
        endpoint
            .as_ref()
            .zip(token.as_ref())
            .and_then(|(endpoint, token)| bearer_get(endpoint, token))
            .ok_or(UserinfoError::Unavailable)
    }
}

/// The members of a JSON object that a bearer token gave access to.
pub(crate) fn object(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Map<String, Value>, UserinfoError> {
    if status != StatusCode::OK {
        return Err(UserinfoError::Status(status.as_u16()));
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A signed answer would have to be verified; it is refused rather than read unverified.
    if kind.to_ascii_lowercase().starts_with("application/jwt") {
        return Err(UserinfoError::Signed);
    }
    json::parse_object(body).map_err(|_| UserinfoError::Unreadable)
}

impl VerifiedIdToken {
    /// Fills in what the ID token lacks from the answer of the userinfo endpoint, which came over
    /// TLS and is otherwise unsigned: what the token says is never replaced.
    ///
    /// # Errors
    /// See [`UserinfoError`].
    pub fn with_userinfo(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, UserinfoError> {
        let mut info = object(status, headers, body)?;
        // OpenID Connect Core §5.3.4: compared exactly, or nothing of it is used (attacks.md C16).
        if info.get("sub").and_then(Value::as_str) != Some(self.sub()) {
            return Err(UserinfoError::Subject);
        }
        // What one of the two says of its own address must not be taken for the other's.
        let token = match (self.member("email"), info.get("email")) {
            (None, _) => self.without("email_verified"),
            (Some(ours), Some(theirs)) if ours == theirs => self,
            (Some(_), _) => {
                info.remove("email_verified");
                self
            }
        };
        // The library reads booleans that are texts, and so do we; anything else says nothing.
        if info.contains_key("email_verified") && boolean(info.get("email_verified")).is_none() {
            info.insert("email_verified".to_owned(), Value::Bool(false));
        }
        Ok(token.filled_in(info))
    }
}
