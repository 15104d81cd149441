//! Signing out: RP-initiated (OpenID Connect RP-Initiated Logout 1.0), back-channel and
//! front-channel.

use serde_json::{Map, Value, json};
use url::Url;

use super::authorization::{Refused, one};
use super::id_token::{self, Keys};
use super::{Core, OpenIdProvider};
use crate::keys::Algorithm;
use crate::people::Person;
use crate::text::{from_base64url, random_hex};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const HOUR: i64 = 3600;

/// One session of a person at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpSession {
    /// `sid` of its ID token.
    pub sid: String,
    /// Who.
    pub person: Person,
}

/// A request to end a session there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndSession {
    /// `sub` of the `id_token_hint`, if there was one and it verified.
    pub subject: Option<String>,
    /// `sid` of the `id_token_hint`.
    pub sid: Option<String>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `post_logout_redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// How many sessions it ended.
    pub ended: usize,
}

/// What can be wrong with a logout token, one thing at a time (OpenID Connect Back-Channel Logout
/// 1.0 §2.4 and §2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogoutTokenFlaw {
    /// No `iat`.
    NoIssuedAt,
    /// `iat` is a day ahead.
    IssuedTomorrow,
    /// `iat` was yesterday, `exp` too.
    IssuedYesterday,
    /// No `jti`.
    NoTokenId,
    /// `exp` was an hour ago.
    Expired,
    /// No `exp`.
    NoExpiry,
    /// No `events`.
    NoEvents,
    /// `events` names another event.
    OtherEvent,
    /// The event is a text, not an object.
    EventIsText,
    /// `events` is a list.
    EventsList,
    /// There is a `nonce`.
    Nonce,
    /// `aud` is another client.
    WrongAudience,
    /// `iss` is another issuer.
    WrongIssuer,
    /// Neither `sub` nor `sid`.
    Nobody,
    /// `sub` is a number.
    SubjectNumber,
    /// Unsigned, `alg` none.
    AlgorithmNone,
    /// HS256 keyed with the client's secret.
    HmacWithSecret,
    /// Signed with a key that JWKS lacks, under the right `kid`.
    ForeignKey,
    /// One bit of the signature changed.
    BadSignature,
    /// `sub` changed after signing.
    Tampered,
    /// `kid` that JWKS lacks.
    UnknownKeyId,
    /// `typ` is `at+jwt`.
    OtherType,
    /// Two parts instead of three.
    TwoParts,
    /// An ID token in its place.
    IdToken,
}

impl LogoutTokenFlaw {
    /// Every flaw.
    pub const ALL: &'static [Self] = &[
        Self::NoIssuedAt,
        Self::IssuedTomorrow,
        Self::IssuedYesterday,
        Self::NoTokenId,
        Self::Expired,
        Self::NoExpiry,
        Self::NoEvents,
        Self::OtherEvent,
        Self::EventIsText,
        Self::EventsList,
        Self::Nonce,
        Self::WrongAudience,
        Self::WrongIssuer,
        Self::Nobody,
        Self::SubjectNumber,
        Self::AlgorithmNone,
        Self::HmacWithSecret,
        Self::ForeignKey,
        Self::BadSignature,
        Self::Tampered,
        Self::UnknownKeyId,
        Self::OtherType,
        Self::TwoParts,
        Self::IdToken,
    ];
}

/// Whom a logout token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// `sub` and `sid`.
    Both,
    /// `sub`: every session of the person.
    Subject,
    /// `sid`.
    Session,
}

impl OpenIdProvider {
    /// Everybody who signed in and has not signed out.
    pub fn sessions(&self) -> Vec<OpSession> {
        self.core.state().sessions.clone()
    }

    /// The newest session of a person.
    ///
    /// # Panics
    /// When there is none.
    pub fn session_of(&self, person: &Person) -> OpSession {
        let sessions = self.sessions();
        let found = sessions.into_iter().rev().find(|s| s.person.email == person.email);
        found.expect("a session of this person")
    }

    /// A logout token for `session`, to be posted as `logout_token`.
    pub fn logout_token(
        &self,
        session: &OpSession,
        named: Named,
        flaw: Option<LogoutTokenFlaw>,
    ) -> String {
        self.core.logout_token(session, named, flaw)
    }

    /// The URL that the provider's page loads in a frame (Front-Channel Logout 1.0 §2).
    ///
    /// # Panics
    /// When `uri` is no URL.
    pub fn front_channel_url(&self, uri: &str, session: &OpSession) -> Url {
        let mut url = Url::parse(uri).expect("a URL");
        let issuer = self.core.issuer_for(&super::OidcAnswer::default());
        url.query_pairs_mut().append_pair("iss", &issuer).append_pair("sid", &session.sid);
        url
    }

    /// Registers where browsers may go after signing out; until the first, anywhere.
    pub fn register_post_logout_redirect(&self, uri: &str) {
        self.core.state().post_logout_uris.push(uri.to_owned());
    }

    /// Ends the session that the URL of an end-session request names, as the provider's page does
    /// when the person agrees; gives where the browser goes.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn end_session(&self, url: &str) -> Result<Option<Url>, Refused> {
        let url = Url::parse(url).map_err(|_| Refused("invalid_request", "not a URL"))?;
        let parameters: Vec<(String, String)> =
            url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
        self.core.end_session(&parameters)
    }

    /// Every end-session request that was in order.
    pub fn end_sessions(&self) -> Vec<EndSession> {
        self.core.state().end_sessions.clone()
    }
}

impl Core {
    pub(super) fn end_session(
        &self,
        parameters: &[(String, String)],
    ) -> Result<Option<Url>, Refused> {
        let value = |name: &str| one(parameters, name);
        let hint = match value("id_token_hint")? {
            Some(hint) => Some(
                self.own_claims(&hint)
                    .ok_or(Refused("invalid_request", "id_token_hint is not ours"))?,
            ),
            None => None,
        };
        let client_id = value("client_id")?;
        if client_id.as_ref().is_some_and(|id| *id != self.options.client_id) {
            return Err(Refused("invalid_request", "client_id is not known here"));
        }
        let redirect_uri = value("post_logout_redirect_uri")?;
        if let Some(uri) = &redirect_uri {
            // RP-Initiated Logout §3: only with a hint or a client, and registered.
            if hint.is_none() && client_id.is_none() {
                return Err(Refused("invalid_request", "neither id_token_hint nor client_id"));
            }
            let registered = &self.state().post_logout_uris;
            if !registered.is_empty() && !registered.contains(uri) {
                return Err(Refused(
                    "invalid_request",
                    "post_logout_redirect_uri is not registered",
                ));
            }
        }
        let claim = |name: &str| {
            let value = hint.as_ref().and_then(|h| h[name].as_str());
            value.map(str::to_owned)
        };
        let mut request = EndSession {
            subject: claim("sub"),
            sid: claim("sid"),
            client_id,
            redirect_uri: redirect_uri.clone(),
            state: value("state")?,
            ended: 0,
        };
        let mut url = match redirect_uri {
            Some(uri) => {
                Some(Url::parse(&uri).map_err(|_| Refused("invalid_request", "no URL to go to"))?)
            }
            None => None,
        };
        if let (Some(url), Some(state)) = (&mut url, &request.state) {
            url.query_pairs_mut().append_pair("state", state);
        }
        let mut state = self.state();
        let before = state.sessions.len();
        state.sessions.retain(|s| Some(&s.sid) != request.sid.as_ref());
        request.ended = before - state.sessions.len();
        state.end_sessions.push(request);
        Ok(url)
    }

    /// The claims of a token that this provider signed, expired or not.
    fn own_claims(&self, token: &str) -> Option<Value> {
        let claims = token.split('.').nth(1).and_then(from_base64url)?;
        self.state().issued.contains(token).then(|| serde_json::from_slice(&claims).ok())?
    }

    fn logout_token(
        &self,
        session: &OpSession,
        named: Named,
        flaw: Option<LogoutTokenFlaw>,
    ) -> String {
        let now = self.options.clock.now();
        let mut claims = json!({
            "iss": self.issuer_for(&super::OidcAnswer::default()),
            "aud": self.options.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": random_hex(),
            "events": { EVENT: {} },
            "sub": session.person.subject,
            "sid": session.sid,
        });
        let members = claims.as_object_mut().expect("an object");
        match named {
            Named::Both => {}
            Named::Subject => drop(members.remove("sid")),
            Named::Session => drop(members.remove("sub")),
        }
        if let Some(flaw) = flaw {
            spoil(flaw, members, now);
        }
        self.sign_logout_token(&claims, flaw)
    }

    fn sign_logout_token(&self, claims: &Value, flaw: Option<LogoutTokenFlaw>) -> String {
        let state = self.state();
        let keys = Keys { own: &state.key, kid: &state.kid, foreign: &self.foreign_key };
        let name = if keys.own.algorithm() == Algorithm::EcdsaSha256 { "ES256" } else { "RS256" };
        let mut header = json!({ "alg": name, "kid": keys.kid, "typ": "logout+jwt" });
        match flaw {
            Some(LogoutTokenFlaw::OtherType) => header["typ"] = json!("at+jwt"),
            Some(LogoutTokenFlaw::IdToken) => header["typ"] = json!("JWT"),
            Some(LogoutTokenFlaw::UnknownKeyId) => header["kid"] = json!("unheard-of"),
            Some(LogoutTokenFlaw::AlgorithmNone) => header["alg"] = json!("none"),
            Some(LogoutTokenFlaw::HmacWithSecret) => header["alg"] = json!("HS256"),
            _ => {}
        }
        let input = id_token::input(&header, claims);
        let secret = self.options.client_secret.as_deref().unwrap_or_default();
        let signature = match flaw {
            Some(LogoutTokenFlaw::AlgorithmNone) => Vec::new(),
            Some(LogoutTokenFlaw::HmacWithSecret) => id_token::mac(secret, input.as_bytes()),
            Some(LogoutTokenFlaw::ForeignKey) => {
                keys.foreign.sign(keys.foreign.algorithm(), input.as_bytes())
            }
            _ => keys.own.sign(keys.own.algorithm(), input.as_bytes()),
        };
        let mut signature = signature;
        if flaw == Some(LogoutTokenFlaw::BadSignature) {
            signature[10] ^= 1;
        }
        let signature = crate::text::base64url(&signature);
        match flaw {
            Some(LogoutTokenFlaw::TwoParts) => input,
            Some(LogoutTokenFlaw::Tampered) => {
                let mut forged = claims.clone();
                forged["sub"] = json!("id-somebody-else");
                format!("{}.{signature}", id_token::input(&header, &forged))
            }
            _ => format!("{input}.{signature}"),
        }
    }
}

fn spoil(flaw: LogoutTokenFlaw, claims: &mut Map<String, Value>, now: i64) {
    let absent: &[&str] = match flaw {
        LogoutTokenFlaw::NoIssuedAt => &["iat"],
        LogoutTokenFlaw::NoTokenId => &["jti"],
        LogoutTokenFlaw::NoExpiry => &["exp"],
        LogoutTokenFlaw::NoEvents | LogoutTokenFlaw::IdToken => &["events"],
        LogoutTokenFlaw::Nobody => &["sub", "sid"],
        _ => &[],
    };
    for name in absent {
        claims.remove(*name);
    }
    let (name, value) = match flaw {
        LogoutTokenFlaw::IssuedTomorrow => ("iat", json!(now + 24 * HOUR)),
        LogoutTokenFlaw::IssuedYesterday => {
            claims.insert("iat".to_owned(), json!(now - 24 * HOUR));
            ("exp", json!(now - 24 * HOUR + 120))
        }
        LogoutTokenFlaw::Expired => ("exp", json!(now - HOUR)),
        LogoutTokenFlaw::OtherEvent => ("events", json!({ "https://evil.example/event": {} })),
        LogoutTokenFlaw::EventIsText => ("events", json!({ EVENT: "yes" })),
        LogoutTokenFlaw::EventsList => ("events", json!([EVENT])),
        LogoutTokenFlaw::Nonce => ("nonce", json!("some-nonce")),
        LogoutTokenFlaw::WrongAudience => ("aud", json!("another-client")),
        LogoutTokenFlaw::WrongIssuer => ("iss", json!("https://evil.example")),
        LogoutTokenFlaw::SubjectNumber => ("sub", json!(7)),
        LogoutTokenFlaw::IdToken => ("nonce", json!("some-nonce")),
        _ => return,
    };
    claims.insert(name.to_owned(), value);
}
