//! Asking an identity provider who somebody is (SAML Core §3.4.1).

use domain::Timestamp;
use url::Url;

use crate::keys::ServiceKey;
use crate::outgoing::{self, Element, Field, Outgoing, Prefix, RequestError};
use crate::xml::POST;
use crate::{
    IdpMetadata, LoginHint, RequestBinding, RequestId, RequestSigning, SamlRequest, ServiceProvider,
};

/// One authentication request.
#[derive(Debug, Clone, Copy)]
pub struct AuthnRequest<'a> {
    /// Its id; the answer names it.
    pub id: &'a RequestId,
    /// Comes back with the answer; empty: none.
    pub relay_state: &'a str,
    /// The address that was typed.
    pub login_hint: Option<&'a str>,
    /// What the operator wants.
    pub settings: &'a SamlRequest,
}

impl ServiceProvider {
    /// Makes an authentication request and says how it gets there.
    ///
    /// A login hint goes into the query, where identity providers that know it prefill their page:
    /// a `Subject` in the request demands that very name of them (SAML Core §3.4.1.4), and Microsoft
    /// Entra ID refuses one.
    ///
    /// # Errors
    /// When it must be signed without a key, or the metadata has no endpoint for the wanted binding.
    pub fn authn_request(
        &self,
        idp: &IdpMetadata,
        request: &AuthnRequest<'_>,
        now: Timestamp,
    ) -> Result<Outgoing, RequestError> {
        let key = self.request_key(idp, request.settings.signed)?;
        let in_query = request.settings.login_hint == LoginHint::Query;
        let hint = request.login_hint.filter(|_| in_query).map(|hint| ("login_hint", hint));
        match request.settings.binding {
            RequestBinding::Redirect => {
                let endpoint =
                    idp.sso_redirect.as_ref().ok_or(RequestError::NoEndpoint("HTTP-Redirect"))?;
                let message = self.message(endpoint, request, now);
                outgoing::redirect(
                    endpoint,
                    Field::Request,
                    &message,
                    request.relay_state,
                    key,
                    hint,
                )
            }
            RequestBinding::Post => {
                let endpoint =
                    idp.sso_post.as_ref().ok_or(RequestError::NoEndpoint("HTTP-POST"))?;
                let message = self.message(endpoint, request, now);
                let mut action = endpoint.clone();
                if let Some((name, value)) = hint {
                    action.query_pairs_mut().append_pair(name, value);
                }
                let id = request.id.as_str();
                outgoing::post(&action, Field::Request, message, id, request.relay_state, key)
            }
        }
    }

    fn request_key(
        &self,
        idp: &IdpMetadata,
        signing: RequestSigning,
    ) -> Result<Option<&ServiceKey>, RequestError> {
        match signing {
            RequestSigning::Never => Ok(None),
            RequestSigning::AsMetadataSays if !idp.wants_signed_requests() => Ok(None),
            RequestSigning::AsMetadataSays => Ok(self.keys.active()),
            RequestSigning::Always => self.keys.active().map(Some).ok_or(RequestError::NoKey),
        }
    }

    /// The children stand in the order of the schema.
    fn message(&self, endpoint: &Url, request: &AuthnRequest<'_>, now: Timestamp) -> Element {
        let settings = request.settings;
        let policy = Element::new(Prefix::Samlp, "NameIDPolicy")
            .attribute("AllowCreate", "true")
            .optional("Format", settings.name_id_format.as_deref());
        let as_subject = settings.login_hint == LoginHint::Subject;
        Element::new(Prefix::Samlp, "AuthnRequest")
            .attribute("ID", request.id.as_str())
            .attribute("Version", "2.0")
            .attribute("IssueInstant", now.to_string())
            .attribute("Destination", endpoint.as_str())
            .attribute("AssertionConsumerServiceURL", self.acs.as_str())
            .attribute("ProtocolBinding", POST)
            .optional("ForceAuthn", settings.force_authn.then_some("true"))
            .optional("IsPassive", settings.passive.then_some("true"))
            .child(Element::new(Prefix::Saml, "Issuer").text(self.entity_id.as_str()))
            .children(request.login_hint.filter(|_| as_subject).map(subject))
            .child(policy)
            .children(authn_context(&settings.authn_context))
    }
}

fn subject(address: &str) -> Element {
    const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    let name = Element::new(Prefix::Saml, "NameID").attribute("Format", EMAIL).text(address);
    Element::new(Prefix::Saml, "Subject").child(name)
}

fn authn_context(classes: &[String]) -> Option<Element> {
    let class =
        |class: &String| Element::new(Prefix::Saml, "AuthnContextClassRef").text(class.as_str());
    (!classes.is_empty()).then(|| {
        Element::new(Prefix::Samlp, "RequestedAuthnContext")
            .attribute("Comparison", "exact")
            .children(classes.iter().map(class))
    })
}
