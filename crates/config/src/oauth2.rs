//! `oauth2` of an identity provider: no ID token, the userinfo endpoint says who it is.

use federation::OAuth2Settings;
use url::Url;

use crate::mapping::{Mapping, given};
use crate::protocols::{client_id, plain_text, remote, scope, secret_authentication, texts};
use crate::reader::Value;

/// OpenID Connect Core §5.1 names it so, and others followed.
const EMAIL_VERIFIED: &str = "email_verified";

/// A risk that an operator accepts by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Risk {
    UnverifiedEmail,
}

const RISKS: [(&str, Risk); 1] = [("unverified_email", Risk::UnverifiedEmail)];

/// Reads `oauth2` of an identity provider.
pub(crate) fn read(value: &Value<'_>) -> Option<OAuth2Settings> {
    let map = value.mapping("write authorization_endpoint: https://… and the other keys here")?;
    let authorization = endpoint(&map, "authorization_endpoint");
    let token = endpoint(&map, "token_endpoint");
    let userinfo = endpoint(&map, "userinfo_endpoint");
    let emails = given(map.optional("emails_endpoint"), |value| remote(value, "write https://…"));
    let client_id = client_id(&map);
    let client_authentication = secret_authentication(&map);
    let scopes = given(map.optional("scopes"), |value| {
        texts(value, "write a list such as [user:email]", scope)
    });
    let verified = given(map.optional("email_verified"), |value| {
        plain_text(value, "write the path of the claim that says that the address was verified")
    });
    let risks = given(map.optional("accept_risk"), risks);
    map.finish();
    Some(OAuth2Settings {
        authorization_endpoint: authorization?,
        token_endpoint: token?,
        userinfo_endpoint: userinfo?,
        emails_endpoint: emails?,
        client_id: client_id?,
        client_authentication: client_authentication?,
        scopes: scopes?.unwrap_or_default(),
        email_verified: verified?.unwrap_or_else(|| EMAIL_VERIFIED.to_owned()),
        accept_unverified_email: risks?.unwrap_or_default().contains(&Risk::UnverifiedEmail),
    })
}

fn endpoint(map: &Mapping<'_>, key: &'static str) -> Option<Url> {
    let wanted = "write https://…, as the provider's documentation has it";
    remote(&map.required(key, wanted)?, wanted)
}

fn risks(value: &Value<'_>) -> Option<Vec<Risk>> {
    let items = value.items("write a list such as [unverified_email]")?;
    let read: Vec<_> = items.iter().map(|item| item.word(&RISKS)).collect();
    let risks = read.into_iter().collect::<Option<Vec<_>>>()?;
    if risks.contains(&Risk::UnverifiedEmail) {
        value.warn(
            "addresses are taken that nobody verified: whoever can type one at this provider is that customer",
        );
    }
    Some(risks)
}
