//! How a fake SAML identity provider is to answer, and the form that carries the answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::encryption::Encryption;
use super::flaw::Flaw;
use crate::keys::Algorithm;
use crate::people::Person;

/// Which parts of a response are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sign {
    /// The Assertion.
    #[default]
    Assertion,
    /// The Response.
    Response,
    /// Both, the Assertion first.
    Both,
}

/// A change of XML text.
pub type Mutation = Arc<dyn Fn(String) -> String + Send + Sync>;

/// How to answer a request; the default is honest.
#[derive(Clone, Default)]
pub struct Answer {
    /// What is signed.
    pub sign: Sign,
    /// What is wrong.
    pub flaw: Option<Flaw>,
    /// The person whom a forged part names; `None`: another one of the same company.
    pub forged: Option<Person>,
    /// What is encrypted; the service provider's metadata must be known
    /// ([`SamlIdp::know`](super::SamlIdp::know)).
    pub encryption: Option<Encryption>,
    /// How it is signed; `None`: SHA-256 with the identity provider's key.
    pub algorithm: Option<Algorithm>,
    /// AuthnContextClassRef; `None`: the first that the request wants, else
    /// PasswordProtectedTransport.
    pub authn_context: Option<String>,
    /// NameID has both qualifiers.
    pub qualified: bool,
    /// SessionNotOnOrAfter, counted from now.
    pub session_ends_after: Option<Duration>,
    /// Applied to the Assertion before it is signed; what it returns must be canonical XML.
    pub before_signing: Option<Mutation>,
    /// Applied to the finished document.
    pub after_signing: Option<Mutation>,
}

impl Answer {
    /// Honest, with these parts signed.
    pub fn signing(sign: Sign) -> Self {
        Self { sign, ..Self::default() }
    }

    /// Honest but for a change of the finished document.
    pub fn changed(by: impl Fn(String) -> String + Send + Sync + 'static) -> Self {
        Self { after_signing: Some(Arc::new(by)), ..Self::default() }
    }

    /// Honest but for a change of the Assertion before it is signed.
    pub fn changed_before_signing(by: impl Fn(String) -> String + Send + Sync + 'static) -> Self {
        Self { before_signing: Some(Arc::new(by)), ..Self::default() }
    }

    /// The same, encrypted.
    #[must_use]
    pub fn encrypted(mut self, encryption: impl Into<Encryption>) -> Self {
        self.encryption = Some(encryption.into());
        self
    }

    /// The same with another AuthnContextClassRef.
    #[must_use]
    pub fn in_context(mut self, class: &str) -> Self {
        self.authn_context = Some(class.to_owned());
        self
    }

    /// The same with another set of signed parts.
    #[must_use]
    pub fn signed(mut self, sign: Sign) -> Self {
        self.sign = sign;
        self
    }

    /// The same, forged parts naming `person`.
    #[must_use]
    pub fn forging(mut self, person: Person) -> Self {
        self.forged = Some(person);
        self
    }
}

impl From<Flaw> for Answer {
    fn from(flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..Self::default() }
    }
}

impl From<Sign> for Answer {
    fn from(sign: Sign) -> Self {
        Self::signing(sign)
    }
}

impl From<Encryption> for Answer {
    fn from(encryption: Encryption) -> Self {
        Self { encryption: Some(encryption), ..Self::default() }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("sign", &self.sign)
            .field("flaw", &self.flaw)
            .field("encryption", &self.encryption)
            .finish()
    }
}

/// A form on its way to an assertion consumer service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The assertion consumer service.
    pub action: String,
    /// Names and values in their order; a test may repeat or drop some.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The first value of `name`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Replaces the value of `name`, or adds it.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without `name`.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self
    }

    /// The body as `application/x-www-form-urlencoded`.
    pub fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }

    /// The response's XML.
    ///
    /// # Panics
    /// When the form has none, or it is no text.
    pub fn xml(&self) -> String {
        let encoded = self.field("SAMLResponse").expect("a SAMLResponse");
        let bytes = crate::text::from_base64(encoded).expect("base64");
        String::from_utf8(bytes).expect("UTF-8")
    }
}
