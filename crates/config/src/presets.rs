//! What is usual at well-known products. A preset fills in what the file leaves out; it narrows
//! (fewer algorithms) or names (claims, scopes), and never widens a check.

use login::{ClaimRules, Expression};

use crate::claims;

/// Defaults for one identity provider.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    /// Where claims are, when it speaks SAML.
    pub(crate) saml: ClaimRules,
    /// Where claims are, when it speaks OpenID Connect or OAuth 2.0.
    pub(crate) oidc: ClaimRules,
    /// Scopes for OpenID Connect; `openid` is among them.
    pub(crate) scopes: &'static [&'static str],
    /// Algorithms of ID tokens.
    pub(crate) algorithms: &'static [&'static str],
}

/// A product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    Okta,
    Entra,
    Keycloak,
    Cognito,
    MiniOrange,
    Google,
    Adfs,
    Ping,
    OneLogin,
    Auth0,
    Generic,
}

/// Their names in the file.
pub(crate) const PRESETS: [(&str, Preset); 11] = [
    ("okta", Preset::Okta),
    ("entra", Preset::Entra),
    ("keycloak", Preset::Keycloak),
    ("cognito", Preset::Cognito),
    ("miniorange", Preset::MiniOrange),
    ("google", Preset::Google),
    ("adfs", Preset::Adfs),
    ("ping", Preset::Ping),
    ("onelogin", Preset::OneLogin),
    ("auth0", Preset::Auth0),
    ("generic", Preset::Generic),
];

const SCOPES: &[&str] = &["openid", "email", "profile"];
const WITH_GROUPS: &[&str] = &["openid", "email", "profile", "groups"];
const ALGORITHMS: &[&str] = &["RS256", "PS256", "ES256"];
/// What most products sign ID tokens with, whatever else they could.
const RS256: &[&str] = &["RS256"];

/// Claim types of Microsoft's and others' SAML tokens.
const WS_EMAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
const WS_NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const MS_NAME: &str = "http://schemas.microsoft.com/identity/claims/displayname";
const MS_GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
const MS_OBJECT: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
const WS_GROUP: &str = "http://schemas.xmlsoap.org/claims/Group";
const AUTH0_GROUPS: &str = "http://schemas.auth0.com/groups";

impl Preset {
    /// What it fills in.
    pub(crate) fn defaults(self) -> Defaults {
        let usual = Defaults {
            saml: claims::saml(),
            oidc: claims::oidc(),
            scopes: SCOPES,
            algorithms: RS256,
        };
        match self {
            Self::Generic => Defaults { algorithms: ALGORITHMS, ..usual },
            Self::Okta => Defaults {
                saml: rules(&["email", "mail"], &["displayName"], &["groups"]),
                scopes: WITH_GROUPS,
                ..usual
            },
            // The NameID is the user principal name unless somebody changed it, and that changes;
            // the object id never does.
            Self::Entra => Defaults {
                saml: ClaimRules {
                    subject: Some(claims::claim(MS_OBJECT)),
                    ..rules(&[WS_EMAIL], &[MS_NAME, WS_NAME], &[MS_GROUPS])
                },
                ..usual
            },
            Self::Keycloak => Defaults {
                saml: rules(&["email", "mail"], &["displayName", "name"], &["groups", "Role"]),
                algorithms: ALGORITHMS,
                ..usual
            },
            Self::Cognito => Defaults {
                oidc: rules(&["email"], &["name", "given_name"], &["cognito:groups"]),
                ..usual
            },
            Self::MiniOrange => Defaults {
                saml: rules(&["email", "mail"], &["displayName", "name"], &["groups"]),
                ..usual
            },
            // Google sends no groups in ID tokens; SAML apps send what the administrator maps.
            Self::Google => Defaults {
                saml: rules(&["email", "mail"], &["displayName", "name"], &["groups"]),
                oidc: ClaimRules { groups: None, ..claims::oidc() },
                ..usual
            },
            Self::Adfs => Defaults {
                saml: rules(&[WS_EMAIL], &[WS_NAME], &[WS_GROUP]),
                oidc: rules(&["email"], &["name", "unique_name"], &["group", "groups"]),
                ..usual
            },
            Self::Ping => Defaults {
                saml: rules(&["mail", "email"], &["displayName", "cn"], &["memberOf", "groups"]),
                ..usual
            },
            Self::OneLogin => Defaults {
                saml: rules(&["User.email", "email"], &["displayName", "name"], &["memberOf"]),
                scopes: WITH_GROUPS,
                ..usual
            },
            Self::Auth0 => {
                Defaults { saml: rules(&[WS_EMAIL], &[WS_NAME], &[AUTH0_GROUPS]), ..usual }
            }
        }
    }
}

fn rules(email: &[&str], name: &[&str], groups: &[&str]) -> ClaimRules {
    ClaimRules {
        email: first(email),
        name: Some(first(name)),
        groups: Some(first(groups)),
        subject: None,
        kept: std::collections::BTreeSet::new(),
    }
}

fn first(names: &[&str]) -> Expression {
    match names {
        [name] => claims::claim(name),
        _ => Expression::FirstOf(names.iter().map(|name| claims::claim(name)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A preset may only narrow what is accepted without it.
    #[test]
    fn no_preset_accepts_more_than_the_generic_one() {
        for (name, preset) in PRESETS {
            let defaults = preset.defaults();
            assert!(!defaults.algorithms.is_empty(), "{name}");
            assert!(defaults.algorithms.iter().all(|alg| ALGORITHMS.contains(alg)), "{name}");
            assert!(defaults.scopes.contains(&"openid"), "{name}");
            for rules in [&defaults.saml, &defaults.oidc] {
                // What people can often change themselves is never an address by default.
                let loose = ["preferred_username", "upn", "unique_name", login::NAME_ID];
                let email = rules.email.claims();
                assert!(email.iter().all(|claim| !loose.contains(claim)), "{name}: {email:?}");
            }
        }
    }
}
