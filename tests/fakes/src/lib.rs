//! Peers that misbehave on order: SAML identity provider, OpenID provider, JSM Cloud, help center.
