//! The path of a sign-in: one dispatcher, steps never call each other.
//!
//! `page` and `submit` are the customer's side; `saml` and `oidc` take the identity providers'
//! answers; all of them end in `dispatch`, which does the IO that a [`login::Step`] asks for.

mod answer;
mod carry;
mod chooser;
mod dispatch;
mod oidc;
mod opening;
mod page;
mod routing;
mod saml;
mod second_factor;
mod setting_up;
mod unasked;

pub(crate) use answer::{oidc_answer, saml_answer};
pub(crate) use carry::carry;
pub(crate) use dispatch::{start, usable};
pub(crate) use oidc::ID_TOKEN;
pub(crate) use opening::{Opening, open};
pub(crate) use page::{page, straight_to, submit};
pub(crate) use saml::{metadata as saml_metadata, service_provider, unfinished};
pub(crate) use second_factor::{page as factor_page, submit as factor_submit};
pub(crate) use setting_up::page as setting_up;
pub(crate) use unasked::confirm;

use domain::{IdpName, PersonKey, Refusal};
use login::{Attempt, SignInError};

use crate::pages::Fallback;

/// A sign-in that stopped.
#[derive(Debug)]
struct Stop {
    refusal: Box<Refusal>,
    idp: Option<IdpName>,
    person: Option<PersonKey>,
    /// The attempt whose target a fresh start keeps.
    attempt: Option<Box<Attempt>>,
    /// Another way in that a rule leaves.
    fallback: Option<Box<Fallback>>,
}

impl Stop {
    fn at(self, idp: &IdpName) -> Self {
        Self { idp: Some(idp.clone()), ..self }
    }

    fn of(self, attempt: &Attempt) -> Self {
        Self { attempt: Some(Box::new(attempt.clone())), ..self }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self { refusal: Box::new(refusal), idp: None, person: None, attempt: None, fallback: None }
    }
}

impl From<SignInError> for Stop {
    fn from(error: SignInError) -> Self {
        error.refusal().into()
    }
}
