//! The customer in JSM: what the rules give somebody ([`wanted`]), what is missing or too much
//! ([`plan()`]), and the calls that bring it about ([`Provisioner`]), on JSM Cloud and Data Center.
//!
//! A sign-in writes to JSM only with a [`login::FactorPassed`] in hand; everything else is written by
//! the outbox ([`Provisioner::drain`]) or by an operator's order. It does not decide who somebody is,
//! opens no session, and writes no audit record itself: it hands back the events.
//!
//! Invariants: a person is (IdP, subject), linked to one account; an account belongs to one person
//! unless `links` joins several; nothing is called for a person whom JSM already knows as the rules
//! say; what is to be done is in the outbox before it begins, and every finished write is in the
//! ledger before the next begins, so that a crash between two steps is taken up where it happened;
//! only what the ledger holds is removed, never because a claim is missing, and never more than the
//! brake permits; organizations that a SCIM directory owns are never written; nobody's access ends for
//! staying away but after a notice that the mail server took. Names of records hold addresses as
//! SHA-256 alone; addresses to write to, and those in the outbox, are sealed.
//!
//! The order of the records of one link: account claim, address claim, link. The claims are set
//! only if absent, so that of two persons one loses, whatever the timing; the link comes last and
//! is what makes a person known.
//!
//! Start at [`Provisioner::provision`].

mod account;
mod brake;
mod bulk;
mod client;
mod dormancy;
mod dormant;
mod drain;
mod drift;
mod error;
mod flight;
mod grants;
mod hash;
mod lease;
mod ledger;
mod links;
mod organizations;
mod outbox;
mod outlook;
mod plan;
mod probe;
mod profile;
mod provisioner;
mod reactivation;
mod records;
mod refusal;
mod rules;
mod settings;
mod sharing;
mod whom;

pub use bulk::{Act, Order, Row, RowOutcome, RowProblem, rows};
pub use client::Endpoint;
pub use dormancy::{
    Contact, DormancyMode, DormancySettings, DormancyState, Posted, Receipt, Warrant,
};
pub use dormant::{Deed, DormancyTurn, Dormant, DueNotice};
pub use drain::{Drained, Progress, Queue};
pub use drift::{Drift, Order as DriftOrder};
pub use error::{ProvisioningError, Revoked};
pub use outbox::Waiting;
pub use outlook::{Account, Outlook};
pub use plan::{Grant, Known, Operation, Place, Plan, plan};
pub use probe::{Finding, probe};
pub use provisioner::{Provisioned, Provisioner};
pub use reactivation::Task;
pub use records::SEALED;
pub use rules::{
    Creation, Judged, Rule, Verdict, Wanted, WantedDesk, WantedGroup, WantedOrganization, wanted,
};
pub use settings::{
    AddressPattern, BrakeSettings, CloudCredential, Conduct, DataCenterCredential, DeskRule,
    GroupGift, GroupRule, JsmCloud, JsmDataCenter, JsmSettings, JsmSite, Matching,
    OrganizationGift, OrganizationKey, OrganizationRule, Origin, Reactivation, Source, SyncMode,
};
pub use sharing::{Creating, Sharing, SharingMode};
pub use whom::{ClaimTest, Otherwise, PatternError, Rename, TextPattern, WholePattern, Whom};
