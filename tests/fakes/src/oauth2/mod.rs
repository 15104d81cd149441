//! An OAuth 2.0 provider without OpenID Connect, after GitHub: numbers for people, addresses at an
//! endpoint of their own, errors of the token endpoint with status 200.
//!
//! Browsers use its pages; tests without a browser call [`OAuth2Provider::authorize`]. It answers
//! honestly unless one [`OAuth2Flaw`] is ordered.

mod flaw;
mod pages;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::digest;
pub use flaw::OAuth2Flaw;
use serde_json::{Value, json};
use url::Url;

use crate::clock::FakeClock;
use crate::openid::{Refused, basic, one};
use crate::people::{Company, Person};
use crate::server::{self, Behaviour, Place, Server};
use crate::text::{base64url, random_hex};

/// What a provider is.
#[derive(Debug, Clone)]
pub struct OAuth2Options {
    /// Where it listens.
    pub place: Place,
    /// Its owner and people.
    pub company: Company,
    /// The one client that it knows.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// Where codes may be sent, exactly; empty: anywhere.
    pub redirect_uris: Vec<String>,
    /// `/user` says the address too; else it is private and null there, as GitHub's default is.
    pub public_address: bool,
    /// What time it is there.
    pub clock: FakeClock,
}

impl OAuth2Options {
    /// Client `vestibule` with a secret, private addresses, the system's clock, a free port.
    pub fn of(company: Company) -> Self {
        Self {
            place: Place::default(),
            client_id: "vestibule".to_owned(),
            client_secret: format!("secret-of-{}", company.slug),
            company,
            redirect_uris: Vec::new(),
            public_address: false,
            clock: FakeClock::system(),
        }
    }
}

/// A running OAuth 2.0 provider; dropped means stopped.
#[derive(Debug)]
pub struct OAuth2Provider {
    /// `http://host:port`.
    pub url: String,
    /// RFC 6749 §3.1.
    pub authorization_endpoint: String,
    /// RFC 6749 §3.2.
    pub token_endpoint: String,
    /// Says who a token is of.
    pub user_endpoint: String,
    /// Lists that person's addresses.
    pub emails_endpoint: String,
    /// The client that it knows.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    core: Arc<Core>,
    server: Server,
}

#[derive(Debug)]
struct Core {
    url: String,
    options: OAuth2Options,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    codes: HashMap<String, Grant>,
    tokens: HashMap<String, (Person, Option<OAuth2Flaw>)>,
    flaw: Option<OAuth2Flaw>,
    auto: Option<Person>,
    requests: Vec<Vec<(String, String)>>,
}

#[derive(Debug)]
struct Grant {
    person: Person,
    flaw: Option<OAuth2Flaw>,
    redirect_uri: String,
    /// S256; GitHub asks nobody for one, and checks it when there is one.
    challenge: Option<String>,
    expires: i64,
}

/// An authorization request in order.
struct Asked {
    redirect_uri: String,
    state: Option<String>,
    challenge: Option<String>,
    parameters: Vec<(String, String)>,
}

