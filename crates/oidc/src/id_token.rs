//! From an ID token to verified claims (OpenID Connect Core §3.1.3.7).

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::{Subject, Timestamp};
use openidconnect::core::{
    CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJsonWebKey, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, AuthorizationCodeHash, ClientId, IssuerUrl,
    Nonce,
};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::json::{self, JsonError};
use crate::{IdTokenError, KeySet, RelyingParty, TokenResponse, claims, numeric_date};

/// Largest ID token that is read.
const MAX_TOKEN: usize = 64 * 1024;
/// RFC 6749 §4.1.2: a code lives for ten minutes at most, so no token that comes for it is older.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// What the ID token must fit.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// From the authentication request.
    pub nonce: &'a str,
    /// From the callback.
    pub code: &'a str,
}

/// An ID token that passed every check. There is no other way to one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedIdToken {
    subject: Subject,
    sid: Option<String>,
    email_verified: Option<bool>,
    claims: BTreeMap<String, Vec<String>>,
}

impl VerifiedIdToken {
    /// `sub`.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// `sid`: the provider's own session (OpenID Connect Back-Channel Logout §2.1).
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// What the provider says of the address; `None` when it says nothing.
    pub fn email_verified(&self) -> Option<bool> {
        self.email_verified
    }

    /// Every claim exactly as signed, as lists of texts; members of nested objects by dotted path.
    pub fn claims(&self) -> &BTreeMap<String, Vec<String>> {
        &self.claims
    }
}

impl RelyingParty {
    /// Verifies the ID token of a token response.
    ///
    /// # Errors
    /// See [`IdTokenError`]; with [`IdTokenError::suggests_new_keys`] the caller may fetch the
    /// keys and ask again.
    pub fn verify_id_token(
        &self,
        keys: &KeySet,
        tokens: &TokenResponse,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, IdTokenError> {
        let text = tokens.id_token.expose().as_str();
        let claims = self.unverified_claims(text)?;
        let token: CoreIdToken = text.parse().map_err(|_| IdTokenError::ClaimType)?;
        let verifier = self.verifier(keys, now)?;
        let nonce = |got: Option<&Nonce>| same_nonce(got, expected.nonce);
        let typed = token.claims(&verifier, nonce)?;

        // The signature stands: `claims` are the bytes that it covers.
        self.check_authorized_party(&claims)?;
        self.check_times(&claims, now)?;
        let signed = Signed {
            claims: typed,
            algorithm: token.signing_alg()?,
            key: token.signing_key(&verifier)?,
        };
        signed.check_hashes(tokens, expected.code)?;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        Ok(VerifiedIdToken {
            subject: subject.parse().map_err(|_| IdTokenError::Subject)?,
            sid: claims.get("sid").and_then(Value::as_str).map(str::to_owned),
            email_verified: boolean(claims.get("email_verified")),
            claims: claims::flatten(&claims),
        })
    }

    /// The payload of a token whose form is sound. Header and claims are read strictly, before any
    /// other parser sees them, so that no two readers can see two tokens.
    fn unverified_claims(&self, text: &str) -> Result<Map<String, Value>, IdTokenError> {
        if text.len() > MAX_TOKEN {
            return Err(IdTokenError::Oversized);
        }
        let parts: Vec<_> = text.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err(IdTokenError::Malformed);
        };
        decode(signature)?;
        let header = object(header)?;
        let accepted = self.algorithms.iter().any(|a| {
            // RFC 7518 §3.1 names are case-sensitive.
            serde_json::to_value(a).is_ok_and(|name| header.get("alg") == Some(&name))
        });
        if !accepted {
            return Err(IdTokenError::Algorithm);
        }
        let claims = object(payload)?;
        for name in ["iss", "sub", "aud", "exp", "iat"] {
            if claims.get(name).is_none_or(Value::is_null) {
                return Err(IdTokenError::ClaimMissing(name));
            }
        }
        for name in ["exp", "iat", "nbf"] {
            time(&claims, name)?;
        }
        if claims.get("nonce").is_none_or(Value::is_null) {
            return Err(IdTokenError::NonceMissing);
        }
        Ok(claims)
    }

