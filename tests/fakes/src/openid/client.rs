//! How clients prove who they are at the token endpoint (RFC 6749 §2.3, RFC 7523 §2.2).

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Verifier;
use serde_json::Value;

use super::Core;
use super::authorization::{Refused, one};
use crate::text::{from_base64, from_base64url};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Which proof a provider takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientProof {
    /// The secret, in Basic or in the body.
    Secret,
    /// The secret, in Basic only.
    SecretBasic,
    /// The secret, in the body only.
    SecretPost,
    /// `private_key_jwt`, verified with this public key (SubjectPublicKeyInfo, PEM).
    PrivateKeyJwt(String),
}

impl ClientProof {
    /// `token_endpoint_auth_methods_supported`.
    pub(super) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Secret => &["client_secret_basic", "client_secret_post"],
            Self::SecretBasic => &["client_secret_basic"],
            Self::SecretPost => &["client_secret_post"],
            Self::PrivateKeyJwt(_) => &["private_key_jwt"],
        }
    }
}

const WRONG: Refused = Refused("invalid_client", "client authentication failed");

impl Core {
    /// RFC 6749 §2.3: exactly one method of authentication, one that is taken here.
    pub(super) fn authenticate_client(
        &self,
        authorization: Option<&str>,
        form: &[(String, String)],
    ) -> Result<(), Refused> {
        if let ClientProof::PrivateKeyJwt(public) = &self.options.proof {
            if authorization.is_some() || one(form, "client_secret")?.is_some() {
                return Err(Refused("invalid_client", "only private_key_jwt"));
            }
            return self.judge_assertion(public, form);
        }
        let (id, secret) = (one(form, "client_id")?, one(form, "client_secret")?);
        let taken = match (authorization.is_some(), secret.is_some()) {
            (true, true) => {
                return Err(Refused("invalid_request", "two methods of client authentication"));
            }
            (true, false) => self.options.proof != ClientProof::SecretPost,
            (false, true) => self.options.proof != ClientProof::SecretBasic,
            (false, false) => true,
        };
        if !taken {
            return Err(Refused("invalid_client", "another method of client authentication"));
        }
        let (id, secret) = match authorization {
            None => (id.ok_or(WRONG)?, secret),
            Some(header) => basic(header).map(|(id, secret)| (id, Some(secret))).ok_or(WRONG)?,
        };
        let known = id == self.options.client_id;
        if known && secret == self.options.client_secret { Ok(()) } else { Err(WRONG) }
    }

    /// RFC 7523 §3: signed by the client's key, about the client, for us, for a short time, once.
    fn judge_assertion(&self, public: &str, form: &[(String, String)]) -> Result<(), Refused> {
        if one(form, "client_assertion_type")?.as_deref() != Some(JWT_BEARER) {
            return Err(Refused("invalid_client", "client_assertion_type is missing or another"));
        }
        let assertion = one(form, "client_assertion")?.ok_or(WRONG)?;
        let claims = verified(public, &assertion)
            .ok_or(Refused("invalid_client", "the signature of client_assertion is wrong"))?;
        let client = self.options.client_id.as_str();
        if claims["iss"] != client || claims["sub"] != client {
            return Err(Refused("invalid_client", "iss and sub are not the client"));
        }
        if one(form, "client_id")?.is_some_and(|id| id != client) {
            return Err(Refused("invalid_client", "client_id is another client"));
        }
        let ours = [format!("{}/token", self.base), self.base.clone(), self.issuer.clone()];
        let audience = match &claims["aud"] {
            Value::Array(all) => all.first().and_then(Value::as_str),
            other => other.as_str(),
        };
        if !audience.is_some_and(|a| ours.iter().any(|o| o == a)) {
            return Err(Refused("invalid_client", "aud is neither issuer nor token endpoint"));
        }
        let now = self.options.clock.now();
        let expires = claims["exp"].as_i64().unwrap_or(0);
        if expires <= now || expires > now + 3600 {
            return Err(Refused("invalid_client", "exp has passed or is over an hour ahead"));
        }
        let id = claims["jti"].as_str().filter(|id| !id.is_empty());
        let id = id.ok_or(Refused("invalid_client", "jti is missing"))?;
        if !self.state().assertion_ids.insert(id.to_owned()) {
            return Err(Refused("invalid_client", "jti was used before"));
        }
        Ok(())
    }
}

/// The claims of a JWT by the owner of this public key.
fn verified(public: &str, token: &str) -> Option<Value> {
    let (input, signature) = token.rsplit_once('.')?;
    let (header, claims) = input.split_once('.')?;
    let json = |part: &str| serde_json::from_slice::<Value>(&from_base64url(part)?).ok();
    let key = PKey::public_key_from_pem(public.as_bytes()).expect("a public key in PEM");
    let mut signature = from_base64url(signature)?;
    let wanted = if key.ec_key().is_ok() { "ES256" } else { "RS256" };
    if json(header)?["alg"] != wanted {
        return None;
    }
    if wanted == "ES256" {
        let (r, s) = signature.split_at_checked(32).filter(|(_, s)| s.len() == 32)?;
        let number = |bytes: &[u8]| BigNum::from_slice(bytes).ok();
        signature =
            EcdsaSig::from_private_components(number(r)?, number(s)?).ok()?.to_der().ok()?;
    }
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).ok()?;
    verifier.verify_oneshot(&signature, input.as_bytes()).ok()?.then(|| json(claims))?
}

/// RFC 6749 §2.3.1: both parts are form-urlencoded inside Basic.
pub(crate) fn basic(header: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(from_base64(header.strip_prefix("Basic ")?)?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| {
        let line = format!("v={text}");
        let value = form_urlencoded::parse(line.as_bytes()).next().map(|(_, v)| v.into_owned());
        value.unwrap_or_default()
    };
    Some((plain(id), plain(secret)))
}
