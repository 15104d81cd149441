//! One assertion at its one place, and signatures at theirs.

use roxmltree::Node;

use super::signature::{self, Sha1};
use crate::ResponseError;
use crate::xml::{DSIG, SAML, SAMLP, Several, XENC, children, is};

/// What is known of the signatures of a message: only a claim until they are verified.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    /// How many there are.
    pub(crate) count: usize,
    /// Whether any signature or digest uses SHA-1.
    pub(crate) uses_sha1: bool,
    /// DER of the certificates that they mention: hints for the order in which keys are tried, and
    /// nothing else.
    pub(crate) mentioned: Vec<Vec<u8>>,
}

/// What signatures cover, from the message as received: only a claim until it is verified.
#[derive(Debug)]
pub(crate) struct Covered {
    /// The outermost signed element.
    pub(crate) part: Part,
    /// Its id.
    pub(crate) id: String,
    /// The id of the assertion.
    pub(crate) assertion_id: String,
    /// One signature, or the response's and the assertion's.
    pub(crate) signatures: Signatures,
}

impl Covered {
    /// Whether the assertion has a signature of its own.
    pub(crate) fn assertion_is_signed(&self) -> bool {
        self.part == Part::Assertion || self.signatures.count == 2
    }
}

/// What stands in a response.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a, 'input> {
    /// One assertion in plain.
    Plain,
    /// One `EncryptedAssertion`.
    Encrypted(Node<'a, 'input>),
}

/// The outermost signed element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The whole response.
    Response,
    /// Its assertion.
    Assertion,
}

/// Checks that the root is a response, the only one, with children that SAML Core §3.3.3 knows.
pub(super) fn response_only(root: Node<'_, '_>) -> Result<(), ResponseError> {
    if !is(root, SAMLP, "Response") {
        return Err(ResponseError::Structure("the root is no Response"));
    }
    if root.descendants().filter(|node| is(*node, SAMLP, "Response")).count() != 1 {
        return Err(ResponseError::Structure("a Response inside a Response"));
    }
    let known = [
        (SAML, "Issuer"),
        (DSIG, "Signature"),
        (SAMLP, "Extensions"),
        (SAMLP, "Status"),
        (SAML, "Assertion"),
        (SAML, "EncryptedAssertion"),
    ];
    for child in root.children().filter(Node::is_element) {
        if !known.iter().any(|(namespace, name)| is(child, namespace, name)) {
            return Err(ResponseError::Structure("an unknown element in the Response"));
        }
    }
    Ok(())
}

/// Checks that a message other than a response has only children that the schema knows.
pub(super) fn message_only(
    root: Node<'_, '_>,
    name: &'static str,
    known: &[(&'static str, &'static str)],
) -> Result<(), ResponseError> {
    if !is(root, SAMLP, name) {
        return Err(ResponseError::Structure("the root is another message"));
    }
    let mut elements = root.children().filter(Node::is_element);
    let all =
        elements.all(|child| known.iter().any(|(namespace, name)| is(child, namespace, name)));
    all.then_some(()).ok_or(ResponseError::Structure("an unknown element in the message"))
}

/// Finds out whether the assertion is encrypted.
pub(crate) fn content<'a, 'input>(
    root: Node<'a, 'input>,
) -> Result<Content<'a, 'input>, ResponseError> {
    let mut encrypted = root.descendants().filter(|node| is(*node, SAML, "EncryptedAssertion"));
    let Some(first) = encrypted.next() else { return Ok(Content::Plain) };
    let plain = root.descendants().any(|node| is(node, SAML, "Assertion"));
    if plain || encrypted.next().is_some() {
        return Err(ResponseError::SeveralAssertions);
    }
    if first.parent_element() != Some(root) {
        return Err(ResponseError::Structure("the assertion is no child of the Response"));
    }
    Ok(Content::Encrypted(first))
}

/// Finds the one assertion and what signatures say they cover.
pub(crate) fn covered_part(root: Node<'_, '_>, sha1: Sha1) -> Result<Covered, ResponseError> {
    let assertion = only_assertion(root)?;
    let signatures = placed_signatures(root, assertion)?;
    let Some(outermost) = signatures.first().and_then(Node::parent_element) else {
        return Err(ResponseError::Unsigned);
    };
    Ok(Covered {
        part: if outermost == root { Part::Response } else { Part::Assertion },
        id: id_of(outermost)?,
        assertion_id: id_of(assertion)?,
        signatures: profiles(root, &signatures, sha1)?,
    })
}

