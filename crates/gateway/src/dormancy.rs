//! Customers who stay away: told that their access will end, and ended, where the operator's file
//! or an operator says so.

mod orders;

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditEvent, Identity, JsmAccount, JsmName, PersonKey};
use provisioning::{
    Contact, Deed, DormancyMode, DormancySettings, DormancyState, Dormant, Posted, Provisioner,
    ProvisioningError, Warrant,
};

use crate::context::Visit;
use crate::events;
use crate::gateway::{Gateway, Site};
use crate::mail::{Addressee, Later, Letter};
use crate::provision::in_words;

pub use orders::DormantOrder;
pub(crate) use orders::ordered;

/// How often to look whether a round is due; one that leaves nothing to do is made once a day.
const ROUND: Duration = Duration::from_secs(60 * 60);
/// After so many failures in a row a round stops.
const IN_A_ROW: usize = 3;

/// Does what the operator's file says about those who stay away.
pub(crate) async fn rounds(gateway: Arc<Gateway>) {
    let policies = || {
        gateway.provisioners.iter().filter_map(|(jsm, provisioner)| {
            Some((jsm, provisioner, provisioner.settings().dormancy.as_ref()?))
        })
    };
    if policies().next().is_none() {
        return;
    }
    loop {
        let now = gateway.clock.now();
        for (jsm, provisioner, policy) in policies() {
            if let Err(error) = round(&gateway, provisioner, policy).await {
                tracing::warn!(%jsm, %error, "customers who stay away were not seen to");
            }
        }
        gateway.clock.sleep_until(now.plus(ROUND)).await;
    }
}

/// Why somebody could not be seen to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{}", in_words(.0))]
    Provisioning(#[from] ProvisioningError),
    /// What cannot be recorded is not done again.
    #[error("{0}")]
    Unrecorded(String),
}

impl Failure {
    /// Whether it says something about this one account alone.
    fn is_theirs(&self) -> bool {
        matches!(self, Self::Provisioning(ProvisioningError::CallRefused { .. }))
    }
}

/// Failures in a row, after which everybody else would meet the same.
#[derive(Default)]
struct Trouble(usize);

impl Trouble {
    /// Whether to stop after this one.
    fn after(&mut self, done: &Result<Deed, Failure>) -> bool {
        self.0 = match done {
            Ok(_) => 0,
            Err(failure) if failure.is_theirs() => self.0,
            Err(Failure::Unrecorded(_)) => IN_A_ROW,
            Err(_) => self.0 + 1,
        };
        self.0 >= IN_A_ROW
    }
}

/// One round, by one replica: notices first, so that no end which fails keeps anybody from being told.
async fn round(
    gateway: &Gateway,
    provisioner: &Provisioner,
    policy: &DormancySettings,
) -> Result<(), ProvisioningError> {
    let now = gateway.clock.now();
    let Some(mut turn) = provisioner.dormancy_turn(now).await? else { return Ok(()) };
    let mut left = 0;
    let found = provisioner.dormant(policy, now).await?.into_iter();
    let (ends, others): (Vec<_>, Vec<_>) =
        found.partition(|dormant| matches!(dormant.state, DormancyState::Over { .. }));
    for group in [others, ends] {
        let mut trouble = Trouble::default();
        for dormant in group {
            if !provisioner.keep_turn(&mut turn).await? {
                return Ok(());
            }
            let done = match policy.mode {
                DormancyMode::ReportOnly => report(gateway, provisioner, policy, &dormant).await,
                DormancyMode::End => follow(gateway, provisioner, policy, &dormant).await,
            };
            if let Err(error) = &done {
                let jsm = &provisioner.settings().name;
                tracing::warn!(%jsm, %error, "a customer who stays away waits for a later round");
            }
            let again = done.as_ref().map_or_else(|f| !f.is_theirs(), |deed| *deed == Deed::Held);
            left += usize::from(again);
            if trouble.after(&done) {
                break;
            }
        }
    }
    provisioner.end_turn(turn, left).await
}

/// What the policy says about one of them.
async fn follow(
    gateway: &Gateway,
    provisioner: &Provisioner,
    policy: &DormancySettings,
    dormant: &Dormant,
) -> Result<Deed, Failure> {
    match dormant.state {
        DormancyState::NoticeDue => notify(gateway, provisioner, policy, &dormant.account).await,
        DormancyState::Over { .. } => {
            end(gateway, provisioner, policy, (&dormant.account, Warrant::Policy)).await
        }
        _ => Ok(Deed::Nothing),
    }
}

async fn report(
    gateway: &Gateway,
    provisioner: &Provisioner,
    policy: &DormancySettings,
    dormant: &Dormant,
) -> Result<Deed, Failure> {
    let now = gateway.clock.now();
    if let Some(event) = provisioner.report_dormant(&dormant.account, policy, now).await? {
        events::record_own(gateway, event).await;
    }
    Ok(Deed::Nothing)
}

