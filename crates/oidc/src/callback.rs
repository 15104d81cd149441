//! The authorization response (OpenID Connect Core §3.1.2.5, RFC 6749 §4.1.2).

use std::collections::BTreeMap;

/// Longest query that is read.
const MAX_QUERY: usize = 16 * 1024;

/// An authorization response that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Longer than any honest provider's.
    #[error("the callback is longer than is read")]
    Oversized,
    /// A parameter is there twice (RFC 6749 §3.1).
    #[error("the callback has a parameter twice")]
    DuplicateParameter,
    /// No state.
    #[error("the callback has no state")]
    StateMissing,
    /// Neither a code nor an error, or both.
    #[error("the callback has neither a code nor an error, or both")]
    NoOutcome,
    /// The provider promises `iss`, and it is not there.
    #[error("the callback does not name its issuer, as the provider's metadata promises")]
    IssuerMissing,
    /// `iss` is another issuer.
    #[error("the callback comes from another issuer")]
    IssuerForeign,
}

/// Why the provider has not signed the person in. `error_description` and `error_uri` are never
/// read: whoever builds a link could speak through them on our page (attacks.md C15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// `access_denied`.
    #[error("the identity provider or the person declined")]
    AccessDenied,
    /// `login_required`, `interaction_required`, `consent_required`,
    /// `account_selection_required`.
    #[error("the identity provider needs the person to act")]
    InteractionRequired,
    /// `temporarily_unavailable`, `server_error`.
    #[error("the identity provider cannot answer right now")]
    Unavailable,
    /// `invalid_request`, `unauthorized_client`, `unsupported_response_type`, `invalid_scope` and
    /// the like.
    #[error("the identity provider does not accept our request")]
    RequestRefused,
    /// A code that no specification names.
    #[error("the identity provider reports an error of its own")]
    Other,
}

/// An authorization response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    state: String,
    iss: Option<String>,
    outcome: Result<String, ProviderError>,
}

impl Callback {
    /// Reads the query of the callback, without its `?`. Unknown parameters are ignored, and no
    /// parameter may be there twice (attacks.md C7).
    ///
    /// # Errors
    /// See [`CallbackError`]. An error that the provider reports is in [`Callback::code`].
    pub fn parse(query: &str) -> Result<Self, CallbackError> {
        if query.len() > MAX_QUERY {
            return Err(CallbackError::Oversized);
        }
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(CallbackError::DuplicateParameter);
            }
        }
        let mut take = |name: &str| parameters.remove(name).filter(|value| !value.is_empty());
        let outcome = match (take("code"), take("error")) {
            (Some(code), None) => Ok(code),
            (None, Some(error)) => Err(provider_error(&error)),
            _ => return Err(CallbackError::NoOutcome),
        };
        let state = take("state").ok_or(CallbackError::StateMissing)?;
        Ok(Self { state, iss: take("iss"), outcome })
    }

    /// The state, under which the attempt is found.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The issuer that the response names (RFC 9207).
    pub fn iss(&self) -> Option<&str> {
        self.iss.as_deref()
    }

    /// The authorization code.
    ///
    /// # Errors
    /// What the provider reports instead.
    pub fn code(&self) -> Result<&str, ProviderError> {
        self.outcome.as_deref().map_err(|error| *error)
    }
}

fn provider_error(code: &str) -> ProviderError {
    match code {
        "access_denied" => ProviderError::AccessDenied,
        "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => ProviderError::InteractionRequired,
        "temporarily_unavailable" | "server_error" => ProviderError::Unavailable,
        "invalid_request"
        | "unauthorized_client"
        | "unsupported_response_type"
        | "invalid_scope"
        | "invalid_request_uri"
        | "invalid_request_object"
        | "request_not_supported"
        | "request_uri_not_supported"
        | "registration_not_supported" => ProviderError::RequestRefused,
        _ => ProviderError::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_with_its_state_and_issuer() {
        let callback =
            Callback::parse("code=a%2Fb&state=s1&session_state=x&iss=https%3A%2F%2Fi").unwrap();
        assert_eq!(callback.code(), Ok("a/b"));
        assert_eq!((callback.state(), callback.iss()), ("s1", Some("https://i")));
        assert_eq!(Callback::parse("state=s&code=c").unwrap().iss(), None);
    }

    #[test]
    fn c1_a_callback_without_state_is_refused() {
        for query in ["code=c", "code=c&state=", "error=access_denied", "code=c&State=s"] {
            assert_eq!(Callback::parse(query), Err(CallbackError::StateMissing), "{query}");
        }
    }

    #[test]
    fn c7_parameters_that_are_there_twice_are_refused() {
        for query in [
            "code=a&code=b&state=s",
            "code=a&code=a&state=s",
            "code=a&state=s&state=t",
            "code=a&%63ode=b&state=s",
            "code=a&state=s&iss=x&iss=y",
            "code=a&state=s&code=",
            "code=a&state=s&id_token=x&id_token=y",
            "error=access_denied&error=x&state=s",
        ] {
            assert_eq!(Callback::parse(query), Err(CallbackError::DuplicateParameter), "{query}");
        }
    }

    #[test]
    fn code_and_error_together_or_neither_are_refused() {
        for query in ["", "state=s", "state=s&code=", "state=s&code=c&error=access_denied"] {
            assert_eq!(Callback::parse(query), Err(CallbackError::NoOutcome), "{query}");
        }
        let long = format!("state=s&code={}", "c".repeat(MAX_QUERY));
        assert_eq!(Callback::parse(&long), Err(CallbackError::Oversized));
    }

    #[test]
    fn c15_an_error_description_is_never_kept() {
        let query = "error=access_denied&state=s&error_description=%3Cscript%3Ealert(1)%3C/script%3E\
                     &error_uri=https://evil.example";
        let callback = Callback::parse(query).unwrap();
        let refusal = callback.code().unwrap_err().refusal();
        assert_eq!(refusal.cause, "oidc-provider-denied");
        assert!(!format!("{callback:?} {refusal:?}").contains("script"));
        let odd = Callback::parse("error=%3Cb%3Ebold&state=s").unwrap();
        assert_eq!(odd.code(), Err(ProviderError::Other));
        assert!(!format!("{:?}", odd.code().unwrap_err().refusal()).contains("bold"));
    }
}
