//! SAML 2.0 as service provider: from bytes to a verified assertion.
