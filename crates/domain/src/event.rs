//! The facts that are audited: one variant per fact.

use serde::{Deserialize, Serialize};

use crate::{IdpName, JsmAccount, JsmName, PersonKey, Refusal, SiteName};

/// An organization in JSM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// JSM's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One fact. No secret, code, token, assertion or cookie is ever a field of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AuditEvent {
    /// The gateway serves; `configuration` is the SHA-256 of the file, in hex.
    GatewayStarted {
        /// Version of the program.
        version: String,
        /// Which file is in force.
        configuration: String,
    },
    /// The gateway stopped on purpose.
    GatewayStopped,
    /// TLS certificates were reread because their files changed.
    CertificatesReloaded {
        /// How many certificates are in use now.
        count: usize,
    },
    /// An identity provider's metadata or keys were replaced by fresh ones.
    MetadataRefreshed {
        /// Whose.
        idp: IdpName,
    },
    /// Fresh metadata or keys were not usable; the last good ones stay.
    MetadataRejected {
        /// Whose.
        idp: IdpName,
        /// Why they were not taken.
        refusal: Refusal,
    },
    /// A customer was sent to an identity provider.
    SignInStarted {
        /// Where.
        site: SiteName,
        /// To whom.
        idp: IdpName,
    },
    /// A customer is signed in and has a new session.
    SignInSucceeded {
        /// Where.
        site: SiteName,
        /// Who.
        person: PersonKey,
        /// Which account of JSM it is, where the site has a JSM.
        account: Option<JsmAccount>,
    },
    /// Somebody chose the upstream's own sign-in, as a rule allows.
    GuestAdmitted {
        /// Where.
        site: SiteName,
    },
    /// A session ended by sign-out.
    SignedOut {
        /// Where.
        site: SiteName,
        /// Whose session, unless it was a guest's.
        person: Option<PersonKey>,
    },
    /// Something was refused.
    Refused {
        /// Where, if the site was known.
        site: Option<SiteName>,
        /// Which identity provider it concerns.
        idp: Option<IdpName>,
        /// Who, if the identity was already verified.
        person: Option<PersonKey>,
        /// The cause.
        refusal: Refusal,
    },
    /// The gateway created a customer in JSM.
    CustomerCreated {
        /// In which JSM.
        jsm: JsmName,
        /// For whom.
        person: PersonKey,
        /// Its id there.
        account: JsmAccount,
    },
    /// A person was linked to an account that JSM already had.
    CustomerLinked {
        /// In which JSM.
        jsm: JsmName,
        /// Who.
        person: PersonKey,
        /// To which account.
        account: JsmAccount,
    },
    /// The customer was added to a service desk.
    DeskJoined {
        /// In which JSM.
        jsm: JsmName,
        /// Who.
        account: JsmAccount,
        /// Id of the desk.
        desk: String,
    },
    /// The gateway created an organization that a rule names.
    OrganizationCreated {
        /// In which JSM.
        jsm: JsmName,
        /// Which.
        organization: Organization,
    },
    /// An organization that the gateway created was put on a service desk.
    OrganizationAttached {
        /// In which JSM.
        jsm: JsmName,
        /// Which.
        organization: Organization,
        /// Id of the desk.
        desk: String,
    },
    /// The customer was added to an organization.
    OrganizationJoined {
        /// In which JSM.
        jsm: JsmName,
        /// Who.
        account: JsmAccount,
        /// Which.
        organization: Organization,
    },
}
