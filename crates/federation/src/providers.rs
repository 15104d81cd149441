//! All identity providers of the file.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{IdpName, Timestamp};
use futures_util::future::join_all;
use oidc::VerifiedIdToken;
use outbound::Outbound;
use saml::IdpMetadata;
use url::Url;

use crate::cached::News;
use crate::oidc_provider::OidcProvider;
use crate::saml_provider::SamlProvider;
use crate::{
    AuthorizationParameters, FederationError, IdpSettings, Protocol, Redemption, SamlSettings,
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
}

#[derive(Debug)]
enum Speaks {
    Saml(SamlProvider),
    Oidc(OidcProvider),
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
                    providers.insert(settings.name.clone(), Provider { settings, speaks });
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

    /// Fetches what is missing or older than an hour, all providers at once, in ten seconds at
    /// most; to be called at start and then each minute.
    pub async fn refresh_due(&self, now: Timestamp) -> Vec<RefreshOutcome> {
        let rounds = self.providers.iter().map(|(name, provider)| async move {
            let news = match provider.speaks.as_ref()? {
                Speaks::Saml(provider) => provider.refresh(now).await?,
                Speaks::Oidc(provider) => provider.refresh(now).await?,
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
            Speaks::Oidc(_) => Err(FederationError::ProtocolForeign(idp.clone())),
        }
    }

    /// Where to send the browser for an OpenID provider.
    ///
    /// # Errors
    /// When the provider is not one of these, or its metadata cannot be had.
    pub async fn oidc_authorization(
        &self,
        idp: &IdpName,
        parameters: &AuthorizationParameters<'_>,
        now: Timestamp,
    ) -> Result<Url, FederationError> {
        self.oidc(idp)?.authorization(parameters, now).await
    }

    /// Exchanges a code for an ID token and verifies it. Keys are fetched once more when the token
    /// names an unknown one.
    ///
    /// # Errors
    /// When the provider is not one of these or disabled by now (attacks.md B15), does not answer,
    /// or its answer is not accepted.
    pub async fn redeem(
        &self,
        idp: &IdpName,
        redemption: &Redemption<'_>,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, FederationError> {
        self.oidc(idp)?.redeem(redemption, now).await
    }

    fn oidc(&self, idp: &IdpName) -> Result<&OidcProvider, FederationError> {
        match self.enabled(idp)? {
            Speaks::Oidc(provider) => Ok(provider),
            Speaks::Saml(_) => Err(FederationError::ProtocolForeign(idp.clone())),
        }
    }

    fn enabled(&self, idp: &IdpName) -> Result<&Speaks, FederationError> {
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
            Protocol::OAuth2(_) => return Err(FederationError::ProtocolForeign(name)),
        }))
    }
}
