//! From an ID token to verified claims (OpenID Connect Core §3.1.3.7).

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::Timestamp;
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, AuthorizationCodeHash, ClientId,
    IdTokenVerifier, IssuerUrl, Nonce,
};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::jws::Jws;
use crate::public_key::PublicKey;
use crate::{IdTokenError, KeySet, RelyingParty, TokenResponse, VerifiedIdToken, numeric_date};

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
        // Header and claims are read strictly, before any other parser sees them, so that no two
        // readers can see two tokens.
        let Jws { claims, .. } = Jws::parse(text, &self.algorithms)?;
        check_form(&claims)?;
        let issuer = self.issuer.of(&claims)?;
        let token: CoreIdToken = text.parse().map_err(|_| IdTokenError::ClaimType)?;
        let verifier = self.verifier(keys, &issuer, now)?;
        let nonce = |got: Option<&Nonce>| same_nonce(got, expected.nonce);
        let typed = token.claims(&verifier, nonce)?;

        // The signature stands: `claims` are the bytes that it covers.
        self.check_authorized_party(&claims)?;
        self.check_times(&claims, now)?;
        self.check_authentication(&claims, now)?;
        let signed = Signed {
            claims: typed,
            algorithm: token.signing_alg()?,
            key: token.signing_key(&verifier)?,
        };
        signed.check_hashes(tokens, expected.code)?;
        VerifiedIdToken::new(claims, self.issuer.is_template()).ok_or(IdTokenError::Subject)
    }

    /// The library's verifier: header, issuer, audience, signature, expiry and nonce. Client
    /// secrets stay outside of it, so that no HMAC can ever be verified.
    fn verifier(
        &self,
        keys: &KeySet,
        issuer: &str,
        now: Timestamp,
    ) -> Result<IdTokenVerifier<'_, PublicKey>, IdTokenError> {
        let keys = keys.of(&self.issuer, issuer);
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| IdTokenError::Issuer)?;
        let client = ClientId::new(self.client.id.clone());
        let moment = moment(now.minus(self.clock_skew));
        Ok(IdTokenVerifier::new_public_client(client, issuer, keys)
            .set_allowed_algs(self.algorithms.iter().cloned())
            .set_other_audience_verifier_fn(|audience| self.trusts_audience(audience))
            .set_time_fn(move || moment))
    }

    /// OpenID Connect Core §3.1.3.7, steps 4 and 5. Audiences that are not trusted were refused
    /// before; beside one that is, the token must say that it was issued to us.
    fn check_authorized_party(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        let several = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
        match claims.get("azp") {
            None if several => Err(IdTokenError::AuthorizedParty),
            None => Ok(()),
            Some(azp) if azp.as_str() == Some(&self.client.id) => Ok(()),
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
    /// OpenID Connect Core §3.1.2.1 and §3.1.3.7, steps 12 and 13: how and when the customer
    /// proved to the provider who they are.
    fn check_authentication(
        &self,
        claims: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(), IdTokenError> {
        let class = claims.get("acr").and_then(Value::as_str);
        let acceptable = |acr: &str| self.acr_values.iter().any(|wanted| wanted == acr);
        if !self.acr_values.is_empty() && !class.is_some_and(acceptable) {
            return Err(IdTokenError::AuthenticationContext);
        }
        let Some(max_age) = self.max_age else { return Ok(()) };
        let signed_in =
            time(claims, "auth_time")?.ok_or(IdTokenError::ClaimMissing("auth_time"))?;
        if signed_in > now.plus(self.clock_skew) {
            return Err(IdTokenError::SignedInAhead);
        }
        if signed_in.plus(max_age) < now.minus(self.clock_skew) {
            return Err(IdTokenError::SignedInLongAgo);
        }
        Ok(())
    }
}

/// What must be there, and of which type, before anything is compared.
fn check_form(claims: &Map<String, Value>) -> Result<(), IdTokenError> {
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        if claims.get(name).is_none_or(Value::is_null) {
            return Err(IdTokenError::ClaimMissing(name));
        }
    }
    for name in ["exp", "iat", "nbf"] {
        time(claims, name)?;
    }
    if claims.get("nonce").is_none_or(Value::is_null) {
        return Err(IdTokenError::NonceMissing);
    }
    Ok(())
}

/// A token whose signature stands, and what it was signed with.
struct Signed<'a> {
    claims: &'a CoreIdTokenClaims,
    algorithm: &'a CoreJwsSigningAlgorithm,
    key: &'a PublicKey,
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
