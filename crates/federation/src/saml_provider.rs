//! One SAML identity provider: its metadata.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::{IdpName, Timestamp};
use outbound::{Limits, Outbound};
use saml::{IdpMetadata, MetadataError};
use url::Url;

use crate::cached::{Cached, Fetched, Forced, News};
use crate::fetch::{BACKGROUND, Caller, MAX_METADATA, PATIENCE};
use crate::health::Doors;
use crate::{Document, FederationError, MetadataSource, SamlSettings};

const ACCEPT: &str =
    "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1";

#[derive(Debug)]
pub(crate) struct SamlProvider {
    caller: Caller,
    settings: SamlSettings,
    metadata: Cached<IdpMetadata>,
}

impl SamlProvider {
    /// A file is read now, and a problem with it is an error; a URL is fetched when it is needed.
    pub(crate) fn new(
        idp: IdpName,
        settings: SamlSettings,
        outbound: Outbound,
        now: Timestamp,
    ) -> Result<Self, FederationError> {
        let metadata = Cached::empty(idp.clone());
        if let MetadataSource::File(path) = &settings.metadata {
            metadata.set(read_file(&idp, path, settings.entity_id.as_deref(), now)?, now);
        }
        Ok(Self { caller: Caller { idp, outbound }, settings, metadata })
    }

    pub(crate) async fn metadata(
        &self,
        now: Timestamp,
    ) -> Result<Arc<IdpMetadata>, FederationError> {
        let metadata = match self.url() {
            Some(url) => self.metadata.obtain(now, self.fetch(url, PATIENCE, now)).await?,
            // A file was read at start, or there would be no provider.
            None => self.metadata.current().ok_or_else(|| self.caller_gone())?,
        };
        // SAML Metadata §2.3.2: not used beyond validUntil, also when nothing newer came.
        match metadata.valid_until {
            Some(end) if now >= end => {
                let entity_id = metadata.entity_id.clone();
                Err(self.unusable(MetadataError::Expired { entity_id, end }))
            }
            _ => Ok(metadata),
        }
    }

    pub(crate) async fn refresh(&self, now: Timestamp) -> Option<News> {
        let url = self.url()?;
        let current = self.metadata.current();
        let expired = current.and_then(|m| m.valid_until).is_some_and(|end| now >= end);
        let forced = if expired { Forced::Yes } else { Forced::No };
        self.metadata.refresh(now, forced, self.fetch(url, BACKGROUND, now)).await
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The metadata as it was last fetched.
    pub(crate) fn last_good(&self) -> Option<Document> {
        self.metadata.document()
    }

    /// Takes metadata that was good before a restart, after the same checks.
    pub(crate) fn restore(
        &self,
        document: Document,
        now: Timestamp,
    ) -> Result<(), FederationError> {
        let expected = self.settings.entity_id.as_deref();
        let value = IdpMetadata::parse(&document.bytes, expected, now)
            .map_err(|source| self.unusable(source))?;
        self.metadata.restore(value, document);
        Ok(())
    }

    /// Where browsers are sent, once that is known; and where the metadata came from.
    pub(crate) fn doors(&self) -> Option<Doors> {
        let sign_in = self.metadata.current()?.sso_redirect.clone();
        Some(Doors { sign_in, called: self.url().cloned().into_iter().collect() })
    }

    async fn fetch(
        &self,
        url: &Url,
        deadline: Duration,
        now: Timestamp,
    ) -> Result<Fetched<IdpMetadata>, FederationError> {
        let limits = Limits { deadline, max_body: MAX_METADATA };
        let document = self.caller.document(url, ACCEPT, limits).await?;
        let last = self.metadata.current();
        // Whoever was this provider stays it: another entity id is no update (attacks.md A26).
        let known = last.as_ref().map(|metadata| metadata.entity_id.clone());
        let expected = self.settings.entity_id.clone().or(known);
        let bytes = document.clone();
        // Large federations take long enough to parse to stop a thread that serves requests.
        let parsed = tokio::task::spawn_blocking(move || {
            IdpMetadata::parse(&document, expected.as_deref(), now)
        });
        let value = parsed.await.map_err(|_| self.caller_gone())?;
        let value = value.map_err(|source| self.unusable(source))?;
        if let Some(last) = &last {
            self.check_downgrade(last, &value)?;
        }
        let changed = last.is_none_or(|last| !same(&last, &value));
        Ok(Fetched { value, changed, document: bytes })
    }

    /// Attacks.md A26: an address that was https stays https. Plain http is possible here only
    /// toward this machine.
    fn check_downgrade(
        &self,
        last: &IdpMetadata,
        fresh: &IdpMetadata,
    ) -> Result<(), FederationError> {
        if last.sso_redirect.scheme() == "https" && fresh.sso_redirect.scheme() != "https" {
            return Err(self.unusable(MetadataError::Endpoint(fresh.sso_redirect.to_string())));
        }
        Ok(())
    }

    fn url(&self) -> Option<&Url> {
        match &self.settings.metadata {
            MetadataSource::Url(url) => Some(url),
            MetadataSource::File(_) => None,
        }
    }

    fn unusable(&self, source: MetadataError) -> FederationError {
        FederationError::Metadata { idp: self.caller.idp.clone(), source }
    }

    fn caller_gone(&self) -> FederationError {
        FederationError::Interrupted(self.caller.idp.clone())
    }
}

fn read_file(
    idp: &IdpName,
    path: &Path,
    entity_id: Option<&str>,
    now: Timestamp,
) -> Result<IdpMetadata, FederationError> {
    let document = std::fs::read(path).map_err(|error| FederationError::File {
        idp: idp.clone(),
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    IdpMetadata::parse(&document, entity_id, now)
        .map_err(|source| FederationError::Metadata { idp: idp.clone(), source })
}

fn same(left: &IdpMetadata, right: &IdpMetadata) -> bool {
    left.entity_id == right.entity_id
        && left.sso_redirect == right.sso_redirect
        && left.valid_until == right.valid_until
        && left.signing_certificates() == right.signing_certificates()
}
