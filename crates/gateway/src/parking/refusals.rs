//! Why a form is not kept, or not sent.

use domain::{Blame, Notice, Refusal};
use session::{ParkError, ParkedLimits, ParkedState};
use store::StoreError;

/// Why a form is not kept.
#[derive(Debug)]
pub(super) enum NotKept {
    /// Larger than one may be, or no room.
    Park(ParkError),
    /// The browser did not send all of it.
    Incomplete,
    /// A defect.
    Failed,
}

impl From<ParkError> for NotKept {
    fn from(error: ParkError) -> Self {
        Self::Park(error)
    }
}

impl From<StoreError> for NotKept {
    fn from(error: StoreError) -> Self {
        Self::Park(error.into())
    }
}

/// Why a form is not kept; nothing of it is.
pub(super) fn not_kept(reason: &NotKept, limits: &ParkedLimits) -> Refusal {
    let (cause, blame, notice, remedy) = match reason {
        NotKept::Park(ParkError::TooLarge(_)) => (
            "parked-too-large",
            Blame::Customer,
            Notice::FormTooLarge,
            "raise `parking.request` if customers attach larger files",
        ),
        NotKept::Park(ParkError::PersonFull(_)) => (
            "parked-person-full",
            Blame::Customer,
            Notice::FormNotKept,
            "nothing to mend for one person; raise `parking.person` if it is many",
        ),
        NotKept::Park(ParkError::AllFull(_)) => (
            "parked-all-full",
            Blame::Operator,
            Notice::FormNotKept,
            "raise `parking.all` if the store has room, or shorten `parking.keep`",
        ),
        NotKept::Park(ParkError::Store(_)) => (
            "parked-store-unavailable",
            Blame::Us,
            Notice::FormNotKept,
            "look at the store: `/readyz` turns ready by itself once it answers",
        ),
        NotKept::Incomplete => (
            "request-body-incomplete",
            Blame::Customer,
            Notice::FormNotKept,
            "nothing to mend: the browser or the network stopped during an upload",
        ),
        NotKept::Failed => (
            "parked-failed",
            Blame::Us,
            Notice::FormNotKept,
            "this is a defect of the gateway: please report it with the log around this code",
        ),
    };
    let explanation = match reason {
        NotKept::Park(error) => error.to_string(),
        NotKept::Incomplete => format!("a form of at most {} bytes broke off", limits.request),
        NotKept::Failed => "keeping a form ended without a result".to_owned(),
    };
    Refusal::new(cause, blame, notice, explanation, remedy)
}

/// Why a parked request in this state is not sent; `None`: it can be.
pub(super) fn state(state: ParkedState) -> Option<Refusal> {
    let nothing = "nothing to mend for a Back button or a page that was loaded again";
    let (cause, notice, explanation, remedy) = match state {
        ParkedState::Kept => return None,
        ParkedState::Sent(at) => (
            "parked-sent",
            Notice::ParkedSent,
            format!("the parked request was sent at {at}; it is sent once"),
            nothing,
        ),
        ParkedState::Sending(at) => (
            "parked-uncertain",
            Notice::ParkedUncertain,
            format!("the parked request was being sent at {at}, and no end is known"),
            "look into the upstream's log around that time whether it arrived",
        ),
        ParkedState::Discarded(at) => (
            "parked-discarded",
            Notice::ParkedOver,
            format!("its customer deleted the parked request at {at}"),
            nothing,
        ),
        ParkedState::Expired => (
            "parked-expired",
            Notice::ParkedOver,
            "the time of the parked request was over".to_owned(),
            "raise `parking.keep`, up to 24h, if customers come back later",
        ),
        ParkedState::Damaged => return Some(damaged("a part of it was lost before")),
    };
    Some(Refusal::new(cause, Blame::Customer, notice, explanation, remedy))
}

/// There is no such parked request.
pub(super) fn unknown() -> Refusal {
    Refusal::new(
        "parked-unknown",
        Blame::Customer,
        Notice::ParkedOver,
        "no parked request has this handle: it is long over, or was never there",
        "nothing to mend; a store that was emptied or that evicts keys loses parked requests, too",
    )
}

/// A parked request that cannot be read back whole.
pub(super) fn damaged(how: &str) -> Refusal {
    Refusal::new(
        "parked-damaged",
        Blame::Us,
        Notice::ParkedOver,
        format!("the parked request cannot be read back whole: {how}"),
        "see that the store evicts nothing (Redis: `maxmemory-policy noeviction`) and that no sealing key was retired within a day",
    )
}

/// Whoever is signed in is not who wrote it.
pub(super) fn other_person() -> Refusal {
    Refusal::new(
        "parked-other-person",
        Blame::Customer,
        Notice::ParkedElsewhere,
        "the parked request is another person's than the one who is signed in",
        "nothing to mend: a computer is shared, or somebody has two accounts",
    )
}

/// It was written in another browser.
pub(super) fn other_browser() -> Refusal {
    Refusal::new(
        "parked-other-browser",
        Blame::Customer,
        Notice::ParkedElsewhere,
        "the parked request was sent by another browser than the one that wants it",
        "nothing to mend if the customer opened its address elsewhere or deleted cookies; if it happens to many people at once, somebody may be trying handles",
    )
}
