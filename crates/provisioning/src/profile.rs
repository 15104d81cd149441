//! Name and address kept as the identity provider has them, where JSM permits it.

use domain::{AuditEvent, Identity, ProfileField, Timestamp};
use serde_json::{Map, json};

use crate::ProvisioningError;
use crate::client::{Flavour, Written};
use crate::ledger::{Ledger, Profile};
use crate::links::Standing;
use crate::provisioner::Inner;

impl Inner {
    /// Whether name or address differ from what JSM has, as far as is known.
    pub(crate) fn is_outdated(&self, ledger: &Ledger, identity: &Identity) -> bool {
        ledger.profile.as_ref() != Some(&Profile::of(identity))
    }

    /// Brings name and address up to date. Data Center takes both; Cloud has no API for either, so
    /// that the difference is reported once and the account stays the same.
    pub(crate) async fn refresh_profile(
        &self,
        identity: &Identity,
        standing: &Standing,
        (now, until): (Timestamp, Timestamp),
        events: &mut Vec<AuditEvent>,
    ) -> Result<(), ProvisioningError> {
        let theirs = Profile::of(identity);
        let known = standing.ledger.profile.as_ref();
        let name = known.is_some_and(|known| known.name != theirs.name);
        let address = known.is_some_and(|known| known.address != theirs.address);
        if address {
            // A second person who brings this address from now on is another one.
            self.claim_address(identity, &standing.account, now).await?;
        }
        let mut change = Map::new();
        if name {
            change.insert("displayName".to_owned(), json!(identity.display_name));
        }
        if address {
            change.insert("emailAddress".to_owned(), json!(identity.email.as_str()));
        }
        let differ = [(name, ProfileField::Name), (address, ProfileField::Address)];
        let differ = differ.into_iter().filter(|(differs, _)| *differs).map(|(_, field)| field);
        let written = match self.client.flavour() {
            Flavour::DataCenter if !change.is_empty() => {
                self.client.update(&standing.account, change.into(), until).await? == Written::Done
            }
            _ => false,
        };
        for field in differ {
            let (jsm, account) = (self.settings.name.clone(), standing.account.clone());
            events.push(AuditEvent::ProfileChanged { jsm, account, field, written });
        }
        let note = |ledger: &mut Ledger| ledger.profile = Some(theirs.clone());
        self.records.change_ledger(&standing.account, now, note).await
    }
}
