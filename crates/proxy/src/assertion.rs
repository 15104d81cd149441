//! The signed word about who is there.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::{Identity, JsmAccount, Secret, Timestamp};
use http::HeaderValue;
use serde::Serialize;
use serde_json::json;

use crate::{ForwardError, SetupError};

/// Seconds that an assertion is valid (attacks.md E25: at most 60).
const LIFE: i64 = 60;

/// Signs identity assertions: JWTs (RFC 7519) with ES256 (RFC 7518 §3.4). The first key signs,
/// all are published, so that an upstream knows a key before and after its time.
#[derive(Debug)]
pub struct AssertionSigner {
    signing: EcdsaKeyPair,
    /// Protected header of every assertion, base64url.
    header: String,
    jwks: String,
}

/// What an assertion says.
#[derive(Debug, Clone)]
pub struct AssertionClaims<'a> {
    /// The site's public URL.
    pub issuer: &'a str,
    /// [`crate::UpstreamSettings::audience`]; an upstream must refuse any other.
    pub audience: &'a str,
    /// Who is there.
    pub identity: &'a Identity,
    /// The person's JSM account, where one is known.
    pub account: Option<&'a JsmAccount>,
    /// Random bytes for `jti`.
    pub random: [u8; 16],
}

#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    email: String,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    iat: i64,
    exp: i64,
    jti: String,
}