/// The one signature of a message, which is the root's.
pub(crate) fn root_signature(root: Node<'_, '_>, sha1: Sha1) -> Result<Signatures, ResponseError> {
    let all = root.descendants().filter(|node| is(*node, DSIG, "Signature")).count();
    let own: Vec<_> = children(root, DSIG, "Signature").collect();
    match (own.len(), all) {
        (0, 0) => Err(ResponseError::Unsigned),
        (1, 1) => profiles(root, &own, sha1),
        _ => Err(ResponseError::SignatureMisplaced("it is no child of the root, or not alone")),
    }
}

/// What covers an assertion that was decrypted out of a response whose own signature has been
/// verified: that signature, or the assertion's too.
pub(crate) fn covered_after_decryption(
    root: Node<'_, '_>,
    sha1: Sha1,
) -> Result<Covered, ResponseError> {
    match covered_part(root, sha1) {
        Err(ResponseError::Unsigned) => Ok(Covered {
            part: Part::Response,
            id: id_of(root)?,
            assertion_id: id_of(only_assertion(root)?)?,
            signatures: Signatures::default(),
        }),
        covered => covered,
    }
}

fn profiles(
    root: Node<'_, '_>,
    signatures: &[Node<'_, '_>],
    sha1: Sha1,
) -> Result<Signatures, ResponseError> {
    for bad in ["Object", "Manifest", "RetrievalMethod"] {
        // A17: data inside signatures, and references to follow. A RetrievalMethod beside a
        // ciphertext is no part of a signature, and is not followed.
        let outside = |node: &Node<'_, '_>| !is_retrieval_of_a_key(*node);
        if root.descendants().filter(outside).any(|node| is(node, DSIG, bad)) {
            return Err(ResponseError::SignatureProfile("Object, Manifest or RetrievalMethod"));
        }
    }
    let mut known = Signatures { count: signatures.len(), ..Signatures::default() };
    for signature in signatures {
        let profile = signature::profile(*signature, sha1)?;
        known.uses_sha1 |= profile.uses_sha1;
        known.mentioned.extend(profile.mentioned);
    }
    Ok(known)
}

fn is_retrieval_of_a_key(node: Node<'_, '_>) -> bool {
    let parent = |node: Node<'_, '_>, namespace, name| {
        node.parent_element().is_some_and(|parent| is(parent, namespace, name))
    };
    is(node, DSIG, "RetrievalMethod")
        && parent(node, DSIG, "KeyInfo")
        && node.parent_element().is_some_and(|info| parent(info, XENC, "EncryptedData"))
}

fn only_assertion<'a, 'input>(root: Node<'a, 'input>) -> Result<Node<'a, 'input>, ResponseError> {
    let mut assertions = root.descendants().filter(|node| is(*node, SAML, "Assertion"));
    let assertion = assertions.next().ok_or(ResponseError::AssertionMissing)?;
    if assertions.next().is_some() {
        return Err(ResponseError::SeveralAssertions);
    }
    if assertion.parent_element() != Some(root) {
        return Err(ResponseError::Structure("the assertion is no child of the Response"));
    }
    Ok(assertion)
}

/// The signatures, the response's first. SAML Core §5.4.1: enveloped in what they sign.
fn placed_signatures<'a, 'input>(
    root: Node<'a, 'input>,
    assertion: Node<'a, 'input>,
) -> Result<Vec<Node<'a, 'input>>, ResponseError> {
    let all = root.descendants().filter(|node| is(*node, DSIG, "Signature")).count();
    let own = |parent| children(parent, DSIG, "Signature").collect::<Vec<_>>();
    let (of_response, of_assertion) = (own(root), own(assertion));
    if of_response.len() > 1 || of_assertion.len() > 1 {
        return Err(ResponseError::SignatureMisplaced("two in one element"));
    }
    if all != of_response.len() + of_assertion.len() {
        return Err(ResponseError::SignatureMisplaced(
            "it is no child of the Response or the Assertion",
        ));
    }
    Ok(of_response.into_iter().chain(of_assertion).collect())
}

fn id_of(element: Node<'_, '_>) -> Result<String, ResponseError> {
    let id = element.attribute("ID").ok_or(ResponseError::Ids("an element has no ID"))?;
    Ok(id.to_owned())
}

impl From<Several> for ResponseError {
    fn from(Several(name): Several) -> Self {
        Self::Structure(match name {
            "Issuer" => "two Issuer elements",
            "Status" => "two Status elements",
            "StatusCode" => "two StatusCode elements",
            "Subject" => "two Subject elements",
            "NameID" => "two NameID elements",
            "Conditions" => "two Conditions elements",
            _ => "an element twice that may stand once",
        })
    }
}