impl OAuth2Provider {
    /// Starts a provider for `company` on a free port.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub fn start(company: Company) -> Self {
        Self::start_with(OAuth2Options::of(company)).expect("a free port")
    }

    /// Starts a provider.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start_with(options: OAuth2Options) -> std::io::Result<Self> {
        let bound = server::bind(&options.place)?;
        let url = bound.url.clone();
        let core = Arc::new(Core { url: url.clone(), options, state: Mutex::default() });
        let server = bound.serve(pages::router(Arc::clone(&core)));
        Ok(Self {
            authorization_endpoint: format!("{url}/login/oauth/authorize"),
            token_endpoint: format!("{url}/login/oauth/access_token"),
            user_endpoint: format!("{url}/user"),
            emails_endpoint: format!("{url}/user/emails"),
            client_id: core.options.client_id.clone(),
            client_secret: core.options.client_secret.clone(),
            url,
            core,
            server,
        })
    }

    /// Signs `person` in for the authorization request in `url`; returns where the browser goes.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn authorize(
        &self,
        url: &str,
        person: &Person,
        flaw: Option<OAuth2Flaw>,
    ) -> Result<Url, Refused> {
        let asked = self.core.read(url)?;
        Ok(self.core.grant(&asked, person, flaw))
    }

    /// The person with this first part of the address.
    pub fn person(&self, local_part: &str) -> Person {
        self.core.options.company.person(local_part)
    }

    /// What is wrong with browsers' sign-ins from now on.
    pub fn set_flaw(&self, flaw: Option<OAuth2Flaw>) {
        self.core.state().flaw = flaw;
    }

    /// Signs every browser in as `person` without a page; `None`: shows the page.
    pub fn set_auto(&self, person: Option<Person>) {
        self.core.state().auto = person;
    }

    /// Parameters of every authorization request that was in order.
    pub fn requests(&self) -> Vec<Vec<(String, String)>> {
        self.core.state().requests.clone()
    }

    /// How the server treats its peers.
    pub fn behave(&self, behaviour: Behaviour) {
        self.server.behave(behaviour);
    }

    /// How many connections were ever accepted.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

