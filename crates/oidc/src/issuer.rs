//! The issuer identifier, and the template that stands for the issuers of many tenants.

use serde_json::{Map, Value};
use subtle::ConstantTimeEq;
use url::Url;

use crate::{IdTokenError, RegistrationError, endpoint};

/// Stands for the tenant in the issuer of a multi-tenant provider (Microsoft Entra ID).
const PLACEHOLDER: &str = "{tenantid}";
/// What Entra takes in the place of a tenant where documents of all tenants are asked for.
const COMMON: &str = "common";

/// One issuer, or a template with the tenants that may fill it.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// Exactly as the operator wrote it.
    pub(crate) text: String,
    /// Below which the documents are.
    pub(crate) url: Url,
    /// Tenants that may sign in people; empty: the issuer is an ordinary one.
    tenants: Vec<String>,
}

impl Issuer {
    pub(crate) fn new(text: String, tenants: Vec<String>) -> Result<Self, RegistrationError> {
        let wanted = usize::from(!tenants.is_empty());
        if text.matches(PLACEHOLDER).count() != wanted || !tenants.iter().all(|t| is_tenant(t)) {
            return Err(RegistrationError::Tenants);
        }
        // OpenID Connect Discovery §3: https, no query, no fragment.
        let url = endpoint::parse(&text.replace(PLACEHOLDER, COMMON))
            .filter(|url| url.query().is_none())
            .ok_or(RegistrationError::Issuer)?;
        Ok(Self { text, url, tenants })
    }

    pub(crate) fn is_template(&self) -> bool {
        !self.tenants.is_empty()
    }

    /// The issuer that a token must name. Of a template it is that of the tenant that the token
    /// names, if the operator lists it: everybody in the world has a tenant.
    pub(crate) fn of(&self, claims: &Map<String, Value>) -> Result<String, IdTokenError> {
        if !self.is_template() {
            return Ok(self.text.clone());
        }
        let tenant = claims.get("tid").and_then(Value::as_str);
        let tenant = tenant.ok_or(IdTokenError::ClaimMissing("tid"))?;
        if !self.tenants.iter().any(|known| known == tenant) {
            return Err(IdTokenError::Tenant);
        }
        Ok(self.text.replace(PLACEHOLDER, tenant))
    }

    /// Every issuer that this stands for.
    pub(crate) fn all(&self) -> Vec<String> {
        if !self.is_template() {
            return vec![self.text.clone()];
        }
        self.tenants.iter().map(|tenant| self.text.replace(PLACEHOLDER, tenant)).collect()
    }

    /// Whether `iss` is one of [`Issuer::all`].
    pub(crate) fn includes(&self, iss: &str) -> bool {
        self.all().iter().any(|issuer| issuer.as_bytes().ct_eq(iss.as_bytes()).into())
    }
}

/// A GUID or a domain: nothing that could reach beyond its place in a URL.
fn is_tenant(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    !text.is_empty() && text.bytes().all(plain)
}
