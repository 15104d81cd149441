//! Authorization requests, codes and their exchange (RFC 6749, RFC 7636), as a strict provider
//! handles them.

use aws_lc_rs::digest;
use serde_json::{Value, json};
use url::Url;

use super::flaw::{OidcAnswer, OidcFlaw};
use super::id_token::{self, Facts, Keys};
use super::logout::OpSession;
use super::{Core, Grant};
use crate::people::Person;
use crate::text::{base64url, random_hex};

const CODE_SECONDS: i64 = 60;

/// What an authorization request asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// `redirect_uri`.
    pub redirect_uri: String,
    /// `state`.
    pub state: Option<String>,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `code_challenge`, S256.
    pub challenge: String,
    /// `scope`.
    pub scope: String,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `acr_values`.
    pub acr_values: Vec<String>,
    /// `max_age`.
    pub max_age: Option<i64>,
    /// `prompt`.
    pub prompt: Option<String>,
    /// All parameters in their order.
    pub parameters: Vec<(String, String)>,
}

/// The error of an endpoint: RFC 6749 §5.2's code and a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub &'static str, pub &'static str);

impl Core {
    /// Reads the URL to which a browser was sent.
    pub(super) fn read(&self, url: &str) -> Result<AuthorizationRequest, Refused> {
        let url = Url::parse(url).map_err(|_| Refused("invalid_request", "not a URL"))?;
        let parameters: Vec<(String, String)> =
            url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
        let need = |name: &str| one(&parameters, name)?.ok_or(missing());
        if need("client_id")? != self.options.client_id {
            return Err(Refused("unauthorized_client", "client_id is not known here"));
        }
        let redirect_uri = need("redirect_uri")?;
        let registered = &self.state().redirect_uris;
        if !registered.is_empty() && !registered.contains(&redirect_uri) {
            return Err(Refused("invalid_request", "redirect_uri is not registered"));
        }
        if need("response_type")? != "code" {
            return Err(Refused("unsupported_response_type", "only code"));
        }
        let scope = need("scope")?;
        if !scope.split(' ').any(|s| s == "openid") {
            return Err(Refused("invalid_scope", "openid is missing"));
        }
        let challenge = need("code_challenge")?;
        if need("code_challenge_method")? != "S256" || challenge.len() != 43 {
            return Err(Refused("invalid_request", "PKCE with S256 is required"));
        }
        let acr_values = one(&parameters, "acr_values")?.unwrap_or_default();
        let max_age = one(&parameters, "max_age")?.map(|text| text.parse());
        Ok(AuthorizationRequest {
            acr_values: acr_values.split_whitespace().map(str::to_owned).collect(),
            max_age: max_age
                .transpose()
                .map_err(|_| Refused("invalid_request", "max_age is no number"))?,
            prompt: one(&parameters, "prompt")?,
            redirect_uri,
            state: one(&parameters, "state")?,
            nonce: one(&parameters, "nonce")?,
            challenge,
            scope,
            login_hint: one(&parameters, "login_hint")?,
            parameters,
        })
    }

    /// Where the browser goes with the answer for `person`.
    pub(super) fn grant(
        &self,
        request: &AuthorizationRequest,
        person: &Person,
        answer: &OidcAnswer,
    ) -> Url {
        let code = random_hex();
        let grant = Grant {
            request: request.clone(),
            person: person.clone(),
            answer: answer.clone(),
            expires: self.options.clock.now() + CODE_SECONDS,
        };
        self.state().codes.insert(code.clone(), grant);
        let mut url = Url::parse(&request.redirect_uri).expect("a redirect URI is a URL");
        let (state, code) = (request.state.as_deref(), code.as_str());
        let pairs: Vec<(&str, &str)> = outcome(answer.flaw, code)
            .into_iter()
            .chain(states(answer.flaw, state).into_iter().map(|s| ("state", s)))
            .chain(self.response_issuer(answer.flaw).map(|iss| ("iss", iss)))
            .collect();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }

    /// RFC 9207 §2: `iss` of the authorization response.
    fn response_issuer(&self, flaw: Option<OidcFlaw>) -> Option<&str> {
        match flaw {
            Some(OidcFlaw::NoIssParameter) => None,
            Some(OidcFlaw::WrongIssParameter) => Some("https://evil.example"),
            // Microsoft Entra sends none.
            _ if !self.options.tenants.is_empty() => None,
            _ => Some(&self.issuer),
        }
    }

