//! From a message that passed the gate to the bytes that a pinned key signed.

use roxmltree::{Document, Node};

use crate::gate::{Covered, Part};
use crate::xml::{SAML, SAMLP, child, is};
use crate::{IdpMetadata, ResponseError, hardening};

/// Each key costs a pass over the whole message.
const MOST_KEYS: usize = 4;

/// Verifies every signature; returns the canonical bytes of the outermost signed element.
pub(crate) fn digested_bytes(
    xml: &str,
    covered: &Covered,
    idp: &IdpMetadata,
) -> Result<String, ResponseError> {
    let mut keys: Vec<_> = idp.signing_keys().collect();
    // Stable: metadata's order otherwise. A mentioned certificate that is not pinned is ignored.
    keys.sort_by_key(|key| !covered.mentioned.iter().any(|der| der == key.der_data()));
    let keys: Vec<_> = keys.into_iter().take(MOST_KEYS).cloned().collect();
    // One by one, because samael gives up at the first key of another type or size; all together
    // only for a response and an assertion signed with different keys.
    let together = (covered.signatures > 1 && keys.len() > 1).then_some(keys.as_slice());
    for attempt in keys.chunks(1).chain(together) {
        match hardening::digested_bytes(xml, attempt, covered.uses_sha1) {
            Err(ResponseError::SignatureInvalid { .. }) => {}
            outcome => return outcome,
        }
    }
    Err(ResponseError::SignatureInvalid { keys: keys.len() })
}

/// The assertion in the digested bytes, which must be the element that the gate saw signed.
pub(crate) fn assertion_in<'a, 'input>(
    document: &'a Document<'input>,
    covered: &Covered,
) -> Result<Node<'a, 'input>, ResponseError> {
    let root = document.root_element();
    let expected = match covered.part {
        Part::Response => is(root, SAMLP, "Response"),
        Part::Assertion => is(root, SAML, "Assertion"),
    };
    if !expected || root.attribute("ID") != Some(&covered.id) {
        return Err(ResponseError::SignedContent("another element"));
    }
    let assertion = match covered.part {
        Part::Assertion => Some(root),
        Part::Response => child(root, SAML, "Assertion")?,
    };
    let assertion = assertion.ok_or(ResponseError::SignedContent("no assertion"))?;
    if assertion.attribute("ID") != Some(&covered.assertion_id) {
        return Err(ResponseError::SignedContent("another assertion"));
    }
    if document.descendants().filter(|node| is(*node, SAML, "Assertion")).count() != 1 {
        return Err(ResponseError::SignedContent("several assertions"));
    }
    Ok(assertion)
}
