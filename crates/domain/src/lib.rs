//! The nouns that every crate shares, each valid by construction.
//!
//! Pure: nothing here does IO or reads a clock. A value of one of these types is the proof that
//! its rules were checked, so no other crate checks them again. It does not know protocols,
//! stores or HTTP.
//!
//! Start at [`Identity`] (who somebody is) and [`Refusal`] (why somebody was stopped).

mod address;
mod clock;
mod event;
mod factor;
mod identity;
mod language;
mod names;
mod reference;
mod refusal;
mod return_path;
mod secret;

pub use address::{AddressError, DomainName, DomainPattern, EmailAddress};
pub use clock::{Clock, Sleep, Timestamp};
pub use event::{AuditEvent, DormancyStep, Organization, ProfileField};
pub use factor::{Authentication, FactorKind, FactorUse};
pub use identity::{Identity, IdpSession, JsmAccount, PersonKey, Subject, SubjectError};
pub use language::Language;
pub use names::{HostName, IdpName, JsmName, NameError, SiteName};
pub use reference::ReferenceCode;
pub use refusal::{Blame, Notice, Refusal};
pub use return_path::{Fragment, ReturnPath, ReturnPathError};
pub use secret::Secret;
