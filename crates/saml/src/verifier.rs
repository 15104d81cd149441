//! From a message that passed the gate to the bytes that a pinned key signed.

use roxmltree::{Document, Node};
use samael::crypto::CertificateDer;

use crate::gate::{Covered, Part, Signatures};
use crate::xml::{DSIG, SAML, SAMLP, child, children, is};
use crate::{ResponseError, hardening};

/// Each key costs a pass over the whole message.
const MOST_KEYS: usize = 4;

/// Verifies every signature; returns the canonical bytes of the outermost signed element.
pub(crate) fn digested_bytes<'a>(
    xml: &str,
    signatures: &Signatures,
    pinned: impl Iterator<Item = &'a CertificateDer>,
) -> Result<String, ResponseError> {
    let keys = in_order(pinned, &signatures.mentioned);
    // One by one, because samael gives up at the first key of another type or size; all together
    // only for a response and an assertion signed with different keys.
    let together = (signatures.count > 1 && keys.len() > 1).then_some(keys.as_slice());
    for attempt in keys.chunks(1).chain(together) {
        match hardening::digested_bytes(xml, attempt, signatures.uses_sha1) {
            Err(ResponseError::SignatureInvalid { .. }) => {}
            outcome => return outcome,
        }
    }
    Err(ResponseError::SignatureInvalid { keys: keys.len() })
}

/// For a response and an assertion signed with keys of different kinds: verifies the response's
/// signature where it stands, and the assertion's in a document of its own. What comes back are the
/// bytes digested for the assertion; exclusive canonicalization makes them the same in both places
/// (XML-EXC-C14N §1).
pub(crate) fn assertion_bytes<'a>(
    root: Node<'_, '_>,
    signatures: &Signatures,
    pinned: impl Iterator<Item = &'a CertificateDer>,
) -> Result<String, ResponseError> {
    let keys = in_order(pinned, &signatures.mentioned);
    let invalid = ResponseError::SignatureInvalid { keys: keys.len() };
    let assertion = child(root, SAML, "Assertion")?.ok_or(ResponseError::AssertionMissing)?;
    // libxmlsec1 verifies the first signature in the document, which must be the response's.
    let own = children(root, DSIG, "Signature").next();
    if own.is_none_or(|own| own.range().start > assertion.range().start) {
        return Err(ResponseError::SignatureMisplaced(
            "the Response's stands behind the Assertion",
        ));
    }
    let (whole, sha1) = (root.document().input_text(), signatures.uses_sha1);
    let mut outer = keys.iter().map(|key| hardening::first_signature_fits(whole, key, sha1));
    if !outer.any(|fits| fits == Ok(true)) {
        return Err(invalid);
    }
    let alone = alone(assertion);
    let single = Signatures { count: 1, uses_sha1: signatures.uses_sha1, mentioned: Vec::new() };
    digested_bytes(&alone, &single, keys.iter())
}

/// The keys in the order in which they are tried.
fn in_order<'a>(
    pinned: impl Iterator<Item = &'a CertificateDer>,
    mentioned: &[Vec<u8>],
) -> Vec<CertificateDer> {
    let mut keys: Vec<_> = pinned.collect();
    // Stable: metadata's order otherwise. A mentioned certificate that is not pinned is ignored.
    keys.sort_by_key(|key| !mentioned.iter().any(|der| der == key.der_data()));
    keys.into_iter().take(MOST_KEYS).cloned().collect()
}

/// An element as a document of its own, with the namespaces that it sees.
pub(crate) fn alone(element: Node<'_, '_>) -> String {
    let text = element.document().input_text().get(element.range()).unwrap_or_default();
    let parent = element.parent_element();
    let inherited = parent.into_iter().flat_map(|parent| parent.namespaces()).filter(|outer| {
        // Declared again by the element itself: not inherited.
        let own = declarations(text);
        let name = outer.name().map_or("xmlns".to_owned(), |name| format!("xmlns:{name}"));
        outer.name() != Some("xml") && !outer.uri().is_empty() && !own.contains(&name)
    });
    let declarations: String = inherited
        .map(|ns| {
            let name = ns.name().map_or("xmlns".to_owned(), |name| format!("xmlns:{name}"));
            format!(" {name}=\"{}\"", attribute_text(ns.uri()))
        })
        .collect();
    let end_of_name = text.find(|c: char| crate::xml::is_space(c) || c == '>' || c == '/');
    match end_of_name.and_then(|at| text.split_at_checked(at)) {
        Some((name, rest)) => format!("{name}{declarations}{rest}"),
        None => text.to_owned(),
    }
}

/// The names of the namespace declarations in a start tag.
fn declarations(element: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = element;
    // Between two quotes there is a value; before it, a name and `=`.
    while let Some(at) = rest.find(['"', '\'', '>']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let Some(quote) = from.chars().next().filter(|c| *c != '>') else { break };
        let name = before.trim_end_matches(|c| crate::xml::is_space(c) || c == '=');
        let name = name.rsplit(crate::xml::is_space).next().unwrap_or_default();
        names.push(name.to_owned());
        let value_on = from.get(1..).unwrap_or_default();
        rest = value_on.split_once(quote).map_or("", |(_, after)| after);
    }
    names
}

fn attribute_text(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
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
