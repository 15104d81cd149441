//! Flaws in the finished document: comments, DTDs, encodings, sizes.

use super::flaw::Flaw;
use super::signature::EXCLUSIVE;
use super::signing::Ingredients;
use super::wrapping::extend;

const ROOT_END: &str = "</samlp:Response>";

/// What goes on the wire, before base64.
pub(crate) fn encode(
    i: &Ingredients,
    document: String,
    honest_email: &str,
    forged_email: &str,
) -> Vec<u8> {
    let Some(flaw) = i.flaw else { return document.into_bytes() };
    if let Some(text) = signed_values(flaw, &document, honest_email, forged_email) {
        return text.into_bytes();
    }
    if let Some(text) = declarations(flaw, &document) {
        return text.into_bytes();
    }
    if let Some(text) = oversized(flaw, &document) {
        return text.into_bytes();
    }
    malformed(flaw, document, &i.forged.assertion())
}

/// Changes inside what was signed; comments leave the canonical form as it was.
fn signed_values(flaw: Flaw, document: &str, honest: &str, forged: &str) -> Option<String> {
    let cut = |by: &str| {
        document.replace(&format!("{forged}.evil.example"), &format!("{forged}{by}.evil.example"))
    };
    Some(match flaw {
        Flaw::Tampered => document.replace(honest, forged),
        Flaw::TamperedSignatureValue => {
            const START: &str = "<ds:SignatureValue>";
            let at = document.find(START).map_or(0, |i| i + START.len() + 10);
            let other = if document[at..].starts_with('A') { "B" } else { "A" };
            format!("{}{other}{}", &document[..at], &document[at + 1..])
        }
        Flaw::CommentInDigestValue => {
            document.replacen("</ds:DigestValue>", "<!-- c --></ds:DigestValue>", 1)
        }
        Flaw::CommentInSignatureValue => {
            document.replacen("</ds:SignatureValue>", "<!-- c --></ds:SignatureValue>", 1)
        }
        Flaw::CommentInNameId => cut("<!-- -->"),
        Flaw::InstructionInNameId => cut("<?cut here?>"),
        _ => return None,
    })
}

fn declarations(flaw: Flaw, document: &str) -> Option<String> {
    let message = |entity: &str| {
        let message =
            format!("<samlp:StatusMessage>&{entity};</samlp:StatusMessage></samlp:Status>");
        document.replacen("</samlp:Status>", &message, 1)
    };
    let with =
        |subset: &str, document: &str| format!("<!DOCTYPE samlp:Response [{subset}]>{document}");
    Some(match flaw {
        Flaw::Doctype => format!("<!DOCTYPE samlp:Response>{document}"),
        Flaw::EntityExpansion => {
            let next =
                |c: char, d: char| format!("<!ENTITY {d} \"{}\">", format!("&{c};").repeat(10));
            let mut subset = "<!ENTITY a \"aaaaaaaaaa\">".to_owned();
            subset.extend(('a'..'j').zip('b'..='j').map(|(c, d)| next(c, d)));
            with(&subset, &message("j"))
        }
        Flaw::ExternalEntity => with("<!ENTITY x SYSTEM \"file:///etc/hostname\">", &message("x")),
        Flaw::AttributeListDeclaration => {
            with("<!ATTLIST saml:Assertion AssertionID ID #IMPLIED>", document)
        }
        Flaw::ProcessingInstruction => format!("<?php phpinfo() ?>{document}"),
        _ => return None,
    })
}

fn oversized(flaw: Flaw, document: &str) -> Option<String> {
    use std::fmt::Write as _;
    let element = |count: usize, attribute: &str| {
        let mut text = "<x:e xmlns:x=\"urn:x\"".to_owned();
        for n in 0..count {
            let _ = write!(text, " {attribute}{n}=\"urn:{n}\"");
        }
        text + "/>"
    };
    Some(match flaw {
        Flaw::Huge => {
            let padding = " ".repeat(50 * 1024 * 1024);
            document.replacen(ROOT_END, &format!("{padding}{ROOT_END}"), 1)
        }
        Flaw::ManyAttributes => extend(document, &element(100_000, "a")),
        Flaw::ManyNamespaces => extend(document, &element(20_000, "xmlns:n")),
        Flaw::Deep => {
            let (open, close) = ("<x>".repeat(10_000), "</x>".repeat(10_000));
            extend(document, &format!("{open}{close}"))
        }
        Flaw::ManyPrefixes => {
            let names: String = (0..3_000).map(|n| format!("p{n} ")).collect();
            let method = format!("Algorithm=\"{EXCLUSIVE}\">");
            let list = format!(
                "{method}<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{names}\"/>"
            );
            extend(&document.replace(&method, &list), &"<x/>".repeat(3_000))
        }
        _ => return None,
    })
}

fn malformed(flaw: Flaw, mut document: String, forged: &str) -> Vec<u8> {
    match flaw {
        Flaw::Truncated => document.truncate(document.len() - 20),
        Flaw::JunkBehindRoot => document.push_str("<junk/>"),
        Flaw::BareAmpersand => document = document.replacen(ROOT_END, &format!(" & {ROOT_END}"), 1),
        Flaw::NulByte => document = document.replacen(ROOT_END, &format!("\0{ROOT_END}"), 1),
        Flaw::OtherRoot => document = document.replace("samlp:Response", "samlp:LogoutResponse"),
        Flaw::EmptyDocument => document.clear(),
        Flaw::ByteOrderMark => document.insert(0, '\u{feff}'),
        Flaw::Utf7 => document = utf7(&document, forged),
        Flaw::Utf16 => {
            let units = std::iter::once(0xfeff).chain(document.encode_utf16());
            return units.flat_map(u16::to_be_bytes).collect();
        }
        _ => {}
    }
    document.into_bytes()
}

/// To a reader of ASCII the forged Assertion is text of a StatusMessage; to one that believes the
/// declaration it is markup.
fn utf7(document: &str, forged: &str) -> String {
    let smuggled =
        format!("</samlp:StatusMessage></samlp:Status>{forged}<samlp:Status><samlp:StatusMessage>");
    let smuggled = smuggled.replace('<', "+ADw-").replace('>', "+AD4-").replace('"', "+ACI-");
    let message = format!("<samlp:StatusMessage>{smuggled}</samlp:StatusMessage></samlp:Status>");
    let document = document.replacen("</samlp:Status>", &message, 1);
    format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{document}")
}