    /// RFC 6749 §4.1.3 and RFC 7636 §4.6: exchanges a code, once.
    pub(super) fn exchange(
        &self,
        authorization: Option<&str>,
        form: &[(String, String)],
    ) -> Result<(Value, Option<OidcFlaw>), Refused> {
        self.authenticate_client(authorization, form)?;
        let need = |name: &str| one(form, name)?.ok_or(missing());
        if need("grant_type")? != "authorization_code" {
            return Err(Refused("unsupported_grant_type", "only authorization_code"));
        }
        let code = need("code")?;
        let grant = self.state().codes.remove(&code);
        let grant = grant.ok_or(Refused("invalid_grant", "the code is unknown or was used"))?;
        let now = self.options.clock.now();
        if grant.expires <= now {
            return Err(Refused("invalid_grant", "the code has expired"));
        }
        if need("redirect_uri")? != grant.request.redirect_uri {
            return Err(Refused("invalid_grant", "redirect_uri is another one"));
        }
        let verifier = need("code_verifier")?;
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        let fits = (43..=128).contains(&verifier.len());
        if !fits || base64url(hash.as_ref()) != grant.request.challenge {
            return Err(Refused("invalid_grant", "code_verifier does not fit"));
        }
        Ok((self.tokens(&grant, &code, now), grant.answer.flaw))
    }

    fn tokens(&self, grant: &Grant, code: &str, now: i64) -> Value {
        let access_token = random_hex();
        let session = OpSession { sid: random_hex(), person: grant.person.clone() };
        let issuer = self.issuer_for(&grant.answer);
        let facts = Facts {
            issuer: &issuer,
            base: &self.base,
            tenant: self.tenant_of(&grant.answer),
            client_id: &self.options.client_id,
            client_secret: self.options.client_secret.as_deref().unwrap_or_default(),
            nonce: grant.request.nonce.as_deref(),
            access_token: &access_token,
            code,
            sid: &session.sid,
            acr: grant.request.acr_values.first().map(String::as_str),
            person: &grant.person,
            now,
        };
        let mut state = self.state();
        let keys = Keys { own: &state.key, kid: &state.kid, foreign: &self.foreign_key };
        let id_token = id_token::issue(&facts, &keys, &grant.answer);
        state.issued.insert(id_token.clone());
        state.sessions.push(session);
        state.last_overage = grant.answer.overage;
        state.access_tokens.insert(access_token.clone(), (grant.person.clone(), grant.answer.flaw));
        let mut tokens = json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": 300,
            "id_token": id_token, "scope": grant.request.scope
        });
        if let (Some(OidcFlaw::NoIdToken), Some(tokens)) =
            (grant.answer.flaw, tokens.as_object_mut())
        {
            tokens.remove("id_token");
        }
        tokens
    }
}

/// `code`, or `error` with its description.
fn outcome(flaw: Option<OidcFlaw>, code: &str) -> Vec<(&str, &str)> {
    match flaw {
        Some(OidcFlaw::AccessDenied) => vec![("error", "access_denied")],
        Some(OidcFlaw::ErrorWithMarkup) => {
            let markup = "<script>alert(1)</script>";
            vec![("error", "server_error"), ("error_description", markup)]
        }
        Some(OidcFlaw::NoCode) => Vec::new(),
        Some(OidcFlaw::DuplicateCode) => vec![("code", code), ("code", "another")],
        _ => vec![("code", code)],
    }
}

fn states(flaw: Option<OidcFlaw>, state: Option<&str>) -> Vec<&str> {
    match flaw {
        Some(OidcFlaw::NoState) => Vec::new(),
        Some(OidcFlaw::ForeignState) => vec!["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
        Some(OidcFlaw::DuplicateState) => state.into_iter().chain(["another"]).collect(),
        _ => state.into_iter().collect(),
    }
}

/// RFC 6749 §3.1: no parameter more than once.
pub(crate) fn one(parameters: &[(String, String)], name: &str) -> Result<Option<String>, Refused> {
    let mut values = parameters.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone());
    let first = values.next();
    if values.next().is_some() {
        return Err(Refused("invalid_request", "a parameter is given twice"));
    }
    Ok(first)
}

fn missing() -> Refused {
    Refused("invalid_request", "a parameter is missing")
}
