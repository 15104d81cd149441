//! OpenID Connect and OAuth 2.0 as relying party: from values to verified claims.
