//! Flaws in where the signed thing stands (signature wrapping), after the catalogue of Somorovsky
//! and others, "On Breaking SAML" (2012).

use super::draft::{ASSERTION_NS, Draft};
use super::flaw::Flaw;
use super::signature::place;
use super::signing::Ingredients;

const SIGNATURE_END: &str = "</ds:Signature>";

/// The document, if the flaw is one of wrapping.
pub(crate) fn document(i: &Ingredients) -> Option<String> {
    let flaw = i.flaw?;
    response_wrapping(flaw, i).or_else(|| assertion_wrapping(flaw, i)).or_else(|| others(flaw, i))
}

fn response_wrapping(flaw: Flaw, i: &Ingredients) -> Option<String> {
    let genuine = i.draft.response(&i.assertion());
    let signature = i.signature(&i.draft.response_id, &genuine);
    let forged = i.forged.response(&i.forged.assertion());
    Some(match flaw {
        Flaw::Xsw1 => place(&forged, &inside(&signature, SIGNATURE_END, &genuine)),
        Flaw::Xsw2 => place(&forged, &format!("{genuine}{signature}")),
        Flaw::ResponseInResponse => {
            let signed = place(&genuine, &signature);
            i.forged.response(&format!("{}{signed}", i.forged.assertion()))
        }
        _ => return None,
    })
}

fn assertion_wrapping(flaw: Flaw, i: &Ingredients) -> Option<String> {
    let genuine = i.assertion();
    let signature = i.signature(&i.draft.assertion_id, &genuine);
    let signed = place(&genuine, &signature);
    let forged = i.forged.assertion();
    let around = |content: &str| i.draft.response(content);
    let object = format!("<ds:Object>{genuine}</ds:Object>");
    Some(match flaw {
        Flaw::Xsw3 => around(&format!("{forged}{signed}")),
        Flaw::ForgedBehind => around(&format!("{signed}{forged}")),
        Flaw::Xsw4 => around(&inside(&forged, "</saml:Assertion>", &signed)),
        Flaw::Xsw5 => around(&format!("{}{genuine}", place(&forged, &signature))),
        Flaw::Xsw6 => around(&place(&forged, &inside(&signature, SIGNATURE_END, &genuine))),
        Flaw::Xsw7 => {
            let same_id = Draft { assertion_id: i.draft.assertion_id.clone(), ..i.forged.clone() };
            extend(&around(&signed), &same_id.assertion())
        }
        Flaw::Xsw8 => around(&place(&forged, &inside(&signature, SIGNATURE_END, &object))),
        Flaw::SignedInExtensions => extend(&around(&forged), &signed),
        Flaw::SignedInStatusDetail => {
            let detail = format!("<samlp:StatusDetail>{signed}</samlp:StatusDetail>");
            inside(&around(&forged), "</samlp:Status>", &detail)
        }
        Flaw::SignedInAdvice => {
            let advice = format!("</saml:Conditions><saml:Advice>{signed}</saml:Advice>");
            around(&forged.replacen("</saml:Conditions>", &advice, 1))
        }
        Flaw::TwoAssertions => {
            let other = place(&forged, &i.signature(&i.forged.assertion_id, &forged));
            around(&format!("{signed}{other}"))
        }
        _ => return None,
    })
}

fn others(flaw: Flaw, i: &Ingredients) -> Option<String> {
    Some(match flaw {
        Flaw::IdVariants => {
            let id = &i.draft.assertion_id;
            let variants =
                format!("<x:e xmlns:x=\"urn:x\" Id=\"{id}\" id=\"{id}\" xml:id=\"{id}\"/>");
            extend(&i.document(), &variants)
        }
        Flaw::EncryptedAssertion => i.draft.response(&format!(
            "<saml:EncryptedAssertion xmlns:saml=\"{ASSERTION_NS}\"><xenc:EncryptedData \
             xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"><xenc:EncryptionMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/><xenc:CipherData>\
             <xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>\
             </saml:EncryptedAssertion>"
        )),
        _ => return None,
    })
}

/// Puts `content` into Extensions of a Response, which stand before Status.
pub(crate) fn extend(response: &str, content: &str) -> String {
    let status = format!("<samlp:Extensions>{content}</samlp:Extensions><samlp:Status>");
    response.replacen("<samlp:Status>", &status, 1)
}

/// `text` with `content` before the first `end`.
fn inside(text: &str, end: &str, content: &str) -> String {
    text.replacen(end, &format!("{content}{end}"), 1)
}
