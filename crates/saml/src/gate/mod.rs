//! What a message may look like. Everything else is refused before libxml2 sees a byte.

mod signature;
mod structure;

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Namespace, Node};

use crate::ResponseError;
use crate::lexical::{self, LexicalError, Limits};
use crate::xml::{DSIG, METADATA, SAML, SAMLP, is, is_space};

pub(crate) use signature::Sha1;
pub(crate) use structure::{
    Content, Covered, Part, Signatures, content, covered_after_decryption, covered_part,
    root_signature,
};

/// Longest base64 text that is read. Honest responses have a tenth of it.
const LONGEST: usize = 256 * 1024;

const LIMITS: Limits = Limits { nodes: 20_000, depth: 64, attributes: 64, namespaces: 64 };

/// Metadata of a whole federation.
const METADATA_LIMITS: Limits =
    Limits { nodes: 4_000_000, depth: 64, attributes: 64, namespaces: 200_000 };

/// Canonical bytes declare a namespace again in every subtree that uses it.
const CANONICAL: Limits = Limits { namespaces: 20_000, ..LIMITS };

/// The names that a LogoutRequest may hold (SAML Core §3.7.1), and a LogoutResponse (§3.7.2).
const LOGOUT_REQUEST: [(&str, &str); 6] = [
    (SAML, "Issuer"),
    (DSIG, "Signature"),
    (SAMLP, "Extensions"),
    (SAML, "NameID"),
    (SAML, "EncryptedID"),
    (SAMLP, "SessionIndex"),
];
const LOGOUT_RESPONSE: [(&str, &str); 4] =
    [(SAML, "Issuer"), (DSIG, "Signature"), (SAMLP, "Extensions"), (SAMLP, "Status")];

/// Undoes the base64 of the form field. Line breaks are accepted, as RFC 2045 writers make them.
pub(crate) fn decode(encoded: &str) -> Result<String, ResponseError> {
    if encoded.len() > LONGEST {
        return Err(ResponseError::TooLarge(encoded.len()));
    }
    let bytes = base64(encoded).ok_or(ResponseError::Base64)?;
    String::from_utf8(bytes).map_err(|_| ResponseError::Encoding("it has other bytes"))
}

/// RFC 4648 §4 with padding; XML's white space is skipped.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let lines = text.as_bytes().split(|byte| is_space(char::from(*byte)));
    let packed = lines.fold(Vec::with_capacity(text.len()), |mut packed, line| {
        packed.extend_from_slice(line);
        packed
    });
    STANDARD.decode(packed).ok().filter(|bytes| !bytes.is_empty())
}

/// Parses a message as received.
pub(crate) fn parse(xml: &str) -> Result<Document<'_>, ResponseError> {
    let document = checked(xml, &LIMITS)?;
    structure::response_only(document.root_element())?;
    Ok(document)
}

/// Parses the canonical bytes that were digested.
pub(crate) fn parse_canonical(xml: &str) -> Result<Document<'_>, ResponseError> {
    let document = checked(xml, &CANONICAL)?;
    let root = document.root_element();
    if !is(root, SAMLP, "Response") && !is(root, SAML, "Assertion") {
        return Err(ResponseError::SignedContent("neither a response nor an assertion"));
    }
    Ok(document)
}

/// Parses canonical bytes, or bytes in which a part was replaced by its plaintext, whatever they
/// are.
pub(crate) fn parse_bytes(xml: &str) -> Result<Document<'_>, ResponseError> {
    checked(xml, &CANONICAL)
}

/// Parses a response in which a part was replaced by its plaintext.
pub(crate) fn parse_decrypted(xml: &str) -> Result<Document<'_>, ResponseError> {
    let document = checked(xml, &CANONICAL)?;
    structure::response_only(document.root_element())?;
    Ok(document)
}

/// Parses a LogoutRequest or LogoutResponse, as received or canonical.
pub(crate) fn parse_logout(xml: &str) -> Result<Document<'_>, ResponseError> {
    let document = checked(xml, &CANONICAL)?;
    let root = document.root_element();
    if is(root, SAMLP, "LogoutResponse") {
        structure::message_only(root, "LogoutResponse", &LOGOUT_RESPONSE)?;
    } else {
        structure::message_only(root, "LogoutRequest", &LOGOUT_REQUEST)?;
    }
    Ok(document)
}

/// Parses a SOAP envelope, which is only a cover around a message.
pub(crate) fn parse_envelope(xml: &str) -> Result<Document<'_>, ResponseError> {
    checked(xml, &LIMITS)
}

/// Parses metadata whose signature is to be verified.
pub(crate) fn parse_metadata(xml: &str) -> Result<Document<'_>, ResponseError> {
    let document = checked(xml, &METADATA_LIMITS)?;
    let root = document.root_element();
    if !is(root, METADATA, "EntityDescriptor") && !is(root, METADATA, "EntitiesDescriptor") {
        return Err(ResponseError::Structure("the root is no metadata"));
    }
    Ok(document)
}

fn checked<'input>(xml: &'input str, limits: &Limits) -> Result<Document<'input>, ResponseError> {
    let document = lexical::parse(xml, limits)?;
    let mut ids = HashSet::new();
    for element in document.descendants().filter(Node::is_element) {
        unambiguous_ids(element, &mut ids)?;
        absolute_namespaces(element)?;
    }
    Ok(document)
}

/// Any attribute that any reader may take for an id: `ID`, `Id`, `id`, with or without prefix.
fn unambiguous_ids<'a>(
    element: Node<'a, '_>,
    seen: &mut HashSet<&'a str>,
) -> Result<(), ResponseError> {
    for attribute in element.attributes().filter(|a| a.name().eq_ignore_ascii_case("id")) {
        if attribute.namespace().is_some() {
            return Err(ResponseError::Ids("an id attribute has a prefix"));
        }
        if !is_name(attribute.value()) {
            return Err(ResponseError::Ids("an id is not an XML name"));
        }
        if !seen.insert(attribute.value()) {
            return Err(ResponseError::Ids("two elements have the same id"));
        }
    }
    Ok(())
}

/// An NCName of ASCII, which is what every identity provider uses.
fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(first)
        && text.chars().all(|c| first(c) || c.is_ascii_digit() || "-.".contains(c))
}

/// Canonicalization fails on relative namespace names (XML-C14N §1.3), and a failed one has
/// been taken for an empty one by verifiers before.
fn absolute_namespaces(element: Node<'_, '_>) -> Result<(), ResponseError> {
    let absolute = |uri: &str| {
        uri.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        })
    };
    // Only the default namespace can be undeclared (XML Namespaces 1.0 §6.2).
    let undeclared = |ns: &Namespace<'_>| ns.uri().is_empty() && ns.name().is_none();
    let all = element.namespaces().all(|ns| undeclared(ns) || absolute(ns.uri()));
    all.then_some(()).ok_or(ResponseError::RelativeNamespace)
}

impl From<LexicalError> for ResponseError {
    fn from(error: LexicalError) -> Self {
        match error {
            LexicalError::Encoding(why) => Self::Encoding(why),
            LexicalError::DocumentType => Self::DocumentType,
            LexicalError::ProcessingInstruction => Self::ProcessingInstruction,
            LexicalError::Limit(what) => Self::Limit(what),
            LexicalError::Malformed(why) => Self::Malformed(why),
        }
    }
}
