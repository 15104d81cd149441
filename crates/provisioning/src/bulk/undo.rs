//! Taking an order back: exactly what it did, and nothing that somebody else wanted meanwhile.

use super::{Order, RowOutcome, Work};
use crate::ProvisioningError;
use crate::client::Written;
use crate::ledger::Ledger;
use crate::provisioner::Inner;

impl Work<'_> {
    pub(super) async fn undo(&mut self) -> Result<(), ProvisioningError> {
        let flight = self.inner.flights.enter(vec![crate::hash::address(&self.row.email)]).await?;
        let result = self.undo_alone().await;
        self.inner.flights.leave(flight).await;
        result
    }

    async fn undo_alone(&mut self) -> Result<(), ProvisioningError> {
        let (inner, now) = (self.inner, self.now);
        let Some(account) = self.account_on_record().await? else { return Ok(()) };
        let Some(ledger) = inner.records.ledger(&account, now).await? else { return Ok(()) };
        let order = self.order.to_string();
        let ours = ledger.grants.iter().filter(|grant| grant.order.as_ref() == Some(&order));
        // What a rule wants, too, stays for the rule.
        let (shared, ours): (Vec<_>, Vec<_>) =
            ours.cloned().partition(|grant| !grant.persons.is_empty());
        for grant in &ours {
            inner.take_back(&grant.place, &account, self.until()).await?;
            self.done.push(format!("leave {}", grant.place));
            let rule = self.rule().to_string();
            self.events.push(inner.left(grant.place.clone(), account.clone(), rule));
        }
        let forget = |ledger: &mut Ledger| {
            ours.iter().for_each(|grant| ledger.remove(&grant.place));
            let kept =
                ledger.grants.iter_mut().filter(|g| shared.iter().any(|s| s.place == g.place));
            kept.for_each(|grant| grant.order = None);
        };
        inner.records.change_ledger(&account, now, forget).await?;
        let made_here = ledger.order.as_ref() == Some(&order) && ledger.owner.is_none();
        let left = ledger.grants.len() > ours.len();
        if !made_here || left {
            return Ok(());
        }
        match inner.client.delete(&account, self.until()).await {
            Ok(Written::Done | Written::PlaceUnknown) => {
                self.done.push(format!("delete {}", self.row.email));
            }
            // Deleting needs more rights than creating.
            Ok(Written::AccountUnknown) | Err(ProvisioningError::RightMissing { .. }) => {
                inner.client.revoke(&account, self.until()).await?;
                self.done.push(format!("end the access of {}", self.row.email));
            }
            Err(error) => return Err(error),
        }
        inner.records.forget_account(&account, &self.row.email).await
    }
}

/// Deletes the organizations that an order made, if nobody is in them.
pub(super) async fn organizations(
    inner: &Inner,
    order: &Order,
    names: &[String],
) -> Result<RowOutcome, ProvisioningError> {
    let now = inner.clock.now();
    let until = now.plus(super::PATIENCE);
    let mut outcome = RowOutcome { line: 0, done: vec![], failed: None, events: vec![] };
    for name in names {
        let Some(named) = inner.records.organization(name, now).await? else { continue };
        let (Some(id), true) = (&named.id, named.order.as_ref() == Some(&order.to_string())) else {
            continue;
        };
        if !inner.client.members(id, until).await?.is_empty() {
            continue;
        }
        inner.client.delete_organization(id, until).await?;
        inner
            .organizations
            .forget(&inner.records, &crate::OrganizationKey::Name(name.clone()), now)
            .await?;
        inner.records.forget_organization(name).await?;
        outcome.done.push(format!("delete organization {name}"));
        let organization = domain::Organization { id: id.clone(), name: name.clone() };
        let jsm = inner.settings.name.clone();
        outcome.events.push(domain::AuditEvent::OrganizationDeleted { jsm, organization });
    }
    Ok(outcome)
}
