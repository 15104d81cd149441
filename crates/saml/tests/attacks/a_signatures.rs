//! Signatures of another shape than the one that SAML describes.

use std::net::TcpListener;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::forge::{
    ACME, Check, DSIG, EXC, Method, NOW, Sign, accepted, answer, at, cause, cause_of, enveloped,
    exc_c14n, signature,
};

fn signed_by(method: Method) -> String {
    answer().method(method).sign(Sign::Assertion)
}

fn edited(from: &str, to: &str) -> String {
    signed_by(Method::sha256().edit(from, to))
}

#[test]
fn a4_two_references_or_two_signed_infos_are_refused() {
    let xml = answer().sign(Sign::Assertion);
    let part = |name: &str| {
        let start = xml.find(&format!("<ds:{name}")).unwrap();
        let end = xml.find(&format!("</ds:{name}>")).unwrap() + name.len() + 6;
        xml[start..end].to_owned()
    };
    let reference = part("Reference");
    let signed_info = part("SignedInfo");
    let value = part("SignatureValue");
    for twice in [&reference, &signed_info, &value] {
        let doubled = xml.replace(twice.as_str(), &twice.repeat(2));
        assert_eq!(cause(&doubled), "saml-signature-profile", "{twice}");
    }
    let two_signed = edited("</ds:SignedInfo>", &format!("{reference}</ds:SignedInfo>"));
    assert_eq!(cause(&two_signed), "saml-signature-profile");
    let many = edited("</ds:SignedInfo>", &format!("{}</ds:SignedInfo>", reference.repeat(500)));
    assert_eq!(cause(&many), "saml-signature-profile");
    let none = xml.replace(&reference, "");
    assert_eq!(cause(&none), "saml-signature-profile");
}

#[test]
fn a5_comments_and_elements_in_values_are_refused() {
    let xml = answer().sign(Sign::Assertion);
    for value in ["<ds:DigestValue>", "<ds:SignatureValue>"] {
        for trick in ["<!--x-->", "<x/>", "QUJD<!---->", "%", "=", "&#0;"] {
            let tampered = xml.replace(value, &format!("{value}{trick}"));
            let cause = cause(&tampered);
            let known = ["saml-signature-profile", "saml-xml-malformed"];
            assert!(known.contains(&cause.as_str()), "{value}{trick}: {cause}");
        }
    }
    let digest = edited("<ds:DigestValue>", "<ds:DigestValue><!--evil-->");
    assert_eq!(cause(&digest), "saml-signature-profile");
    let empty = xml.split("<ds:SignatureValue>").next().unwrap().to_owned()
        + "<ds:SignatureValue/></ds:Signature>"
        + xml.split("</ds:Signature>").nth(1).unwrap();
    assert_eq!(cause(&empty), "saml-signature-profile");
    // White space around values is honest: many signers wrap lines.
    let spaced = xml.replace("<ds:SignatureValue>", "<ds:SignatureValue>\n  ");
    assert_eq!(accepted(&spaced).name_id().value(), "ann-4711");
}

#[test]
fn a8_the_digest_of_nothing_is_refused() {
    let nothing = "<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>";
    let genuine = signature(&answer().assertion, "_assertion", &ACME, &Method::sha256());
    let digest = genuine.split("<ds:DigestValue>").nth(1).unwrap().split('<').next().unwrap();
    let void = signed_by(
        Method::sha256().edit(&format!("<ds:DigestValue>{digest}</ds:DigestValue>"), nothing),
    );
    assert_eq!(cause(&void), "saml-signature-invalid");
}

#[test]
fn a14_hmac_with_the_public_certificate_is_refused() {
    let key = PKey::hmac(&ACME.der()).unwrap();
    let hmac = format!("{DSIG}hmac-sha1");
    for uri in [hmac.as_str(), "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"] {
        let method = Method { signature: uri.to_owned(), ..Method::sha256() };
        let xml = signed_by(method);
        let info =
            &xml[xml.find("<ds:SignedInfo").unwrap()..xml.find("<ds:SignatureValue>").unwrap()];
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.update(&exc_c14n(info)).unwrap();
        let value = openssl::base64::encode_block(&signer.sign_to_vec().unwrap());
        let start = xml.find("<ds:SignatureValue>").unwrap() + 19;
        let end = xml.find("</ds:SignatureValue>").unwrap();
        let swapped = format!("{}{value}{}", &xml[..start], &xml[end..]);
        assert_eq!(cause(&swapped), "saml-signature-algorithm", "{uri}");
    }
}