    /// The library's verifier: header, issuer, audience, signature, expiry and nonce. Client
    /// secrets stay outside of it, so that no HMAC can ever be verified.
    fn verifier(
        &self,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<CoreIdTokenVerifier<'_>, IdTokenError> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|_| IdTokenError::Issuer)?;
        let client = ClientId::new(self.client_id.clone());
        let moment = moment(now.minus(self.clock_skew));
        Ok(CoreIdTokenVerifier::new_public_client(client, issuer, keys.0.clone())
            .set_allowed_algs(self.algorithms.iter().cloned())
            .set_time_fn(move || moment))
    }

    /// OpenID Connect Core §3.1.3.7, steps 4 and 5. Further audiences were refused before.
    fn check_authorized_party(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        match claims.get("azp") {
            None => Ok(()),
            Some(azp) if azp.as_str() == Some(&self.client_id) => Ok(()),
            Some(_) => Err(IdTokenError::AuthorizedParty),
        }
    }

    fn check_times(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), IdTokenError> {
        let (early, late) = (now.minus(self.clock_skew), now.plus(self.clock_skew));
        if time(claims, "exp")?.is_none_or(|expires| early >= expires) {
            return Err(IdTokenError::Expired);
        }
        if time(claims, "nbf")?.is_some_and(|begins| begins > late) {
            return Err(IdTokenError::NotYetValid);
        }
        let issued = time(claims, "iat")?.ok_or(IdTokenError::ClaimMissing("iat"))?;
        if issued > late {
            return Err(IdTokenError::IssuedAhead);
        }
        if issued < early.minus(MAX_AGE) {
            return Err(IdTokenError::IssuedLongAgo);
        }
        Ok(())
    }
}

/// A token whose signature stands, and what it was signed with.
struct Signed<'a> {
    claims: &'a CoreIdTokenClaims,
    algorithm: &'a CoreJwsSigningAlgorithm,
    key: &'a CoreJsonWebKey,
}

impl Signed<'_> {
    /// OpenID Connect Core §3.1.3.8 and §3.3.2.11: both are checked whenever they are there.
    fn check_hashes(&self, tokens: &TokenResponse, code: &str) -> Result<(), IdTokenError> {
        if let Some(hash) = self.claims.access_token_hash() {
            let access = tokens.access_token.as_ref().ok_or(IdTokenError::AccessTokenHash)?;
            let access = AccessToken::new(access.expose().clone());
            let wanted = AccessTokenHash::from_token(&access, self.algorithm, self.key)
                .map_err(|_| IdTokenError::AccessTokenHash)?;
            if !same(hash.as_str(), wanted.as_str()) {
                return Err(IdTokenError::AccessTokenHash);
            }
        }
        if let Some(hash) = self.claims.code_hash() {
            let code = AuthorizationCode::new(code.to_owned());
            let wanted = AuthorizationCodeHash::from_code(&code, self.algorithm, self.key)
                .map_err(|_| IdTokenError::CodeHash)?;
            if !same(hash.as_str(), wanted.as_str()) {
                return Err(IdTokenError::CodeHash);
            }
        }
        Ok(())
    }
}

fn same_nonce(got: Option<&Nonce>, expected: &str) -> Result<(), String> {
    let fits = got.is_some_and(|nonce| same(nonce.secret(), expected));
    if fits && !expected.is_empty() { Ok(()) } else { Err(String::new()) }
}

fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

fn decode(part: &str) -> Result<Vec<u8>, IdTokenError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| IdTokenError::Malformed)
}

fn object(part: &str) -> Result<Map<String, Value>, IdTokenError> {
    json::parse_object(&decode(part)?).map_err(|error| match error {
        JsonError::Syntax => IdTokenError::Malformed,
        JsonError::Duplicate => IdTokenError::DuplicateMember,
    })
}

fn time(
    claims: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Timestamp>, IdTokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    numeric_date::parse(value).map(Some).ok_or(IdTokenError::Time(name))
}

/// Beyond what the library's time can hold lies the end of time, when every token has expired.
fn moment(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.as_millis()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Some providers write booleans as texts; the library takes those too and refuses the rest.
fn boolean(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(value) => Some(*value),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
