//! The facts that are audited: one variant per fact.

use serde::{Deserialize, Serialize};

use crate::{FactorKind, IdpName, JsmAccount, JsmName, PersonKey, Refusal, SiteName, Timestamp};

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
    /// A rule of `sign_in` that only reports would have sent somebody who signs in now another way, or
    /// kept them out.
    SignInReported {
        /// Where.
        site: SiteName,
        /// Who.
        person: PersonKey,
        /// Line of the rule that would have decided.
        line: Option<usize>,
        /// What the rules say now, in the words of the file, such as `choose`.
        present: String,
        /// What they would say, such as `use acme`.
        would: String,
    },
    /// Somebody chose the upstream's own sign-in, as a rule allows.
    GuestAdmitted {
        /// Where.
        site: SiteName,
        /// The identity provider that did not answer, when that is why.
        instead_of: Option<IdpName>,
    },
    /// A session ended by sign-out.
    SignedOut {
        /// Where.
        site: SiteName,
        /// Whose session, unless it was a guest's.
        person: Option<PersonKey>,
    },
    /// An identity provider ended sessions of its people, by logout token or LogoutRequest.
    SessionsEndedByProvider {
        /// Which.
        idp: IdpName,
        /// How many sessions that were.
        count: usize,
    },
    /// An operator revoked sessions and sign-ins under way that began before.
    SessionsRevoked {
        /// Whose, in the words of the order, such as `idp acme`.
        whose: String,
        /// How many sessions were found just before.
        found: usize,
    },
    /// An operator disabled an identity provider of the file, or enabled it again.
    IdpSwitched {
        /// Which.
        idp: IdpName,
        /// Whether it may sign in people from now on.
        enabled: bool,
    },
    /// An operator gave records their id, or wrote all of them to a file or back.
    StoreOrdered {
        /// `init`, `backup` or `restore`.
        order: String,
        /// The file, where there is one.
        file: Option<String>,
    },
    /// An operator had everything in the store sealed with the sealing key in use.
    StoreResealed {
        /// How many records that changed.
        anew: usize,
        /// How many none of the keys opens.
        unreadable: usize,
    },
    /// What the identity provider said when a customer signed out there too.
    ProviderSignOut {
        /// Where.
        site: SiteName,
        /// Which.
        idp: IdpName,
        /// Whether it confirmed that its own session has ended.
        ended: bool,
    },
    /// An operator made a link that lets one person in without an identity provider.
    BreakGlassIssued {
        /// Where.
        site: SiteName,
        /// Who may use it.
        person: PersonKey,
        /// Until when link and session last.
        until: Timestamp,
    },
    /// Such a link was used.
    BreakGlassUsed {
        /// Where.
        site: SiteName,
        /// Who is in.
        person: PersonKey,
        /// Until when.
        until: Timestamp,
    },
    /// An operator tried an identity provider out; nothing was written and nobody signed in.
    ConnectionTested {
        /// Which.
        idp: IdpName,
        /// Whether a sign-in would have succeeded.
        succeeded: bool,
    },
    /// Our own keys were reread because they were staged, activated or retired.
    KeysReloaded {
        /// How many keys of each kind are accepted now.
        sealing: usize,
        /// Of the identity assertion.
        assertion: usize,
        /// Of SAML.
        saml: usize,
    },
    /// A certificate that an identity provider or we sign with ends soon or has ended.
    CertificateExpiring {
        /// Whose; `None`: our own.
        idp: Option<IdpName>,
        /// When it ends.
        until: Timestamp,
    },
    /// A form that met an ended session is kept until its customer has signed in again. Never what
    /// it says.
    RequestParked {
        /// Where.
        site: SiteName,
        /// Whose it is.
        person: PersonKey,
        /// How large its body is.
        bytes: u64,
        /// Until when it is kept.
        until: Timestamp,
    },
    /// Its customer had a parked request sent on.
    RequestResumed {
        /// Where.
        site: SiteName,
        /// Whose it is.
        person: PersonKey,
        /// How large its body is.
        bytes: u64,
        /// When it was parked.
        parked: Timestamp,
    },
    /// Its customer had a parked request deleted.
    RequestDiscarded {
        /// Where.
        site: SiteName,
        /// Whose it was.
        person: PersonKey,
        /// When it was parked.
        parked: Timestamp,
    },
    /// Nobody came for a parked request in time.
    RequestExpired {
        /// Where.
        site: SiteName,
        /// Whose it was.
        person: PersonKey,
        /// When it was parked.
        parked: Timestamp,
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
        /// The rule that asked for it, as `desks[0]`.
        #[serde(default)]
        rule: Option<String>,
    },
    /// The gateway created an organization that a rule names.
    OrganizationCreated {
        /// In which JSM.
        jsm: JsmName,
        /// Which.
        organization: Organization,
        /// The rule that asked for it, as `desks[0]`.
        #[serde(default)]
        rule: Option<String>,
    },
    /// An organization that the gateway created was put on a service desk.
    OrganizationAttached {
        /// In which JSM.
        jsm: JsmName,
        /// Which.
        organization: Organization,
        /// Id of the desk.
        desk: String,
        /// The rule that asked for it, as `desks[0]`.
        #[serde(default)]
        rule: Option<String>,
    },
    /// The customer was added to an organization.
    OrganizationJoined {
        /// In which JSM.
        jsm: JsmName,
        /// Who.
        account: JsmAccount,
        /// Which.
        organization: Organization,
        /// The rule that asked for it, as `desks[0]`.
        #[serde(default)]
        rule: Option<String>,
    },
    /// The customer was added to a group of Jira.
    GroupJoined {
        /// In which JSM.
        jsm: JsmName,
        /// Who.
        account: JsmAccount,
        /// Its name.
        group: String,
        /// The rule that asked for it.
        rule: Option<String>,
    },
    /// What the gateway had granted was taken back.
    DeskLeft {
        /// In which JSM.
        jsm: JsmName,
        /// Who.
        account: JsmAccount,
        /// Id of the desk.
        desk: String,
        /// The rule that had asked for it.
        rule: Option<String>,
    },
    /// What the gateway had granted was taken back.
    OrganizationLeft {
        /// In which JSM.
        jsm: JsmName,
        /// Who.
        account: JsmAccount,
        /// Which.
        organization: Organization,
        /// The rule that had asked for it.
        rule: Option<String>,
    },
    /// What the gateway had granted was taken back.
    GroupLeft {
        /// In which JSM.
        jsm: JsmName,
        /// Who.
        account: JsmAccount,
        /// Its name.
        group: String,
        /// The rule that had asked for it.
        rule: Option<String>,
    },
    /// Removals stopped: there were too many in a short time.
    RemovalsStopped {
        /// In which JSM.
        jsm: JsmName,
        /// How many are permitted.
        limit: usize,
    },
    /// An operator ordered removals on.
    RemovalsReleased {
        /// In which JSM.
        jsm: JsmName,
    },
    /// A claim that rules read stopped coming; what they gave stays.
    ClaimMissing {
        /// In which JSM.
        jsm: JsmName,
        /// Whose claim.
        idp: IdpName,
        /// Its name, or `groups`.
        claim: String,
        /// The rule that reads it.
        rule: String,
    },
    /// An account whose access was ended was opened again by a sign-in.
    CustomerReactivated {
        /// In which JSM.
        jsm: JsmName,
        /// Whose.
        person: PersonKey,
        /// Which.
        account: JsmAccount,
    },
    /// An operator's file made a customer who has not signed in yet.
    CustomerPreloaded {
        /// In which JSM.
        jsm: JsmName,
        /// Its id there.
        account: JsmAccount,
        /// The order, by the hash of its file.
        order: String,
    },
    /// An operator orders that customers who stay away lose access, with or without a notice.
    DormantOrdered {
        /// In which JSM.
        jsm: JsmName,
        /// For how many days they must have stayed away.
        days: u64,
        /// Whether they need no notice.
        without_notice: bool,
    },
    /// A customer who stays away was written to that their access will end.
    DormancyNoticed {
        /// In which JSM.
        jsm: JsmName,
        /// Which account.
        account: JsmAccount,
        /// When it was last signed in to.
        last_sign_in: Timestamp,
        /// The earliest end.
        until: Timestamp,
    },
    /// What `dormancy` would have done, were it not to report only.
    DormancyReported {
        /// In which JSM.
        jsm: JsmName,
        /// Which account.
        account: JsmAccount,
        /// What.
        would: DormancyStep,
        /// When it was last signed in to.
        last_sign_in: Timestamp,
    },
    /// A customer's access was ended, because they stayed away.
    CustomerEnded {
        /// In which JSM.
        jsm: JsmName,
        /// Which account.
        account: JsmAccount,
        /// When it was last signed in to.
        last_sign_in: Option<Timestamp>,
        /// When the mail server took the notice; `None`: an operator's order needed none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<Timestamp>,
        /// The rule in the operator's file; `None`: an operator's order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// An organization that an operator's file had made was deleted again.
    OrganizationDeleted {
        /// In which JSM.
        jsm: JsmName,
        /// Which.
        organization: Organization,
    },
    /// Name or address of a customer changed at the identity provider.
    ProfileChanged {
        /// In which JSM.
        jsm: JsmName,
        /// Whose.
        account: JsmAccount,
        /// What changed.
        field: ProfileField,
        /// Whether JSM has it now, too; where it takes none, an administrator has to change it.
        written: bool,
    },
    /// A person passed a second factor, in a sign-in or in a session that went on.
    FactorPassed {
        /// Where.
        site: SiteName,
        /// Who.
        person: PersonKey,
        /// What stood for it; `none`: a rule lets the person put it off, and they did.
        factor: FactorKind,
        /// Whether a session went on with it.
        stepped_up: bool,
    },
    /// A rule of `second_factor` that only reports would have demanded a factor.
    FactorReported {
        /// Where.
        site: SiteName,
        /// Of whom.
        person: PersonKey,
        /// Lines of the rules in the operator's file.
        lines: Vec<usize>,
    },
    /// A person enrolled a second factor, or replaced it.
    FactorEnrolled {
        /// Where.
        site: SiteName,
        /// Who.
        person: PersonKey,
    },
    /// A recovery code was used up.
    RecoveryCodeUsed {
        /// Where.
        site: SiteName,
        /// Whose.
        person: PersonKey,
        /// How many are left.
        left: usize,
    },
    /// A person made new recovery codes; the old ones are dead.
    RecoveryCodesRenewed {
        /// Where.
        site: SiteName,
        /// Who.
        person: PersonKey,
    },
    /// A person trusts a browser.
    BrowserTrusted {
        /// Where.
        site: SiteName,
        /// Who.
        person: PersonKey,
        /// Until when.
        until: Timestamp,
    },
    /// A person trusts a browser no more.
    BrowserForgotten {
        /// Where.
        site: SiteName,
        /// Who.
        person: PersonKey,
    },
    /// Somebody who has no factor at hand asked for a reset.
    FactorResetRequested {
        /// Where.
        site: SiteName,
        /// Whose factor.
        person: PersonKey,
        /// When it takes place unless a factor is passed before.
        due: Timestamp,
    },
    /// The owner withdrew a reset that somebody had asked for.
    FactorResetWithdrawn {
        /// Where.
        site: SiteName,
        /// Whose factor.
        person: PersonKey,
    },
    /// A factor was reset: secret, recovery codes and trusted browsers are dead, sessions ended.
    FactorReset {
        /// Whose.
        person: PersonKey,
        /// An operator's reason; `None`: the person asked for it, and the delay is over.
        reason: Option<String>,
    },
    /// Strangers guess at one person's second factor: somebody knows the password at the identity
    /// provider. Said at ten guesses and at each doubling.
    FactorGuessing {
        /// Whose factor.
        person: PersonKey,
        /// From which network the last guess came.
        network: String,
        /// How many guesses there were in places that are not known to be the person's.
        guesses: u32,
    },
}

/// What a customer is called or reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    /// The name to show.
    Name,
    /// The e-mail address.
    Address,
}

/// What is done about somebody who stays away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DormancyStep {
    /// They are written to.
    Notice,
    /// Their access ends.
    End,
}
