//! From ciphertext to the element that it stands for (SAML Core §2.2.4, XML Encryption 1.1).
//!
//! The plaintext takes the ciphertext's place in the text of the message, and the whole passes the
//! gate again: a decrypted part has no right that a plain one would not have. What fails behind the
//! ciphertext fails with one error and at one price (attacks.md A21, A22).

mod cipher;
mod profile;

use roxmltree::Node;

use crate::xml::{SAML, is, is_space};
use crate::{ResponseError, ServiceKeys, gate};

/// Encrypted names and attributes in one assertion.
const MOST_PARTS: usize = 16;

/// Whether this identity provider's dated exception for AES-CBC is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cbc {
    /// As for everybody.
    Refused,
    /// Until the date that the operator set.
    Tolerated,
}

/// A message in which ciphertext was replaced by its plaintext.
#[derive(Debug)]
pub(crate) struct Decrypted {
    pub(crate) xml: String,
    pub(crate) used_cbc: bool,
}

/// Puts the assertion in the place of its `EncryptedAssertion`.
pub(crate) fn assertion(
    encrypted: Node<'_, '_>,
    keys: &ServiceKeys,
    cbc: Cbc,
) -> Result<Decrypted, ResponseError> {
    replaced(encrypted, "Assertion", keys, cbc)
}

/// Puts names and attributes in the place of `EncryptedID` and `EncryptedAttribute` where the
/// identity is read: in the subject, the attribute statements, and a LogoutRequest.
pub(crate) fn names_and_attributes(
    xml: String,
    keys: &ServiceKeys,
    cbc: Cbc,
) -> Result<Decrypted, ResponseError> {
    let mut decrypted = Decrypted { xml, used_cbc: false };
    for _ in 0..=MOST_PARTS {
        // Names cannot be escaped: most answers need not be parsed for this.
        if !decrypted.xml.contains("Encrypted") {
            return Ok(decrypted);
        }
        let next = {
            let document = gate::parse_bytes(&decrypted.xml)?;
            let Some((node, name)) = next_part(document.root_element()) else {
                return Ok(decrypted);
            };
            replaced(node, name, keys, cbc)?
        };
        decrypted = Decrypted { used_cbc: decrypted.used_cbc || next.used_cbc, ..next };
    }
    Err(ResponseError::Limit("encrypted names and attributes"))
}

/// The first encrypted part that is of use, and what it must turn out to be.
fn next_part<'a, 'input>(root: Node<'a, 'input>) -> Option<(Node<'a, 'input>, &'static str)> {
    let inside = |node: Node<'a, 'input>, parent| {
        node.parent_element().is_some_and(|element| is(element, SAML, parent))
    };
    root.descendants().find_map(|node| {
        if is(node, SAML, "EncryptedID")
            && (inside(node, "Subject") || node.parent_element() == Some(root))
        {
            return Some((node, "NameID"));
        }
        (is(node, SAML, "EncryptedAttribute") && inside(node, "AttributeStatement"))
            .then_some((node, "Attribute"))
    })
}

fn replaced(
    encrypted: Node<'_, '_>,
    name: &'static str,
    keys: &ServiceKeys,
    cbc: Cbc,
) -> Result<Decrypted, ResponseError> {
    if keys.iter().all(|key| key.decrypts().is_none()) {
        return Err(ResponseError::Encrypted(match name {
            "Assertion" => "assertion",
            "NameID" => "name id",
            _ => "attribute",
        }));
    }
    let profile = profile::read(encrypted, cbc)?;
    let plain = cipher::decrypt(&profile, keys).ok_or(ResponseError::Decryption)?;
    let plain = plain.trim_matches(is_space);
    let (text, range) = (encrypted.document().input_text(), encrypted.range());
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    let xml = format!("{before}{plain}{after}");
    // One whole element of the right kind, and nothing beside it that would stand in the message.
    let document = gate::parse_bytes(&xml).map_err(|_| ResponseError::Decryption)?;
    let expected = before.len()..before.len() + plain.len();
    let found = document.descendants().find(|node| node.is_element() && node.range() == expected);
    if !found.is_some_and(|node| is(node, SAML, name)) {
        return Err(ResponseError::Decryption);
    }
    drop(document);
    Ok(Decrypted { xml, used_cbc: profile.is_cbc() })
}
