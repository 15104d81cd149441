//! One OpenID provider: its metadata and keys, and the exchange of codes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{IdpName, Timestamp};
use oidc::{
    AuthorizationRequest, DiscoveryError, Expected, IdTokenError, KeySet, ProviderMetadata,
    Registration, RelyingParty, TokenRequest, TokenResponse, VerifiedIdToken,
};
use outbound::{Limits, Outbound};
use tokio::sync::Mutex;
use url::Url;

use crate::cached::{Cached, Fetched, Forced, News, is_due};
use crate::fetch::{BACKGROUND, Caller, MAX_JSON, PATIENCE};
use crate::{ClientAuthentication, FederationError, OidcSettings};

/// Keys are not fetched more often because of unknown key ids (attacks.md C8).
const KEY_PAUSE: Duration = Duration::from_secs(60);

const JSON: &str = "application/json";

/// What an authentication request carries; see [`oidc::AuthorizationRequest`].
#[derive(Debug, Clone, Copy)]
pub struct AuthorizationParameters<'a> {
    /// Where the provider sends the browser back.
    pub redirect_uri: &'a str,
    /// From [`oidc::opaque_value`]; comes back in the callback.
    pub state: &'a str,
    /// From [`oidc::opaque_value`]; comes back in the ID token.
    pub nonce: &'a str,
    /// From [`oidc::opaque_value`]; proves at the token endpoint that the request was ours.
    pub verifier: &'a str,
    /// What the customer typed as e-mail address.
    pub login_hint: Option<&'a str>,
}

/// What turns a callback into verified claims.
#[derive(Debug, Clone, Copy)]
pub struct Redemption<'a> {
    /// From the callback.
    pub code: &'a str,
    /// The same as in the authentication request.
    pub redirect_uri: &'a str,
    /// The same as in the authentication request.
    pub verifier: &'a str,
    /// The same as in the authentication request.
    pub nonce: &'a str,
    /// The issuer that the callback names, if it does (RFC 9207).
    pub iss: Option<&'a str>,
}

#[derive(Debug)]
pub(crate) struct OidcProvider {
    caller: Caller,
    party: RelyingParty,
    published: Cached<Published>,
    /// When keys were last fetched because of an unknown key id; held while that goes on.
    key_fetch: Mutex<Option<Timestamp>>,
}

/// What the provider publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Published {
    metadata: ProviderMetadata,
    keys: KeySet,
}

impl OidcProvider {
    pub(crate) fn new(
        idp: IdpName,
        settings: OidcSettings,
        outbound: Outbound,
    ) -> Result<Self, FederationError> {
        let party = RelyingParty::new(Registration {
            issuer: settings.issuer,
            client_id: settings.client_id,
            client_secret: match settings.client_authentication {
                ClientAuthentication::Secret(secret)
                | ClientAuthentication::SecretBasic(secret)
                | ClientAuthentication::SecretPost(secret) => Some(secret),
                ClientAuthentication::None | ClientAuthentication::PrivateKeyJwt { .. } => None,
            },
            scopes: settings.scopes,
            algorithms: settings.algorithms,
            clock_skew: settings.clock_skew,
        });
        let party =
            party.map_err(|source| FederationError::Registration { idp: idp.clone(), source })?;
        let published = Cached::empty(idp.clone());
        Ok(Self { caller: Caller { idp, outbound }, party, published, key_fetch: Mutex::default() })
    }

    pub(crate) async fn refresh(&self, now: Timestamp) -> Option<News> {
        self.published.refresh(now, Forced::No, self.fetch(BACKGROUND)).await
    }

    pub(crate) async fn authorization(
        &self,
        parameters: &AuthorizationParameters<'_>,
        now: Timestamp,
    ) -> Result<Url, FederationError> {
        let published = self.published.obtain(now, self.fetch(PATIENCE)).await?;
        let request = AuthorizationRequest {
            redirect_uri: parameters.redirect_uri,
            state: parameters.state,
            nonce: parameters.nonce,
            verifier: parameters.verifier,
            login_hint: parameters.login_hint,
        };
        Ok(self.party.authorization_url(&published.metadata, &request))
    }

