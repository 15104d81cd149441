//! One public key of a provider, and the check of a signature with it (RFC 7518 §3).

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreJsonWebKey, CoreJsonWebKeyType, CoreJsonWebKeyUse, CoreJwsSigningAlgorithm as Algorithm,
};
use openidconnect::{
    JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyId, JwsSigningAlgorithm, SignatureVerificationError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// RFC 7518 §3.3: RSA keys of at least 2048 bits. The verifier takes no more than 4096.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// A JSON Web Key of the library's, with RSA and elliptic curves left to the cryptography that TLS
/// uses: it is ten times as fast, and constant in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PublicKey {
    key: CoreJsonWebKey,
    #[serde(skip)]
    numbers: Option<Numbers>,
}

/// What a key consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Numbers {
    /// Without leading zeros.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point (SEC 1 §2.3.3).
    P256(Vec<u8>),
    P384(Vec<u8>),
}

impl PublicKey {
    /// Reads a key; `None`: of an unknown kind, symmetric, or too short or long.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let numbers = match value.get("kty")?.as_str()? {
            "RSA" => {
                let (modulus, exponent) = (number(value, "n")?, number(value, "e")?);
                if !RSA_BYTES.contains(&modulus.len()) {
                    return None;
                }
                Some(Numbers::Rsa { modulus, exponent })
            }
            "EC" => Some(point(value)?),
            "OKP" => None,
            _ => return None,
        };
        Some(Self { key: serde_json::from_value(value.clone()).ok()?, numbers })
    }

    /// Whether it is of the kind that an algorithm needs, and not set aside for another.
    pub(crate) fn may_sign(&self, algorithm: &Algorithm) -> bool {
        let kind = algorithm.key_type().is_some_and(|kind| kind == *self.key.key_type());
        kind && match self.key.signing_alg() {
            JsonWebKeyAlgorithm::Unspecified => true,
            JsonWebKeyAlgorithm::Algorithm(only) => only == algorithm,
            JsonWebKeyAlgorithm::Unsupported => false,
        }
    }
}

impl JsonWebKey for PublicKey {
    type KeyUse = CoreJsonWebKeyUse;
    type SigningAlgorithm = Algorithm;

    fn key_id(&self) -> Option<&JsonWebKeyId> {
        self.key.key_id()
    }

    fn key_type(&self) -> &CoreJsonWebKeyType {
        self.key.key_type()
    }

    fn key_use(&self) -> Option<&CoreJsonWebKeyUse> {
        self.key.key_use()
    }

    fn signing_alg(&self) -> JsonWebKeyAlgorithm<&Algorithm> {
        self.key.signing_alg()
    }

    fn new_symmetric(key: Vec<u8>) -> Self {
        Self { key: CoreJsonWebKey::new_symmetric(key), numbers: None }
    }

    fn verify_signature(
        &self,
        algorithm: &Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        let usable = self.may_sign(algorithm);
        let verified = match &self.numbers {
            Some(Numbers::Rsa { modulus, exponent }) if usable => rsa(algorithm).map(|how| {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(how, message, signature)
            }),
            Some(Numbers::P256(point)) if usable && *algorithm == Algorithm::EcdsaP256Sha256 => {
                Some(on_curve(&ECDSA_P256_SHA256_FIXED, point, message, signature))
            }
            Some(Numbers::P384(point)) if usable && *algorithm == Algorithm::EcdsaP384Sha384 => {
                Some(on_curve(&ECDSA_P384_SHA384_FIXED, point, message, signature))
            }
            _ => None,
        };
        // What is none of these, the library knows or refuses.
        let Some(verified) = verified else {
            return self.key.verify_signature(algorithm, message, signature);
        };
        verified.map_err(|_| SignatureVerificationError::CryptoError("bad signature".to_owned()))
    }

    fn hash_bytes(&self, bytes: &[u8], algorithm: &Algorithm) -> Result<Vec<u8>, String> {
        self.key.hash_bytes(bytes, algorithm)
    }
}

fn rsa(algorithm: &Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::RsaSsaPkcs1V15Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RsaSsaPkcs1V15Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RsaSsaPkcs1V15Sha512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::RsaSsaPssSha256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::RsaSsaPssSha384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::RsaSsaPssSha512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn on_curve(
    how: &'static EcdsaVerificationAlgorithm,
    point: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Unspecified> {
    UnparsedPublicKey::new(how, point).verify(message, signature)
}

fn point(value: &Value) -> Option<Numbers> {
    let (x, y) = (coordinate(value, "x")?, coordinate(value, "y")?);
    let point = [&[4], x.as_slice(), &y].concat();
    match value.get("crv")?.as_str()? {
        "P-256" if x.len() == 32 && y.len() == 32 => Some(Numbers::P256(point)),
        "P-384" if x.len() == 48 && y.len() == 48 => Some(Numbers::P384(point)),
        _ => None,
    }
}

/// RFC 7518 §6.2.1.2: of the curve's full length.
fn coordinate(value: &Value, name: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(value.get(name)?.as_str()?).ok()
}

/// RFC 7518 §6.3.1: unsigned, big-endian; a leading zero is forbidden and seen all the same.
fn number(value: &Value, name: &str) -> Option<Vec<u8>> {
    let bytes = coordinate(value, name)?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}
