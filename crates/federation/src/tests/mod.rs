//! Identity providers on loopback that misbehave one way at a time.

mod beyond_id_token;
mod health;
mod oidc_sign_in;
mod op;
mod refresh;
mod saml_metadata;
mod server;

use std::time::Duration;

use domain::{IdpName, Secret, Timestamp};
use outbound::Outbound;
use serde_json::{Value, json};

use self::op::Op;
use crate::{
    AuthorizationRequest, ClientAuthentication, Federation, FederationError, GroupOverage,
    IdpSettings, OidcSettings, Protocol, Redeemed, Redemption, RefreshOutcome,
};

const NOW: i64 = 1_800_000_000;
const NONCE: &str = "nonce-1";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "https://help.example/.vestibule/oidc/globex/callback";

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

fn before(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(NOW - i64::try_from(seconds).unwrap())
}

fn after(seconds: u64) -> Timestamp {
    now().plus(Duration::from_secs(seconds))
}

fn name(text: &str) -> IdpName {
    text.parse().unwrap()
}

fn settings(idp: &str, protocol: Protocol) -> IdpSettings {
    let label = idp.to_uppercase();
    IdpSettings {
        name: name(idp),
        label,
        domains: Vec::new(),
        enabled: true,
        probe: None,
        protocol,
    }
}

fn oidc_settings(idp: &str, issuer: &str) -> IdpSettings {
    settings(
        idp,
        Protocol::Oidc(OidcSettings {
            issuer: issuer.to_owned(),
            client_id: "vestibule".to_owned(),
            client_authentication: ClientAuthentication::Secret(Secret::new("s3cret".to_owned())),
            tenants: Vec::new(),
            trusted_audiences: Vec::new(),
            acr_values: Vec::new(),
            max_age: None,
            prompt: None,
            userinfo: false,
            group_overage: GroupOverage::default(),
            single_logout: true,
            scopes: vec!["openid".to_owned(), "email".to_owned()],
            algorithms: vec!["ES256".to_owned()],
            clock_skew: Duration::from_secs(60),
        }),
    )
}

fn federation(idps: Vec<IdpSettings>) -> Federation {
    Federation::new(idps, Outbound::new(&[]).unwrap(), now()).unwrap()
}

fn globex(op: &Op) -> Federation {
    federation(vec![oidc_settings("globex", &op.issuer)])
}

fn claims(op: &Op) -> Value {
    json!({"iss": op.issuer, "sub": "ann", "aud": "vestibule", "exp": NOW + 100_000, "iat": NOW,
        "nonce": NONCE, "email": "ann@globex.example"})
}

async fn authorize(federation: &Federation, at: Timestamp) -> Result<url::Url, FederationError> {
    let parameters = AuthorizationRequest {
        redirect_uri: REDIRECT,
        state: "state-1",
        nonce: NONCE,
        verifier: VERIFIER,
        login_hint: None,
    };
    federation.oidc_authorization(&name("globex"), &parameters, at).await
}

async fn redeem_with(
    federation: &Federation,
    iss: Option<&str>,
    at: Timestamp,
) -> Result<Redeemed, FederationError> {
    let redemption = Redemption {
        code: "code-1",
        redirect_uri: REDIRECT,
        verifier: VERIFIER,
        nonce: NONCE,
        iss,
        assertion_id: [1; 32],
    };
    federation.redeem(&name("globex"), &redemption, at).await
}

async fn redeem(federation: &Federation, at: Timestamp) -> Result<Redeemed, FederationError> {
    redeem_with(federation, None, at).await
}

fn cause<T>(result: Result<T, FederationError>) -> String {
    result.err().map(|error| error.refusal().cause).unwrap_or_default()
}

/// Outcomes as short texts: `+name`, `-name cause`.
fn shown(outcomes: Vec<RefreshOutcome>) -> Vec<String> {
    let mut shown: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            RefreshOutcome::Refreshed(idp) => format!("+{idp}"),
            RefreshOutcome::Failed(idp, error) => format!("-{idp} {}", error.refusal().cause),
        })
        .collect();
    shown.sort();
    shown
}
