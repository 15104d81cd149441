//! Finds or creates the account of an address.

use domain::{Identity, JsmAccount, Timestamp};

use crate::ProvisioningError;
use crate::client::{Client, Creation, Flavour, Found, OnDesk};
use crate::error::Revoked;

/// Searches after a conflict: with pauses of up to 0.5, 1, 2, 4 and 8 seconds between them.
const SEARCHES: u32 = 6;

/// Where an account comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Created,
    Found,
    /// Found, and its access was ended.
    Ended,
}

/// The one account of the identity's address. `desks` are searched too where the global search
/// does not find what must exist.
pub(crate) async fn find_or_create(
    client: &Client,
    identity: &Identity,
    desks: &[&str],
    until: Timestamp,
) -> Result<(JsmAccount, Origin), ProvisioningError> {
    match client.find(&identity.email, until).await? {
        Found::Customer(account) => return Ok((account, Origin::Found)),
        Found::Ended(account) => return Ok((account, Origin::Ended)),
        Found::Atlassian => return Err(ProvisioningError::AtlassianAccount),
        // It may merely be named like the address; a conflict will tell.
        Found::HiddenAtlassian | Found::Nobody => {}
    }
    match client.create(&identity.email, &identity.display_name, until).await? {
        Creation::Created(account) => Ok((account, Origin::Created)),
        Creation::Conflict => find_after_conflict(client, identity, desks, until).await,
        // Data Center has no word of its own for an address that is taken.
        Creation::Refused => match client.find(&identity.email, until).await? {
            Found::Customer(account) => Ok((account, Origin::Found)),
            Found::Ended(account) => Ok((account, Origin::Ended)),
            Found::Atlassian => Err(ProvisioningError::AtlassianAccount),
            Found::HiddenAtlassian | Found::Nobody => Err(ProvisioningError::AddressRefused),
        },
    }
}

/// The account exists but was not found: the index lags, access was revoked, or it is an Atlassian
/// account.
async fn find_after_conflict(
    client: &Client,
    identity: &Identity,
    desks: &[&str],
    until: Timestamp,
) -> Result<(JsmAccount, Origin), ProvisioningError> {
    let mut hidden = false;
    for trial in 0..SEARCHES {
        match client.find(&identity.email, until).await? {
            Found::Customer(account) => return Ok((account, Origin::Found)),
            Found::Ended(account) => return Ok((account, Origin::Ended)),
            Found::Atlassian => return Err(ProvisioningError::AtlassianAccount),
            Found::HiddenAtlassian => hidden = true,
            Found::Nobody => {}
        }
        if trial == 0 {
            match search_desks(client, identity, desks, until).await {
                OnDesk::Active(account) => return Ok((account, Origin::Found)),
                OnDesk::Revoked => {
                    return Err(ProvisioningError::AccountInvisible { revoked: Revoked::Shown });
                }
                OnDesk::Nobody => {}
            }
        }
        // A hidden address stays hidden: waiting does not help.
        if hidden || !client.pause(trial, until).await {
            break;
        }
    }
    if hidden {
        return Err(ProvisioningError::AtlassianAccount);
    }
    Err(ProvisioningError::AccountInvisible { revoked: Revoked::Unsaid })
}

/// A help only: the operation is experimental, and its failure decides nothing.
async fn search_desks(
    client: &Client,
    identity: &Identity,
    desks: &[&str],
    until: Timestamp,
) -> OnDesk {
    if client.flavour() == Flavour::DataCenter {
        return OnDesk::Nobody;
    }
    for desk in desks {
        match client.find_on_desk(desk, &identity.email, until).await {
            Ok(OnDesk::Nobody) => {}
            Ok(found) => return found,
            Err(error) => tracing::debug!(%error, "a desk could not be searched"),
        }
    }
    OnDesk::Nobody
}
