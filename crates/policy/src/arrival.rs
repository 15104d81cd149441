//! The rules of `sign_in` once more, now that the address is proved.

use domain::{EmailAddress, HostName, IdpName, SiteName, Timestamp};

use crate::{Fallback, Mode, Outcome, Question, Route, SignInRules};

/// Somebody for whom an identity provider vouches, and where they are.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Who vouches.
    pub idp: &'a IdpName,
    /// For which address.
    pub email: &'a EmailAddress,
    /// At which site.
    pub site: &'a SiteName,
    /// Under which host name.
    pub host: &'a HostName,
    /// Id of the portal on the way to which they are.
    pub portal: Option<&'a str>,
    /// The identity provider that did not answer, when `idp` stands in for it.
    pub instead_of: Option<&'a IdpName>,
    /// When.
    pub now: Timestamp,
}

/// What the rules say of somebody whose address is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What decided; and what would have, if the rules that only report were enforced.
    pub route: Route,
    /// Whether the sign-in goes on.
    pub verdict: Result<(), Barred>,
}

/// Why the rules let somebody in no further whose address is proved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// `deny`, or `mode: off`.
    #[error("a rule of sign_in denies this address")]
    Denied,
    /// Another identity provider is the only way.
    #[error("a rule of sign_in requires `{0}` for this address")]
    ProviderNotTheirs(IdpName),
}

impl SignInRules {
    /// Holds somebody whose address is proved against the rules: the chooser, a link and what the
    /// browser remembers lead past the address that was typed, not past the rules.
    pub fn admit(&self, arrival: &Arrival<'_>) -> Judgement {
        let route = self.route(&Question {
            email: Some(arrival.email),
            site: arrival.site,
            host: arrival.host,
            portal: arrival.portal,
            hint: None,
            remembered: None,
            linked: None,
            now: arrival.now,
        });
        let verdict = verdict(arrival, &route.outcome);
        Judgement { route, verdict }
    }
}

fn verdict(arrival: &Arrival<'_>, outcome: &Outcome) -> Result<(), Barred> {
    match outcome {
        Outcome::Deny | Outcome::Use { mode: Mode::Off, .. } => Err(Barred::Denied),
        Outcome::Use { idp, mode: Mode::Required, fallback } if idp != arrival.idp => {
            let stands_in = matches!(fallback, Some(Fallback::Idp(other)) if other == arrival.idp);
            if stands_in && arrival.instead_of == Some(idp) {
                return Ok(());
            }
            Err(Barred::ProviderNotTheirs(idp.clone()))
        }
        Outcome::Use { .. } | Outcome::UpstreamLogin | Outcome::Choose => Ok(()),
    }
}
