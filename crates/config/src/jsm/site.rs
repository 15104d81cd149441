//! Where a JSM is and who calls it.

use domain::EmailAddress;
use provisioning::{CloudCredential, DataCenterCredential, JsmCloud, JsmDataCenter, JsmSite};
use url::Url;

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::scalar::{UrlFault, is_loopback, origin, private, url};
use crate::secret;

const CLOUD: &str = "write cloud: { site: …, email: …, token: … }";
const API: &str = "https://api.atlassian.com";
const TOKEN_URL: &str = "https://auth.atlassian.com/oauth/token";

/// The one of `cloud` and `data_center`.
pub(super) fn read(map: &Mapping<'_>) -> Option<JsmSite> {
    match (map.optional("cloud"), map.optional("data_center")) {
        (Some(value), None) => cloud(&value).map(JsmSite::Cloud),
        (None, Some(value)) => data_center(&value).map(JsmSite::DataCenter),
        (None, None) => {
            map.value.problem("`cloud` is missing", CLOUD);
            None
        }
        (Some(_), Some(_)) => {
            map.value.problem("this has both `cloud` and `data_center`", "leave one out");
            None
        }
    }
}

fn cloud(value: &Value<'_>) -> Option<JsmCloud> {
    let map = value.mapping("write { site: https://NAME.atlassian.net, email: …, token: … }")?;
    let site = map.required("site", "write site: https://NAME.atlassian.net");
    let site = site.and_then(|value| site_url(&value));
    let (email, token) = (map.optional("email"), map.optional("token"));
    let scoped = given(map.optional("scoped"), Value::flag);
    let service = map.optional("service_account");
    let cloud_id = given(map.optional("cloud_id"), cloud_id);
    let api = given(map.optional("api"), |value| endpoint(value, API));
    map.finish();
    let credential = match service {
        Some(service) => {
            if let Some(value) = email.or(token) {
                value
                    .problem("`service_account` needs neither `email` nor `token`", "leave it out");
                return None;
            }
            service_account(&service)
        }
        None => token_of(value, email, token, scoped?.unwrap_or(false)),
    };
    Some(JsmCloud {
        site: site?,
        credential: credential?,
        cloud_id: cloud_id?,
        api: api?.or_else(|| Url::parse(API).ok())?,
    })
}

fn token_of(
    value: &Value<'_>,
    email: Option<Value<'_>>,
    token: Option<Value<'_>>,
    scoped: bool,
) -> Option<CloudCredential> {
    let wanted = "write the e-mail address of the account that owns the token";
    if email.is_none() {
        value.problem("`email` is missing", wanted);
    }
    let email = email.and_then(|value| value.parse::<EmailAddress>(wanted));
    if token.is_none() {
        value.problem("`token` is missing", "write token: { file: PATH } or { env: VARIABLE }");
    }
    let token = token.and_then(|value| secret::text(&value));
    let (email, token) = (email?.as_str().to_owned(), token?);
    Some(if scoped {
        CloudCredential::Scoped { email, token }
    } else {
        CloudCredential::Classic { email, token }
    })
}

fn service_account(value: &Value<'_>) -> Option<CloudCredential> {
    let map = value.mapping("write { client_id: …, client_secret: { file: PATH } }")?;
    let wanted = "write the id of the service account's OAuth 2.0 credential";
    let client_id = map.required("client_id", wanted);
    let client_id = client_id.and_then(|value| value.text(wanted).map(str::to_owned));
    let client_secret = map.required("client_secret", "write client_secret: { file: PATH }");
    let client_secret = client_secret.and_then(|value| secret::text(&value));
    let token_url = given(map.optional("token_url"), |value| endpoint(value, TOKEN_URL));
    map.finish();
    Some(CloudCredential::Service {
        client_id: client_id?,
        client_secret: client_secret?,
        token_url: token_url?.or_else(|| Url::parse(TOKEN_URL).ok())?,
    })
}

fn data_center(value: &Value<'_>) -> Option<JsmDataCenter> {
    let map = value.mapping("write { url: https://jira.example.com, token: … }")?;
    let base = map.required("url", "write url: and Jira's base URL");
    let base = base.and_then(|value| endpoint(&value, "https://jira.example.com/jira"));
    let (token, user) = (map.optional("token"), map.optional("user"));
    let password = map.optional("password");
    map.finish();
    let wanted = "write token: { file: PATH }, or user: NAME and password: { file: PATH }";
    let credential = match (token, user, password) {
        (Some(token), None, None) => secret::text(&token).map(DataCenterCredential::Token),
        (None, Some(user), Some(password)) => {
            let user = user.text("write the user's name").map(str::to_owned);
            let password = secret::text(&password);
            Some(DataCenterCredential::Password { user: user?, password: password? })
        }
        _ => {
            value.problem("this needs a token, or a user and a password", wanted);
            None
        }
    };
    Some(JsmDataCenter { url: base?, credential: credential? })
}

fn cloud_id(value: &Value<'_>) -> Option<String> {
    value.read("write the id that https://SITE.atlassian.net/_edge/tenant_info shows", |text| {
        let usual = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (!text.is_empty() && text.chars().all(usual)).then(|| text.to_owned())
    })
}

fn site_url(value: &Value<'_>) -> Option<Url> {
    let wanted = "write https://NAME.atlassian.net";
    let checked = origin(value.text(wanted)?).and_then(private);
    let url = checked.map_err(|fault| value.problem(fault.text(), wanted)).ok()?;
    let atlassian = url.host_str().is_some_and(|host| host.ends_with(".atlassian.net"));
    if !atlassian && !is_loopback(&url) {
        value.warn("tokens are accepted at NAME.atlassian.net only, not at a custom domain");
    }
    Some(url)
}

/// A base URL that may have a path.
fn endpoint(value: &Value<'_>, example: &str) -> Option<Url> {
    let wanted = format!("write a URL such as {example}");
    let plain = |url: Url| if url.query().is_none() { Ok(url) } else { Err(UrlFault::Extra) };
    let checked = url(value.text(&wanted)?).and_then(private).and_then(plain);
    checked.map_err(|fault| value.problem(fault.text(), &wanted)).ok()
}
