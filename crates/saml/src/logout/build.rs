//! Messages of single logout that we send.

use domain::{IdpSession, Timestamp};
use url::Url;

use super::LogoutRequest;
use crate::keys::ServiceKey;
use crate::outgoing::{self, Element, Field, Outgoing, Prefix, RequestError};
use crate::{Binding, IdpMetadata, LogoutEndpoint, RequestId, ServiceProvider};

/// A message of single logout and how it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutCall {
    /// Through the browser.
    Browser(Outgoing),
    /// From server to server.
    Soap {
        /// Where to post it; `None`: it is the body of the answer to a request that came by SOAP.
        endpoint: Option<Url>,
        /// The envelope, to be sent as `text/xml`.
        envelope: String,
    },
}

/// What became of a LogoutRequest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// Every session that it names has ended, or there was none.
    Ended,
    /// Some sessions may live on.
    Partial,
    /// Nothing ended.
    Failed,
}

impl ServiceProvider {
    /// Asks the identity provider to end its session: by HTTP-Redirect, else HTTP-POST, else SOAP,
    /// as its metadata offers. Always signed.
    ///
    /// # Errors
    /// Without a key, or when the metadata has no single logout service.
    pub fn logout_request(
        &self,
        idp: &IdpMetadata,
        whom: &IdpSession,
        id: &RequestId,
        relay_state: &str,
        now: Timestamp,
    ) -> Result<LogoutCall, RequestError> {
        let endpoint = idp
            .logout_endpoints()
            .first()
            .ok_or(RequestError::NoEndpoint("SingleLogoutService"))?;
        let name = Element::new(Prefix::Saml, "NameID")
            .optional("Format", whom.format.as_deref())
            .optional("NameQualifier", whom.name_qualifier.as_deref())
            .optional("SPNameQualifier", whom.sp_name_qualifier.as_deref())
            .text(whom.subject.as_str());
        let session =
            whom.id.as_deref().map(|index| Element::new(Prefix::Samlp, "SessionIndex").text(index));
        let message = self
            .logout_message("LogoutRequest", endpoint.location.as_str(), id, now)
            .attribute("NotOnOrAfter", now.plus(crate::protocol::OLDEST).to_string())
            .child(name)
            .children(session);
        let key = self.keys.active().ok_or(RequestError::NoKey)?;
        let way = Way { endpoint, location: &endpoint.location, field: Field::Request };
        way.send(message, id, relay_state, key)
    }

    /// Answers a LogoutRequest: in the SOAP answer if it came so, else through the browser, with the
    /// request's own RelayState (SAML Bindings §3.4.3). Always signed.
    ///
    /// # Errors
    /// Without a key, or when the metadata has no single logout service that a browser reaches.
    pub fn logout_response(
        &self,
        idp: &IdpMetadata,
        answering: &LogoutRequest,
        outcome: LogoutOutcome,
        id: &RequestId,
        now: Timestamp,
    ) -> Result<LogoutCall, RequestError> {
        let key = self.keys.active().ok_or(RequestError::NoKey)?;
        let answer = |destination: &str| {
            self.logout_message("LogoutResponse", destination, id, now)
                .attribute("InResponseTo", answering.id())
                .child(status(outcome))
        };
        if answering.binding() == Binding::Soap {
            let envelope = outgoing::envelope(answer(""), id.as_str(), key)?;
            return Ok(LogoutCall::Soap { endpoint: None, envelope });
        }
        let browser = |endpoint: &&LogoutEndpoint| endpoint.binding != Binding::Soap;
        let same = |endpoint: &&LogoutEndpoint| endpoint.binding == answering.binding();
        let endpoints = || idp.logout_endpoints().iter();
        let endpoint = endpoints().find(same).or_else(|| endpoints().find(browser));
        let endpoint = endpoint.ok_or(RequestError::NoEndpoint("SingleLogoutService"))?;
        let location = &endpoint.response_location;
        let way = Way { endpoint, location, field: Field::Response };
        let relay_state = answering.relay_state().unwrap_or_default();
        way.send(answer(location.as_str()), id, relay_state, key)
    }

    fn logout_message(
        &self,
        name: &'static str,
        destination: &str,
        id: &RequestId,
        now: Timestamp,
    ) -> Element {
        Element::new(Prefix::Samlp, name)
            .attribute("ID", id.as_str())
            .attribute("Version", "2.0")
            .attribute("IssueInstant", now.to_string())
            .optional("Destination", (!destination.is_empty()).then_some(destination))
            .child(Element::new(Prefix::Saml, "Issuer").text(self.entity_id.as_str()))
    }
}

/// How a message gets to an endpoint.
struct Way<'a> {
    endpoint: &'a LogoutEndpoint,
    location: &'a Url,
    field: Field,
}

impl Way<'_> {
    fn send(
        &self,
        message: Element,
        id: &RequestId,
        relay_state: &str,
        key: &ServiceKey,
    ) -> Result<LogoutCall, RequestError> {
        let (location, field, key) = (self.location, self.field, Some(key));
        let outgoing = match self.endpoint.binding {
            Binding::Redirect => {
                outgoing::redirect(location, field, &message, relay_state, key, None)?
            }
            Binding::Post => {
                outgoing::post(location, field, message, id.as_str(), relay_state, key)?
            }
            Binding::Soap => {
                let key = key.ok_or(RequestError::NoKey)?;
                let envelope = outgoing::envelope(message, id.as_str(), key)?;
                return Ok(LogoutCall::Soap { endpoint: Some(location.clone()), envelope });
            }
        };
        Ok(LogoutCall::Browser(outgoing))
    }
}

/// SAML Core §3.2.2.2 and §3.7.3.2.
fn status(outcome: LogoutOutcome) -> Element {
    const CODE: &str = "urn:oasis:names:tc:SAML:2.0:status:";
    let code = |name: &str| {
        Element::new(Prefix::Samlp, "StatusCode").attribute("Value", format!("{CODE}{name}"))
    };
    let code = match outcome {
        LogoutOutcome::Ended => code("Success"),
        LogoutOutcome::Partial => code("Success").child(code("PartialLogout")),
        LogoutOutcome::Failed => code("Responder"),
    };
    Element::new(Prefix::Samlp, "Status").child(code)
}