/// Writes a notice, which counts from when the mail server has taken it.
async fn notify(
    gateway: &Gateway,
    provisioner: &Provisioner,
    policy: &DormancySettings,
    account: &JsmAccount,
) -> Result<Deed, Failure> {
    let (now, jsm) = (gateway.clock.now(), &provisioner.settings().name);
    let Some(mail) = &gateway.mail else { return Ok(Deed::Nothing) };
    let Some(due) = provisioner.due_notice(account, policy, now).await? else {
        return Ok(Deed::Nothing);
    };
    let Some(site) = site_of(gateway, jsm, &due.to) else { return Ok(Deed::Nothing) };
    let to = Addressee {
        email: due.to.email,
        name: due.to.name,
        language: due.to.language,
        site: site.settings.label.clone(),
        url: site.settings.public_url.to_string(),
    };
    let (later, receipt) = (later(provisioner, due.owner.as_ref()), due.receipt);
    let letter = Letter::StayedAway { jsm: jsm.clone(), account: account.clone(), receipt, later };
    // Noted first: a letter that is not written is missed after some days, and nobody gets two.
    provisioner.note_notice(account, receipt, Posted::Queued, now).await?;
    mail.write(&letter, &to, now).await.map_err(ProvisioningError::from)?;
    let (jsm, account) = (jsm.clone(), account.clone());
    let (last_sign_in, until) = (due.last_sign_in, receipt.until);
    let event = AuditEvent::DormancyNoticed { jsm, account, last_sign_in, until };
    events::record_own(gateway, event).await;
    Ok(Deed::Written)
}

/// What a sign-in of this person does after the end.
fn later(provisioner: &Provisioner, owner: Option<&PersonKey>) -> Later {
    match owner.is_some_and(|owner| provisioner.settings().opens_again(&owner.idp)) {
        true => Later::Opens,
        false => Later::NeedsSupport,
    }
}

/// The help center where they signed in, or another one of this JSM.
fn site_of<'a>(gateway: &'a Gateway, jsm: &JsmName, contact: &Contact) -> Option<&'a Arc<Site>> {
    let of_jsm = || gateway.sites.values().filter(|site| site.settings.jsm.as_ref() == Some(jsm));
    let same = of_jsm().find(|site| site.settings.name == contact.site);
    same.or_else(|| of_jsm().min_by_key(|site| &site.settings.name))
}

async fn end(
    gateway: &Gateway,
    provisioner: &Provisioner,
    policy: &DormancySettings,
    (account, warrant): (&JsmAccount, Warrant),
) -> Result<Deed, Failure> {
    let now = gateway.clock.now();
    let (deed, events) = provisioner.end_dormant(account, policy, warrant, now).await?;
    for event in events {
        events::record_order(gateway, event).await.map_err(Failure::Unrecorded)?;
    }
    if deed == Deed::Ended {
        provisioner.note_ended(account, gateway.clock.now()).await?;
    }
    Ok(deed)
}

/// Whether what a letter says still holds: nobody reads that they have stayed away who is back.
pub(crate) async fn stands(gateway: &Gateway, letter: &Letter) -> Result<bool, ProvisioningError> {
    let Letter::StayedAway { jsm, account, receipt, .. } = letter else { return Ok(true) };
    let Some(provisioner) = gateway.provisioners.get(jsm) else { return Ok(false) };
    provisioner.notice_stands(account, *receipt, gateway.clock.now()).await
}

/// Notes how the mail server took a letter, where that matters.
pub(crate) async fn posted(
    gateway: &Gateway,
    letter: &Letter,
    posted: Posted,
) -> Result<(), ProvisioningError> {
    let Letter::StayedAway { jsm, account, receipt, .. } = letter else { return Ok(()) };
    let Some(provisioner) = gateway.provisioners.get(jsm) else { return Ok(()) };
    provisioner.note_notice(account, *receipt, posted, gateway.clock.now()).await
}

/// Keeps how a customer is reached who has signed in, where anybody is ever written to. Nobody is kept
/// out when that fails: they are written to at the address of the sign-in before, or not at all.
pub(crate) async fn remember(
    gateway: &Gateway,
    visit: &Visit,
    identity: &Identity,
    account: Option<&JsmAccount>,
) {
    let site = &visit.site.settings;
    let provisioner = site.jsm.as_ref().and_then(|jsm| gateway.provisioners.get(jsm));
    let (Some(provisioner), Some(account), Some(_)) = (provisioner, account, &gateway.mail) else {
        return;
    };
    let contact = Contact {
        email: identity.email.clone(),
        name: identity.display_name.clone(),
        language: visit.context.language().tag().to_owned(),
        site: site.name.clone(),
    };
    if let Err(error) = provisioner.keep_contact(account, &contact, visit.context.now).await {
        tracing::warn!(%error, "the address for notices about a dormant account was not kept");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_stop_a_round_one_without_a_record_too_and_a_refused_account_never() {
        let busy = || Err(Failure::Provisioning(ProvisioningError::Busy));
        let refused = || {
            let endpoint = provisioning::Endpoint::RevokeCustomer;
            Err(Failure::Provisioning(ProvisioningError::CallRefused { endpoint, status: 400 }))
        };
        let stops = |row: Vec<Result<Deed, Failure>>| {
            let mut trouble = Trouble::default();
            row.iter().any(|done| trouble.after(done))
        };
        assert!(stops(vec![busy(), refused(), busy(), busy()]));
        assert!(!stops(vec![busy(), busy(), Ok(Deed::Ended), busy(), busy()]));
        assert!(!stops(vec![refused(), refused(), refused(), refused()]));
        assert!(stops(vec![Err(Failure::Unrecorded("the disk is full".to_owned()))]));
    }
}
