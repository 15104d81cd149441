//! The gateway's own endpoints: one table that reads paths and builds links.

use std::borrow::Cow;

use domain::IdpName;
use federation::{IdpSettings, Protocol};

/// Everything under this prefix is ours, on every site.
pub(crate) const PREFIX: &str = "/.vestibule/";

/// One of our endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The sign-in page.
    SignIn,
    /// Asks for a second factor: enrolment, challenge, recovery.
    SecondFactor,
    /// Says that the customer's account is being made, and goes on once it is.
    SettingUp,
    /// Takes the customer's word for a sign-in that the identity provider began.
    Confirm,
    /// Straight to one identity provider.
    SignInAt(IdpName),
    /// SAML assertion consumer service.
    SamlAcs(IdpName),
    /// Our SAML metadata for one identity provider; its URL is our entity id there.
    SamlMetadata(IdpName),
    /// OpenID Connect redirect URI.
    OidcCallback(IdpName),
    /// SAML single logout, for all bindings.
    SamlSlo(IdpName),
    /// OpenID Connect back-channel logout.
    OidcBackchannel(IdpName),
    /// OpenID Connect front-channel logout.
    OidcFrontchannel(IdpName),
    /// What a customer has here: factors, devices, the last sign-ins.
    Account,
    /// Ends the session.
    SignOut,
    /// Tries an identity provider out.
    Test(String),
    /// Signs one person in by an operator's link.
    BreakGlass(String),
    /// Asks before a parked request is sent, and sends it.
    Resume(String),
    /// Keys of the identity assertion.
    Jwks,
    /// For scripts: whether there is a session.
    Session,
    /// Own style, script and picture.
    Asset(String),
}

impl Endpoint {
    /// Reads a path; `None`: it lies under the prefix but means nothing.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix(PREFIX)?;
        let segments: Vec<&str> = rest.split('/').collect();
        match segments.as_slice() {
            ["sign-in"] => Some(Self::SignIn),
            ["second-factor"] => Some(Self::SecondFactor),
            ["setting-up"] => Some(Self::SettingUp),
            ["confirm"] => Some(Self::Confirm),
            ["sign-in", idp] => idp.parse().ok().map(Self::SignInAt),
            ["saml", idp, "acs"] => idp.parse().ok().map(Self::SamlAcs),
            ["saml", idp, "metadata"] => idp.parse().ok().map(Self::SamlMetadata),
            ["oidc", idp, "callback"] => idp.parse().ok().map(Self::OidcCallback),
            ["saml", idp, "slo"] => idp.parse().ok().map(Self::SamlSlo),
            ["oidc", idp, "backchannel-logout"] => idp.parse().ok().map(Self::OidcBackchannel),
            ["oidc", idp, "frontchannel-logout"] => idp.parse().ok().map(Self::OidcFrontchannel),
            ["test", handle] => Some(Self::Test((*handle).to_owned())),
            ["break-glass", handle] => Some(Self::BreakGlass((*handle).to_owned())),
            ["account"] => Some(Self::Account),
            ["sign-out"] => Some(Self::SignOut),
            ["resume", handle] => Some(Self::Resume((*handle).to_owned())),
            ["jwks.json"] => Some(Self::Jwks),
            ["session"] => Some(Self::Session),
            ["assets", name] => Some(Self::Asset((*name).to_owned())),
            _ => None,
        }
    }

    /// The path of this endpoint.
    pub(crate) fn path(&self) -> String {
        let rest = match self {
            Self::SignIn => "sign-in".to_owned(),
            Self::SecondFactor => "second-factor".to_owned(),
            Self::SettingUp => "setting-up".to_owned(),
            Self::Confirm => "confirm".to_owned(),
            Self::SignInAt(idp) => format!("sign-in/{idp}"),
            Self::SamlAcs(idp) => format!("saml/{idp}/acs"),
            Self::SamlMetadata(idp) => format!("saml/{idp}/metadata"),
            Self::OidcCallback(idp) => format!("oidc/{idp}/callback"),
            Self::SamlSlo(idp) => format!("saml/{idp}/slo"),
            Self::OidcBackchannel(idp) => format!("oidc/{idp}/backchannel-logout"),
            Self::OidcFrontchannel(idp) => format!("oidc/{idp}/frontchannel-logout"),
            Self::Test(handle) => format!("test/{handle}"),
            Self::BreakGlass(handle) => format!("break-glass/{handle}"),
            Self::Account => "account".to_owned(),
            Self::SignOut => "sign-out".to_owned(),
            Self::Resume(handle) => format!("resume/{handle}"),
            Self::Jwks => "jwks.json".to_owned(),
            Self::Session => "session".to_owned(),
            Self::Asset(name) => format!("assets/{name}"),
        };
        format!("{PREFIX}{rest}")
    }

    /// The absolute URL of this endpoint on a site.
    pub(crate) fn url(&self, public: &url::Url) -> String {
        format!("{}{}", public.as_str().trim_end_matches('/'), self.path())
    }
}

