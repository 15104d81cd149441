//! Metadata that is signed as a whole by a key that the operator pinned (SAML Metadata §3).

use super::MetadataError;
use super::certificate::SigningCertificate;
use crate::gate::{self, Sha1};
use crate::xml::{DSIG, children};
use crate::{ResponseError, verifier};

/// The canonical bytes that one of the signers signed. Signatures elsewhere than at the root are
/// refused like any other surprise: nobody pinned their keys.
pub(super) fn digested_bytes(xml: &str, signers: &[Vec<u8>]) -> Result<String, MetadataError> {
    let signature = |error| MetadataError::Signature(Box::new(error));
    let document = gate::parse_metadata(xml).map_err(signature)?;
    let root = document.root_element();
    if children(root, DSIG, "Signature").next().is_none() {
        return Err(MetadataError::Unsigned);
    }
    let signatures = gate::root_signature(root, Sha1::Refused).map_err(signature)?;
    let read = |der: &Vec<u8>| SigningCertificate::from_der(der).map_err(MetadataError::Signer);
    let keys = signers.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    drop(document);
    let keys = keys.iter().map(SigningCertificate::der);
    verifier::digested_bytes(xml, &signatures, keys).map_err(|error| match error {
        ResponseError::SignatureInvalid { .. } => signature(ResponseError::SignatureForeign),
        other => signature(other),
    })
}