impl AssertionSigner {
    /// A signer with `keys`, ECDSA P-256 in PKCS#8 DER each.
    ///
    /// # Errors
    /// [`SetupError::NoAssertionKey`], [`SetupError::AssertionKey`].
    pub fn new(keys: &[Secret<Vec<u8>>]) -> Result<Self, SetupError> {
        let mut pairs = Vec::with_capacity(keys.len());
        for (index, key) in keys.iter().enumerate() {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.expose());
            pairs.push(pair.map_err(|error| SetupError::AssertionKey(index + 1, error))?);
        }
        let public: Vec<_> = pairs.iter().map(PublicKey::of).collect();
        let (Some(signing), Some(first)) = (pairs.into_iter().next(), public.first()) else {
            return Err(SetupError::NoAssertionKey);
        };
        let header = json!({ "alg": "ES256", "kid": first.thumbprint(), "typ": "JWT" });
        let published: Vec<_> = public.iter().map(PublicKey::published).collect();
        Ok(Self {
            signing,
            header: BASE64.encode(header.to_string()),
            jwks: json!({ "keys": published }).to_string(),
        })
    }

    /// The public keys as a JWK set (RFC 7517 §5).
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// An assertion that is valid from `now` for a minute.
    ///
    /// # Errors
    /// [`ForwardError::Signing`], which no input brings about.
    pub fn sign(
        &self,
        claims: &AssertionClaims<'_>,
        now: Timestamp,
    ) -> Result<HeaderValue, ForwardError> {
        let payload = Payload {
            iss: claims.issuer,
            aud: claims.audience,
            sub: claims.identity.person.to_string(),
            email: claims.identity.email.to_string(),
            name: &claims.identity.display_name,
            account: claims.account.map(|account| account.0.as_str()),
            iat: now.as_seconds(),
            exp: now.as_seconds().saturating_add(LIFE),
            jti: BASE64.encode(claims.random),
        };
        let payload = serde_json::to_vec(&payload).map_err(|_| ForwardError::Signing)?;
        let mut token = format!("{}.{}", self.header, BASE64.encode(payload));
        let signature = self.signing.sign(&SystemRandom::new(), token.as_bytes());
        token.push('.');
        token.push_str(&BASE64.encode(signature.map_err(|_| ForwardError::Signing)?));
        let mut value = HeaderValue::try_from(token).map_err(|_| ForwardError::Signing)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The coordinates of a public key, base64url.
struct PublicKey {
    x: String,
    y: String,
}

impl PublicKey {
    fn of(pair: &EcdsaKeyPair) -> Self {
        // SEC 1 §2.3.3: one byte 4, then both coordinates of 32 bytes.
        let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
        let (x, y) = point.split_at_checked(32).unwrap_or_default();
        Self { x: BASE64.encode(x), y: BASE64.encode(y) }
    }

    /// RFC 7638 §3: SHA-256 of the required members in this order, without spaces.
    fn thumbprint(&self) -> String {
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, self.x, self.y);
        BASE64.encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }

    fn published(&self) -> serde_json::Value {
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
            "kid": self.thumbprint(), "x": self.x, "y": self.y,
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use domain::PersonKey;
    use serde_json::Value;

    use super::*;

    fn key() -> Secret<Vec<u8>> {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Secret::new(pkcs8.unwrap().as_ref().to_vec())
    }

    fn ann() -> Identity {
        Identity {
            person: PersonKey { idp: "acme".parse().unwrap(), subject: "ann".parse().unwrap() },
            email: "ann@acme.example".parse().unwrap(),
            display_name: "Ann\r\nZoë".to_owned(),
            groups: None,
            claims: std::collections::BTreeMap::new(),
            idp_session: None,
            session_deadline: None,
        }
    }

    fn sign(signer: &AssertionSigner, audience: &str, random: [u8; 16]) -> (String, Value, Value) {
        let (identity, account) = (ann(), JsmAccount("qm:1".to_owned()));
        let issuer = "https://help.example.com";
        let account = Some(&account);
        let claims = AssertionClaims { issuer, audience, identity: &identity, account, random };
        let value = signer.sign(&claims, Timestamp::from_seconds(1_000)).unwrap();
        let token = value.to_str().unwrap().to_owned();
        let part = |index: usize| {
            let part = token.split('.').nth(index).unwrap();
            serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
        };
        (token.clone(), part(0), part(1))
    }

    #[test]
    fn e25_assertion_is_for_one_upstream_a_minute_and_once() {
        let signer = AssertionSigner::new(&[key()]).unwrap();
        let (_, _, claims) = sign(&signer, "jira", [1; 16]);
        assert_eq!(claims["aud"], "jira");
        assert_eq!(claims["iat"], 1_000);
        assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 60);
        assert_eq!((&claims["sub"], &claims["account"]), (&json!("acme/ann"), &json!("qm:1")));
        assert_eq!(claims["name"], "Ann\r\nZoë");
        let (_, _, other) = sign(&signer, "confluence", [2; 16]);
        assert_eq!(other["aud"], "confluence");
        assert_ne!(other["jti"], claims["jti"]);
    }

    #[test]
    fn published_key_verifies_what_the_first_key_signed() {
        let signer = AssertionSigner::new(&[key(), key()]).unwrap();
        let (token, header, _) = sign(&signer, "jira", [1; 16]);
        let set: Value = serde_json::from_str(signer.jwks()).unwrap();
        let keys = set["keys"].as_array().unwrap();
        assert_eq!(
            (keys.len(), &keys[0]["kid"], &header["alg"]),
            (2, &header["kid"], &json!("ES256"))
        );
        assert_ne!(keys[0]["kid"], keys[1]["kid"]);
        let coordinate = |name: &str| BASE64.decode(keys[0][name].as_str().unwrap()).unwrap();
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = BASE64.decode(signature).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(message.as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn keys_are_needed_and_must_be_on_the_right_curve() {
        assert!(matches!(AssertionSigner::new(&[]), Err(SetupError::NoAssertionKey)));
        let keys = [key(), Secret::new(b"no key".to_vec())];
        assert!(matches!(AssertionSigner::new(&keys), Err(SetupError::AssertionKey(2, _))));
    }

    #[test]
    fn thumbprint_is_that_of_rfc_7638() {
        // The members' order and form are what counts; the sum was made with openssl dgst.
        let key = PublicKey { x: "eA".to_owned(), y: "eQ".to_owned() };
        let text = r#"{"crv":"P-256","kty":"EC","x":"eA","y":"eQ"}"#;
        let sum = digest::digest(&digest::SHA256, text.as_bytes());
        assert_eq!(key.thumbprint(), BASE64.encode(sum));
    }
}
