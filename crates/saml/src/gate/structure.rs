//! One assertion at its one place, and signatures at theirs.

use roxmltree::Node;

use super::signature::{self, Sha1};
use crate::ResponseError;
use crate::xml::{DSIG, SAML, SAMLP, Several, children, is};

/// What signatures cover, from the message as received: only a claim until it is verified.
#[derive(Debug)]
pub(crate) struct Covered {
    /// The outermost signed element.
    pub(crate) part: Part,
    /// Its id.
    pub(crate) id: String,
    /// The id of the assertion.
    pub(crate) assertion_id: String,
    /// How many signatures there are: one or two.
    pub(crate) signatures: usize,
    /// Whether any signature or digest uses SHA-1.
    pub(crate) uses_sha1: bool,
    /// DER of the certificates that the signatures mention: hints for the order in which keys are
    /// tried, and nothing else.
    pub(crate) mentioned: Vec<Vec<u8>>,
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

/// Finds the one assertion and what signatures say they cover.
pub(crate) fn covered_part(root: Node<'_, '_>, sha1: Sha1) -> Result<Covered, ResponseError> {
    let assertion = only_assertion(root)?;
    let signatures = placed_signatures(root, assertion)?;
    for bad in ["Object", "Manifest", "RetrievalMethod"] {
        // A17: data inside signatures, and references to follow.
        if root.descendants().any(|node| is(node, DSIG, bad)) {
            return Err(ResponseError::SignatureProfile("Object, Manifest or RetrievalMethod"));
        }
    }
    let Some(outermost) = signatures.first().and_then(Node::parent_element) else {
        return Err(ResponseError::Unsigned);
    };
    let mut covered = Covered {
        part: if outermost == root { Part::Response } else { Part::Assertion },
        id: id_of(outermost)?,
        assertion_id: id_of(assertion)?,
        signatures: signatures.len(),
        uses_sha1: false,
        mentioned: Vec::new(),
    };
    for signature in signatures {
        let profile = signature::profile(signature, sha1)?;
        covered.uses_sha1 |= profile.uses_sha1;
        covered.mentioned.extend(profile.mentioned);
    }
    Ok(covered)
}

fn only_assertion<'a, 'input>(root: Node<'a, 'input>) -> Result<Node<'a, 'input>, ResponseError> {
    let elements = |name| root.descendants().filter(move |node| is(*node, SAML, name));
    if elements("EncryptedAssertion").next().is_some() {
        return Err(ResponseError::Encrypted("assertion"));
    }
    let mut assertions = elements("Assertion");
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
