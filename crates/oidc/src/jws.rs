//! A signed JWT in compact form (RFC 7515 §3.1), read strictly and not yet verified.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::core::CoreJwsSigningAlgorithm;
use serde_json::{Map, Value};

use crate::json::{self, JsonError};

/// Largest token that is read.
const MAX_TOKEN: usize = 64 * 1024;

/// Why a text is no such token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JwsError {
    /// Larger than any honest token.
    Oversized,
    /// Not three parts of base64url, the first two of them JSON objects.
    Malformed,
    /// A JSON member is named twice.
    DuplicateMember,
    /// Not an algorithm that is accepted.
    Algorithm,
}

/// A token whose form is sound. Every reader of it sees these members and no others.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) algorithm: &'a CoreJwsSigningAlgorithm,
    /// What is signed.
    pub(crate) input: &'a str,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads a token in one of the `accepted` algorithms.
    pub(crate) fn parse(
        text: &'a str,
        accepted: &'a [CoreJwsSigningAlgorithm],
    ) -> Result<Self, JwsError> {
        if text.len() > MAX_TOKEN {
            return Err(JwsError::Oversized);
        }
        let (input, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = input.split_once('.').ok_or(JwsError::Malformed)?;
        let signature = decode(signature)?;
        let header = object(header)?;
        // RFC 7518 §3.1: the names are case-sensitive.
        let named = |a: &&CoreJwsSigningAlgorithm| {
            serde_json::to_value(a).is_ok_and(|name| header.get("alg") == Some(&name))
        };
        let algorithm = accepted.iter().find(named).ok_or(JwsError::Algorithm)?;
        Ok(Self { claims: object(payload)?, header, algorithm, input, signature })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)
}

fn object(part: &str) -> Result<Map<String, Value>, JwsError> {
    json::parse_object(&decode(part)?).map_err(|error| match error {
        JsonError::Syntax => JwsError::Malformed,
        JsonError::Duplicate => JwsError::DuplicateMember,
    })
}
