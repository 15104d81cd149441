//! Causes and remedies for the operator, notices for the customer.

use domain::{Blame, Notice, Refusal};

use crate::ProvisioningError;
use crate::error::Revoked;

impl ProvisioningError {
    /// The refusal of this error, with its stable cause.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::HalfWay { source, .. } => source.refusal(),
            Self::Store(source) => source.refusal(),
            Self::LedgerUnreadable
            | Self::ProofOfAnother
            | Self::Busy
            | Self::Interrupted
            | Self::UnderWay => self.ours(),
            Self::Blocked | Self::AccountEnded { .. } => self.of_the_block(),
            Self::LinkedElsewhere { .. }
            | Self::AccountInvisible { .. }
            | Self::AtlassianAccount
            | Self::AccountAmbiguous
            | Self::AccountUnknown
            | Self::AddressRefused => self.of_the_account(),
            _ => self.of_jsm(),
        }
    }

    fn ours(&self) -> Refusal {
        let (cause, remedy) = match self {
            Self::LedgerUnreadable => (
                "ledger-unreadable",
                "restore the records from a backup; a newer version may have written them",
            ),
            Self::ProofOfAnother => (
                "factor-proof-foreign",
                "this is a defect of the gateway: please report it with the log around this code",
            ),
            Self::Busy => (
                "provisioning-busy",
                "nothing, if it happens once; else see what JSM answers to the sign-in before",
            ),
            Self::UnderWay => (
                "provisioning-under-way",
                "nothing: the outbox goes on; see `vestibule provisioning queue` if it lasts",
            ),
            _ => ("provisioning-interrupted", "nothing: the next sign-in goes on"),
        };
        Refusal::new(cause, Blame::Us, Notice::TryAgainLater, self.to_string(), remedy)
    }

    fn of_the_block(&self) -> Refusal {
        let (cause, blame, notice, remedy) = match self {
            Self::Blocked => (
                "address-blocked",
                Blame::Operator,
                Notice::AccountEnded,
                "take the address or its domain out of `blocked` of this jsm if it may come back",
            ),
            Self::AccountEnded { asked: true } => (
                "jsm-account-revoked",
                Blame::Upstream,
                Notice::AccountAsked,
                "grant access again in JSM (no API does on Cloud): see `vestibule provisioning queue`",
            ),
            _ => (
                "jsm-account-revoked",
                Blame::Upstream,
                Notice::AccountEnded,
                "an administrator can grant access again in JSM; `reactivation` of this jsm says what a sign-in may do",
            ),
        };
        Refusal::new(cause, blame, notice, self.to_string(), remedy)
    }

    fn of_the_account(&self) -> Refusal {
        let (cause, blame, notice, remedy) = match self {
            Self::LinkedElsewhere { owner } => (
                "account-linked-elsewhere",
                Blame::Operator,
                Notice::AccountLinkedElsewhere,
                format!(
                    "if both are one customer, name this person and {owner} together in `links` of this jsm; else give each an address of its own"
                ),
            ),
            Self::AtlassianAccount => (
                "jsm-atlassian-account",
                Blame::Upstream,
                Notice::AtlassianAccount,
                "somebody with an Atlassian account signs in at Atlassian, not as a portal-only customer; send such addresses to `upstream_login`, or let an administrator change the account".to_owned(),
            ),
            Self::AccountInvisible { revoked: Revoked::Shown } => (
                "jsm-account-revoked",
                Blame::Upstream,
                Notice::AccountUnusable,
                "an administrator can grant access again under Portal-only customers; no API does".to_owned(),
            ),
            Self::AccountInvisible { revoked: Revoked::Unsaid } => (
                "jsm-account-invisible",
                Blame::Upstream,
                Notice::AccountUnusable,
                "look the address up under Portal-only customers and among the Atlassian accounts: access was revoked, or it is an Atlassian account with a hidden address; if it is new, the next sign-in finds it".to_owned(),
            ),
            Self::AccountAmbiguous => (
                "jsm-account-ambiguous",
                Blame::Upstream,
                Notice::AccountUnusable,
                "delete or rename all customers of this address but one".to_owned(),
            ),
            Self::AddressRefused => (
                "jsm-address-refused",
                Blame::IdentityProvider,
                Notice::AccountUnusable,
                "give the person an address that JSM accepts, or map another claim to `email`".to_owned(),
            ),
            _ => (
                "jsm-account-unknown",
                Blame::Upstream,
                Notice::AccountUnusable,
                "the account that this person was linked to was deleted in JSM".to_owned(),
            ),
        };
        Refusal::new(cause, blame, notice, self.to_string(), remedy)
    }

    fn of_jsm(&self) -> Refusal {
        let (cause, blame, remedy) = match self {
            Self::CredentialRefused { .. } => (
                "jsm-credential-refused",
                Blame::Operator,
                "make a new token (Atlassian's expire after a year at most) and put it into the file; a classic token works at the site's own address, a scoped one needs `scoped: true`; `vestibule check --online` tries it out".to_owned(),
            ),
            Self::RightMissing { endpoint } => (
                "jsm-right-missing",
                Blame::Operator,
                format!("give the owner of the token this right: {}", endpoint.right()),
            ),
            Self::Throttled { .. } => (
                "jsm-throttled",
                Blame::Upstream,
                "nothing, if it happens seldom: sign-ins go on once JSM allows; else find who else calls this site".to_owned(),
            ),
            Self::Unreachable(source) => (
                "jsm-unreachable",
                Blame::Upstream,
                format!("{source}; see whether `site` can be reached from this machine"),
            ),
            Self::Failing { .. } => (
                "jsm-failing",
                Blame::Upstream,
                "see https://status.atlassian.com; sign-ins go on once JSM answers".to_owned(),
            ),
            Self::SiteUnknown => (
                "jsm-site-unknown",
                Blame::Operator,
                "set `site` to the address at atlassian.net; custom domains do not serve the API".to_owned(),
            ),
            Self::DeskUnknown { .. } => (
                "jsm-desk-unknown",
                Blame::Operator,
                "correct the id under `desks`, or make the owner of the token an administrator of that project: a desk that one may not see is unknown too".to_owned(),
            ),
            Self::OrganizationUnknown => (
                "jsm-organization-unknown",
                Blame::Operator,
                "make the organization in JSM, correct its id or name, or set `create: true` in the rule".to_owned(),
            ),
            Self::TooManyOrganizations { .. } => (
                "jsm-organizations-too-many",
                Blame::Operator,
                "see which values came (`vestibule explain`), tighten `allow`, or raise `create_per_hour`".to_owned(),
            ),
            Self::GroupUnknown { .. } => (
                "jsm-group-unknown",
                Blame::Operator,
                "make the group in Jira, or correct its name under `groups`".to_owned(),
            ),
            Self::GroupLicensed { .. } => (
                "jsm-group-licensed",
                Blame::Operator,
                "take the group out of the rule, or set `licensed: true` there if its members shall take licences".to_owned(),
            ),
            Self::CallRefused { .. } => (
                "jsm-call-refused",
                Blame::Upstream,
                "see whether Atlassian changed this operation, and whether a proxy stands in between".to_owned(),
            ),
            _ => (
                "jsm-answer-unreadable",
                Blame::Upstream,
                "see whether `site` is a Jira Cloud site and nothing between here and there rewrites answers".to_owned(),
            ),
        };
        Refusal::new(cause, blame, Notice::SupportUnavailable, self.to_string(), remedy)
    }
}
