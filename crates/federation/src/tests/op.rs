//! An OpenID provider on loopback that does what it is told, right or wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::server::{self, Answer};

/// A key pair with its id.
pub(super) struct Key {
    id: &'static str,
    pair: EcdsaKeyPair,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub(super) fn new(id: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { id, pair }
    }

    pub(super) fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..65]));
        json!({"kty": "EC", "crv": "P-256", "kid": self.id, "x": x, "y": y})
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "kid": self.id}).to_string();
        let input = format!("{}.{}", encode(header), encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", encode(signature))
    }
}

/// What the provider answers now, and what it was asked.
#[derive(Default)]
pub(super) struct State {
    pub(super) document: Value,
    pub(super) keys: Vec<Value>,
    pub(super) token: Value,
    /// Other paths, queries included, and what they answer.
    pub(super) others: HashMap<String, Value>,
    /// Every document comes with this status instead, when it is not 0.
    pub(super) broken: u16,
    /// Connections are taken and never answered.
    pub(super) silent: bool,
    /// Paths that were called, in order.
    pub(super) calls: Vec<String>,
    /// Head and body of the last token request.
    pub(super) token_request: (String, String),
}

/// The provider; stops with the test's runtime.
#[derive(Clone)]
pub(super) struct Op {
    pub(super) issuer: String,
    state: Arc<Mutex<State>>,
}

impl Op {
    pub(super) async fn start(keys: &[&Key]) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let port = server::start(move |head, body| answer(&shared, head, body)).await;
        let issuer = format!("http://127.0.0.1:{port}");
        let op = Self { issuer: issuer.clone(), state };
        op.change(|state| {
            state.document = json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
            });
            state.keys = keys.iter().map(|key| key.jwk()).collect();
        });
        op
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    /// The next token responses carry these claims, signed by `key`.
    pub(super) fn issue(&self, key: &Key, claims: &Value) {
        let id_token = key.sign(claims);
        let token = json!({"token_type": "Bearer", "access_token": "at", "id_token": id_token});
        self.change(|state| state.token = token);
    }

    /// How often a path was called.
    pub(super) fn calls(&self, path: &str) -> usize {
        self.change(|state| state.calls.iter().filter(|call| *call == path).count())
    }
}

fn answer(state: &Mutex<State>, head: &str, body: &str) -> Option<Answer> {
    let mut state = state.lock().unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    state.calls.push(path.clone());
    if state.silent {
        return None;
    }
    if state.broken != 0 {
        return Some(Answer { status: state.broken, body: "<html>no</html>".to_owned() });
    }
    let body = match path.as_str() {
        "/.well-known/openid-configuration" => state.document.to_string(),
        "/keys" => json!({ "keys": state.keys }).to_string(),
        "/token" => {
            state.token_request = (head.to_owned(), body.to_owned());
            let status = if state.token.get("error").is_some() { 400 } else { 200 };
            return Some(Answer { status, body: state.token.to_string() });
        }
        path => match state.others.get(path) {
            Some(answer) => answer.to_string(),
            None => return Some(Answer { status: 404, body: String::new() }),
        },
    };
    Some(Answer { status: 200, body })
}
