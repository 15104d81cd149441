//! Customers who stay away: told that their access will end, and ended, where the operator's file
//! or an operator says so.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditEvent, Identity, JsmAccount, JsmName, PersonKey};
use provisioning::{
    Contact, Deed, DormancyMode, DormancySettings, DormancyState, Dormant, Posted, Provisioner,
    ProvisioningError, Warrant,
};
use serde::{Deserialize, Serialize};

use crate::context::Visit;
use crate::events;
use crate::gateway::{Gateway, Site};
use crate::mail::{Addressee, Later, Letter};
use crate::provision::{in_words, one};

/// How often to look whether a round is due; one that leaves nothing to do is made once a day.
const ROUND: Duration = Duration::from_secs(60 * 60);
/// What holds for an operator's order where the file says nothing.
const AFTER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const NOTICE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// After so many failures in a row a round stops.
const IN_A_ROW: usize = 3;
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
