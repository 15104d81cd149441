//! The customer in JSM: what the rules give somebody ([`wanted`]), what is missing ([`plan()`]), and
//! the calls that bring it about ([`Provisioner`]).
//!
//! It writes to JSM only with a [`login::FactorPassed`] in hand. It does not decide who somebody
//! is, opens no session, removes nothing in JSM, and writes no audit record itself: it hands back
//! the events.
//!
//! Invariants: a person is (IdP, subject), linked to one account; an account belongs to one person
//! unless `links` joins several; nothing is called for a person whom JSM already knows as the rules
//! say; every finished write is in the ledger before the next begins, so that a crash between two
//! steps is taken up where it happened; organizations that a SCIM directory owns are never written.
//! Addresses are stored as SHA-256 only.
//!
//! The order of the records of one link: account claim, address claim, link. The claims are set
//! only if absent, so that of two persons one loses, whatever the timing; the link comes last and
//! is what makes a person known.
//!
//! Start at [`Provisioner::provision`].

mod account;
mod cloud;
mod error;
mod flight;
mod grants;
mod hash;
mod ledger;
mod links;
mod organizations;
mod plan;
mod provisioner;
mod refusal;
mod settings;

pub use cloud::Endpoint;
pub use error::{ProvisioningError, Revoked};
pub use plan::{Known, Operation, Rule, Wanted, WantedDesk, WantedOrganization, plan, wanted};
pub use provisioner::{Provisioned, Provisioner};
pub use settings::{DeskRule, JsmCloud, JsmSettings, OrganizationRule};