/// The number by which the provider knows a person: the same for the same address.
pub fn number_of(person: &Person) -> u64 {
    let hash = digest::digest(&digest::SHA256, person.email.as_bytes());
    hash.as_ref().iter().take(4).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl Core {
    fn read(&self, url: &str) -> Result<Asked, Refused> {
        let url = Url::parse(url).map_err(|_| Refused("invalid_request", "not a URL"))?;
        let parameters: Vec<(String, String)> =
            url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
        let need = |name: &str| {
            one(&parameters, name)?.ok_or(Refused("invalid_request", "a parameter is missing"))
        };
        if need("client_id")? != self.options.client_id {
            return Err(Refused("unauthorized_client", "client_id is not known here"));
        }
        if need("response_type")? != "code" {
            return Err(Refused("unsupported_response_type", "only code"));
        }
        let redirect_uri = need("redirect_uri")?;
        let registered = &self.options.redirect_uris;
        if !registered.is_empty() && !registered.contains(&redirect_uri) {
            return Err(Refused("invalid_request", "redirect_uri is not registered"));
        }
        let challenge = one(&parameters, "code_challenge")?;
        if challenge.is_some() && need("code_challenge_method")? != "S256" {
            return Err(Refused("invalid_request", "only S256"));
        }
        self.state().requests.push(parameters.clone());
        Ok(Asked { redirect_uri, state: one(&parameters, "state")?, challenge, parameters })
    }

    fn grant(&self, asked: &Asked, person: &Person, flaw: Option<OAuth2Flaw>) -> Url {
        let code = random_hex();
        let grant = Grant {
            person: person.clone(),
            flaw,
            redirect_uri: asked.redirect_uri.clone(),
            challenge: asked.challenge.clone(),
            expires: self.options.clock.now() + 600,
        };
        self.state().codes.insert(code.clone(), grant);
        let mut url = Url::parse(&asked.redirect_uri).expect("a redirect URI is a URL");
        let state = match flaw {
            Some(OAuth2Flaw::NoState) => None,
            Some(OAuth2Flaw::ForeignState) => Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            _ => asked.state.as_deref(),
        };
        let mut pairs = match flaw {
            Some(OAuth2Flaw::AccessDenied) => vec![("error", "access_denied")],
            Some(OAuth2Flaw::DuplicateCode) => vec![("code", code.as_str()), ("code", "another")],
            _ => vec![("code", code.as_str())],
        };
        pairs.extend(state.map(|state| ("state", state)));
        url.query_pairs_mut().extend_pairs(pairs);
        url
    }

    /// Exchanges a code, once.
    fn exchange(
        &self,
        authorization: Option<&str>,
        form: &[(String, String)],
    ) -> Result<(Value, Option<OAuth2Flaw>), Refused> {
        let wrong = Refused("incorrect_client_credentials", "the client is not who it says");
        let presented = match authorization {
            Some(header) => basic(header),
            None => one(form, "client_id")?.zip(one(form, "client_secret")?),
        };
        let (id, secret) = presented.ok_or(wrong)?;
        if id != self.options.client_id || secret != self.options.client_secret {
            return Err(wrong);
        }
        let bad = Refused("bad_verification_code", "The code passed is incorrect or expired.");
        let code = one(form, "code")?.ok_or(bad)?;
        let grant = self.state().codes.remove(&code).ok_or(bad)?;
        if grant.expires <= self.options.clock.now() {
            return Err(bad);
        }
        if one(form, "redirect_uri")?.is_some_and(|uri| uri != grant.redirect_uri) {
            return Err(Refused("redirect_uri_mismatch", "redirect_uri is another one"));
        }
        let verifier = one(form, "code_verifier")?.unwrap_or_default();
        let hash = base64url(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref());
        if grant.challenge.is_some_and(|challenge| challenge != hash) {
            return Err(bad);
        }
        let token = format!("gho_{}", random_hex());
        self.state().tokens.insert(token.clone(), (grant.person, grant.flaw));
        let mut answer = json!({ "access_token": token, "token_type": "bearer", "scope": "read:user,user:email" });
        match grant.flaw {
            Some(OAuth2Flaw::TokenErrorWith200) => return Err(bad),
            Some(OAuth2Flaw::NoAccessToken) => answer = json!({ "token_type": "bearer" }),
            Some(OAuth2Flaw::OtherTokenType) => answer["token_type"] = json!("mac"),
            _ => {}
        }
        Ok((answer, grant.flaw))
    }

    fn user(&self, person: &Person, flaw: Option<OAuth2Flaw>) -> Value {
        let mut user = json!({
            "login": person.email.split('@').next(),
            "id": number_of(person),
            "name": person.name,
            "email": self.options.public_address.then_some(&person.email),
            "email_verified": self.options.public_address.then_some(person.email_verified),
            "type": "User",
        });
        match flaw {
            Some(OAuth2Flaw::NoId) => drop(user.as_object_mut().and_then(|u| u.remove("id"))),
            Some(OAuth2Flaw::NullId) => user["id"] = Value::Null,
            Some(OAuth2Flaw::UserArray) => user = json!([user]),
            _ => {}
        }
        user
    }

    fn emails(person: &Person, flaw: Option<OAuth2Flaw>) -> Value {
        let address = |email: &str, primary: bool, verified: Value| {
            json!({
                "email": email, "primary": primary, "verified": verified, "visibility": "private"
            })
        };
        let own = person.email.as_str();
        let other = address("private@home.example", false, json!(true));
        let honest = || address(own, true, json!(person.email_verified));
        match flaw {
            Some(OAuth2Flaw::EmailsObject) => honest(),
            Some(OAuth2Flaw::NoEmails) => json!([]),
            Some(OAuth2Flaw::NoPrimary) => json!([other, address(own, false, json!(true))]),
            Some(OAuth2Flaw::PrimaryUnverified) => json!([other, address(own, true, json!(false))]),
            Some(OAuth2Flaw::PrimarySilent) => json!([other, { "email": own, "primary": true }]),
            Some(OAuth2Flaw::VerifiedAsText) => json!([other, address(own, true, json!("true"))]),
            Some(OAuth2Flaw::TwoPrimaries) => {
                json!([honest(), address("second@home.example", true, json!(true))])
            }
            Some(OAuth2Flaw::ForeignPrimary) => json!([
                address(own, false, json!(true)),
                address("somebody@foreign.example", true, json!(true)),
            ]),
            _ => json!([other, honest()]),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}
