//! Single logout (SAML Profiles §4.4), both ways.

mod flaw;
mod incoming;
mod message;

pub use flaw::LogoutFlaw;
pub use incoming::{Delivery, LogoutRequestSeen, LogoutResponseSeen};
pub use message::Carried;

use self::incoming::Received;
use self::message::{Content, Message, Signer};
use super::redirect::Binding;
use super::request::BadRequest;
use super::sessions::IdpSession;
use super::{Core, SamlIdp};
use crate::text::random_hex;

/// How the identity provider asks a service provider to end a session.
#[derive(Debug, Clone)]
pub struct LogoutOrder {
    /// How the request travels.
    pub binding: Binding,
    /// What is wrong.
    pub flaw: Option<LogoutFlaw>,
    /// RelayState.
    pub relay_state: Option<String>,
    /// Names no SessionIndex, which means all sessions of the NameID (SAML Core §3.7.1).
    pub everywhere: bool,
}

impl From<Binding> for LogoutOrder {
    fn from(binding: Binding) -> Self {
        Self { binding, flaw: None, relay_state: None, everywhere: false }
    }
}

/// How the identity provider answers a request to end a session.
#[derive(Debug, Clone, Default)]
pub struct LogoutAnswer {
    /// How the answer travels; `None`: as the request did.
    pub binding: Option<Binding>,
    /// What is wrong.
    pub flaw: Option<LogoutFlaw>,
}

impl From<LogoutFlaw> for LogoutAnswer {
    fn from(flaw: LogoutFlaw) -> Self {
        Self { binding: None, flaw: Some(flaw) }
    }
}

/// What came of a message.
pub(super) enum Outcome {
    /// A request; this is the answer.
    Answer(Carried),
    /// An answer to a request of ours.
    Noted,
}

impl SamlIdp {
    /// A request to end `session`, as the browser or the server carries it. The session stays until
    /// the answer says that it ended.
    ///
    /// # Panics
    /// When the service provider's metadata has no endpoint for the binding.
    pub fn logout_request(&self, session: &IdpSession, order: impl Into<LogoutOrder>) -> Carried {
        let order = order.into();
        let index = session.session_index.clone().filter(|_| !order.everywhere);
        let content = Content::Request {
            id: format!("_q{}", random_hex()),
            name_id: session.name_id.clone(),
            format: session.format.clone(),
            qualifiers: session.qualifiers.clone(),
            session_index: index,
        };
        let known = self.core.known(&session.service_provider).expect("a known service provider");
        let endpoint = known.logout_on(order.binding).expect("an endpoint for this binding");
        let message = Message {
            issuer: self.entity_id.clone(),
            destination: endpoint.location.clone(),
            now: self.core.options.clock.now(),
            relay_state: order.relay_state,
            content,
            flaw: order.flaw,
        };
        self.core.carry(&message, order.binding)
    }

    /// Takes a LogoutRequest and ends the sessions that it names; gives the answer.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn answer_logout(
        &self,
        request: Delivery<'_>,
        answer: impl Into<LogoutAnswer>,
    ) -> Result<Carried, BadRequest> {
        match self.core.take_logout(request, &answer.into())? {
            Outcome::Answer(carried) => Ok(carried),
            Outcome::Noted => Err("this is an answer".into()),
        }
    }

    /// Takes a LogoutResponse.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take_logout_response(
        &self,
        response: Delivery<'_>,
    ) -> Result<LogoutResponseSeen, BadRequest> {
        match self.core.take_logout(response, &LogoutAnswer::default())? {
            Outcome::Answer(_) => Err("this is a request".into()),
            Outcome::Noted => self.logout_responses().pop().ok_or("nothing was noted".into()),
        }
    }

    /// How LogoutRequests of browsers and servers are answered from now on.
    pub fn set_logout_answer(&self, answer: impl Into<LogoutAnswer>) {
        self.core.state().logout_answer = answer.into();
    }

    /// Every LogoutRequest that was in order.
    pub fn logout_requests(&self) -> Vec<LogoutRequestSeen> {
        self.core.state().logout_requests.clone()
    }

    /// Every LogoutResponse that was in order.
    pub fn logout_responses(&self) -> Vec<LogoutResponseSeen> {
        self.core.state().logout_responses.clone()
    }
}

impl Core {
    pub(super) fn take_logout(
        &self,
        delivery: Delivery<'_>,
        answer: &LogoutAnswer,
    ) -> Result<Outcome, BadRequest> {
        let own = match delivery {
            Delivery::Soap(_) => &self.soap_url,
            _ => &self.slo_url,
        };
        let known = |id: &str| self.known(id);
        let mut request = match incoming::read(delivery, &self.endpoint(own, &known))? {
            Received::Request(request) => request,
            Received::Response(response) => {
                self.state().logout_responses.push(response);
                return Ok(Outcome::Noted);
            }
        };
        request.ended =
            self.end_sessions(&request.issuer, &request.name_id, &request.session_indexes);
        let carried = self.logout_response(&request, answer)?;
        self.state().logout_requests.push(request);
        Ok(Outcome::Answer(carried))
    }

    fn logout_response(
        &self,
        request: &LogoutRequestSeen,
        answer: &LogoutAnswer,
    ) -> Result<Carried, BadRequest> {
        // SAML Bindings §3.2: a SOAP request is answered in its own response.
        let binding = match request.binding {
            Binding::Soap => Binding::Soap,
            other => answer.binding.unwrap_or(other),
        };
        let known = self.known(&request.issuer).ok_or("the service provider is not known")?;
        let destination = match binding {
            Binding::Soap => String::new(),
            other => {
                let endpoint = known.logout_on(other).ok_or("nowhere to send the answer")?;
                endpoint.response_location.clone()
            }
        };
        let message = Message {
            issuer: self.entity_id.clone(),
            destination,
            now: self.options.clock.now(),
            relay_state: request.relay_state.clone(),
            content: Content::Response { in_response_to: request.id.clone() },
            flaw: answer.flaw,
        };
        Ok(self.carry(&message, binding))
    }

    fn carry(&self, message: &Message, binding: Binding) -> Carried {
        let key = self.state().key.clone();
        message.carry(binding, &Signer { key: &key, foreign: &self.foreign_key })
    }
}
