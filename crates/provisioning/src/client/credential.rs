//! Where a site's API is and who calls it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::{Secret, Timestamp};
use http::{HeaderValue, Method, Request, header};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::call::{Failure, judge, unanswered};
use super::{Client, Endpoint};
use crate::{CloudCredential, DataCenterCredential, JsmCloud, JsmSite, ProvisioningError};

/// A token is renewed so long before it ends.
const EARLY: Duration = Duration::from_secs(60);

/// Which product it is: they differ in how users are named and in what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Cloud,
    DataCenter,
}

/// Where to call, and with what in `Authorization`.
pub(super) struct Access {
    pub(super) base: Url,
    pub(super) authorization: HeaderValue,
}

/// What is known of a site's address and of the service account's token.
#[derive(Default)]
pub(super) struct Learnt {
    cloud_id: Mutex<Option<String>>,
    token: Mutex<Option<(HeaderValue, Timestamp)>>,
}

impl Client {
    pub(crate) fn flavour(&self) -> Flavour {
        match self.site {
            JsmSite::Cloud(_) => Flavour::Cloud,
            JsmSite::DataCenter(_) => Flavour::DataCenter,
        }
    }

    /// Where to call now; asks for the cloud id and a token where they are needed and not known.
    pub(super) async fn access(&self) -> Result<Access, Failure> {
        match &self.site {
            JsmSite::DataCenter(site) => {
                let authorization = match &site.credential {
                    DataCenterCredential::Token(token) => bearer(token),
                    DataCenterCredential::Password { user, password } => basic(user, password),
                };
                Ok(Access { base: site.url.clone(), authorization })
            }
            JsmSite::Cloud(site) => match &site.credential {
                CloudCredential::Classic { email, token } => {
                    Ok(Access { base: site.site.clone(), authorization: basic(email, token) })
                }
                CloudCredential::Scoped { email, token } => {
                    let base = self.gate(site).await?;
                    Ok(Access { base, authorization: basic(email, token) })
                }
                CloudCredential::Service { client_id, client_secret, token_url } => {
                    let base = self.gate(site).await?;
                    let asked = json!({
                        "grant_type": "client_credentials",
                        "client_id": client_id,
                        "client_secret": client_secret.expose(),
                    });
                    let authorization = self.service_token(token_url, &asked).await?;
                    Ok(Access { base, authorization })
                }
            },
        }
    }

    /// A token that was refused is not used again.
    pub(super) async fn forget_token(&self) {
        *self.learnt.token.lock().await = None;
    }

    /// The site behind `api.atlassian.com`.
    async fn gate(&self, site: &JsmCloud) -> Result<Url, Failure> {
        let id = match &site.cloud_id {
            Some(id) => id.clone(),
            None => self.cloud_id(&site.site).await?,
        };
        let mut base = site.api.clone();
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty().extend(["ex", "jira", id.as_str()]);
        }
        Ok(base)
    }

    async fn cloud_id(&self, site: &Url) -> Result<String, Failure> {
        let mut known = self.learnt.cloud_id.lock().await;
        if let Some(id) = &*known {
            return Ok(id.clone());
        }
        let mut url = site.clone();
        url.set_path("/_edge/tenant_info");
        let request = Request::builder().method(Method::GET).uri(url.as_str());
        let answer = self.ask(Endpoint::TenantInfo, request, Bytes::new()).await?;
        let unreadable = ProvisioningError::AnswerUnreadable { endpoint: Endpoint::TenantInfo };
        let id = answer.get("cloudId").and_then(Value::as_str).map(str::to_owned);
        let usual = |id: &String| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let id = id.filter(usual).ok_or(Failure::never(unreadable))?;
        *known = Some(id.clone());
        Ok(id)
    }

    async fn service_token(&self, url: &Url, asked: &Value) -> Result<HeaderValue, Failure> {
        let mut known = self.learnt.token.lock().await;
        let now = self.clock().now();
        if let Some((token, until)) = &*known
            && now < *until
        {
            return Ok(token.clone());
        }
        let request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(header::CONTENT_TYPE, "application/json");
        let body = Bytes::from(asked.to_string());
        let answer = self.ask(Endpoint::ServiceToken, request, body).await?;
        let unreadable = || {
            Failure::never(ProvisioningError::AnswerUnreadable { endpoint: Endpoint::ServiceToken })
        };
        let token = answer.get("access_token").and_then(Value::as_str).ok_or_else(unreadable)?;
        let seconds = answer.get("expires_in").and_then(Value::as_u64).unwrap_or(300);
        let token = bearer(&Secret::new(token.to_owned()));
        *known = Some((token.clone(), now.plus(Duration::from_secs(seconds)).minus(EARLY)));
        Ok(token)
    }

    async fn ask(
        &self,
        endpoint: Endpoint,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Value, Failure> {
        let request = request.header(header::ACCEPT, "application/json").body(body);
        let unreadable = || Failure::never(ProvisioningError::AnswerUnreadable { endpoint });
        let request = request.map_err(|_| unreadable())?;
        let answer = self.send(request, super::call::DEADLINE).await.map_err(unanswered)?;
        // RFC 6749 §5.2 says 400 or 401; others say 403.
        let refused = matches!(answer.status().as_u16(), 400 | 401 | 403);
        if refused && endpoint == Endpoint::ServiceToken {
            let how = "the token endpoint refused it";
            return Err(Failure::never(ProvisioningError::CredentialRefused { how }));
        }
        judge(endpoint, answer)?.json(endpoint).map_err(Failure::never)
    }
}

fn basic(user: &str, secret: &Secret<String>) -> HeaderValue {
    sensitive(format!("Basic {}", STANDARD.encode(format!("{user}:{}", secret.expose()))), "Basic")
}

fn bearer(secret: &Secret<String>) -> HeaderValue {
    sensitive(format!("Bearer {}", secret.expose()), "Bearer")
}

/// A secret that is no header value gives one that JSM answers with 401.
fn sensitive(value: String, otherwise: &'static str) -> HeaderValue {
    let mut value = HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(otherwise));
    value.set_sensitive(true);
    value
}