    pub(crate) async fn redeem(
        &self,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, FederationError> {
        let published = self.published.obtain(now, self.fetch(PATIENCE)).await?;
        // Before the code goes anywhere (RFC 9207 §2.4).
        published
            .metadata
            .check_callback_issuer(redemption.iss)
            .map_err(FederationError::Callback)?;
        let tokens = self.exchange(&published.metadata, redemption).await?;
        let expected = Expected { nonce: redemption.nonce, code: redemption.code };
        let verify = |keys: &KeySet| self.party.verify_id_token(keys, &tokens, &expected, now);
        let verified = match verify(&published.keys) {
            Err(error) if error.suggests_new_keys() => {
                self.verify_again(&published, error, verify, now).await
            }
            result => result,
        };
        verified.map_err(FederationError::IdToken)
    }

    async fn exchange(
        &self,
        metadata: &ProviderMetadata,
        redemption: &Redemption<'_>,
    ) -> Result<TokenResponse, FederationError> {
        let request = TokenRequest {
            code: redemption.code,
            redirect_uri: redemption.redirect_uri,
            verifier: redemption.verifier,
        };
        let message =
            self.party.token_request(metadata, &request).map_err(FederationError::Exchange)?;
        let limits = Limits { deadline: PATIENCE, max_body: MAX_JSON };
        let answer = self.caller.outbound.send(message.map(Bytes::from), limits).await;
        let answer = answer.map_err(|source| self.caller.failed(source))?;
        TokenResponse::parse(answer.status(), answer.body()).map_err(FederationError::Exchange)
    }

    /// The provider may have changed its keys since they were fetched, even a moment before it
    /// signed. `error` stands when there are no others.
    async fn verify_again(
        &self,
        used: &Arc<Published>,
        error: IdTokenError,
        verify: impl Fn(&KeySet) -> Result<VerifiedIdToken, IdTokenError>,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, IdTokenError> {
        match self.newer_keys(used, now).await {
            Some(newer) => verify(&newer.keys),
            None => Err(error),
        }
    }

    /// Other keys than the ones that were used: fetched by somebody else meanwhile, or now, at
    /// most once in [`KEY_PAUSE`] whether it succeeds or not.
    async fn newer_keys(&self, used: &Arc<Published>, now: Timestamp) -> Option<Arc<Published>> {
        let mut last = self.key_fetch.lock().await;
        let current = self.published.current().filter(|current| !Arc::ptr_eq(current, used));
        if let Some(current) = current.filter(|current| current.keys != used.keys) {
            return Some(current);
        }
        if !is_due(*last, now, KEY_PAUSE) {
            return None;
        }
        *last = Some(now);
        let keys = match self.fetch_keys(&used.metadata, PATIENCE).await {
            Ok(keys) => keys,
            Err(error) => {
                tracing::debug!(idp = %self.caller.idp, %error, "the old keys stay");
                return None;
            }
        };
        let metadata = used.metadata.clone();
        (keys != used.keys).then(|| self.published.amend(Published { metadata, keys }, now))
    }

    async fn fetch(&self, deadline: Duration) -> Result<Fetched<Published>, FederationError> {
        let limits = Limits { deadline, max_body: MAX_JSON };
        let document = self.caller.document(&self.party.discovery_url(), JSON, limits).await?;
        let metadata = ProviderMetadata::parse(&document, &self.party)
            .map_err(|source| self.unusable(source))?;
        let keys = self.fetch_keys(&metadata, deadline).await?;
        let value = Published { metadata, keys };
        let changed = self.published.current().is_none_or(|last| *last != value);
        Ok(Fetched { value, changed })
    }

    async fn fetch_keys(
        &self,
        metadata: &ProviderMetadata,
        deadline: Duration,
    ) -> Result<KeySet, FederationError> {
        let limits = Limits { deadline, max_body: MAX_JSON };
        let accept = "application/jwk-set+json, application/json";
        let document = self.caller.document(metadata.jwks_uri(), accept, limits).await?;
        KeySet::parse(&document).map_err(|source| self.unusable(source))
    }

    fn unusable(&self, source: DiscoveryError) -> FederationError {
        FederationError::Discovery { idp: self.caller.idp.clone(), source }
    }
}
