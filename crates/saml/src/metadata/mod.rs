//! An identity provider's metadata: who it is, where it signs in, and with which keys it signs.

mod certificate;
mod endpoint;
mod error;
mod signature;

use domain::Timestamp;
use roxmltree::{Document, Node};
use samael::crypto::CertificateDer;
use url::Url;

pub use certificate::SigningCertificate;
pub(crate) use certificate::not_after;
pub use endpoint::{Binding, LogoutEndpoint};
pub use error::MetadataError;

use crate::instant;
use crate::lexical::{self, Limits};
use crate::xml::{METADATA, SAMLP, children, is, shown};

/// The largest federation aggregates have some 10 MB.
const LARGEST: usize = 20 * 1024 * 1024;

const LIMITS: Limits = Limits { nodes: 4_000_000, depth: 64, attributes: 64, namespaces: 200_000 };

/// Canonical bytes declare a namespace again in every subtree that uses it.
const CANONICAL: Limits = Limits { namespaces: 4_000_000, ..LIMITS };

/// What is wanted of a metadata document.
#[derive(Debug, Clone, Copy, Default)]
pub struct ParseOptions<'a> {
    /// Which entity; `None`: the only identity provider in it.
    pub expected_entity: Option<&'a str>,
    /// Certificates (DER) of whoever may sign it. With some, metadata that none of them signed is
    /// refused; without, signatures are not looked at: it is trusted for where it came from.
    pub signers: &'a [Vec<u8>],
}

/// An identity provider as its metadata describes it. Always has at least one usable signing key
/// and one place to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Its entity id, compared byte by byte.
    pub entity_id: String,
    /// Where authentication requests go by HTTP-Redirect.
    pub sso_redirect: Option<Url>,
    /// Where authentication requests go by HTTP-POST.
    pub sso_post: Option<Url>,
    /// From when on the metadata is no longer good: the earliest `validUntil`.
    pub valid_until: Option<Timestamp>,
    logout: Vec<LogoutEndpoint>,
    wants_signed_requests: bool,
    signing: Vec<SigningCertificate>,
}

impl IdpMetadata {
    /// Reads an `EntityDescriptor`, or finds one in an `EntitiesDescriptor`, nested ones included:
    /// the expected one, or the only identity provider. Nothing is kept of the others.
    ///
    /// Takes seconds for the largest ones: call it away from the data path.
    ///
    /// # Errors
    /// When it cannot be read, is not signed as wanted, is expired at `now`, or describes no usable
    /// identity provider.
    pub fn parse(
        xml: &[u8],
        options: ParseOptions<'_>,
        now: Timestamp,
    ) -> Result<Self, MetadataError> {
        if xml.len() > LARGEST {
            return Err(MetadataError::TooLarge(xml.len()));
        }
        let text =
            str::from_utf8(xml).map_err(|_| MetadataError::Encoding("it has other bytes"))?;
        // Windows servers write a byte order mark; libxml2 never sees it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if options.signers.is_empty() {
            let document = lexical::parse(text, &LIMITS)?;
            return Self::read(&document, options.expected_entity, now);
        }
        // Read is what was digested, and nothing else.
        let signed = signature::digested_bytes(text, options.signers)?;
        let document = lexical::parse(&signed, &CANONICAL)?;
        Self::read(&document, options.expected_entity, now)
    }

    fn read(
        document: &Document<'_>,
        expected_entity: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, MetadataError> {
        let entity = choose(document, expected_entity)?;
        let role = role(entity).ok_or(MetadataError::NoIdentityProvider)?;
        let entity_id = entity_id(entity).ok_or(MetadataError::EntityIdMissing)?;
        let valid_until = valid_until(role)?;
        if let Some(end) = valid_until.filter(|end| now >= *end) {
            return Err(MetadataError::Expired { entity_id: entity_id.to_owned(), end });
        }
        let sso_redirect = endpoint::sign_on(role, Binding::Redirect)?;
        let sso_post = endpoint::sign_on(role, Binding::Post)?;
        if sso_redirect.is_none() && sso_post.is_none() {
            return Err(MetadataError::NoEndpoint);
        }
        Ok(Self {
            entity_id: entity_id.to_owned(),
            sso_redirect,
            sso_post,
            valid_until,
            logout: endpoint::logout(role),
            wants_signed_requests: matches!(
                role.attribute("WantAuthnRequestsSigned"),
                Some("true" | "1")
            ),
            signing: certificate::usable(role)?,
        })
    }

    /// Its sign-in page's address, by whichever binding.
    pub fn sso(&self) -> Option<&Url> {
        self.sso_redirect.as_ref().or(self.sso_post.as_ref())
    }

    /// Its single logout services, HTTP-Redirect first, SOAP last; empty: it has none.
    pub fn logout_endpoints(&self) -> &[LogoutEndpoint] {
        &self.logout
    }

    /// Whether it says that it takes signed authentication requests only.
    pub fn wants_signed_requests(&self) -> bool {
        self.wants_signed_requests
    }

    /// The usable signing certificates, in the metadata's order; never empty. An expired one
    /// still counts (the metadata vouches for the key, not the certificate): warn about it.
    pub fn signing_certificates(&self) -> &[SigningCertificate] {
        &self.signing
    }

    /// When the first of its signing certificates ends.
    pub fn certificates_expire(&self) -> Option<Timestamp> {
        self.signing.iter().map(SigningCertificate::expires).min()
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
