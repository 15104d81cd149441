//! What an operator orders about customers who stay away.

use std::time::Duration;

use domain::{AuditEvent, JsmName};
use provisioning::{DormancyMode, DormancySettings, Dormant, Provisioner, Warrant};
use serde::{Deserialize, Serialize};

use super::{Trouble, end, notify};
use crate::events;
use crate::gateway::Gateway;
use crate::provision::{in_words, one};

/// What holds for an operator's order where the file says nothing.
const AFTER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const NOTICE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What an operator wants done about customers who stay away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DormantOrder {
    /// They are listed.
    List,
    /// Those who had none get a notice.
    Notify,
    /// Those whose notice is over lose access.
    End,
    /// Those who have stayed away for long enough lose access, told or not.
    EndWithoutNotice,
}

/// Lists those who stay away, and does what an operator orders.
pub(crate) async fn ordered(
    gateway: &Gateway,
    jsm: Option<&JsmName>,
    days: Option<u32>,
    order: DormantOrder,
) -> Result<Vec<Dormant>, String> {
    let (jsm, provisioner) = one(gateway, jsm)?;
    let policy = policy_of(provisioner, days, order)?;
    if order == DormantOrder::Notify && gateway.mail.is_none() {
        return Err("nobody can be written to: the file has no `mail`".to_owned());
    }
    let warrant = match order {
        DormantOrder::End => Some(Warrant::Order),
        DormantOrder::EndWithoutNotice => Some(Warrant::OrderWithoutNotice),
        DormantOrder::List | DormantOrder::Notify => None,
    };
    if let Some(warrant) = warrant {
        let without_notice = warrant == Warrant::OrderWithoutNotice;
        let days = policy.after.as_secs() / DAY.as_secs();
        // What cannot be recorded is not ordered.
        let event = AuditEvent::DormantOrdered { jsm: jsm.clone(), days, without_notice };
        events::record_order(gateway, event).await?;
    }
    let found = provisioner.dormant(&policy, gateway.clock.now()).await;
    let mut found = found.map_err(|error| in_words(&error))?;
    let mut trouble = Trouble::default();
    for dormant in &mut found {
        let done = match warrant {
            Some(warrant) => end(gateway, provisioner, &policy, (&dormant.account, warrant)).await,
            None if order == DormantOrder::Notify => {
                notify(gateway, provisioner, &policy, &dormant.account).await
            }
            None => continue,
        };
        let stop = trouble.after(&done);
        match done {
            Ok(deed) => dormant.done = deed,
            Err(failure) => dormant.failed = Some(failure.to_string()),
        }
        if stop {
            break;
        }
    }
    Ok(found)
}

/// The file's policy with an operator's days.
fn policy_of(
    provisioner: &Provisioner,
    days: Option<u32>,
    order: DormantOrder,
) -> Result<DormancySettings, String> {
    let usual =
        DormancySettings { after: AFTER, notice: NOTICE, mode: DormancyMode::End, except: vec![] };
    let said = provisioner.settings().dormancy.clone().unwrap_or(usual);
    let Some(days) = days else { return Ok(said) };
    let after = DAY.saturating_mul(days);
    if after.is_zero() {
        return Err("everybody has stayed away for 0 days".to_owned());
    }
    if after >= said.notice.saturating_add(DAY) {
        return Ok(DormancySettings { after, ..said });
    }
    match order {
        DormantOrder::List | DormantOrder::EndWithoutNotice => {
            Ok(DormancySettings { after, notice: Duration::ZERO, ..said })
        }
        DormantOrder::Notify | DormantOrder::End => {
            let notice = said.notice.as_secs() / DAY.as_secs();
            Err(format!("there is no time for the notice of {notice} days: give more --days"))
        }
    }
}
