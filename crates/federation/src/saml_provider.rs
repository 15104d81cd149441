//! One SAML identity provider: its metadata.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::{IdpName, Timestamp};
use outbound::{Limits, Outbound};
use saml::{IdpMetadata, MetadataError, ParseOptions, RequestBinding};

use crate::cached::{Cached, Fetched, Forced, News, is_due};
use crate::fetch::{BACKGROUND, Caller, MAX_METADATA, PATIENCE};
use crate::health::Doors;
use crate::{Document, FederationError, MetadataSource, SamlSettings};

const ACCEPT: &str =
    "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1";

/// Metadata is not fetched more often because of unknown keys (capabilities N05).
const KEY_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct SamlProvider {
    caller: Caller,
    settings: SamlSettings,
    metadata: Cached<IdpMetadata>,
    /// The file as it was when it was last read.
    seen: Mutex<Option<FileState>>,
    /// When metadata was last fetched because of an unknown key; held while that goes on.
    key_fetch: tokio::sync::Mutex<Option<Timestamp>>,
}

/// What shows that a file was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileState {
    changed: Option<SystemTime>,
    bytes: u64,
}

impl FileState {
    fn of(path: &Path) -> Option<Self> {
        let state = std::fs::metadata(path).ok()?;
        Some(Self { changed: state.modified().ok(), bytes: state.len() })
    }
}

impl SamlProvider {
    /// A file is read now, and a problem with it is an error; a URL is fetched when it is needed.
    pub(crate) fn new(
        idp: IdpName,
        settings: SamlSettings,
        outbound: Outbound,
        now: Timestamp,
    ) -> Result<Self, FederationError> {
        let provider = Self {
            metadata: Cached::empty(idp.clone()),
            caller: Caller { idp: idp.clone(), outbound },
            settings,
            seen: Mutex::default(),
            key_fetch: tokio::sync::Mutex::default(),
        };
        if let MetadataSource::File(path) = &provider.settings.metadata {
            provider.remember(FileState::of(path));
            let document = read_file(&idp, path)?;
            let parsed = parse(&document, &provider.settings, None, now);
            provider.metadata.set(parsed.map_err(|source| provider.unusable(source))?, now);
        }
        Ok(provider)
    }

    /// Metadata is not used beyond its `validUntil` (SAML Metadata §2.3.2), also when nothing newer
    /// comes; whoever signs in after that, before the next round, waits for it.
    pub(crate) async fn metadata(
        &self,
        now: Timestamp,
    ) -> Result<Arc<IdpMetadata>, FederationError> {
        let end = |metadata: &IdpMetadata| metadata.valid_until.filter(|end| now >= *end);
        let usable = |metadata: &IdpMetadata| end(metadata).is_none();
        let fetch = async || self.fetch(PATIENCE, now).await;
        let obtained = self.metadata.obtain(now, usable, fetch).await;
        obtained.map_err(|error| match self.metadata.current() {
            Some(old) if let Some(end) = end(&old) => {
                self.unusable(MetadataError::Expired { entity_id: old.entity_id.clone(), end })
            }
            _ => error,
        })
    }

    /// Fetches what is old; a file is read again when it was changed.
    pub(crate) async fn refresh(&self, now: Timestamp) -> Option<News> {
        let current = self.metadata.current();
        let expired = current.and_then(|m| m.valid_until).is_some_and(|end| now >= end);
        let forced = if expired || self.file_changed() { Forced::Yes } else { Forced::No };
        self.metadata.refresh(now, forced, async || self.fetch(BACKGROUND, now).await).await
    }

    /// Other metadata than `used`, fetched for that if the last such fetch is a minute ago. Nobody
    /// can make the gateway fetch more often, whatever is posted to it.
    pub(crate) async fn newer(
        &self,
        used: &Arc<IdpMetadata>,
        now: Timestamp,
    ) -> Option<Arc<IdpMetadata>> {
        let other = || self.metadata.current().filter(|current| current != used);
        let mut last = self.key_fetch.lock().await;
        if let Some(newer) = other() {
            return Some(newer);
        }
        if !is_due(*last, now, KEY_PAUSE) {
            return None;
        }
        *last = Some(now);
        self.metadata.again(now, async || self.fetch(PATIENCE, now).await).await;
        other()
    }

