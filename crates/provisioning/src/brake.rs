//! The brake: too many removals in a short time are a mistake until an operator says otherwise.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::Records;
use crate::{BrakeSettings, ProvisioningError};

/// What the brake knows, in the records that all replicas share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct BrakeState {
    /// Removals within the window, at most as many as are permitted.
    #[serde(default)]
    pub(crate) removals: Vec<Timestamp>,
    /// Since when it holds.
    #[serde(default)]
    pub(crate) stopped: Option<Timestamp>,
    /// When an operator last ordered on: what waited then is no longer counted.
    #[serde(default)]
    pub(crate) released: Option<Timestamp>,
}

/// Whether a removal may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Granted,
    /// Not until an operator orders on; whether this one made the brake hold.
    Held {
        alarm: bool,
    },
}

impl BrakeState {
    /// Counts one removal that waits since `since`.
    fn ask(
        mut self,
        settings: BrakeSettings,
        since: Timestamp,
        now: Timestamp,
    ) -> (Self, Permission) {
        if self.stopped.is_some() {
            return (self, Permission::Held { alarm: false });
        }
        if self.released.is_some_and(|released| since <= released) {
            return (self, Permission::Granted);
        }
        self.removals.retain(|at| now.since(*at) < settings.window);
        if self.removals.len() >= settings.removals {
            self.stopped = Some(now);
            return (self, Permission::Held { alarm: true });
        }
        self.removals.push(now);
        (self, Permission::Granted)
    }
}

/// Asks for one removal that waits since `since`.
pub(crate) async fn ask(
    records: &Records,
    settings: BrakeSettings,
    since: Timestamp,
    now: Timestamp,
) -> Result<Permission, ProvisioningError> {
    let permission = std::sync::Mutex::new(Permission::Granted);
    let change = |old: Option<BrakeState>| {
        let (state, answer) = old.unwrap_or_default().ask(settings, since, now);
        *permission.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = answer;
        state
    };
    records.change(&records.key("brake", ""), vec![], now, change).await?;
    Ok(permission.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// What the brake knows now.
pub(crate) async fn state(
    records: &Records,
    now: Timestamp,
) -> Result<BrakeState, ProvisioningError> {
    Ok(records.read(&records.key("brake", ""), now).await?.unwrap_or_default())
}

/// Orders on: what waits now goes through, and counting begins anew.
pub(crate) async fn release(records: &Records, now: Timestamp) -> Result<(), ProvisioningError> {
    let state = BrakeState { removals: vec![], stopped: None, released: Some(now) };
    let change = |_: Option<BrakeState>| state.clone();
    records.change(&records.key("brake", ""), vec![], now, change).await.map(drop)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_brake_holds_at_its_limit_alarms_once_and_goes_on_by_order() {
        let settings = BrakeSettings { removals: 2, window: Duration::from_secs(60) };
        let mut state = BrakeState::default();
        let ask = |state: &mut BrakeState, since: i64, now: i64| {
            let (next, permission) = state.clone().ask(settings, at(since), at(now));
            *state = next;
            permission
        };
        assert_eq!(ask(&mut state, 0, 0), Permission::Granted);
        assert_eq!(ask(&mut state, 59, 59), Permission::Granted);
        // The first is a minute old: one more is free.
        assert_eq!(ask(&mut state, 60, 60), Permission::Granted);
        assert_eq!(ask(&mut state, 61, 61), Permission::Held { alarm: true });
        assert_eq!(ask(&mut state, 9999, 9999), Permission::Held { alarm: false });
        state = BrakeState { removals: vec![], stopped: None, released: Some(at(10_000)) };
        for _ in 0..10 {
            assert_eq!(ask(&mut state, 9999, 10_001), Permission::Granted, "it waited then");
        }
        assert_eq!(ask(&mut state, 10_002, 10_002), Permission::Granted);
        assert_eq!(ask(&mut state, 10_002, 10_002), Permission::Granted);
        assert_eq!(ask(&mut state, 10_002, 10_002), Permission::Held { alarm: true });
    }
}
