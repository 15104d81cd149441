//! An OpenID provider: discovery, code flow with PKCE, JWKS, userinfo, groups that are elsewhere,
//! many tenants, and the three ways of signing out.
//!
//! Browsers use its pages; tests without a browser call [`OpenIdProvider::authorize`]. It answers
//! honestly unless an [`OidcAnswer`] orders one [`OidcFlaw`].

mod authorization;
mod client;
mod flaw;
mod groups;
mod id_token;
mod logout;
mod pages;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

pub(crate) use authorization::one;
pub use authorization::{AuthorizationRequest, Refused};
pub use client::ClientProof;
pub(crate) use client::basic;
pub use flaw::{ClaimsIn, ClaimsMutation, OidcAnswer, OidcFlaw, PublishFlaw};
pub use groups::Overage;
pub use logout::{EndSession, LogoutTokenFlaw, Named, OpSession};
use url::Url;

use crate::clock::FakeClock;
use crate::keys::{KeyKind, SigningKey};
use crate::people::{Company, Person};
use crate::server::{self, Behaviour, Place, Server};
use crate::text::random_hex;

/// What a provider is.
#[derive(Debug, Clone)]
pub struct ProviderOptions {
    /// Where it listens.
    pub place: Place,
    /// Its owner and people.
    pub company: Company,
    /// The one client that it knows.
    pub client_id: String,
    /// The client's secret; `None`: a public client.
    pub client_secret: Option<String>,
    /// How the client proves who it is.
    pub proof: ClientProof,
    /// Tenants; with some, issuers are `{base}/{tenant}/v2.0`, as Microsoft Entra's.
    pub tenants: Vec<String>,
    /// Where codes may be sent, exactly; empty: anywhere, until the first is registered.
    pub redirect_uris: Vec<String>,
    /// Its key: RS256 or ES256.
    pub key: KeyKind,
    /// What time it is there.
    pub clock: FakeClock,
}

impl ProviderOptions {
    /// RS256, client `vestibule` with a secret, the system's clock, a free port.
    pub fn of(company: Company) -> Self {
        let client_secret = Some(format!("secret-of-{}", company.slug));
        Self {
            place: Place::default(),
            company,
            client_id: "vestibule".to_owned(),
            client_secret,
            proof: ClientProof::Secret,
            tenants: Vec::new(),
            redirect_uris: Vec::new(),
            key: KeyKind::Rsa2048,
            clock: FakeClock::system(),
        }
    }
}

/// A running OpenID provider; dropped means stopped.
#[derive(Debug)]
pub struct OpenIdProvider {
    /// Its issuer identifier, `http://host:port`; with tenants, the template of theirs.
    pub issuer: String,
    /// The client that it knows.
    pub client_id: String,
    /// The client's secret; empty for a public client.
    pub client_secret: String,
    core: Arc<Core>,
    server: Server,
}

#[derive(Debug)]
struct Core {
    /// `http://host:port`.
    base: String,
    /// With tenants, the template of theirs.
    issuer: String,
    options: ProviderOptions,
    /// A key that JWKS never names.
    foreign_key: SigningKey,
    state: Mutex<State>,
    token_calls: AtomicUsize,
    key_calls: AtomicUsize,
    discovery_calls: AtomicUsize,
}

#[derive(Debug)]
struct State {
    key: SigningKey,
    kid: String,
    /// In JWKS, and not yet in use.
    staged: Option<(String, SigningKey)>,
    /// Keys in JWKS beside `key`, by their `kid`.
    also_published: Vec<(String, SigningKey)>,
    redirect_uris: Vec<String>,
    codes: HashMap<String, Grant>,
    access_tokens: HashMap<String, (Person, Option<OidcFlaw>)>,
    answer: OidcAnswer,
    auto: Option<Person>,
    publish_flaw: Option<PublishFlaw>,
    requests: Vec<AuthorizationRequest>,
    /// Every ID token, for `id_token_hint`.
    issued: HashSet<String>,
    /// `jti` of every client assertion.
    assertion_ids: HashSet<String>,
    post_logout_uris: Vec<String>,
    sessions: Vec<OpSession>,
    end_sessions: Vec<EndSession>,
    /// Of the newest token, so that the groups' endpoint knows how to behave.
    last_overage: Option<Overage>,
    group_calls: usize,
}

/// What a code stands for.
#[derive(Debug)]
struct Grant {
    request: AuthorizationRequest,
    person: Person,
    answer: OidcAnswer,
    expires: i64,
}