#[test]
fn a14_an_algorithm_of_another_key_type_is_refused() {
    let ecdsa_name = Method { signature: Method::sha("ecdsa", 256).signature, ..Method::sha256() };
    assert_eq!(cause(&signed_by(ecdsa_name)), "saml-signature-invalid");
}

fn sha1_signature() -> Method {
    Method {
        signature: format!("{DSIG}rsa-sha1"),
        signature_hash: MessageDigest::sha1(),
        ..Method::sha256()
    }
}

fn sha1_digest() -> Method {
    Method { digest: format!("{DSIG}sha1"), digest_hash: MessageDigest::sha1(), ..Method::sha256() }
}

#[test]
fn a15_sha1_needs_a_dated_exception_that_is_live() {
    let both = Method {
        digest: format!("{DSIG}sha1"),
        digest_hash: MessageDigest::sha1(),
        ..sha1_signature()
    };
    for method in [sha1_signature(), sha1_digest(), both] {
        let xml = signed_by(method);
        assert_eq!(cause(&xml), "saml-signature-sha1");
        let until = |sha1_until| Check { sha1_until: Some(sha1_until), ..Check::new() };
        let tolerated = until(at(1)).run(&xml);
        assert!(tolerated.is_ok_and(|assertion| assertion.used_sha1()));
        assert_eq!(cause_of(&until(NOW), &xml), "saml-signature-sha1");
        // A live exception for one provider is none for the next.
        assert_eq!(cause(&xml), "saml-signature-sha1");
    }
    let live = Check { sha1_until: Some(at(1)), ..Check::new() };
    assert!(!live.run(&signed_by(Method::sha256())).unwrap().used_sha1());
    let forged = signed_by(sha1_signature()).replace("ann-4711", "root");
    assert_eq!(cause_of(&live, &forged), "saml-signature-invalid");
}

#[test]
fn a15_one_providers_sha1_never_leaks_into_checks_in_parallel() {
    let (old, new) = (signed_by(sha1_signature()), signed_by(Method::sha256()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (old, new) = (&old, &new);
            scope.spawn(move || {
                let live = Check { sha1_until: Some(at(1)), ..Check::new() };
                for _ in 0..25 {
                    assert!(live.run(old).is_ok());
                    assert!(Check::new().run(new).is_ok());
                    assert_eq!(cause(old), "saml-signature-sha1");
                }
            });
        }
    });
}

#[test]
fn a15_md5_dsa_and_unknown_algorithms_are_refused() {
    let live = Check { sha1_until: Some(at(1)), ..Check::new() };
    for uri in [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "",
        "RSA-SHA256",
    ] {
        let xml = signed_by(Method { signature: uri.to_owned(), ..Method::sha256() });
        assert_eq!(cause_of(&live, &xml), "saml-signature-algorithm", "{uri}");
    }
    for uri in [
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "http://www.w3.org/2001/04/xmldsig-more#sha224",
        "",
    ] {
        let xml = signed_by(Method { digest: uri.to_owned(), ..Method::sha256() });
        assert_eq!(cause_of(&live, &xml), "saml-signature-algorithm", "{uri}");
    }
}

#[test]
fn a16_other_transforms_are_refused() {
    let enveloped = format!("<ds:Transform Algorithm=\"{DSIG}enveloped-signature\"/>");
    let exclusive = format!("<ds:Transform Algorithm=\"{EXC}\"/>");
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>\
                 not(ancestor-or-self::*[local-name()='NameID'])</ds:XPath></ds:Transform>";
    let xslt = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet \
                xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/></ds:Transform>";
    let other = |uri: &str| format!("<ds:Transform Algorithm=\"{uri}\"/>");
    let honest = format!("{enveloped}{exclusive}");
    for transforms in [
        String::new(),
        enveloped.clone(),
        exclusive.clone(),
        format!("{exclusive}{enveloped}"),
        format!("{honest}{exclusive}"),
        format!("{enveloped}{xpath}"),
        format!("{enveloped}{xpath}{exclusive}"),
        format!("{enveloped}{xslt}{exclusive}"),
        format!("{xslt}{exclusive}"),
        format!("{enveloped}{}", other(&format!("{EXC}WithComments"))),
        format!("{enveloped}{}", other("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
        format!("{enveloped}{}", other("http://www.w3.org/2000/09/xmldsig#base64")),
    ] {
        // Not made by a signer that could really apply them: the gate must not even ask.
        let xml = answer().sign(Sign::Assertion).replace(&honest, &transforms);
        assert_eq!(cause(&xml), "saml-signature-profile", "{transforms}");
    }
    let method = format!("<ds:CanonicalizationMethod Algorithm=\"{EXC}\"/>");
    for uri in
        [format!("{EXC}WithComments"), "http://www.w3.org/TR/2001/REC-xml-c14n-20010315".to_owned()]
    {
        let xml = edited(&method, &method.replace(EXC, &uri));
        assert_eq!(cause(&xml), "saml-signature-profile", "{uri}");
    }
}

#[test]
fn a16_a_prefix_list_is_honest() {
    let list = format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC}\" PrefixList=\"xs\"/>");
    let exclusive = format!("<ds:Transform Algorithm=\"{EXC}\"/>");
    let listed = format!("<ds:Transform Algorithm=\"{EXC}\">{list}</ds:Transform>");
    assert_eq!(accepted(&edited(&exclusive, &listed)).id(), "_assertion");
    let filled =
        listed.replace("PrefixList=\"xs\"/>", "PrefixList=\"xs\">x</ec:InclusiveNamespaces>");
    assert_eq!(cause(&edited(&exclusive, &filled)), "saml-signature-profile");
}

