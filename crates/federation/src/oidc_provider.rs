//! One OpenID provider: its metadata and keys.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{IdpName, Timestamp};
use oidc::{
    AuthorizationRequest, DiscoveryError, KeySet, ProviderMetadata, Registration, RelyingParty,
};
use outbound::{Limits, Outbound};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use crate::cached::{Cached, Fetched, Forced, News, is_due};
use crate::fetch::{BACKGROUND, Caller, MAX_JSON, PATIENCE};
use crate::groups::Groups;
use crate::health::Doors;
use crate::{Document, FederationError, GroupOverage, OidcSettings};

/// Keys are not fetched more often because of unknown key ids (attacks.md C8).
const KEY_PAUSE: Duration = Duration::from_secs(60);

const JSON: &str = "application/json";

#[derive(Debug)]
pub(crate) struct OidcProvider {
    pub(crate) caller: Caller,
    pub(crate) party: RelyingParty,
    pub(crate) userinfo: bool,
    pub(crate) group_overage: GroupOverage,
    pub(crate) single_logout: bool,
    pub(crate) groups: Groups,
    published: Cached<Published>,
    /// When keys were last fetched because of an unknown key id; held while that goes on.
    key_fetch: Mutex<Option<Timestamp>>,
}

/// What the provider publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) metadata: ProviderMetadata,
    pub(crate) keys: KeySet,
    /// What both were read from.
    texts: Texts,
}

/// Both documents as texts, the form in which they outlive a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Texts {
    metadata: String,
    keys: String,
}

impl OidcProvider {
    pub(crate) fn new(
        idp: IdpName,
        settings: OidcSettings,
        outbound: Outbound,
    ) -> Result<Self, FederationError> {
        let party = RelyingParty::new(Registration {
            issuer: settings.issuer,
            tenants: settings.tenants.into_iter().map(|tenant| tenant.id).collect(),
            client_id: settings.client_id,
            client_authentication: settings.client_authentication,
            scopes: settings.scopes,
            algorithms: settings.algorithms,
            trusted_audiences: settings.trusted_audiences,
            acr_values: settings.acr_values,
            max_age: settings.max_age,
            prompt: settings.prompt,
            clock_skew: settings.clock_skew,
        });
        let party =
            party.map_err(|source| FederationError::Registration { idp: idp.clone(), source })?;
        Ok(Self {
            published: Cached::empty(idp.clone()),
            caller: Caller { idp, outbound },
            party,
            userinfo: settings.userinfo,
            group_overage: settings.group_overage,
            single_logout: settings.single_logout,
            groups: Groups::default(),
            key_fetch: Mutex::default(),
        })
    }

    /// What the provider publishes: the last good, or fetched now when there is none.
    pub(crate) async fn published(
        &self,
        now: Timestamp,
    ) -> Result<Arc<Published>, FederationError> {
        self.published.obtain(now, |_| true, async || self.fetch(PATIENCE).await).await
    }

    pub(crate) fn last_good(&self) -> Option<Document> {
        self.published.document()
    }

    /// Takes documents that were good before a restart, after the same checks.
    pub(crate) fn restore(&self, document: Document) -> Result<(), FederationError> {
        let texts = serde_json::from_slice(&document.bytes);
        let texts = texts.map_err(|_| self.unusable(DiscoveryError::Unreadable))?;
        self.published.restore(self.read(texts)?, document);
        Ok(())
    }

    /// Where browsers are sent, once that is known; and what the gateway itself calls.
    pub(crate) fn doors(&self) -> Option<Doors> {
        let metadata = &self.published.current()?.metadata;
        Some(Doors {
            sign_in: metadata.authorization_endpoint().clone(),
            called: vec![
                self.party.discovery_url(),
                metadata.token_endpoint().clone(),
                metadata.jwks_uri().clone(),
            ],
        })
    }

    pub(crate) async fn refresh(&self, now: Timestamp) -> Option<News> {
        self.published.refresh(now, Forced::No, async || self.fetch(BACKGROUND).await).await
    }

    pub(crate) async fn authorization(
        &self,
        request: &AuthorizationRequest<'_>,
        now: Timestamp,
    ) -> Result<Url, FederationError> {
        let published = self.published(now).await?;
        Ok(self.party.authorization_url(&published.metadata, request))
    }

    /// Other keys than the ones that were used, since the provider may have changed them even a
    /// moment before it signed: fetched by somebody else meanwhile, or now, at most once in
    /// [`KEY_PAUSE`] whether it succeeds or not.
    pub(crate) async fn newer_keys(
        &self,
        used: &Arc<Published>,
        now: Timestamp,
    ) -> Option<Arc<Published>> {
        let mut last = self.key_fetch.lock().await;
        let current = self.published.current().filter(|current| !Arc::ptr_eq(current, used));
        if let Some(current) = current.filter(|current| current.keys != used.keys) {
            return Some(current);
        }
        if !is_due(*last, now, KEY_PAUSE) {
            return None;
        }
        *last = Some(now);
        let fetched = async {
            let keys = self.fetch_keys(&used.metadata, PATIENCE).await?;
            self.read(Texts { metadata: used.texts.metadata.clone(), keys })
        };
        match fetched.await {
            Ok(fresh) if fresh.keys == used.keys => None,
            Ok(fresh) => {
                let document = fresh.document();
                Some(self.published.amend(fresh, document, now))
            }
            Err(error) => {
                tracing::debug!(idp = %self.caller.idp, %error, "the old keys stay");
                None
            }
        }
    }

    async fn fetch(&self, deadline: Duration) -> Result<Fetched<Published>, FederationError> {
        let limits = Limits { deadline, max_body: MAX_JSON };
        let document = self.caller.document(&self.party.discovery_url(), JSON, limits).await?;
        let text = self.text(&document)?;
        let metadata = ProviderMetadata::parse(&document, &self.party)
            .map_err(|source| self.unusable(source))?;
        let keys = self.fetch_keys(&metadata, deadline).await?;
        let value = self.read(Texts { metadata: text, keys })?;
        let changed = self
            .published
            .current()
            .is_none_or(|last| last.metadata != value.metadata || last.keys != value.keys);
        Ok(Fetched { changed, document: value.document(), value })
    }

    async fn fetch_keys(
        &self,
        metadata: &ProviderMetadata,
        deadline: Duration,
    ) -> Result<String, FederationError> {
        let limits = Limits { deadline, max_body: MAX_JSON };
        let accept = "application/jwk-set+json, application/json";
        self.text(&self.caller.document(metadata.jwks_uri(), accept, limits).await?)
    }

    fn text(&self, document: &[u8]) -> Result<String, FederationError> {
        let text = std::str::from_utf8(document).map(str::to_owned);
        text.map_err(|_| self.unusable(DiscoveryError::Unreadable))
    }

    fn read(&self, texts: Texts) -> Result<Published, FederationError> {
        let metadata = ProviderMetadata::parse(texts.metadata.as_bytes(), &self.party);
        let keys = KeySet::parse(texts.keys.as_bytes());
        Ok(Published {
            metadata: metadata.map_err(|source| self.unusable(source))?,
            keys: keys.map_err(|source| self.unusable(source))?,
            texts,
        })
    }

    fn unusable(&self, source: DiscoveryError) -> FederationError {
        FederationError::Discovery { idp: self.caller.idp.clone(), source }
    }
}

impl Published {
    fn document(&self) -> Bytes {
        serde_json::to_vec(&self.texts).unwrap_or_default().into()
    }
}
