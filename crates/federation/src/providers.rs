//! All identity providers of the file.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{IdpName, Timestamp};
use futures_util::future::join_all;
use oidc::AuthorizationRequest;
use outbound::Outbound;
use saml::IdpMetadata;
use url::Url;

use crate::cached::News;
use crate::fetch::Caller;
use crate::health::{Doors, Health};
use crate::oauth2_provider::OAuth2Provider;
use crate::oidc_provider::OidcProvider;
use crate::saml_provider::SamlProvider;
use crate::{
    Document, FederationError, IdpSettings, MetadataSource, Protocol, Redeemed, Redemption,
    SamlSettings,
};

/// The identity providers of the file; clones share them.
#[derive(Debug, Clone)]
pub struct Federation {
    providers: Arc<HashMap<IdpName, Provider>>,
}

#[derive(Debug)]
struct Provider {
    settings: IdpSettings,
    /// `None`: disabled. There is then nothing that could answer.
    speaks: Option<Speaks>,
    health: Health,
}

#[derive(Debug)]
pub(crate) enum Speaks {
    Saml(SamlProvider),
    Oidc(OidcProvider),
    OAuth2(OAuth2Provider),
}

/// What the operator should learn of a refresh. An outage is one of these when it begins and then
/// one each hour, not one each minute.
#[derive(Debug, Clone)]
pub enum RefreshOutcome {
    /// Fresh metadata or keys replaced others, or could be fetched again after a failure.
    Refreshed(IdpName),
    /// Nothing usable was fetched; the last good stays.
    Failed(IdpName, FederationError),
}

