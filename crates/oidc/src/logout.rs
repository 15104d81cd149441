//! Signing out at the provider, and hearing that somebody signed out there.

use std::time::Duration;

use domain::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use crate::jws::Jws;
use crate::{KeySet, LogoutTokenError, ProviderMetadata, RelyingParty, numeric_date};

/// OpenID Connect Back-Channel Logout 1.0 §2.4.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// A logout token comes straight from the provider; one that is older than this was kept by
/// somebody.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);
/// Longest `jti`, `sub` or `sid`.
const MAX_TEXT: usize = 255;

/// A logout token that passed every check but that of its single use, which is the caller's: `jti`
/// must be marked as used until [`LogoutToken::expires`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutToken {
    sub: Option<String>,
    sid: Option<String>,
    jti: String,
    expires: Timestamp,
}

impl LogoutToken {
    /// Who signed out: the ID token's `sub`. At least one of this and [`LogoutToken::sid`] is
    /// there.
    pub fn sub(&self) -> Option<&str> {
        self.sub.as_deref()
    }

    /// Which of the provider's sessions ended: the ID token's `sid`.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Its name, to be used once.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// From when on it would be refused anyhow.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// A front-channel logout that names no session of this provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontChannelError {
    /// `iss` without `sid`, or the other way round (Front-Channel Logout 1.0 §2).
    #[error("the request has one of iss and sid without the other")]
    Incomplete,
    /// Another issuer.
    #[error("the request names another issuer")]
    IssuerForeign,
}

impl RelyingParty {
    /// Where to send the browser to sign out there too (OpenID Connect RP-Initiated Logout 1.0
    /// §2); `None`: the provider has no such address.
    pub fn logout_url(
        &self,
        metadata: &ProviderMetadata,
        id_token_hint: Option<&str>,
        post_logout_redirect_uri: &str,
        state: &str,
    ) -> Option<Url> {
        let mut url = metadata.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .extend_pairs(id_token_hint.map(|hint| ("id_token_hint", hint)))
            .append_pair("client_id", &self.client.id)
            .append_pair("post_logout_redirect_uri", post_logout_redirect_uri)
            .append_pair("state", state);
        Some(url)
    }

    /// Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6; attacks.md C11).
    ///
    /// # Errors
    /// See [`LogoutTokenError`]; with [`LogoutTokenError::suggests_new_keys`] the caller may fetch
    /// the keys and ask again.
    pub fn verify_logout_token(
        &self,
        keys: &KeySet,
        token: &str,
        now: Timestamp,
    ) -> Result<LogoutToken, LogoutTokenError> {
        let jws = Jws::parse(token, &self.algorithms)?;
        check_kind(&jws.header)?;
        let claims = &jws.claims;
        let issuer = text(claims, "iss")?.ok_or(LogoutTokenError::ClaimMissing("iss"))?;
        if !self.issuer.includes(issuer) {
            return Err(LogoutTokenError::Issuer);
        }
        keys.verify(&self.issuer, issuer, &jws)?;

        // The signature stands.
        self.check_logout_audience(claims)?;
        let expires = self.check_logout_times(claims, now)?;
        check_event(claims)?;
        let (sub, sid) = (text(claims, "sub")?, text(claims, "sid")?);
        if sub.or(sid).is_none() {
            return Err(LogoutTokenError::Nobody);
        }
        let jti = text(claims, "jti")?.ok_or(LogoutTokenError::ClaimMissing("jti"))?;
        Ok(LogoutToken {
            sub: sub.map(str::to_owned),
            sid: sid.map(str::to_owned),
            jti: jti.to_owned(),
            expires: expires.plus(self.clock_skew),
        })
    }

    /// Checks what a front-channel logout names (OpenID Connect Front-Channel Logout 1.0 §2).
    /// Anybody can make a browser ask for this, so it may end that browser's session and no more
    /// (attacks.md C12).
    ///
    /// # Errors
    /// See [`FrontChannelError`].
    pub fn check_front_channel(
        &self,
        iss: Option<&str>,
        sid: Option<&str>,
    ) -> Result<(), FrontChannelError> {
        match (iss, sid) {
            (None, None) => Ok(()),
            (Some(iss), Some(_)) if self.issuer.includes(iss) => Ok(()),
            (Some(_), Some(_)) => Err(FrontChannelError::IssuerForeign),
            _ => Err(FrontChannelError::Incomplete),
        }
    }

    fn check_logout_audience(&self, claims: &Map<String, Value>) -> Result<(), LogoutTokenError> {
        let named = match claims.get("aud") {
            None | Some(Value::Null) => return Err(LogoutTokenError::ClaimMissing("aud")),
            Some(Value::Array(several)) => several.iter().map(Value::as_str).collect(),
            Some(one) => vec![one.as_str()],
        };
        let ours = |aud: &Option<&str>| *aud == Some(self.client.id.as_str());
        let trusted = |aud: &Option<&str>| aud.is_some_and(|aud| self.trusts_audience(aud));
        let fits = named.iter().any(ours) && named.iter().all(|aud| ours(aud) || trusted(aud));
        if fits { Ok(()) } else { Err(LogoutTokenError::Audience) }
    }

    /// When it expires.
    fn check_logout_times(
        &self,
        claims: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Timestamp, LogoutTokenError> {
        let (early, late) = (now.minus(self.clock_skew), now.plus(self.clock_skew));
        let issued = time(claims, "iat")?;
        if issued > late {
            return Err(LogoutTokenError::IssuedAhead);
        }
        if issued < early.minus(MAX_AGE) {
            return Err(LogoutTokenError::IssuedLongAgo);
        }
        let expires = time(claims, "exp")?;
        if early >= expires {
            return Err(LogoutTokenError::Expired);
        }
        // A token that never expires would have to be remembered for ever; by `iat` it is refused
        // long before.
        Ok(expires.min(issued.plus(MAX_AGE + self.clock_skew)))
    }
}

/// RFC 8725 §3.11: a token of another type is not taken for this one. Many providers say `JWT`,
/// which every JWT is; then `events` tells it from an ID token.
fn check_kind(header: &Map<String, Value>) -> Result<(), LogoutTokenError> {
    let known = match header.get("typ") {
        None => true,
        Some(Value::String(kind)) => {
            let kind = kind.to_ascii_lowercase();
            ["jwt", "logout+jwt", "application/logout+jwt"].contains(&kind.as_str())
        }
        Some(_) => false,
    };
    let plain = !header.contains_key("crit") && !header.contains_key("cty");
    if known && plain { Ok(()) } else { Err(LogoutTokenError::Kind) }
}

fn check_event(claims: &Map<String, Value>) -> Result<(), LogoutTokenError> {
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(LogoutTokenError::Event);
    }
    // Prohibited, so that no ID token can be used as a logout token.
    if claims.contains_key("nonce") {
        return Err(LogoutTokenError::Nonce);
    }
    Ok(())
}

fn text<'a>(
    claims: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, LogoutTokenError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() && text.len() <= MAX_TEXT => Ok(Some(text)),
        Some(_) => Err(LogoutTokenError::ClaimType(name)),
    }
}

fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Timestamp, LogoutTokenError> {
    let value = claims.get(name).ok_or(LogoutTokenError::ClaimMissing(name))?;
    numeric_date::parse(value).ok_or(LogoutTokenError::ClaimType(name))
}
