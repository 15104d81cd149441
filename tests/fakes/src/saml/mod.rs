//! A SAML 2.0 identity provider: metadata, HTTP-Redirect in, HTTP-POST out.
//!
//! Browsers use its pages; tests without a browser call [`SamlIdp::respond`]. It signs honestly
//! unless an [`Answer`] orders one [`Flaw`].

mod all_flaws;
mod answer;
mod bytes;
mod content;
mod draft;
mod flaw;
mod issue;
mod metadata;
mod pages;
mod request;
mod signature;
mod signing;
#[cfg(test)]
mod tests;
mod wrapping;

use std::sync::{Arc, Mutex, MutexGuard};

pub use answer::{Answer, Form, Mutation, Sign};
pub use flaw::Flaw;
pub use metadata::MetadataFlaw;
pub use request::{AuthnRequest, BadRequest};

use crate::clock::FakeClock;
pub use crate::keys::KeyKind;
use crate::keys::SigningKey;
use crate::people::{Company, Person};
use crate::server::{self, Behaviour, Place, Server};

/// Entity id of somebody else.
pub const EVIL_ENTITY: &str = "https://evil.example/entity";

/// How attributes are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeNames {
    /// `mail`, `displayName`, `memberOf`.
    Plain,
    /// OIDs as Name, the plain names as FriendlyName (SAML Profiles §8.2).
    Oid,
}

/// What an identity provider is.
#[derive(Debug, Clone)]
pub struct IdpOptions {
    /// Where it listens.
    pub place: Place,
    /// Its owner and people.
    pub company: Company,
    /// Its key.
    pub key: KeyKind,
    /// How it names attributes.
    pub attributes: AttributeNames,
    /// What time it is there.
    pub clock: FakeClock,
}

impl IdpOptions {
    /// RSA-2048, plain attribute names, the system's clock, a free port.
    pub fn of(company: Company) -> Self {
        Self {
            place: Place::default(),
            company,
            key: KeyKind::Rsa2048,
            attributes: AttributeNames::Plain,
            clock: FakeClock::system(),
        }
    }
}

/// A running SAML identity provider; dropped means stopped.
#[derive(Debug)]
pub struct SamlIdp {
    /// Its entity id, which is the URL of its metadata.
    pub entity_id: String,
    /// Where its metadata is.
    pub metadata_url: String,
    /// Its single sign-on service, HTTP-Redirect.
    pub sso_url: String,
    /// `http://host:port`.
    pub url: String,
    core: Arc<Core>,
    server: Server,
}

/// What the pages and the scripted calls share.
#[derive(Debug)]
struct Core {
    entity_id: String,
    sso_url: String,
    url: String,
    options: IdpOptions,
    /// A key that metadata never names.
    foreign_key: SigningKey,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    key: SigningKey,
    /// Keys in metadata beside `key`.
    also_published: Vec<SigningKey>,
    /// `key` is in metadata.
    publishes_key: bool,
    answer: Answer,
    auto: Option<Person>,
    metadata_flaw: Option<MetadataFlaw>,
    requests: Vec<AuthnRequest>,
}

impl SamlIdp {
    /// Starts an identity provider for `company` on a free port.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub fn start(company: Company) -> Self {
        Self::start_with(IdpOptions::of(company)).expect("a free port")
    }

    /// Starts an identity provider.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start_with(options: IdpOptions) -> std::io::Result<Self> {
        let bound = server::bind(&options.place)?;
        let url = bound.url.clone();
        let key = SigningKey::first(options.key, options.company.label);
        let core = Arc::new(Core {
            entity_id: format!("{url}/metadata"),
            sso_url: format!("{url}/sso"),
            url: url.clone(),
            foreign_key: SigningKey::first(KeyKind::Rsa2048, "Mallory"),
            state: Mutex::new(State {
                key,
                also_published: Vec::new(),
                publishes_key: true,
                answer: Answer::default(),
                auto: None,
                metadata_flaw: None,
                requests: Vec::new(),
            }),
            options,
        });
        let server = bound.serve(pages::router(Arc::clone(&core)));
        Ok(Self {
            entity_id: core.entity_id.clone(),
            metadata_url: core.entity_id.clone(),
            sso_url: core.sso_url.clone(),
            url,
            core,
            server,
        })
    }

    /// Answers the authentication request in `url` for `person`, as a browser would carry it.
    ///
    /// # Panics
    /// When the request is one that a real identity provider refuses.
    pub fn respond(&self, url: &str, person: &Person, answer: impl Into<Answer>) -> Form {
        self.try_respond(url, person, answer).expect("a request that can be answered")
    }

    /// As [`respond`](Self::respond), for requests that may be wrong.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn try_respond(
        &self,
        url: &str,
        person: &Person,
        answer: impl Into<Answer>,
    ) -> Result<Form, BadRequest> {
        let request = AuthnRequest::parse(url, &self.sso_url, self.core.options.clock.now())?;
        self.core.state().requests.push(request.clone());
        Ok(self.core.issue(&request, person, &answer.into()))
    }

    /// A response that nobody asked for (IdP-initiated), to `acs` of `service_provider`.
    pub fn unsolicited(
        &self,
        acs: &str,
        service_provider: &str,
        person: &Person,
        relay_state: Option<&str>,
    ) -> Form {
        let request = AuthnRequest {
            id: String::new(),
            issuer: service_provider.to_owned(),
            acs: acs.to_owned(),
            relay_state: relay_state.map(str::to_owned),
            login_hint: None,
            force: false,
            xml: String::new(),
        };
        self.core.issue(&request, person, &Flaw::NoInResponseTo.into())
    }

    /// The person with this first part of the address.
    pub fn person(&self, local_part: &str) -> Person {
        self.core.options.company.person(local_part)
    }

    /// How the pages answer from now on.
    pub fn set_answer(&self, answer: impl Into<Answer>) {
        self.core.state().answer = answer.into();
    }

    /// Signs every browser in as `person` without a page; `None`: shows the page.
    pub fn set_auto(&self, person: Option<Person>) {
        self.core.state().auto = person;
    }

    /// What metadata says from now on.
    pub fn set_metadata(&self, flaw: Option<MetadataFlaw>) {
        self.core.state().metadata_flaw = flaw;
    }

    /// Metadata as published now.
    pub fn metadata(&self) -> String {
        metadata::text(&self.core)
    }

    /// Signs with a new key from now on; metadata names only that.
    pub fn rotate_key(&self) {
        let fresh = self.core.fresh_key();
        let mut state = self.core.state();
        (state.key, state.publishes_key) = (fresh, true);
        state.also_published.clear();
    }

    /// Signs with a new key from now on; metadata names both, as in an orderly rollover.
    pub fn rotate_key_with_overlap(&self) {
        let fresh = self.core.fresh_key();
        let mut state = self.core.state();
        let old = std::mem::replace(&mut state.key, fresh);
        state.also_published.push(old);
    }

    /// The key that signs now.
    pub fn key(&self) -> SigningKey {
        self.core.state().key.clone()
    }

    /// Every request that was answered or whose page was shown.
    pub fn requests(&self) -> Vec<AuthnRequest> {
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

impl Core {
    fn fresh_key(&self) -> SigningKey {
        SigningKey::new(self.options.key, self.options.company.label)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}
