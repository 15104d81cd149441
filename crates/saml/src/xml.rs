//! Reading an XML tree without surprises.

use roxmltree::Node;

/// Namespace of assertions (SAML Core §1.1).
pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of protocol messages (SAML Core §1.1).
pub(crate) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Namespace of metadata (SAML Metadata §1.1).
pub(crate) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Namespace of XML signatures.
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Exclusive canonicalization without comments: namespace and algorithm.
pub(crate) const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Namespace of XML encryption.
pub(crate) const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// Namespace of SOAP 1.1 envelopes.
pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// SAML Bindings §3.4.
pub(crate) const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// SAML Bindings §3.5.
pub(crate) const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// SAML Bindings §3.2.
pub(crate) const SOAP_BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP";

/// Whether the node is this element.
pub(crate) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.tag_name().namespace() == Some(namespace) && node.tag_name().name() == name
}

/// Child elements of one name, in document order.
pub(crate) fn children<'a, 'input>(
    parent: Node<'a, 'input>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    parent.children().filter(move |child| is(*child, namespace, name))
}

/// More than one element where the schema knows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Several(pub(crate) &'static str);

/// The child element of this name, if there is one.
pub(crate) fn child<'a, 'input>(
    parent: Node<'a, 'input>,
    namespace: &'static str,
    name: &'static str,
) -> Result<Option<Node<'a, 'input>>, Several> {
    let mut found = children(parent, namespace, name);
    let first = found.next();
    if found.next().is_some() {
        return Err(Several(name));
    }
    Ok(first)
}

/// The whole text of an element; `None` when it holds anything but text, a comment included: a
/// reader that stops at the comment would see another text than the one that joins its halves.
pub(crate) fn text(node: Node<'_, '_>) -> Option<String> {
    node.children().map(|child| if child.is_text() { child.text() } else { None }).collect()
}

/// XML's white space.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Text from a message for an operator's eyes: quoted, and short.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 160;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
