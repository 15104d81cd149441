//! The identity provider's own factor, where the operator trusts it for that.

use domain::{Authentication, FactorKind, FactorUse, Timestamp};

/// What an identity provider may say to have its own factor accepted. Empty: nothing is, whatever
/// it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedFactors {
    /// Values of `amr`, one of which must be there.
    pub methods: Vec<String>,
    /// Values of `acr` or of `AuthnContextClassRef`, one of which it must be.
    pub classes: Vec<String>,
}

impl TrustedFactors {
    /// Whether anything is accepted.
    pub fn is_empty(&self) -> bool {
        self.methods.is_empty() && self.classes.is_empty()
    }

    /// The factor that this identity provider proved, if it is trusted for it. Values are compared
    /// byte by byte (OpenID Connect Core §2).
    pub fn accept(&self, said: &Authentication, now: Timestamp) -> Option<FactorUse> {
        let method = said.methods.iter().any(|method| self.methods.contains(method));
        let class = said.class.as_ref().is_some_and(|class| self.classes.contains(class));
        // Whoever does not say when it was proves nothing fresh; a moment ahead is a wrong clock.
        let at = said.at.map_or(Timestamp::EPOCH, |at| at.min(now));
        (method || class).then_some(FactorUse { kind: FactorKind::IdentityProvider, at })
    }
}