    /// When the first of its signing certificates ends.
    pub(crate) fn certificates_expire(&self) -> Option<Timestamp> {
        self.metadata.current()?.certificates_expire()
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
        let value = parse(&document.bytes, &self.settings, None, now);
        let value = value.map_err(|source| self.unusable(source))?;
        self.metadata.restore(value, document);
        Ok(())
    }

    /// Where browsers are sent, once that is known; and where the metadata came from.
    pub(crate) fn doors(&self) -> Option<Doors> {
        let sign_in = self.metadata.current()?.sso()?.clone();
        let called = match &self.settings.metadata {
            MetadataSource::Url(url) => vec![url.clone()],
            MetadataSource::File(_) => Vec::new(),
        };
        Some(Doors { sign_in, called })
    }

    async fn fetch(
        &self,
        deadline: Duration,
        now: Timestamp,
    ) -> Result<Fetched<IdpMetadata>, FederationError> {
        let document = match &self.settings.metadata {
            MetadataSource::Url(url) => {
                let limits = Limits { deadline, max_body: MAX_METADATA };
                self.caller.document(url, ACCEPT, limits).await?
            }
            MetadataSource::File(path) => {
                self.remember(FileState::of(path));
                let (idp, path) = (self.caller.idp.clone(), path.clone());
                let read = tokio::task::spawn_blocking(move || read_file(&idp, &path));
                read.await.map_err(|_| self.cut_off())??
            }
        };
        let last = self.metadata.current();
        // Whoever was this provider stays it: another entity id is no update (attacks.md A26).
        let known = last.as_ref().map(|metadata| metadata.entity_id.clone());
        let value = self.parsed(document.clone(), known, now).await?;
        if let Some(last) = &last {
            self.check_downgrade(last, &value)?;
        }
        let changed = last.is_none_or(|last| *last != value);
        Ok(Fetched { value, changed, document })
    }

    /// Large federations take long enough to parse, and more so to verify, to stop a thread that
    /// serves requests.
    async fn parsed(
        &self,
        document: Bytes,
        known: Option<String>,
        now: Timestamp,
    ) -> Result<IdpMetadata, FederationError> {
        let settings = self.settings.clone();
        let parsed =
            tokio::task::spawn_blocking(move || parse(&document, &settings, known.as_deref(), now));
        let value = parsed.await.map_err(|_| self.cut_off())?;
        value.map_err(|source| self.unusable(source))
    }

    /// Attacks.md A26: an address that was https stays https. Plain http is possible here only
    /// toward this machine.
    fn check_downgrade(
        &self,
        last: &IdpMetadata,
        fresh: &IdpMetadata,
    ) -> Result<(), FederationError> {
        let plain = |metadata: &IdpMetadata| {
            let addresses = [&metadata.sso_redirect, &metadata.sso_post];
            addresses.into_iter().flatten().find(|url| url.scheme() != "https").cloned()
        };
        match (plain(last), plain(fresh)) {
            (None, Some(url)) => Err(self.unusable(MetadataError::Endpoint(url.to_string()))),
            _ => Ok(()),
        }
    }

    fn file_changed(&self) -> bool {
        let MetadataSource::File(path) = &self.settings.metadata else { return false };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != FileState::of(path)
    }

    fn remember(&self, state: Option<FileState>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn unusable(&self, source: MetadataError) -> FederationError {
        FederationError::Metadata { idp: self.caller.idp.clone(), source }
    }

    fn cut_off(&self) -> FederationError {
        FederationError::Interrupted(self.caller.idp.clone())
    }
}

/// What the operator pins counts more than what was known before.
fn parse(
    document: &[u8],
    settings: &SamlSettings,
    known: Option<&str>,
    now: Timestamp,
) -> Result<IdpMetadata, MetadataError> {
    let expected_entity = settings.entity_id.as_deref().or(known);
    let options = ParseOptions { expected_entity, signers: &settings.metadata_signers };
    let metadata = IdpMetadata::parse(document, options, now)?;
    let wanted = match settings.request.binding {
        RequestBinding::Redirect => &metadata.sso_redirect,
        RequestBinding::Post => &metadata.sso_post,
    };
    // Without it nobody could be sent there: such metadata replaces no good one.
    if wanted.is_none() { Err(MetadataError::NoEndpoint) } else { Ok(metadata) }
}

fn read_file(idp: &IdpName, path: &Path) -> Result<Bytes, FederationError> {
    std::fs::read(path).map(Bytes::from).map_err(|error| FederationError::File {
        idp: idp.clone(),
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