impl OpenIdProvider {
    /// Starts a provider for `company` on a free port.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub fn start(company: Company) -> Self {
        Self::start_with(ProviderOptions::of(company)).expect("a free port")
    }

    /// Starts a provider.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start_with(options: ProviderOptions) -> std::io::Result<Self> {
        let bound = server::bind(&options.place)?;
        let core = Arc::new(Core {
            issuer: match options.tenants.is_empty() {
                true => bound.url.clone(),
                false => format!("{}/{{tenantid}}/v2.0", bound.url),
            },
            base: bound.url.clone(),
            foreign_key: SigningKey::first(options.key, "Mallory"),
            state: Mutex::new(State {
                key: SigningKey::first(options.key, options.company.label),
                kid: random_hex(),
                staged: None,
                also_published: Vec::new(),
                redirect_uris: options.redirect_uris.clone(),
                codes: HashMap::new(),
                access_tokens: HashMap::new(),
                answer: OidcAnswer::default(),
                auto: None,
                publish_flaw: None,
                requests: Vec::new(),
                issued: HashSet::new(),
                assertion_ids: HashSet::new(),
                post_logout_uris: Vec::new(),
                sessions: Vec::new(),
                end_sessions: Vec::new(),
                last_overage: None,
                group_calls: 0,
            }),
            token_calls: AtomicUsize::new(0),
            key_calls: AtomicUsize::new(0),
            discovery_calls: AtomicUsize::new(0),
            options,
        });
        let server = bound.serve(pages::router(Arc::clone(&core)));
        Ok(Self {
            issuer: core.issuer.clone(),
            client_id: core.options.client_id.clone(),
            client_secret: core.options.client_secret.clone().unwrap_or_default(),
            core,
            server,
        })
    }

    /// Registers a redirect URI. Until the first one, any is taken; then exactly the registered.
    pub fn register_redirect(&self, uri: &str) {
        self.core.state().redirect_uris.push(uri.to_owned());
    }

    /// Signs `person` in for the authorization request in `url`; returns where the browser goes.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn authorize(
        &self,
        url: &str,
        person: &Person,
        answer: impl Into<OidcAnswer>,
    ) -> Result<Url, Refused> {
        let request = self.core.read(url)?;
        self.core.state().requests.push(request.clone());
        Ok(self.core.grant(&request, person, &answer.into()))
    }

    /// The person with this first part of the address.
    pub fn person(&self, local_part: &str) -> Person {
        self.core.options.company.person(local_part)
    }

    /// How the pages answer from now on.
    pub fn set_answer(&self, answer: impl Into<OidcAnswer>) {
        self.core.state().answer = answer.into();
    }

    /// Signs every browser in as `person` without a page; `None`: shows the page.
    pub fn set_auto(&self, person: Option<Person>) {
        self.core.state().auto = person;
    }

    /// What discovery and JWKS say from now on.
    pub fn set_published(&self, flaw: Option<PublishFlaw>) {
        self.core.state().publish_flaw = flaw;
    }

    /// Signs with a new key from now on; JWKS names only that.
    pub fn rotate_key(&self) {
        self.rotate();
        self.core.state().also_published.clear();
    }

    /// Signs with a new key from now on; JWKS names both.
    pub fn rotate_key_with_overlap(&self) {
        self.rotate();
    }

    fn rotate(&self) {
        let fresh = SigningKey::new(self.core.options.key, self.core.options.company.label);
        let mut state = self.core.state();
        let old = std::mem::replace(&mut state.key, fresh);
        let kid = std::mem::replace(&mut state.kid, random_hex());
        state.also_published.push((kid, old));
    }

    /// Puts a new key into JWKS beside the one that signs.
    pub fn stage_key(&self) {
        let fresh = SigningKey::new(self.core.options.key, self.core.options.company.label);
        self.core.state().staged = Some((random_hex(), fresh));
    }

    /// Signs with the staged key from now on; JWKS names both.
    ///
    /// # Panics
    /// When none is staged.
    pub fn activate_key(&self) {
        let mut state = self.core.state();
        let (kid, key) = state.staged.take().expect("a staged key");
        let old = (std::mem::replace(&mut state.kid, kid), std::mem::replace(&mut state.key, key));
        state.also_published.push(old);
    }

    /// Takes every key out of JWKS but the one that signs.
    pub fn retire_keys(&self) {
        self.core.state().also_published.clear();
    }

    /// How often a page of groups was fetched.
    pub fn group_calls(&self) -> usize {
        self.core.state().group_calls
    }

    /// Every authorization request that was answered or whose page was shown.
    pub fn requests(&self) -> Vec<AuthorizationRequest> {
        self.core.state().requests.clone()
    }

    /// How often the token endpoint was called.
    pub fn token_calls(&self) -> usize {
        self.core.token_calls.load(Ordering::SeqCst)
    }

    /// How often JWKS was fetched.
    pub fn key_calls(&self) -> usize {
        self.core.key_calls.load(Ordering::SeqCst)
    }

    /// How often discovery was fetched.
    pub fn discovery_calls(&self) -> usize {
        self.core.discovery_calls.load(Ordering::SeqCst)
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

impl Core {
    /// The tenant that signs people in.
    fn tenant_of<'a>(&'a self, answer: &'a OidcAnswer) -> Option<&'a str> {
        let first = self.options.tenants.first()?;
        Some(answer.tenant.as_ref().unwrap_or(first))
    }

    /// `iss` of a token.
    fn issuer_for(&self, answer: &OidcAnswer) -> String {
        match self.tenant_of(answer) {
            Some(tenant) => self.issuer.replace("{tenantid}", tenant),
            None => self.issuer.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}
