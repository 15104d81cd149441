//! Signs a draft, with the flaws that lie in the signature.

use super::draft::Draft;
use super::encryption::{EncryptedPart, Sealer};
use super::flaw::Flaw;
use super::signature::{Digest, ENVELOPED, EXCLUSIVE, Reference, Shape, Signer, place, transform};
use super::{Mutation, Sign};
use crate::keys::{Algorithm, SigningKey};

/// All that a document is made of.
pub(crate) struct Ingredients {
    pub(crate) draft: Draft,
    /// What an attacker would rather have said; other ids, another person.
    pub(crate) forged: Draft,
    pub(crate) shape: Shape,
    pub(crate) sign: Sign,
    pub(crate) flaw: Option<Flaw>,
    /// Encrypts, if anything is to be.
    pub(crate) sealer: Option<Sealer>,
    /// Applied to the Assertion before it is signed.
    pub(crate) before_signing: Option<Mutation>,
}

impl Ingredients {
    /// The unsigned Assertion, canonical.
    pub(crate) fn assertion(&self) -> String {
        let mut text = self.draft.assertion();
        match self.flaw {
            Some(Flaw::RelativeNamespace) => {
                const FIRST: &str = "<saml:AttributeValue>";
                text = text.replacen(FIRST, &format!("{FIRST}<x:v xmlns:x=\"relative\"></x:v>"), 1);
            }
            Some(Flaw::AssertionOfOtherNamespace) => {
                text = text.replacen(super::draft::ASSERTION_NS, "urn:example:assertion", 1);
            }
            _ => {}
        }
        if let Some(mutate) = &self.before_signing {
            text = mutate(text);
        }
        self.sealer.as_ref().map_or(text.clone(), |sealer| sealer.inside(text))
    }

    /// The Signature over `content`, which bears `id`.
    pub(crate) fn signature(&self, id: &str, content: &str) -> String {
        self.shape.sign(&references(self.flaw, id, content))
    }

    /// The Assertion with its Signature inside.
    pub(crate) fn signed_assertion(&self) -> String {
        let assertion = self.assertion();
        place(&assertion, &self.signature(&self.draft.assertion_id, &assertion))
    }

    /// The whole document as the signature flaws want it.
    pub(crate) fn document(&self) -> String {
        match self.flaw {
            Some(Flaw::Unsigned) => return self.draft.response(&self.sealed(self.assertion())),
            Some(Flaw::ResponseSignatureNamesAssertion) => {
                let assertion = self.assertion();
                let signature = self.signature(&self.draft.assertion_id, &assertion);
                return place(&self.draft.response(&assertion), &signature);
            }
            Some(Flaw::AssertionSignatureNamesResponse) => {
                let response = self.draft.response(&self.assertion());
                let signature = self.signature(&self.draft.response_id, &response);
                return self.draft.response(&place(&self.assertion(), &signature));
            }
            Some(Flaw::TwoSignedInfos | Flaw::ForgedDigestBeforeComment) => {
                return self.substituted();
            }
            _ => {}
        }
        let assertion = match (self.draft.has_assertion, self.sign) {
            (false, _) => String::new(),
            (true, Sign::Response) => self.assertion(),
            (true, Sign::Assertion | Sign::Both) => self.signed_assertion(),
        };
        let response = self.draft.response(&self.sealed(assertion));
        match self.sign {
            Sign::Assertion => response,
            Sign::Response | Sign::Both => {
                place(&response, &self.signature(&self.draft.response_id, &response))
            }
        }
    }

    /// The Assertion as the Response carries it.
    fn sealed(&self, assertion: String) -> String {
        match &self.sealer {
            Some(sealer) if sealer.seals(EncryptedPart::Assertion) && self.draft.has_assertion => {
                sealer.assertion(&assertion)
            }
            _ => assertion,
        }
    }

    /// A forged Assertion under the id and the Signature of the genuine one, with a forged digest
    /// where a careless verifier looks first.
    fn substituted(&self) -> String {
        let id = &self.draft.assertion_id;
        let signature = self.signature(id, &self.assertion());
        let forged = Draft { assertion_id: id.clone(), ..self.forged.clone() }.assertion();
        let info = self.shape.signed_info(&references(None, id, &forged), "");
        let signature = if self.flaw == Some(Flaw::TwoSignedInfos) {
            signature.replacen("<ds:SignedInfo>", &format!("{info}<ds:SignedInfo>"), 1)
        } else {
            const START: &str = "<ds:DigestValue>";
            let digest = info.split(START).nth(1).and_then(|t| t.split('<').next()).unwrap_or("");
            signature.replacen(START, &format!("{START}<!--{digest}-->"), 1)
        };
        self.draft.response(&place(&forged, &signature))
    }
}

