//! Sessions, attempts, parked requests and replay marks, sealed over the store; the hot cache.
//!
//! The store holds no session id, no address and no secret in clear: keys are HMACs, values are
//! sealed. A session's secrets are sealed by a key that only the browser's cookie holds, and then
//! by the server's. This crate decides nothing about policy and knows no protocol; attempts and
//! other values are whatever the caller can serialize.
//!
//! Invariants: a new session always has a new id; a store error is never "no session"; a record
//! that cannot be read gives no session and stays where it is; a session from the cache is younger
//! than the last change that the store announced for it, or than one second.
//!
//! Start at [`Sessions`], then [`Sealer`] (what lies in the store) and [`SessionCookie`] (what lies
//! in the browser).

mod attempts;
mod base64url;
mod browser;
mod cookie;
mod cookies;
mod device;
mod facts;
mod hot;
mod last_choice;
mod marks;
mod naming;
mod not_before;
mod open_session;
mod outage;
mod parked;
mod random;
mod replay;
mod reseal;
mod sealer;
mod sessions;
mod stored;
mod tombstone;
mod user_agent;
mod vault;
mod whose;

pub use attempts::{AttemptHandle, AttemptHandleError, Attempts};
pub use browser::BrowserBinding;
pub use cookie::SessionCookie;
pub use device::{DeviceId, DeviceIdError};
pub use facts::{Customer, Facts, Secrets, Who};
pub use last_choice::LastChoice;
pub use marks::{Concerned, Mark};
pub use naming::NamesError;
pub use open_session::OpenSession;
pub use parked::{
    Claim, Claimed, Ended, ParkError, ParkedBody, ParkedHandle, ParkedHandleError, ParkedHead,
    ParkedLimits, ParkedReadError, ParkedRequest, ParkedRequests, ParkedState, ParkedWriter,
};
pub use replay::ReplayMarks;
pub use reseal::{Kind, Kinds, Resealed, reseal};
pub use sealer::{Context, Sealer, SealingKeyError, Unreadable};
pub use sessions::{CreateError, FOLLOWED, Heard, Listed, Opened, Sessions};
pub use vault::Vault;
pub use whose::Whose;
