//! The one shape of signature that SAML Core §5.4 describes, and no other.

use roxmltree::Node;

use super::base64;
use crate::ResponseError;
use crate::xml::{DSIG, EXC_C14N, children, is, is_space, shown, text};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// RFC 9231 names; the algorithm's key type is enforced by libxmlsec1, which loads the key from a
/// certificate (A14: no HMAC, so a certificate can never be a shared secret).
const SIGNATURE_METHODS: [&str; 6] = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
];
const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";

/// Digest methods and the length of their values.
const DIGEST_METHODS: [(&str, usize); 3] = [
    ("http://www.w3.org/2001/04/xmlenc#sha256", 32),
    ("http://www.w3.org/2001/04/xmldsig-more#sha384", 48),
    ("http://www.w3.org/2001/04/xmlenc#sha512", 64),
];
const SHA1: (&str, usize) = ("http://www.w3.org/2000/09/xmldsig#sha1", 20);

/// Whether this identity provider's dated exception for SHA-1 is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sha1 {
    /// As for everybody.
    Refused,
    /// Until the date that the operator set.
    Tolerated,
}

/// What is worth knowing of a signature that has the one shape.
pub(super) struct Profile {
    pub(super) uses_sha1: bool,
    /// DER of the certificates in KeyInfo.
    pub(super) mentioned: Vec<Vec<u8>>,
}

/// Checks a signature against the one shape.
pub(super) fn profile(signature: Node<'_, '_>, sha1: Sha1) -> Result<Profile, ResponseError> {
    text_and_elements_only(signature)?;
    let (signed_info, value, key_info) = match elements(signature).as_slice() {
        [info, value] => (*info, *value, None),
        [info, value, key] => (*info, *value, Some(*key)),
        _ => return Err(ResponseError::SignatureProfile("children of Signature")),
    };
    named(signed_info, "SignedInfo")?;
    named(value, "SignatureValue")?;
    binary(value)?;

    let [canonicalization, method, reference] = exactly(signed_info, "children of SignedInfo")?;
    named(canonicalization, "CanonicalizationMethod")?;
    exclusive(canonicalization)?;
    let method = algorithm(named(method, "SignatureMethod")?)?;
    let weak_signature = method == RSA_SHA1;
    if !weak_signature && !SIGNATURE_METHODS.contains(&method) {
        return Err(ResponseError::Algorithm(shown(method)));
    }
    let weak_digest = reference_digest(named(reference, "Reference")?, signature)?;
    let uses_sha1 = weak_signature || weak_digest;
    if uses_sha1 && sha1 == Sha1::Refused {
        return Err(ResponseError::Sha1);
    }
    let mentioned = key_info.map_or_else(|| Ok(Vec::new()), certificates)?;
    Ok(Profile { uses_sha1, mentioned })
}

/// Checks the one Reference; says whether its digest is SHA-1.
fn reference_digest(
    reference: Node<'_, '_>,
    signature: Node<'_, '_>,
) -> Result<bool, ResponseError> {
    // A3: decided by the URI, and the URI must name the element that the signature stands in.
    let parent = signature.parent_element().and_then(|parent| parent.attribute("ID"));
    let named_id = reference.attribute("URI").and_then(|uri| uri.strip_prefix('#'));
    if named_id.is_none() || named_id != parent {
        return Err(ResponseError::SignatureReference);
    }
    let [transforms, method, value] = exactly(reference, "children of Reference")?;
    let [first, second] = exactly(named(transforms, "Transforms")?, "children of Transforms")?;
    if algorithm(named(first, "Transform")?)? != ENVELOPED {
        return Err(ResponseError::SignatureProfile("the first transform is not `enveloped`"));
    }
    exclusive(named(second, "Transform")?)?;
    let method = algorithm(named(method, "DigestMethod")?)?;
    let known = DIGEST_METHODS.iter().chain([&SHA1]).find(|(name, _)| *name == method);
    let (name, length) = known.ok_or_else(|| ResponseError::Algorithm(shown(method)))?;
    if binary(named(value, "DigestValue")?)?.len() != *length {
        return Err(ResponseError::SignatureProfile("the DigestValue has the wrong length"));
    }
    Ok(*name == SHA1.0)
}

