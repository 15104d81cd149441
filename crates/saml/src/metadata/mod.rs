//! An identity provider's metadata: who it is, where it signs in, and with which keys it signs.

mod certificate;
mod error;

use domain::Timestamp;
use roxmltree::{Document, Node};
use samael::crypto::CertificateDer;
use url::{Host, Url};

pub use certificate::SigningCertificate;
pub use error::MetadataError;

use crate::instant;
use crate::lexical::{self, Limits};
use crate::xml::{METADATA, SAMLP, children, is, shown};

/// The largest federation aggregates have some 10 MB.
const LARGEST: usize = 20 * 1024 * 1024;

const LIMITS: Limits = Limits { nodes: 4_000_000, depth: 64, attributes: 64, namespaces: 200_000 };

const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/// An identity provider as its metadata describes it. Always has at least one usable signing key.
#[derive(Debug, Clone)]
pub struct IdpMetadata {
    /// Its entity id, compared byte by byte.
    pub entity_id: String,
    /// Where authentication requests go (HTTP-Redirect binding).
    pub sso_redirect: Url,
    /// From when on the metadata is no longer good: the earliest `validUntil`.
    pub valid_until: Option<Timestamp>,
    signing: Vec<SigningCertificate>,
}

impl IdpMetadata {
    /// Reads an `EntityDescriptor`, or finds one in an `EntitiesDescriptor`: the expected one, or
    /// the only identity provider.
    ///
    /// Signatures in metadata are not read: it is trusted for where it came from.
    ///
    /// # Errors
    /// When it cannot be read, is expired at `now`, or describes no usable identity provider.
    pub fn parse(
        xml: &[u8],
        expected_entity: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, MetadataError> {
        if xml.len() > LARGEST {
            return Err(MetadataError::TooLarge(xml.len()));
        }
        let text =
            str::from_utf8(xml).map_err(|_| MetadataError::Encoding("it has other bytes"))?;
        // Windows servers write a byte order mark; libxml2 never sees metadata.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = lexical::parse(text, &LIMITS)?;
        let entity = choose(&document, expected_entity)?;
        let role = role(entity).ok_or(MetadataError::NoIdentityProvider)?;
        let entity_id = entity_id(entity).ok_or(MetadataError::EntityIdMissing)?;
        let valid_until = valid_until(role)?;
        if let Some(end) = valid_until.filter(|end| now >= *end) {
            return Err(MetadataError::Expired { entity_id: entity_id.to_owned(), end });
        }
        Ok(Self {
            entity_id: entity_id.to_owned(),
            sso_redirect: sso_redirect(role)?,
            valid_until,
            signing: certificate::usable(role)?,
        })
    }

    /// The usable signing certificates, in the metadata's order; never empty. An expired one
    /// still counts (the metadata vouches for the key, not the certificate): warn about it.
    pub fn signing_certificates(&self) -> &[SigningCertificate] {
        &self.signing
    }

    pub(crate) fn signing_keys(&self) -> impl Iterator<Item = &CertificateDer> {
        self.signing.iter().map(SigningCertificate::der)
    }
}

/// The entity to read.
fn choose<'a, 'input>(
    document: &'a Document<'input>,
    expected: Option<&str>,
) -> Result<Node<'a, 'input>, MetadataError> {
    let root = document.root_element();
    if !is(root, METADATA, "EntityDescriptor") && !is(root, METADATA, "EntitiesDescriptor") {
        return Err(MetadataError::NotMetadata);
    }
    let entities = || root.descendants().filter(|node| is(*node, METADATA, "EntityDescriptor"));
    let Some(expected) = expected else {
        let mut providers = entities().filter(|entity| role(*entity).is_some());
        let first = providers.next().ok_or(MetadataError::NoIdentityProvider)?;
        let others = providers.count();
        return match others {
            0 => Ok(first),
            _ => Err(MetadataError::SeveralIdentityProviders(others + 1)),
        };
    };
    let mut named = entities().filter(|entity| entity_id(*entity) == Some(expected));
    let first = named.next().ok_or_else(|| MetadataError::EntityForeign {
        expected: expected.to_owned(),
        found: shown(entities().find_map(entity_id).unwrap_or_default()),
    })?;
    if named.next().is_some() {
        return Err(MetadataError::EntityTwice(expected.to_owned()));
    }
    Ok(first)
}

/// The entity's description as a SAML 2.0 identity provider.
fn role<'a, 'input>(entity: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    children(entity, METADATA, "IDPSSODescriptor").find(|role| {
        let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
        protocols.split_ascii_whitespace().any(|protocol| protocol == SAMLP)
    })
}

/// SAML Metadata §2.2.1: at most 1024 characters.
fn entity_id<'a>(entity: Node<'a, '_>) -> Option<&'a str> {
    entity.attribute("entityID").filter(|id| !id.is_empty() && id.chars().count() <= 1024)
}

/// The earliest `validUntil` of the role and everything around it.
fn valid_until(role: Node<'_, '_>) -> Result<Option<Timestamp>, MetadataError> {
    let mut earliest: Option<Timestamp> = None;
    for text in role.ancestors().filter_map(|node| node.attribute("validUntil")) {
        let end = instant::parse(text).ok_or_else(|| MetadataError::Moment(shown(text)))?;
        earliest = Some(earliest.map_or(end, |before| before.min(end)));
    }
    Ok(earliest)
}

/// The first HTTP-Redirect endpoint.
fn sso_redirect(role: Node<'_, '_>) -> Result<Url, MetadataError> {
    let endpoint = children(role, METADATA, "SingleSignOnService")
        .find(|endpoint| endpoint.attribute("Binding") == Some(REDIRECT))
        .and_then(|endpoint| endpoint.attribute("Location"))
        .ok_or(MetadataError::NoEndpoint)?;
    let url = Url::parse(endpoint).map_err(|_| MetadataError::Endpoint(shown(endpoint)))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let protected = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    (plain && protected).then_some(url).ok_or_else(|| MetadataError::Endpoint(shown(endpoint)))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
