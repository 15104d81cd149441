//! Who may call, and where: the site takes a classic token, `api.atlassian.com` a scoped one or a
//! service account's, Data Center a personal access token or a password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, header};
use serde_json::json;

use super::answers::{Answer, answer};
use super::{Call, Site};

/// Id of the site behind `api.atlassian.com`, for which this fake answers, too.
pub const CLOUD_ID: &str = "0b3f7c1e-2a4d-4c7b-9f10-5e6a7b8c9d0e";
/// The owner's scoped token.
pub const SCOPED_TOKEN: &str = "fake-scoped-token";
/// A service account.
pub const CLIENT_ID: &str = "fake-client";
/// Its secret.
pub const CLIENT_SECRET: &str = "fake-client-secret";
/// Of Data Center, beside the personal access token.
pub const USER: &str = "bot";
/// Its password.
pub const PASSWORD: &str = "fake-password";

const SERVICE_TOKEN: &str = "fake-service-token";

/// The path within the site, and whether it came by `api.atlassian.com`.
pub(super) fn gate(path: &str) -> (&str, bool) {
    let inside = path.strip_prefix("/ex/jira/").and_then(|rest| rest.strip_prefix(CLOUD_ID));
    inside.map_or((path, false), |inside| (inside, true))
}

/// What is asked before the API: the cloud id, a token.
pub(super) fn before(site: &Site, call: &Call) -> Option<Answer> {
    match (&call.method, call.path.as_str()) {
        _ if site.data_center => None,
        (&Method::GET, "/_edge/tenant_info") => Some(answer(200, &json!({"cloudId": CLOUD_ID}))),
        (&Method::POST, "/oauth/token") => {
            let asked = json!({"grant_type": "client_credentials", "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET});
            if call.body != asked {
                return Some(answer(403, &json!({"error": "access_denied"})));
            }
            let token = json!({"access_token": SERVICE_TOKEN, "expires_in": 3600,
                "token_type": "Bearer"});
            Some(answer(200, &token))
        }
        _ => None,
    }
}

/// Whether the credential is good here; a scoped token at the site itself is not.
pub(super) fn is_good(site: &Site, call: &Call) -> bool {
    let basic =
        |user: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{secret}")));
    let bearer = |token: &str| format!("Bearer {token}");
    let good = match (site.data_center, call.by_gate) {
        (true, _) => [bearer(&site.token), basic(USER, PASSWORD)],
        (false, true) => [basic(&site.email, SCOPED_TOKEN), bearer(SERVICE_TOKEN)],
        (false, false) => [basic(&site.email, &site.token), String::new()],
    };
    let given = call.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    given.is_some_and(|given| good.iter().any(|good| good == given))
}
