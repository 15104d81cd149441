//! The second factor of an attempt.

use domain::{FactorUse, Identity, ReturnPath, SiteName, Timestamp};
use policy::{FactorDemand, FactorQuestion, Who};

use super::{Attempt, Stage};
use crate::{FactorPassed, SignInError, Step, Weighing};

impl Attempt {
    /// An attempt to go on to `target` in a session that lacks what is demanded there.
    pub fn stepping_up(
        site: SiteName,
        target: ReturnPath,
        identity: Identity,
        demand: FactorDemand,
        now: Timestamp,
    ) -> Self {
        let stage = Stage::SteppingUp { identity: Box::new(identity), demand };
        Self { stage, ..Self::new(site, target, now) }
    }

    /// The path that was asked for, which the rules look at.
    pub fn path(&self) -> &str {
        self.target.as_str()
    }

    /// Of whom a factor is asked, and which; `None`: it waits for something else.
    pub fn factor_asked(&self) -> Option<(&Identity, &FactorDemand)> {
        match &self.stage {
            Stage::FactorAsked { identity, demand, .. }
            | Stage::SteppingUp { identity, demand } => Some((identity, demand)),
            _ => None,
        }
    }

    /// Whether a session goes on with it, and none is opened.
    pub fn is_step_up(&self) -> bool {
        matches!(self.stage, Stage::SteppingUp { .. })
    }

    /// Holds the identity against the rules. The identity provider's own factor counts where the
    /// operator trusts it for that; nothing else that came with the answer does.
    pub(super) fn weigh(
        self,
        weighing: &Weighing<'_>,
        now: Timestamp,
    ) -> Result<(Self, Step), SignInError> {
        let Stage::Identified { identity, said, browser } = self.stage.clone() else {
            return Err(SignInError::NotUnderWay);
        };
        let demand = weighing.rules.demand(&FactorQuestion {
            who: Who::Person {
                idp: &identity.person.idp,
                email: &identity.email,
                groups: identity.groups.as_deref(),
                organizations: weighing.organizations.as_deref(),
            },
            site: &self.site,
            path: self.target.as_str(),
            client: Some(weighing.client),
        });
        let theirs = weighing.trusted.accept(&said, now);
        if demand.is_met_by(theirs.as_ref(), now) {
            return Ok(self.admitted(identity, theirs, browser));
        }
        let step = Step::AskFactor { identity: identity.clone(), demand: demand.clone() };
        Ok((Self { stage: Stage::FactorAsked { identity, demand, browser }, ..self }, step))
    }

    /// Takes a factor that was passed, if it is enough for what is demanded.
    pub(super) fn pass(
        self,
        factor: FactorUse,
        now: Timestamp,
    ) -> Result<(Self, Step), SignInError> {
        let enough = |demand: &FactorDemand| demand.is_met_by(Some(&factor), now);
        match self.stage.clone() {
            Stage::FactorAsked { identity, demand, browser } if enough(&demand) => {
                Ok(self.admitted(identity, Some(factor), browser))
            }
            Stage::SteppingUp { identity, demand } if enough(&demand) => {
                Ok((self, Step::StepUp { person: identity.person, factor }))
            }
            _ => Err(SignInError::FactorNotEnough),
        }
    }

    fn admitted(
        self,
        identity: Box<Identity>,
        factor: Option<FactorUse>,
        browser: [u8; 32],
    ) -> (Self, Step) {
        let proof = FactorPassed::by(identity.person.clone());
        let stage = Stage::Admitted { identity: identity.clone(), factor, browser };
        (Self { stage, ..self }, Step::Provision { identity, proof })
    }
}