/// A path as it may stand in a log: without what lets in whoever has it (design, invariant 10).
pub(crate) fn for_log(path: &str) -> Cow<'_, str> {
    let ours = path.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/'));
    match ours {
        Some((kind @ ("break-glass" | "test" | "resume"), _)) => format!("{PREFIX}{kind}/*").into(),
        _ => path.into(),
    }
}

/// What an operator enters at an identity provider for one site, by what most products call it.
pub fn registration(idp: &IdpSettings, public: &url::Url) -> Vec<(&'static str, String)> {
    let name = || idp.name.clone();
    let endpoints = match &idp.protocol {
        Protocol::Saml(settings) => {
            let slo = ("Single logout URL", Endpoint::SamlSlo(name()));
            let mut all = vec![
                ("Entity ID, audience, identifier", Endpoint::SamlMetadata(name())),
                ("Our metadata, where it is imported", Endpoint::SamlMetadata(name())),
                ("ACS URL, reply URL", Endpoint::SamlAcs(name())),
            ];
            all.extend(settings.single_logout.then_some(slo));
            all
        }
        Protocol::Oidc(settings) => {
            let mut all = vec![("Redirect URI, callback URL", Endpoint::OidcCallback(name()))];
            if settings.single_logout {
                all.extend([
                    ("Post-logout redirect URI", Endpoint::SignOut),
                    ("Back-channel logout URI", Endpoint::OidcBackchannel(name())),
                    ("Front-channel logout URI, else", Endpoint::OidcFrontchannel(name())),
                ]);
            }
            all
        }
        Protocol::OAuth2(_) => vec![("Redirect URI, callback URL", Endpoint::OidcCallback(name()))],
    };
    endpoints.into_iter().map(|(what, endpoint)| (what, endpoint.url(public))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_read_back_from_its_own_path() {
        let acme: IdpName = "acme".parse().unwrap();
        for endpoint in [
            Endpoint::SignIn,
            Endpoint::SecondFactor,
            Endpoint::SettingUp,
            Endpoint::Confirm,
            Endpoint::SignInAt(acme.clone()),
            Endpoint::SamlAcs(acme.clone()),
            Endpoint::SamlMetadata(acme.clone()),
            Endpoint::OidcCallback(acme.clone()),
            Endpoint::SamlSlo(acme.clone()),
            Endpoint::OidcBackchannel(acme.clone()),
            Endpoint::OidcFrontchannel(acme),
            Endpoint::Test("a".to_owned()),
            Endpoint::BreakGlass("b".to_owned()),
            Endpoint::Account,
            Endpoint::SignOut,
            Endpoint::Resume("c".to_owned()),
            Endpoint::Jwks,
            Endpoint::Session,
            Endpoint::Asset("style.css".to_owned()),
        ] {
            assert_eq!(Endpoint::parse(&endpoint.path()), Some(endpoint));
        }
        for (path, logged) in [
            ("/.vestibule/break-glass/secret", "/.vestibule/break-glass/*"),
            ("/.vestibule/test/secret", "/.vestibule/test/*"),
            ("/.vestibule/resume/secret", "/.vestibule/resume/*"),
            ("/.vestibule/break-glass/secret/", "/.vestibule/break-glass/*"),
            ("/.vestibule/sign-in/acme", "/.vestibule/sign-in/acme"),
            ("/break-glass/page", "/break-glass/page"),
        ] {
            assert_eq!(for_log(path), logged);
        }
        assert_eq!(Endpoint::parse("/.vestibule/"), None);
        assert_eq!(Endpoint::parse("/.vestibule/saml/../acs"), None);
        let public = "https://help.example.com:8443/".parse().unwrap();
        assert_eq!(
            Endpoint::Jwks.url(&public),
            "https://help.example.com:8443/.vestibule/jwks.json"
        );
    }
}
