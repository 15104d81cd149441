//! Everything that can keep a customer from being provisioned.

use domain::{AuditEvent, PersonKey};

use crate::Rule;
use crate::client::Endpoint;

/// Why a customer could not be provisioned. None holds an address, a token or a body.
#[derive(Debug, thiserror::Error)]
pub enum ProvisioningError {
    /// The store does not answer.
    #[error("the store failed")]
    Store(#[from] store::StoreError),
    /// A record of ours cannot be read or written.
    #[error("a record of links and grants cannot be read")]
    LedgerUnreadable,
    /// The proof of the second factor is another person's: a defect of ours.
    #[error("the proof of a passed factor is another person's")]
    ProofOfAnother,
    /// Another sign-in of the same customer takes too long.
    #[error("another sign-in of the same customer is under way")]
    Busy,
    /// The task ended early; the process is shutting down.
    #[error("the work was interrupted")]
    Interrupted,
    /// JSM takes the credential for none.
    #[error("JSM did not accept the credential: {how}")]
    CredentialRefused {
        /// How it showed.
        how: &'static str,
    },
    /// The credential lacks a right.
    #[error("the credential may not {}", endpoint.deed())]
    RightMissing {
        /// What was tried.
        endpoint: Endpoint,
    },
    /// JSM wants fewer calls.
    #[error("JSM throttles: may not {} yet", endpoint.deed())]
    Throttled {
        /// What was tried.
        endpoint: Endpoint,
        /// The limiter, if JSM named it.
        limiter: Option<String>,
    },
    /// No answer.
    #[error("JSM cannot be reached")]
    Unreachable(#[source] outbound::OutboundError),
    /// A server error.
    #[error("JSM failed with status {status} to {}", endpoint.deed())]
    Failing {
        /// What was tried.
        endpoint: Endpoint,
        /// Its status.
        status: u16,
    },
    /// There is no such site.
    #[error("there is no JSM at the configured site")]
    SiteUnknown,
    /// The answer is no JSON, or JSON without what it must hold.
    #[error("the answer to {} cannot be read", endpoint.deed())]
    AnswerUnreadable {
        /// What was tried.
        endpoint: Endpoint,
    },
    /// A status that nothing in Atlassian's documents explains here.
    #[error("JSM refused with status {status} to {}", endpoint.deed())]
    CallRefused {
        /// What was tried.
        endpoint: Endpoint,
        /// Its status.
        status: u16,
    },
    /// JSM takes the address for no address.
    #[error("JSM does not accept the address")]
    AddressRefused,
    /// The account is another person's.
    #[error("the account is linked to {owner}")]
    LinkedElsewhere {
        /// Whose it is.
        owner: PersonKey,
    },
    /// An account exists that no search finds.
    #[error("an account of this address exists but is not visible")]
    AccountInvisible {
        /// Whether a desk showed it as revoked.
        revoked: Revoked,
    },
    /// The address belongs to an Atlassian account.
    #[error("the address belongs to an Atlassian account")]
    AtlassianAccount,
    /// Several customers have the address.
    #[error("several customers have this address")]
    AccountAmbiguous,
    /// The linked account is gone.
    #[error("JSM no longer knows the account")]
    AccountUnknown,
    /// No such service desk.
    #[error("JSM has no service desk {desk}")]
    DeskUnknown {
        /// As the rule has it.
        desk: String,
    },
    /// There is no such organization, or it disappeared between lookup and use.
    #[error("JSM has no such organization")]
    OrganizationUnknown,
    /// A rule made as many organizations as it may in an hour.
    #[error("{rule} has made {limit} organizations within an hour")]
    TooManyOrganizations {
        /// Which.
        rule: Rule,
        /// Its limit.
        limit: usize,
    },
    /// No such group.
    #[error("Jira has no group {group}")]
    GroupUnknown {
        /// As the rule has it.
        group: String,
    },
    /// A group that takes a licence, and no rule permits that.
    #[error("the group {group} takes a licence")]
    GroupLicensed {
        /// Which.
        group: String,
    },
    /// The operator blocked the address.
    #[error("the address is blocked")]
    Blocked,
    /// The account's access was ended.
    #[error("the account's access was ended")]
    AccountEnded {
        /// Whether an administrator is asked to open it again.
        asked: bool,
    },
    /// The work takes longer than the customer waits; it goes on.
    #[error("the account is being made")]
    UnderWay,
    /// It failed half-way.
    #[error("stopped after {} finished writes", done.len())]
    HalfWay {
        /// What was done before; to be audited.
        done: Vec<AuditEvent>,
        /// What stopped it.
        #[source]
        source: Box<ProvisioningError>,
    },
}

/// Whether JSM said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// A desk lists the account as inactive.
    Shown,
    /// Nothing shows why it is not found.
    Unsaid,
}

impl ProvisioningError {
    /// Writes that were finished before the failure; they belong into the audit log.
    pub fn events(&self) -> &[AuditEvent] {
        match self {
            Self::HalfWay { done, .. } => done,
            _ => &[],
        }
    }

    /// Whether every further call would fail in the same way now.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Failing { .. }
                | Self::Throttled { .. }
                | Self::CredentialRefused { .. }
                | Self::SiteUnknown
                | Self::Store(_)
        )
    }

    /// Whether the outbox goes on by itself, so that it is worth asking again soon.
    pub fn waits(&self) -> bool {
        match self {
            Self::HalfWay { source, .. } => source.waits(),
            Self::Store(_) => false,
            Self::UnderWay | Self::Busy | Self::Interrupted => true,
            _ => self.is_outage(),
        }
    }

    /// Whether it keeps somebody from a membership alone, not from the account.
    pub(crate) fn stops_nobody(&self) -> bool {
        matches!(
            self,
            Self::TooManyOrganizations { .. }
                | Self::GroupLicensed { .. }
                | Self::GroupUnknown { .. }
        )
    }

    /// The same when what was done before has been told already.
    pub(crate) fn without_events(self) -> Self {
        match self {
            Self::HalfWay { source, .. } => source.without_events(),
            other => other,
        }
    }

    /// Keeps what was done before this happened.
    pub(crate) fn after(self, done: Vec<AuditEvent>) -> Self {
        if done.is_empty() {
            return self;
        }
        Self::HalfWay { done, source: Box::new(self) }
    }
}
