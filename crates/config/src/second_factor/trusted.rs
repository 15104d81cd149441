//! `second_factor` of one identity provider: what it may say to have its own factor accepted.

use federation::Protocol;
use policy::TrustedFactors;

use crate::mapping::given;
use crate::reader::Value;

/// Reads it. `protocol` is `None` when that could not be read.
pub(crate) fn read(value: &Value<'_>, protocol: Option<&Protocol>) -> Option<TrustedFactors> {
    let wanted = "write { amr: [mfa] }, { acr: […] } or, for SAML, { authn_context: […] }";
    let map = value.mapping(wanted)?;
    let texts = |key| {
        given(map.optional(key), |value| {
            let items = value.some_items("write the values that count")?;
            let read: Vec<_> =
                items.iter().map(|v| v.text("write a value").map(str::to_owned)).collect();
            read.into_iter().collect::<Option<Vec<String>>>()
        })
    };
    let (methods, acr, contexts) = (texts("amr"), texts("acr"), texts("authn_context"));
    map.finish();
    let (methods, acr, contexts) = (methods?, acr?, contexts?);
    let misplaced = match protocol {
        Some(Protocol::Saml(_)) => {
            acr.is_some().then_some("`acr` is OpenID Connect's; SAML has `authn_context`")
        }
        Some(Protocol::Oidc(_)) => {
            contexts.is_some().then_some("`authn_context` is SAML's; OpenID Connect has `acr`")
        }
        Some(Protocol::OAuth2(_)) => {
            Some("plain OAuth 2.0 says nothing about how people signed in")
        }
        None => None,
    };
    if let Some(said) = misplaced {
        value.problem(said, "leave it out");
        return None;
    }
    let trusted = TrustedFactors {
        methods: methods.unwrap_or_default(),
        classes: acr.into_iter().chain(contexts).flatten().collect(),
    };
    if trusted.is_empty() {
        value.problem("nothing is accepted here", wanted);
        return None;
    }
    Some(trusted)
}
