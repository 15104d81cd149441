//! An enveloped signature over a message of ours (SAML Core §5.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::error::ErrorStack;
use openssl::sha::sha256;

use super::canonical::{Element, Prefix};
use crate::keys::ServiceKey;
use crate::xml::{DSIG, EXC_C14N};

/// The message with a signature behind its first child, the Issuer. `id` is the message's own.
pub(crate) fn enveloped(
    message: Element,
    id: &str,
    key: &ServiceKey,
) -> Result<Element, ErrorStack> {
    let digest = STANDARD.encode(sha256(message.canonical().as_bytes()));
    let info = signed_info(id, key.algorithm(), &digest);
    let value = STANDARD.encode(key.sign(info.canonical().as_bytes())?);
    let signature = Element::new(Prefix::Ds, "Signature")
        .child(info)
        .child(Element::new(Prefix::Ds, "SignatureValue").text(value))
        .child(key_info(key.certificate()));
    Ok(message.second_child(signature))
}

/// The certificate as KeyInfo, for whoever looks keys up by it.
pub(crate) fn key_info(certificate: &[u8]) -> Element {
    let certificate =
        Element::new(Prefix::Ds, "X509Certificate").text(STANDARD.encode(certificate));
    Element::new(Prefix::Ds, "KeyInfo")
        .child(Element::new(Prefix::Ds, "X509Data").child(certificate))
}

fn signed_info(id: &str, algorithm: &str, digest: &str) -> Element {
    let method =
        |name, algorithm: &str| Element::new(Prefix::Ds, name).attribute("Algorithm", algorithm);
    let transforms = Element::new(Prefix::Ds, "Transforms")
        .child(method("Transform", &format!("{DSIG}enveloped-signature")))
        .child(method("Transform", EXC_C14N));
    let reference = Element::new(Prefix::Ds, "Reference")
        .attribute("URI", format!("#{id}"))
        .child(transforms)
        .child(method("DigestMethod", "http://www.w3.org/2001/04/xmlenc#sha256"))
        .child(Element::new(Prefix::Ds, "DigestValue").text(digest));
    Element::new(Prefix::Ds, "SignedInfo")
        .child(method("CanonicalizationMethod", EXC_C14N))
        .child(method("SignatureMethod", algorithm))
        .child(reference)
}