impl Federation {
    /// Reads the metadata files; calls nobody. A disabled provider's file is not read.
    ///
    /// # Errors
    /// One for each provider whose settings or file cannot be used.
    pub fn new(
        idps: Vec<IdpSettings>,
        outbound: Outbound,
        now: Timestamp,
    ) -> Result<Self, Vec<FederationError>> {
        let mut providers = HashMap::new();
        let mut problems = Vec::new();
        for settings in idps {
            match Speaks::new(&settings, &outbound, now) {
                Ok(speaks) => {
                    let health = Health::unknown(settings.name.clone());
                    providers.insert(settings.name.clone(), Provider { settings, speaks, health });
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            return Ok(Self { providers: Arc::new(providers) });
        }
        Err(problems)
    }

    /// What the file says of a provider, disabled ones included.
    pub fn settings(&self, idp: &IdpName) -> Option<&IdpSettings> {
        self.providers.get(idp).map(|provider| &provider.settings)
    }

    /// What the file says of a SAML provider, disabled ones included.
    pub fn saml_settings(&self, idp: &IdpName) -> Option<&SamlSettings> {
        match &self.settings(idp)?.protocol {
            Protocol::Saml(settings) => Some(settings),
            Protocol::Oidc(_) | Protocol::OAuth2(_) => None,
        }
    }

    /// Fetches what is missing or about an hour old, all providers at once, in ten seconds at
    /// most; to be called at start and then each minute.
    pub async fn refresh_due(&self, now: Timestamp) -> Vec<RefreshOutcome> {
        let rounds = self.providers.iter().map(|(name, provider)| async move {
            let news = match provider.speaks.as_ref()? {
                Speaks::Saml(provider) => provider.refresh(now).await?,
                Speaks::Oidc(provider) => provider.refresh(now).await?,
                // It publishes nothing.
                Speaks::OAuth2(_) => return None,
            };
            Some(match news {
                News::Refreshed => RefreshOutcome::Refreshed(name.clone()),
                News::Failed(error) => RefreshOutcome::Failed(name.clone(), error),
            })
        });
        join_all(rounds).await.into_iter().flatten().collect()
    }

    /// A SAML provider's metadata: the last good, or fetched now when there is none.
    ///
    /// # Errors
    /// When the provider is not one of these, or its metadata cannot be had or has expired.
    pub async fn saml_metadata(
        &self,
        idp: &IdpName,
        now: Timestamp,
    ) -> Result<Arc<IdpMetadata>, FederationError> {
        match self.enabled(idp)? {
            Speaks::Saml(provider) => provider.metadata(now).await,
            Speaks::Oidc(_) | Speaks::OAuth2(_) => {
                Err(FederationError::ProtocolForeign(idp.clone()))
            }
        }
    }

    /// When the first signing certificate of each SAML provider ends, where that is known.
    pub fn certificates_expire(&self) -> Vec<(IdpName, Timestamp)> {
        let end = |provider: &Provider| match provider.speaks.as_ref()? {
            Speaks::Saml(provider) => provider.certificates_expire(),
            Speaks::Oidc(_) | Speaks::OAuth2(_) => None,
        };
        self.providers.iter().filter_map(|(name, p)| Some((name.clone(), end(p)?))).collect()
    }

    /// A SAML provider's metadata if it is another one than `used`, fetched anew for that at most
    /// once a minute: an answer was signed with a key that `used` lacks (capabilities N05).
    pub async fn saml_metadata_newer(
        &self,
        idp: &IdpName,
        used: &Arc<IdpMetadata>,
        now: Timestamp,
    ) -> Option<Arc<IdpMetadata>> {
        match self.enabled(idp).ok()? {
            Speaks::Saml(provider) => provider.newer(used, now).await,
            _ => None,
        }
    }

    /// Where to send the browser for an OpenID Connect or OAuth 2.0 provider.
    ///
    /// # Errors
    /// When the provider is not one of these, or its metadata cannot be had.
    pub async fn oidc_authorization(
        &self,
        idp: &IdpName,
        request: &AuthorizationRequest<'_>,
        now: Timestamp,
    ) -> Result<Url, FederationError> {
        match self.enabled(idp)? {
            Speaks::Oidc(provider) => provider.authorization(request, now).await,
            Speaks::OAuth2(provider) => Ok(provider.authorization(request)),
            Speaks::Saml(_) => Err(FederationError::ProtocolForeign(idp.clone())),
        }
    }

    /// Exchanges a code for what the provider says of the person: an ID token, which is verified
    /// (keys are fetched once more when it names an unknown one), or the answer of the userinfo
    /// endpoint of a provider without OpenID Connect.
    ///
    /// # Errors
    /// When the provider is not one of these or disabled by now (attacks.md B15), does not answer,
    /// or its answer is not accepted.
    pub async fn redeem(
        &self,
        idp: &IdpName,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<Redeemed, FederationError> {
        let redeemed = match self.enabled(idp)? {
            Speaks::Oidc(provider) => provider.redeem(redemption, now).await,
            Speaks::OAuth2(provider) => provider.redeem(redemption, now).await,
            Speaks::Saml(_) => Err(FederationError::ProtocolForeign(idp.clone())),
        };
        match (redeemed, self.providers.get(idp)) {
            // Whoever comes next is told before they are sent there.
            (Err(error), Some(provider)) if error.is_outage() => {
                Err(provider.health.failed(error, now))
            }
            (redeemed, _) => redeemed,
        }
    }

    /// Whether the provider answers, before people are sent there: within two and a half seconds,
    /// or at once from what was seen less than half a minute ago (capabilities N16).
    ///
    /// # Errors
    /// When the provider is not one of these, or with [`FederationError::NotReachable`], whose
    /// refusal says since when.
    pub async fn reachable(&self, idp: &IdpName, now: Timestamp) -> Result<(), FederationError> {
        let speaks = self.enabled(idp)?;
        let Some(provider) = self.providers.get(idp) else { return Ok(()) };
        let ask = async || {
            let Some(doors) = speaks.doors() else {
                // Nothing is known of it yet: what it publishes answers for it.
                return speaks.introduce(now).await;
            };
            if !doors.knock(provider.settings.probe) {
                return Ok(());
            }
            speaks.caller().knock(&doors.sign_in).await
        };
        provider.health.check(now, ask).await
    }

    /// The host at which its people sign in, as far as it is known without asking.
    pub fn sign_in_host(&self, idp: &IdpName) -> Option<String> {
        let doors = self.enabled(idp).ok()?.doors()?;
        doors.sign_in.host_str().map(str::to_owned)
    }

    /// What a provider published when it was last fetched and found good, to be kept for the time
    /// after a restart; `None`: nothing was fetched, there is nothing to fetch, or it is very large.
    pub fn last_good(&self, idp: &IdpName) -> Option<Document> {
        match self.enabled(idp).ok()? {
            Speaks::Saml(provider) => provider.last_good(),
            Speaks::Oidc(provider) => provider.last_good(),
            Speaks::OAuth2(_) => None,
        }
    }

    /// Where a provider publishes what [`Federation::last_good`] gives: what came from elsewhere is
    /// not its own.
    pub fn source(&self, idp: &IdpName) -> Option<&str> {
        match &self.providers.get(idp)?.settings.protocol {
            Protocol::Saml(saml) => match &saml.metadata {
                MetadataSource::Url(url) => Some(url.as_str()),
                MetadataSource::File(_) => None,
            },
            Protocol::Oidc(oidc) => Some(&oidc.issuer),
            Protocol::OAuth2(_) => None,
        }
    }

    /// Takes what [`Federation::last_good`] gave before a restart, unless there is something newer.
    /// Every check is made again, with what the file says now.
    ///
    /// # Errors
    /// When the provider is not one of these, or the document is not usable (any more).
    pub async fn restore(
        &self,
        idp: &IdpName,
        document: Document,
        now: Timestamp,
    ) -> Result<(), FederationError> {
        match self.enabled(idp)? {
            Speaks::Saml(provider) => provider.restore(document, now),
            Speaks::Oidc(provider) => provider.restore(document),
            Speaks::OAuth2(_) => Err(FederationError::ProtocolForeign(idp.clone())),
        }
    }

    pub(crate) fn enabled(&self, idp: &IdpName) -> Result<&Speaks, FederationError> {
        let provider =
            self.providers.get(idp).ok_or_else(|| FederationError::Unknown(idp.clone()))?;
        provider.speaks.as_ref().ok_or_else(|| FederationError::Disabled(idp.clone()))
    }
}

impl Speaks {
    fn new(
        settings: &IdpSettings,
        outbound: &Outbound,
        now: Timestamp,
    ) -> Result<Option<Self>, FederationError> {
        if !settings.enabled {
            return Ok(None);
        }
        let (name, outbound) = (settings.name.clone(), outbound.clone());
        Ok(Some(match settings.protocol.clone() {
            Protocol::Saml(saml) => Self::Saml(SamlProvider::new(name, saml, outbound, now)?),
            Protocol::Oidc(oidc) => Self::Oidc(OidcProvider::new(name, oidc, outbound)?),
            Protocol::OAuth2(oauth2) => Self::OAuth2(OAuth2Provider::new(name, oauth2, outbound)?),
        }))
    }

    fn caller(&self) -> &Caller {
        match self {
            Self::Saml(provider) => provider.caller(),
            Self::Oidc(provider) => &provider.caller,
            Self::OAuth2(provider) => &provider.caller,
        }
    }

    fn doors(&self) -> Option<Doors> {
        match self {
            Self::Saml(provider) => provider.doors(),
            Self::Oidc(provider) => provider.doors(),
            Self::OAuth2(provider) => Some(provider.doors()),
        }
    }

    /// Fetches what the provider publishes, when nothing of it is known yet.
    async fn introduce(&self, now: Timestamp) -> Result<(), FederationError> {
        match self {
            Self::Saml(provider) => provider.metadata(now).await.map(|_| ()),
            Self::Oidc(provider) => provider.published(now).await.map(|_| ()),
            Self::OAuth2(_) => Ok(()),
        }
    }
}
