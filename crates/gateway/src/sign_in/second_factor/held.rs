//! An attempt that waits for a factor, as it lies in the store.

use std::collections::BTreeMap;

use domain::{FactorUse, Secret};
use login::Attempt;
use serde::{Deserialize, Serialize};
use session::Secrets;

/// An attempt that waits for a factor, with what must not get lost meanwhile. Whoever reads an
/// [`Attempt`] from the store can read one of these. Has no `Debug`: it holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Held {
    #[serde(flatten)]
    pub(super) attempt: Attempt,
    /// What only the session may know of the identity provider's answer. Until there is a session
    /// it lies here, sealed by the server alone, for half an hour at most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, String>,
    /// What was passed, while the customer still keeps recovery codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) passed: Option<FactorUse>,
}

impl Held {
    /// An attempt that begins to wait.
    pub(crate) fn new(attempt: Attempt, secrets: &Secrets) -> Self {
        let exposed =
            |(name, value): (&str, &Secret<String>)| (name.to_owned(), value.expose().clone());
        Self { attempt, secrets: secrets.iter().map(exposed).collect(), passed: None }
    }

    /// The same, now that a factor was passed and only recovery codes are left to be kept.
    pub(super) fn after(self, attempt: Attempt, factor: FactorUse) -> Self {
        Self { attempt, passed: Some(factor), ..self }
    }

    /// Its parts, once it goes on.
    pub(crate) fn into_parts(self) -> (Attempt, Secrets) {
        let secrets = self.secrets.into_iter().map(|(name, value)| (name, Secret::new(value)));
        (self.attempt, secrets.collect())
    }
}
