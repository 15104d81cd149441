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
            Self::LedgerUnreadable | Self::ProofOfAnother | Self::Busy | Self::Interrupted => {
                self.ours()
            }
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
            _ => ("provisioning-interrupted", "nothing: the next sign-in goes on"),
        };
        Refusal::new(cause, Blame::Us, Notice::TryAgainLater, self.to_string(), remedy)
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
                Notice::AccountUnusable,
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
                "make a new API token for the configured `email` (tokens expire after a year at most), put it into `token`; a classic token, not a scoped one, works at the site's own address".to_owned(),
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
                Blame::Upstream,
                "nothing: the next sign-in looks it up again".to_owned(),
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
