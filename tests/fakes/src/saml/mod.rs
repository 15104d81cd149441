//! A SAML 2.0 identity provider: metadata, HTTP-Redirect and HTTP-POST in, HTTP-POST out, single
//! logout on HTTP-Redirect, HTTP-POST and SOAP.
//!
//! Browsers use its pages; tests without a browser call [`SamlIdp::respond`]. It signs honestly
//! unless an [`Answer`] orders one [`Flaw`]. To encrypt, to check signatures of requests and to log
//! out, it must have been given the service provider's metadata ([`SamlIdp::know`]).

mod all_flaws;
mod answer;
mod bytes;
mod content;
mod draft;
mod encryption;
mod encryption_flaw;
mod flaw;
mod issue;
mod logout;
mod metadata;
mod orders;
mod pages;
mod redirect;
mod request;
mod service_provider;
mod sessions;
mod signature;
mod signing;
#[cfg(test)]
mod tests;
mod wrapping;

use std::sync::{Arc, Mutex, MutexGuard};

pub use answer::{Answer, Form, Mutation, Sign};
pub use encryption::{ContentCipher, EncryptedPart, Encryption, KeyPlace, KeyTransport};
pub use encryption_flaw::EncryptionFlaw;
pub use flaw::Flaw;
pub use logout::{
    Carried, Delivery, LogoutAnswer, LogoutFlaw, LogoutOrder, LogoutRequestSeen, LogoutResponseSeen,
};
pub use metadata::{Federation, MetadataFlaw, MetadataSignature};
pub use redirect::{Binding, SignatureSeen};
use request::Endpoint;
pub use request::{AuthnRequest, BadRequest};
pub use service_provider::{LogoutEndpoint, ServiceProvider};
pub use sessions::IdpSession;

use crate::clock::FakeClock;
pub use crate::keys::KeyKind;
use crate::keys::SigningKey;
use crate::people::{Company, Person};
use crate::server::{self, Place, Server};

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
    /// Its single sign-on service, HTTP-Redirect and HTTP-POST.
    pub sso_url: String,
    /// Its single logout service, HTTP-Redirect and HTTP-POST.
    pub slo_url: String,
    /// Its single logout service, SOAP.
    pub soap_url: String,
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
    slo_url: String,
    soap_url: String,
    url: String,
    options: IdpOptions,
    /// A key that metadata never names.
    foreign_key: SigningKey,
    /// Signs metadata, where it is to be signed.
    publisher: SigningKey,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    key: SigningKey,
    /// Keys in metadata beside `key`.
    also_published: Vec<SigningKey>,
    /// In metadata, and not yet in use.
    staged: Option<SigningKey>,
    /// `key` is in metadata.
    publishes_key: bool,
    answer: Answer,
    auto: Option<Person>,
    metadata_flaw: Option<MetadataFlaw>,
    metadata_signature: MetadataSignature,
    federation: Option<Federation>,
    wants_signed_requests: bool,
    /// Single logout services that metadata lists.
    logout_bindings: Vec<Binding>,
    service_providers: Vec<ServiceProvider>,
    requests: Vec<AuthnRequest>,
    sessions: Vec<IdpSession>,
    logout_answer: LogoutAnswer,
    logout_requests: Vec<LogoutRequestSeen>,
    logout_responses: Vec<LogoutResponseSeen>,
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
            slo_url: format!("{url}/slo"),
            soap_url: format!("{url}/slo/soap"),
            url: url.clone(),
            foreign_key: SigningKey::first(KeyKind::Rsa2048, "Mallory"),
            publisher: SigningKey::first(KeyKind::P256, "Publisher"),
            state: Mutex::new(State::new(key)),
            options,
        });
        let server = bound.serve(pages::router(Arc::clone(&core)));
        Ok(Self {
            entity_id: core.entity_id.clone(),
            metadata_url: core.entity_id.clone(),
            sso_url: core.sso_url.clone(),
            slo_url: core.slo_url.clone(),
            soap_url: core.soap_url.clone(),
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
        let request = self.core.read_url(url)?;
        self.core.state().requests.push(request.clone());
        Ok(self.core.issue(&request, person, &answer.into()))
    }

    /// As [`respond`](Self::respond), for a request that came as a form (HTTP-POST).
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn respond_to_form(
        &self,
        fields: &[(String, String)],
        person: &Person,
        answer: impl Into<Answer>,
    ) -> Result<Form, BadRequest> {
        let request = self.core.read_form(fields)?;
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
            passive: false,
            name_id_format: None,
            authn_context: Vec::new(),
            binding: Binding::Redirect,
            signature: SignatureSeen::Absent,
            xml: String::new(),
        };
        self.core.issue(&request, person, &Flaw::NoInResponseTo.into())
    }
}

impl State {
    fn new(key: SigningKey) -> Self {
        Self {
            key,
            also_published: Vec::new(),
            staged: None,
            publishes_key: true,
            answer: Answer::default(),
            auto: None,
            metadata_flaw: None,
            metadata_signature: MetadataSignature::None,
            federation: None,
            wants_signed_requests: false,
            logout_bindings: vec![Binding::Redirect, Binding::Post, Binding::Soap],
            service_providers: Vec::new(),
            requests: Vec::new(),
            sessions: Vec::new(),
            logout_answer: LogoutAnswer::default(),
            logout_requests: Vec::new(),
            logout_responses: Vec::new(),
        }
    }
}

impl Core {
    fn read_url(&self, url: &str) -> Result<AuthnRequest, BadRequest> {
        self.accept(AuthnRequest::from_url(
            url,
            &self.endpoint(&self.sso_url, &|id| self.known(id)),
        ))
    }

    fn read_form(&self, fields: &[(String, String)]) -> Result<AuthnRequest, BadRequest> {
        let known = |id: &str| self.known(id);
        self.accept(AuthnRequest::from_form(fields, &self.endpoint(&self.sso_url, &known)))
    }

    fn accept(
        &self,
        request: Result<AuthnRequest, BadRequest>,
    ) -> Result<AuthnRequest, BadRequest> {
        let request = request?;
        if self.state().wants_signed_requests && !request.signature.is_valid() {
            return Err("the metadata says WantAuthnRequestsSigned".into());
        }
        Ok(request)
    }

    fn endpoint<'a>(
        &self,
        url: &'a str,
        known: &'a dyn Fn(&str) -> Option<ServiceProvider>,
    ) -> Endpoint<'a> {
        Endpoint { url, now: self.options.clock.now(), known }
    }

    fn known(&self, entity_id: &str) -> Option<ServiceProvider> {
        let state = self.state();
        state.service_providers.iter().find(|p| p.entity_id == entity_id).cloned()
    }

    fn fresh_key(&self) -> SigningKey {
        SigningKey::new(self.options.key, self.options.company.label)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}
