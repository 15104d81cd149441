//! Believes the gateway's assertion the way any careful upstream does: ES256, key by `kid`,
//! audience, times.

use std::sync::Mutex;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::http::HeaderMap;
use serde_json::Value;
use url::Url;

use crate::clock::FakeClock;
use crate::http_client::{Call, call};
use crate::text::from_base64url;

/// Longest lifetime of an assertion, and how far its times may be off, in seconds.
const LIFETIME: i64 = 60;
const SKEW: i64 = 5;

/// Whose keys are believed.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Nobody's.
    #[default]
    Nobody,
    /// The keys published at this URL, fetched when an unknown `kid` appears.
    Published {
        /// Of the JWKS.
        url: String,
        /// PEM of the certificate authority to trust for it.
        authority: String,
    },
    /// These keys, a JWKS.
    Keys(Value),
}

/// Who is believed to be there.
#[derive(Debug, Clone, PartialEq)]
pub enum Caller {
    /// Somebody; the claims as signed.
    Person(Value),
    /// Nobody: there was no assertion.
    Nobody,
    /// Nobody: there was something that is not believed, and why.
    Refused(String),
}

impl Caller {
    /// The claim as text; empty when there is none.
    pub fn claim(&self, name: &str) -> &str {
        match self {
            Self::Person(claims) => claims[name].as_str().unwrap_or_default(),
            Self::Nobody | Self::Refused(_) => "",
        }
    }
}

#[derive(Debug)]
pub(super) struct Verifier {
    clock: FakeClock,
    trusted: Mutex<Trusted>,
}

#[derive(Debug, Clone, Default)]
struct Trusted {
    trust: Trust,
    audience: String,
    /// JWKS as fetched last.
    keys: Value,
}

impl Verifier {
    pub(super) fn new(clock: FakeClock) -> Self {
        Self { clock, trusted: Mutex::default() }
    }

    pub(super) fn trust(&self, trust: Trust, audience: &str) {
        let keys = match &trust {
            Trust::Keys(keys) => keys.clone(),
            Trust::Nobody | Trust::Published { .. } => Value::Null,
        };
        let audience = audience.to_owned();
        *self.trusted.lock().expect("a lock") = Trusted { trust, audience, keys };
    }

    pub(super) async fn caller(&self, headers: &HeaderMap) -> Caller {
        let values: Vec<_> = headers.get_all("x-vestibule-assertion").iter().collect();
        match values.as_slice() {
            [] => Caller::Nobody,
            [one] => match self.verify(one.to_str().unwrap_or_default()).await {
                Ok(claims) => Caller::Person(claims),
                Err(reason) => Caller::Refused(reason),
            },
            _ => Caller::Refused("there are two assertions".to_owned()),
        }
    }

    async fn verify(&self, token: &str) -> Result<Value, String> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("it has not three parts".to_owned());
        };
        let json = |part: &str| {
            let bytes = from_base64url(part).ok_or("it is not base64url")?;
            serde_json::from_slice::<Value>(&bytes).map_err(|_| "it is not JSON")
        };
        let head = json(header)?;
        if head["alg"] != "ES256" {
            return Err("alg is not ES256".to_owned());
        }
        let key = self.key(head["kid"].as_str().ok_or("kid is missing")?).await?;
        let signature = from_base64url(signature).ok_or("it is not base64url")?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
            .verify(format!("{header}.{claims}").as_bytes(), &signature)
            .map_err(|_| "the signature is wrong")?;
        let claims = json(claims)?;
        self.check(&claims)?;
        Ok(claims)
    }

    fn check(&self, claims: &Value) -> Result<(), &'static str> {
        let audience = self.trusted.lock().expect("a lock").audience.clone();
        let now = self.clock.now();
        let (issued, expires) = (claims["iat"].as_i64(), claims["exp"].as_i64());
        let (issued, expires) = (issued.ok_or("iat is missing")?, expires.ok_or("exp is missing")?);
        if claims["aud"] != audience {
            return Err("aud is another one");
        }
        if expires + SKEW <= now || issued - SKEW > now || expires - issued > LIFETIME {
            return Err("it is not valid now, or for too long");
        }
        if claims["sub"].as_str().is_none_or(str::is_empty) {
            return Err("sub is missing");
        }
        Ok(())
    }

    /// The public point, SEC 1 uncompressed.
    async fn key(&self, kid: &str) -> Result<Vec<u8>, String> {
        let trusted = self.trusted.lock().expect("a lock").clone();
        if let Some(key) = find(&trusted.keys, kid) {
            return Ok(key);
        }
        let Trust::Published { url, authority } = trusted.trust else {
            return Err("kid is unknown".to_owned());
        };
        let url = Url::parse(&url).map_err(|e| e.to_string())?;
        let (method, headers) = (http::Method::GET, Vec::new());
        let body = bytes::Bytes::new();
        let asked = Call { method, url: &url, headers, body, authority: Some(&authority) };
        let answer = call(asked).await.map_err(|e| e.to_string())?;
        let keys = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let found = find(&keys, kid).ok_or("kid is unknown")?;
        self.trusted.lock().expect("a lock").keys = keys;
        Ok(found)
    }
}

fn find(keys: &Value, kid: &str) -> Option<Vec<u8>> {
    let key = keys["keys"].as_array()?.iter().find(|k| k["kid"] == kid && k["crv"] == "P-256")?;
    let (x, y) = (from_base64url(key["x"].as_str()?)?, from_base64url(key["y"].as_str()?)?);
    Some([vec![4], x, y].concat())
}
