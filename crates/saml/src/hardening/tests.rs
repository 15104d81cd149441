//! The second line of defence: what happens to hostile signatures that no gate has stopped.

use std::ffi::CStr;
use std::net::TcpListener;

use super::*;

fn knows(name: &CStr) -> bool {
    let _shared = TRANSFORMS.read().unwrap();
    native::knows(name)
}

#[test]
fn only_what_saml_needs_is_left() {
    harden();
    for kept in [
        c"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        c"http://www.w3.org/2001/10/xml-exc-c14n#",
        c"http://www.w3.org/2001/04/xmlenc#sha256",
        c"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        c"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    ] {
        assert!(knows(kept), "{kept:?} is gone");
    }
    for gone in [
        c"http://www.w3.org/TR/1999/REC-xpath-19991116",
        c"http://www.w3.org/2002/06/xmldsig-filter2",
        c"http://www.w3.org/TR/1999/REC-xslt-19991116",
        c"http://www.w3.org/2000/09/xmldsig#base64",
        c"http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        c"http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        c"http://www.w3.org/2000/09/xmldsig#sha1",
        c"http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        c"http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        c"http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        c"http://www.w3.org/2001/04/xmlenc#rsa-1_5",
    ] {
        assert!(!knows(gone), "{gone:?} is still there");
    }
}

#[test]
fn sha1_is_there_only_inside_the_lock() {
    harden();
    let result = digested_bytes("<x/>", &[], true);
    assert_eq!(result, Err(ResponseError::SignatureInvalid { keys: 0 }));
    assert!(!knows(c"http://www.w3.org/2000/09/xmldsig#rsa-sha1"));
}

/// A signature with this reference and these transforms; the library digests before it looks at
/// the signature value.
fn hostile(uri: &str, transforms: &str) -> String {
    format!(
        "<Response ID=\"r\"><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo>\
         <CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>\
         <Reference URI=\"{uri}\">{transforms}\
         <DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><DigestValue>AAAA\
         </DigestValue></Reference></SignedInfo><SignatureValue>AAAA</SignatureValue></Signature></Response>"
    )
}

fn some_key() -> CertificateDer {
    use openssl::{asn1::Asn1Time, hash::MessageDigest, pkey::PKey, rsa::Rsa, x509::X509};
    let private = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(9).unwrap()).unwrap();
    builder.set_pubkey(&private).unwrap();
    builder.sign(&private, MessageDigest::sha256()).unwrap();
    CertificateDer::from(builder.build().to_der().unwrap())
}

#[test]
fn references_are_not_fetched_even_without_the_gate() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let keys = [some_key()];
    for uri in [url.as_str(), "file:///etc/hostname"] {
        let result = digested_bytes(&hostile(uri, ""), &keys, false);
        assert_eq!(result, Err(ResponseError::SignatureInvalid { keys: 1 }));
    }
    assert!(listener.accept().is_err(), "the library connected");
}

/// Left in, this expression takes minutes.
#[test]
fn xpath_is_not_evaluated_even_without_the_gate() {
    let expression =
        "count(//. | //@* | //namespace::*) &gt; count(//.[count(//.[count(//.) &gt; 0]) &gt; 0])";
    let transforms = format!(
        "<Transforms><Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><XPath>{expression}\
         </XPath></Transform></Transforms>"
    );
    let xml =
        hostile("#r", &transforms).replace("</Response>", &("<x/>".repeat(3000) + "</Response>"));
    let result = digested_bytes(&xml, &[some_key()], false);
    assert_eq!(result, Err(ResponseError::SignatureInvalid { keys: 1 }));
}