#[test]
fn a20_a_long_prefix_list_is_refused_wherever_it_stands() {
    let prefixes = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!("p{n}")).collect();
        let names = names.join(" ");
        format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC}\" PrefixList=\"{names}\"/>")
    };
    for element in ["Transform", "CanonicalizationMethod"] {
        let plain = format!("<ds:{element} Algorithm=\"{EXC}\"/>");
        let with = |count: usize| {
            let list = prefixes(count);
            edited(&plain, &format!("<ds:{element} Algorithm=\"{EXC}\">{list}</ds:{element}>"))
        };
        assert_eq!(accepted(&with(16)).id(), "_assertion");
        for count in [17, 3_000] {
            assert_eq!(cause(&with(count)), "saml-signature-profile", "{count} in {element}");
        }
    }
}

#[test]
fn a17_objects_and_other_parts_are_refused() {
    let xml = answer().sign(Sign::Assertion);
    for part in [
        "<ds:Object>data</ds:Object>",
        "<ds:Object/>",
        "<ds:Manifest/>",
        "<x xmlns=\"urn:x\"/>",
        "stray text",
    ] {
        let with = xml.replace("</ds:Signature>", &format!("{part}</ds:Signature>"));
        assert_eq!(cause(&with), "saml-signature-profile", "{part}");
    }
    for part in [
        "<ds:RetrievalMethod URI=\"http://127.0.0.1:9/\"/>",
        "<ds:PGPData/>",
        "<ds:SPKIData/>",
        "<x:SecurityTokenReference xmlns:x=\"urn:x\"/>",
        "<ds:X509Data><ds:RetrievalMethod URI=\"#x\"/></ds:X509Data>",
    ] {
        let with = xml.replace("<ds:KeyInfo>", &format!("<ds:KeyInfo>{part}"));
        assert_eq!(cause(&with), "saml-signature-profile", "{part}");
    }
    let short = xml.replace("<ds:SignatureMethod ", "<ds:SignatureMethod x=\"y\" ");
    assert_eq!(cause(&short), "saml-signature-invalid");
    let parameter = edited(
        "rsa-sha256\"/>",
        "rsa-sha256\"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>",
    );
    assert_eq!(cause(&parameter), "saml-signature-profile");
    // KeyName, KeyValue and no KeyInfo at all are honest.
    for key_info in ["<ds:KeyInfo><ds:KeyName>k</ds:KeyName>", "<ds:KeyInfo><ds:KeyValue/>"] {
        assert_eq!(accepted(&xml.replace("<ds:KeyInfo>", key_info)).id(), "_assertion");
    }
    let start = xml.find("<ds:KeyInfo>").unwrap();
    let end = xml.find("</ds:KeyInfo>").unwrap() + 13;
    assert_eq!(accepted(&(xml[..start].to_owned() + &xml[end..])).id(), "_assertion");
}

#[test]
fn a18_no_reference_is_ever_fetched() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let xml = edited("URI=\"#_assertion\"", &format!("URI=\"{url}\""));
    assert_eq!(cause(&xml), "saml-signature-reference");
    let external =
        format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"{url}\">]>{}", answer().sign(Sign::Both));
    assert_eq!(cause(&external), "saml-document-type");
    assert!(listener.accept().is_err(), "somebody connected");
}

#[test]
fn signatures_over_an_element_of_another_id_are_refused() {
    let assertion = answer().assertion;
    let xml = enveloped(&assertion, "_other", &ACME, &Method::sha256());
    let xml = answer().response.replace("{ASSERTION}", &xml);
    assert_eq!(cause(&xml), "saml-signature-reference");
}