/// A5: a comment or instruction inside a signature splits values for one reader and not for
/// another.
fn text_and_elements_only(signature: Node<'_, '_>) -> Result<(), ResponseError> {
    if signature.descendants().any(|node| node.is_comment() || node.is_pi()) {
        return Err(ResponseError::SignatureProfile("a comment or processing instruction"));
    }
    Ok(())
}

/// Child elements of a node that has no text but white space; empty when it has.
fn elements<'a, 'input>(node: Node<'a, 'input>) -> Vec<Node<'a, 'input>> {
    let stray = |child: Node<'_, '_>| child.text().is_some_and(|text| !text.chars().all(is_space));
    if node.children().any(|child| child.is_text() && stray(child)) {
        return Vec::new();
    }
    node.children().filter(Node::is_element).collect()
}

fn exactly<'a, 'input, const N: usize>(
    parent: Node<'a, 'input>,
    what: &'static str,
) -> Result<[Node<'a, 'input>; N], ResponseError> {
    elements(parent).try_into().map_err(|_| ResponseError::SignatureProfile(what))
}

fn named<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> Result<Node<'a, 'input>, ResponseError> {
    if !is(node, DSIG, name) {
        return Err(ResponseError::SignatureProfile("an unexpected element"));
    }
    Ok(node)
}

/// The algorithm of a method without parameters.
fn algorithm<'a>(method: Node<'a, '_>) -> Result<&'a str, ResponseError> {
    if method.children().any(|child| child.is_element()) {
        return Err(ResponseError::SignatureProfile("parameters of an algorithm"));
    }
    method.attribute("Algorithm").ok_or(ResponseError::SignatureProfile("no Algorithm"))
}

/// More prefixes than any writer of SAML lists.
const MOST_PREFIXES: usize = 16;

/// Exclusive canonicalization without comments, with at most a short list of prefixes: libxml2
/// looks each of them up at every element, before anything is verified (A20).
fn exclusive(method: Node<'_, '_>) -> Result<(), ResponseError> {
    if method.attribute("Algorithm") != Some(EXC_C14N) {
        return Err(ResponseError::SignatureProfile(
            "a transform other than `enveloped` and exclusive canonicalization",
        ));
    }
    let listed = |node: &Node<'_, '_>| {
        let prefixes = node.attribute("PrefixList").unwrap_or_default();
        is(*node, EXC_C14N, "InclusiveNamespaces")
            && node.first_child().is_none()
            && prefixes.split(is_space).filter(|prefix| !prefix.is_empty()).count() <= MOST_PREFIXES
    };
    match elements(method).as_slice() {
        [] => Ok(()),
        [list] if listed(list) => Ok(()),
        _ => Err(ResponseError::SignatureProfile("parameters of canonicalization")),
    }
}

/// The bytes of an element that holds strict base64 and nothing else.
fn binary(node: Node<'_, '_>) -> Result<Vec<u8>, ResponseError> {
    let value = text(node).and_then(|text| base64(&text));
    value.ok_or(ResponseError::SignatureProfile("a value is not plain base64"))
}

/// The certificates that KeyInfo mentions. They are never trusted (A13).
fn certificates(key_info: Node<'_, '_>) -> Result<Vec<Vec<u8>>, ResponseError> {
    named(key_info, "KeyInfo")?;
    let known = |node: &Node<'_, '_>| {
        ["X509Data", "KeyName", "KeyValue"].iter().any(|name| is(*node, DSIG, name))
    };
    if !key_info.children().filter(Node::is_element).all(|node| known(&node)) {
        return Err(ResponseError::SignatureProfile("children of KeyInfo"));
    }
    let data = children(key_info, DSIG, "X509Data");
    let certificates = data.flat_map(|data| children(data, DSIG, "X509Certificate"));
    Ok(certificates.filter_map(|node| base64(&text(node)?)).take(4).collect())
}
