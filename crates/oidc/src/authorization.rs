//! The authentication request (OpenID Connect Core §3.1.2.1).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use url::Url;

use crate::{ProviderMetadata, RelyingParty};

/// 256 random bits as text: fit for a state, a nonce and a code verifier (RFC 7636 §4.1). Each of
/// them takes bytes of its own.
pub fn opaque_value(random: [u8; 32]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random)
}

/// What one authentication request carries.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizationRequest<'a> {
    /// Where the provider sends the browser back, exactly as registered.
    pub redirect_uri: &'a str,
    /// From [`opaque_value`]; comes back in the callback.
    pub state: &'a str,
    /// From [`opaque_value`]; comes back in the ID token.
    pub nonce: &'a str,
    /// From [`opaque_value`]; only its hash is sent now.
    pub verifier: &'a str,
    /// What the customer typed as e-mail address.
    pub login_hint: Option<&'a str>,
}

impl RelyingParty {
    /// Where to send the browser. No parameter but `login_hint` comes from outside; what the
    /// operator's file does not ask for is not sent (attacks.md C13).
    pub fn authorization_url(
        &self,
        provider: &ProviderMetadata,
        request: &AuthorizationRequest<'_>,
    ) -> Url {
        let mut url = provider.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", &self.scopes)
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            // Always, whatever the metadata says: a provider that does not know PKCE ignores it,
            // and nobody can talk us out of it (attacks.md C5).
            .append_pair("code_challenge", &challenge(request.verifier))
            .append_pair("code_challenge_method", "S256");
        let acr_values = (!self.acr_values.is_empty()).then(|| self.acr_values.join(" "));
        let max_age = self.max_age.map(|age| age.as_secs().to_string());
        for (name, value) in [
            ("acr_values", acr_values.as_deref()),
            ("max_age", max_age.as_deref()),
            ("prompt", self.prompt.as_deref()),
            ("login_hint", request.login_hint),
        ] {
            url.query_pairs_mut().extend_pairs(value.map(|value| (name, value)));
        }
        url
    }
}

/// RFC 7636 §4.2: S256.
pub(crate) fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_holds() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn an_opaque_value_has_256_bits_and_fits_a_code_verifier() {
        let value = opaque_value([0xff; 32]);
        assert_eq!(value.len(), 43);
        assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_ne!(value, opaque_value([0xfe; 32]));
    }
}
