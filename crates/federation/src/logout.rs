//! Signing out at identity providers, and hearing from them.

use bytes::Bytes;
use domain::{IdpName, Timestamp};
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use oidc::LogoutToken;
use outbound::OutboundError;
use url::Url;

use crate::fetch::WAITED_FOR;
use crate::oidc_provider::OidcProvider;
use crate::providers::Speaks;
use crate::{Federation, FederationError};

impl Federation {
    /// Where to send the browser to sign out at an OpenID provider too; `None`: it has no such
    /// address, speaks OAuth 2.0 alone, or `single_logout` is off.
    ///
    /// # Errors
    /// When the provider is not one of these, or its metadata cannot be had.
    pub async fn oidc_logout_url(
        &self,
        idp: &IdpName,
        id_token_hint: Option<&str>,
        redirect: &str,
        state: &str,
        now: Timestamp,
    ) -> Result<Option<Url>, FederationError> {
        let provider = match self.enabled(idp)? {
            Speaks::Oidc(provider) if provider.single_logout => provider,
            Speaks::Oidc(_) | Speaks::OAuth2(_) => return Ok(None),
            Speaks::Saml(_) => return Err(FederationError::ProtocolForeign(idp.clone())),
        };
        let published = provider.published(now).await?;
        let party = &provider.party;
        Ok(party.logout_url(&published.metadata, id_token_hint, redirect, state))
    }

    /// Verifies a logout token. Keys are fetched once more when it names an unknown one. Its `jti`
    /// must then be marked as used.
    ///
    /// # Errors
    /// When the provider is not one of these, or the token is not accepted.
    pub async fn verify_logout_token(
        &self,
        idp: &IdpName,
        token: &str,
        now: Timestamp,
    ) -> Result<LogoutToken, FederationError> {
        let provider = self.listening(idp)?;
        let published = provider.published(now).await?;
        let verified = provider.party.verify_logout_token(&published.keys, token, now);
        let verified = match verified {
            Err(error) if error.suggests_new_keys() => {
                match provider.newer_keys(&published, now).await {
                    Some(newer) => provider.party.verify_logout_token(&newer.keys, token, now),
                    None => Err(error),
                }
            }
            result => result,
        };
        verified.map_err(FederationError::LogoutToken)
    }

    /// Checks what a front-channel logout names. It may end the session of the browser that brought
    /// it, if that is this provider's (and `sid`'s), and nothing else (attacks.md C12).
    ///
    /// # Errors
    /// When the provider is not one of these, or the request is not accepted.
    pub async fn check_front_channel(
        &self,
        idp: &IdpName,
        iss: Option<&str>,
        sid: Option<&str>,
    ) -> Result<(), FederationError> {
        let party = &self.listening(idp)?.party;
        party.check_front_channel(iss, sid).map_err(FederationError::FrontChannel)
    }

    /// Posts a SAML logout message to a SOAP endpoint from the provider's metadata (SAML Bindings
    /// §3.2); gives the envelope that comes back, unverified.
    ///
    /// # Errors
    /// When the provider is not one of these, or does not answer with 200.
    pub async fn soap_logout(
        &self,
        idp: &IdpName,
        endpoint: &Url,
        envelope: String,
    ) -> Result<Bytes, FederationError> {
        let caller = match self.enabled(idp)? {
            Speaks::Saml(provider) => provider.caller(),
            Speaks::Oidc(_) | Speaks::OAuth2(_) => {
                return Err(FederationError::ProtocolForeign(idp.clone()));
            }
        };
        let request = Request::post(endpoint.as_str())
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            // SAML Bindings §3.2.3.1.
            .header("SOAPAction", "\"http://www.oasis-open.org/committees/security\"")
            .body(envelope)
            .map_err(|_| caller.failed(OutboundError::Address))?;
        let answer = caller.send(request, WAITED_FOR).await?;
        if answer.status() != StatusCode::OK {
            let status = answer.status().as_u16();
            return Err(FederationError::Status { idp: idp.clone(), status });
        }
        Ok(answer.into_body())
    }

    /// The OpenID provider of this name, if it may end sessions here.
    fn listening(&self, idp: &IdpName) -> Result<&OidcProvider, FederationError> {
        match self.enabled(idp)? {
            Speaks::Oidc(provider) if provider.single_logout => Ok(provider),
            Speaks::Oidc(_) => Err(FederationError::SingleLogoutOff(idp.clone())),
            Speaks::Saml(_) | Speaks::OAuth2(_) => {
                Err(FederationError::ProtocolForeign(idp.clone()))
            }
        }
    }
}
