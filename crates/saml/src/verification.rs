//! The steps from a message to a verified assertion, in order.

use domain::Timestamp;
use roxmltree::Node;

use crate::assertion::{self, Seen, VerifiedAssertion};
use crate::decryption::{self, Cbc};
use crate::gate::{self, Content, Covered, Part, Sha1};
use crate::response::{self, Signed};
use crate::{Expectation, ResponseError, SignedPart, protocol, verifier};

/// The dated exceptions that are live now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exceptions {
    pub(crate) sha1: Sha1,
    pub(crate) cbc: Cbc,
}

impl Exceptions {
    pub(crate) fn at(
        now: Timestamp,
        sha1_until: Option<Timestamp>,
        cbc_until: Option<Timestamp>,
    ) -> Self {
        let live = |until: Option<Timestamp>| until.is_some_and(|until| now < until);
        Self {
            sha1: if live(sha1_until) { Sha1::Tolerated } else { Sha1::Refused },
            cbc: if live(cbc_until) { Cbc::Tolerated } else { Cbc::Refused },
        }
    }
}

/// An assertion in bytes that a pinned key signed, or that were decrypted out of such bytes.
struct Proved {
    xml: String,
    covered: Covered,
    seen: Seen,
}

/// One response being verified.
struct Verification<'a> {
    expectation: &'a Expectation<'a>,
    exceptions: Exceptions,
    now: Timestamp,
}

/// Verifies a response that is decoded.
pub(crate) fn verify(
    xml: &str,
    expectation: &Expectation<'_>,
    now: Timestamp,
) -> Result<VerifiedAssertion, ResponseError> {
    let exceptions = Exceptions::at(now, expectation.sha1_until, expectation.cbc_until);
    let steps = Verification { expectation, exceptions, now };
    let document = gate::parse(xml)?;
    let root = document.root_element();
    let signed = Signed::of(root);
    response::check(root, signed, expectation, now)?;
    let proved = match gate::content(root)? {
        Content::Plain => steps.plain(root)?,
        Content::Encrypted(_) if signed == Signed::Yes => steps.signed_ciphertext(root)?,
        Content::Encrypted(encrypted) => steps.unsigned_ciphertext(encrypted)?,
    };
    steps.parts(signed, &proved)?;
    steps.read(signed, proved)
}

impl Verification<'_> {
    /// The response, its assertion or both are signed, and nothing is encrypted around them.
    fn plain(&self, root: Node<'_, '_>) -> Result<Proved, ResponseError> {
        let covered = gate::covered_part(root, self.exceptions.sha1)?;
        let seen = Seen { sha1: covered.signatures.uses_sha1, ..Seen::default() };
        let (xml, keys) = (root.document().input_text(), || self.expectation.idp.signing_keys());
        let bytes = verifier::digested_bytes(xml, &covered.signatures, keys());
        match bytes {
            Err(ResponseError::SignatureInvalid { .. }) if covered.signatures.count == 2 => {
                let xml = verifier::assertion_bytes(root, &covered.signatures, keys())?;
                let id = covered.assertion_id.clone();
                Ok(Proved { xml, covered: Covered { part: Part::Assertion, id, ..covered }, seen })
            }
            bytes => Ok(Proved { xml: bytes?, covered, seen }),
        }
    }

    /// The signature covers the ciphertext: it is verified first, and what is decrypted stands in
    /// verified bytes. A signature inside must be good too.
    fn signed_ciphertext(&self, root: Node<'_, '_>) -> Result<Proved, ResponseError> {
        let outer = gate::root_signature(root, self.exceptions.sha1)?;
        let keys = || self.expectation.idp.signing_keys();
        let signed = verifier::digested_bytes(root.document().input_text(), &outer, keys())?;
        let decrypted = {
            let document = gate::parse_canonical(&signed)?;
            let same = document.root_element().attribute("ID") == root.attribute("ID");
            let Content::Encrypted(encrypted) = gate::content(document.root_element())? else {
                return Err(ResponseError::SignedContent("no encrypted assertion"));
            };
            if !same {
                return Err(ResponseError::SignedContent("another element"));
            }
            response::check(document.root_element(), Signed::Yes, self.expectation, self.now)?;
            decryption::assertion(encrypted, &self.expectation.sp.keys, self.exceptions.cbc)?
        };
        let document = gate::parse_decrypted(&decrypted.xml)?;
        let covered =
            gate::covered_after_decryption(document.root_element(), self.exceptions.sha1)?;
        let sha1 = outer.uses_sha1 || covered.signatures.uses_sha1;
        let seen = Seen { sha1, cbc: decrypted.used_cbc, encrypted: true };
        drop(document);
        let xml = match covered.part {
            Part::Response => decrypted.xml,
            Part::Assertion => {
                verifier::digested_bytes(&decrypted.xml, &covered.signatures, keys())?
            }
        };
        Ok(Proved { xml, covered, seen })
    }

    /// A12: whoever knows our certificate can encrypt to us. The assertion is believed for its own
    /// signature alone.
    fn unsigned_ciphertext(&self, encrypted: Node<'_, '_>) -> Result<Proved, ResponseError> {
        let outer =
            decryption::assertion(encrypted, &self.expectation.sp.keys, self.exceptions.cbc)?;
        let inner = || {
            let document = gate::parse_decrypted(&outer.xml)?;
            let covered = gate::covered_part(document.root_element(), self.exceptions.sha1)?;
            let keys = self.expectation.idp.signing_keys();
            let xml = verifier::digested_bytes(&outer.xml, &covered.signatures, keys)?;
            let sha1 = covered.signatures.uses_sha1;
            let seen = Seen { sha1, cbc: outer.used_cbc, encrypted: true };
            Ok(Proved { xml, covered, seen })
        };
        match inner() {
            // A22: CBC can be altered block by block. What then does not verify must look like
            // what does not decrypt, or the answers spell the plaintext.
            Err(_) if outer.used_cbc => Err(ResponseError::Decryption),
            proved => proved,
        }
    }

    /// What the operator wants signed and encrypted.
    fn parts(&self, signed: Signed, proved: &Proved) -> Result<(), ResponseError> {
        let wanted = self.expectation.signed;
        if matches!(wanted, SignedPart::Response | SignedPart::Both) && signed == Signed::No {
            return Err(ResponseError::PartUnsigned("response"));
        }
        let assertion = proved.covered.assertion_is_signed();
        if matches!(wanted, SignedPart::Assertion | SignedPart::Both) && !assertion {
            return Err(ResponseError::PartUnsigned("assertion"));
        }
        if self.expectation.encryption_required && !proved.seen.encrypted {
            return Err(ResponseError::NotEncrypted);
        }
        Ok(())
    }

    /// Reads the assertion, and checks it, in the proved bytes and nowhere else.
    fn read(&self, signed: Signed, proved: Proved) -> Result<VerifiedAssertion, ResponseError> {
        let Proved { xml, covered, mut seen } = proved;
        let keys = &self.expectation.sp.keys;
        let decrypted = decryption::names_and_attributes(xml, keys, self.exceptions.cbc)?;
        seen.cbc |= decrypted.used_cbc;
        let document = gate::parse_canonical(&decrypted.xml)?;
        let assertion = verifier::assertion_in(&document, &covered)?;
        if covered.part == Part::Response {
            response::check(document.root_element(), signed, self.expectation, self.now)?;
        }
        protocol::check(assertion, self.expectation, self.now)?;
        assertion::read(assertion, &covered, seen, self.expectation, self.now)
    }
}