fn references(flaw: Option<Flaw>, id: &str, content: &str) -> Vec<Reference> {
    let honest = Reference { uri: format!("#{id}"), content: content.as_bytes().to_vec() };
    let to = |uri: String| vec![Reference { uri, ..honest.clone() }];
    match flaw {
        Some(Flaw::EmptyReference) => to(String::new()),
        Some(Flaw::XPointerReference) => to(format!("#xpointer(id('{id}'))")),
        Some(Flaw::ExternalReference) => to("http://127.0.0.1:9/assertion.xml".to_owned()),
        Some(Flaw::FileReference) => to("file:///etc/hostname".to_owned()),
        Some(Flaw::TwoReferences) => vec![honest.clone(), honest],
        Some(Flaw::NoReference) => Vec::new(),
        Some(Flaw::ManyReferences) => vec![honest; 500],
        Some(Flaw::XsltTransform) => vec![Reference { content: b"constant".to_vec(), ..honest }],
        _ => vec![honest],
    }
}

/// The key and transforms with which `flaw` signs. `foreign` is a key that no metadata names.
pub(crate) fn shape(flaw: Option<Flaw>, honest: Shape, foreign: &SigningKey) -> Shape {
    let own_pem = match &honest.signer {
        Signer::Key(key, _) => key.certificate_pem().into_bytes(),
        Signer::Hmac(_) => Vec::new(),
    };
    let with = |transforms: Vec<String>| Shape { transforms, ..honest.clone() };
    let enveloped = || transform(ENVELOPED, "");
    let exclusive = || transform(EXCLUSIVE, "");
    let comments = format!("{EXCLUSIVE}WithComments");
    match flaw {
        Some(Flaw::ForeignKey) => Shape::honest(foreign, Algorithm::RsaSha256),
        Some(Flaw::Sha1Signature) => match honest.signer.clone() {
            Signer::Key(key, _) => Shape { signer: Signer::Key(key, Algorithm::RsaSha1), ..honest },
            Signer::Hmac(_) => honest,
        },
        Some(Flaw::Sha1Digest) => Shape { digest: Digest::Sha1, ..honest },
        Some(Flaw::Hmac) => Shape { signer: Signer::Hmac(own_pem), ..honest },
        Some(Flaw::XsltTransform) => with(vec![enveloped(), exclusive(), constant_output()]),
        Some(Flaw::XPathTransform) => with(vec![enveloped(), keep_everything(), exclusive()]),
        Some(Flaw::ThreeTransforms) => with(vec![enveloped(), exclusive(), exclusive()]),
        Some(Flaw::NoTransforms) => with(Vec::new()),
        Some(Flaw::CanonicalizationWithComments) => Shape {
            transforms: vec![enveloped(), transform(&comments, "")],
            canonicalization: comments,
            ..honest
        },
        Some(Flaw::InclusiveCanonicalization) => {
            let inclusive = transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "");
            with(vec![enveloped(), inclusive])
        }
        Some(Flaw::ObjectInSignature) => {
            Shape { object: "<ds:Object>free text</ds:Object>".to_owned(), ..honest }
        }
        Some(Flaw::RetrievalMethod) => Shape {
            key_info:
                "<ds:RetrievalMethod URI=\"http://127.0.0.1:9/key.xml\"></ds:RetrievalMethod>"
                    .to_owned(),
            ..honest
        },
        _ => honest,
    }
}

fn constant_output() -> String {
    let sheet = "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" \
                 version=\"1.0\"><xsl:output method=\"text\"></xsl:output><xsl:template \
                 match=\"/\">constant</xsl:template></xsl:stylesheet>";
    transform("http://www.w3.org/TR/1999/REC-xslt-19991116", sheet)
}

fn keep_everything() -> String {
    let expression = "<ds:XPath>true()</ds:XPath>";
    transform("http://www.w3.org/TR/1999/REC-xpath-19991116", expression)
}
