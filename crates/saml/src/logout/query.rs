//! The signature beside a message by HTTP-Redirect (SAML Bindings §3.4.4.1).

use std::io::Read;

use flate2::read::DeflateDecoder;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;
use openssl::x509::X509;

use super::LogoutError;
use crate::gate::{self, Sha1};
use crate::xml::shown;
use crate::{IdpMetadata, ResponseError};

/// More than any honest message inflates to (attacks.md A19).
const LARGEST: u64 = 256 * 1024;

/// The fields of a query or form that matter, each as its raw bytes and at most once.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) request: Option<&'a str>,
    pub(super) response: Option<&'a str>,
    pub(super) relay_state: Option<&'a str>,
    pub(super) algorithm: Option<&'a str>,
    pub(super) signature: Option<&'a str>,
    encoding: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// B18: a field that stands there twice is refused, also under another spelling of its name.
    pub(super) fn read(raw: &'a str) -> Result<Self, LogoutError> {
        let mut fields = Self::default();
        for pair in raw.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = decoded(name).unwrap_or_default();
            let (slot, known) = match decoded.as_str() {
                "SAMLRequest" => (&mut fields.request, "SAMLRequest"),
                "SAMLResponse" => (&mut fields.response, "SAMLResponse"),
                "RelayState" => (&mut fields.relay_state, "RelayState"),
                "SigAlg" => (&mut fields.algorithm, "SigAlg"),
                "Signature" => (&mut fields.signature, "Signature"),
                "SAMLEncoding" => (&mut fields.encoding, "SAMLEncoding"),
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(LogoutError::FieldRepeated(known));
            }
        }
        Ok(fields)
    }

    /// The one message: its field's name and raw value.
    pub(super) fn message(&self) -> Result<(&'static str, &'a str), LogoutError> {
        match (self.request, self.response) {
            (Some(request), None) => Ok(("SAMLRequest", request)),
            (None, Some(response)) => Ok(("SAMLResponse", response)),
            _ => Err(LogoutError::NoMessage),
        }
    }

    /// What comes back with the answer.
    pub(super) fn relay_state(&self) -> Result<Option<String>, LogoutError> {
        let text = self.relay_state.map(|raw| decoded(raw).ok_or(FIELD_RELAY_STATE)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The message out of DEFLATE.
    pub(super) fn inflated(&self, value: &str) -> Result<String, LogoutError> {
        const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
        if self.encoding.is_some_and(|encoding| decoded(encoding).as_deref() != Some(DEFLATE)) {
            return Err(LogoutError::FieldEncoding("SAMLEncoding"));
        }
        let packed = decoded(value).and_then(|text| gate::base64(&text));
        let packed = packed.ok_or(LogoutError::FieldEncoding("SAMLRequest"))?;
        let mut text = String::new();
        let mut decoder = DeflateDecoder::new(packed.as_slice()).take(LARGEST + 1);
        let read = decoder.read_to_string(&mut text).map_err(|_| LogoutError::Inflation)?;
        if u64::try_from(read).is_ok_and(|read| (1..=LARGEST).contains(&read)) {
            return Ok(text);
        }
        Err(LogoutError::Inflation)
    }

    /// B19: verifies the signature over the bytes of the query as they came, in the order that the
    /// binding prescribes, with one of the metadata's keys.
    pub(super) fn verify(&self, idp: &IdpMetadata, sha1: Sha1) -> Result<(), LogoutError> {
        let (Some(raw_algorithm), Some(raw_signature)) = (self.algorithm, self.signature) else {
            return Err(LogoutError::Unsigned);
        };
        let (name, value) = self.message()?;
        let mut signed = format!("{name}={value}");
        if let Some(relay_state) = self.relay_state {
            signed.push_str(&format!("&RelayState={relay_state}"));
        }
        signed.push_str(&format!("&SigAlg={raw_algorithm}"));
        let algorithm = decoded(raw_algorithm).ok_or(LogoutError::FieldEncoding("SigAlg"))?;
        let method = Method::of(&algorithm, sha1)?;
        let signature = decoded(raw_signature).and_then(|text| gate::base64(&text));
        let signature = signature.ok_or(LogoutError::FieldEncoding("Signature"))?;
        let keys: Vec<_> = idp.signing_keys().collect();
        let fits = |der: &[u8]| {
            let key = X509::from_der(der).and_then(|certificate| certificate.public_key());
            key.is_ok_and(|key| method.fits(&key, signed.as_bytes(), &signature))
        };
        if keys.iter().any(|key| fits(key.der_data())) {
            return Ok(());
        }
        Err(ResponseError::SignatureInvalid { keys: keys.len() }.into())
    }
}

const FIELD_RELAY_STATE: LogoutError = LogoutError::FieldEncoding("RelayState");

/// A signature algorithm: the kind of key and the hash.
#[derive(Clone, Copy)]
struct Method {
    key: Id,
    hash: MessageDigest,
}

impl Method {
    fn of(algorithm: &str, sha1: Sha1) -> Result<Self, ResponseError> {
        let (key, hash) = match algorithm {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => {
                (Id::RSA, MessageDigest::sha256())
            }
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => {
                (Id::RSA, MessageDigest::sha384())
            }
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => {
                (Id::RSA, MessageDigest::sha512())
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => {
                (Id::EC, MessageDigest::sha256())
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => {
                (Id::EC, MessageDigest::sha384())
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => {
                (Id::EC, MessageDigest::sha512())
            }
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" if sha1 == Sha1::Tolerated => {
                (Id::RSA, MessageDigest::sha1())
            }
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => return Err(ResponseError::Sha1),
            other => return Err(ResponseError::Algorithm(shown(other))),
        };
        Ok(Self { key, hash })
    }

    fn fits(self, key: &PKey<Public>, signed: &[u8], signature: &[u8]) -> bool {
        if key.id() != self.key {
            return false;
        }
        let verified = match self.key {
            Id::EC => self.fits_elliptic(key, signed, signature),
            _ => Verifier::new(self.hash, key).and_then(|mut verifier| {
                verifier.update(signed)?;
                verifier.verify(signature)
            }),
        };
        verified.unwrap_or(false)
    }

    /// RFC 9231 §2.3.6 writes r and s behind each other; many writers make DER of them.
    fn fits_elliptic(
        self,
        key: &PKey<Public>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<bool, openssl::error::ErrorStack> {
        let key = key.ec_key()?;
        let width = usize::try_from(key.group().degree().div_ceil(8)).unwrap_or(0);
        let number = openssl::bn::BigNum::from_slice;
        let pair = match signature.split_at_checked(width) {
            Some((r, s)) if s.len() == width => {
                EcdsaSig::from_private_components(number(r)?, number(s)?)?
            }
            _ => EcdsaSig::from_der(signature)?,
        };
        pair.verify(&hash(self.hash, signed)?, &key)
    }
}

/// Undoes the percent-encoding of `application/x-www-form-urlencoded`; `None`: not UTF-8, or a `%`
/// that encodes nothing.
pub(super) fn decoded(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}
