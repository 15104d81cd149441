//! Pages on the way to an identity provider.

use askama::Template;
use domain::IdpName;

use super::Frame;
use crate::gateway::Provider;

/// From here on a chooser is a long one: labels alone, and a field that narrows it.
const LONG: usize = 12;
/// Up to here each button says what it does in full.
const FEW: usize = 4;

/// One identity provider on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Its name in URLs and forms.
    pub(crate) name: String,
    /// Its name for people.
    pub(crate) label: String,
    /// Path of its logo.
    pub(crate) logo: Option<String>,
}

impl Choice {
    /// An identity provider as a choice.
    pub(crate) fn new(name: &IdpName, provider: &Provider) -> Self {
        let (label, logo) = (provider.label.clone(), provider.logo.clone());
        Self { name: name.to_string(), label, logo }
    }

    /// Stands where a logo would.
    fn initial(&self) -> String {
        let first = self.label.chars().find(|character| character.is_alphanumeric());
        first.map(|character| character.to_uppercase().collect()).unwrap_or_default()
    }
}

/// What is wrong with what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// It is no e-mail address.
    NoAddress,
}

/// E-mail first, chooser below it; what was chosen the last time above both.
#[derive(Debug, Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) attempt: &'a str,
    pub(crate) typed: &'a str,
    pub(crate) mistake: Option<Mistake>,
    /// Whether a page of a support portal was asked for.
    pub(crate) for_request: bool,
    /// What became of a form that was just sent.
    pub(crate) news: Option<&'static str>,
    /// What this browser chose the last time.
    pub(crate) last: Option<Choice>,
    /// All others.
    pub(crate) providers: Vec<Choice>,
}

impl SignInPage<'_> {
    fn long(&self) -> bool {
        self.providers.len() > LONG
    }

    fn few(&self) -> bool {
        self.providers.len() <= FEW
    }

    /// The field that has the focus: without a last choice, and wherever something was typed.
    fn types(&self) -> bool {
        self.last.is_none() || self.mistake.is_some()
    }
}

/// The identity providers of this site, for an address that no rule assigns.
#[derive(Debug, Template)]
#[template(path = "offer.html")]
pub(crate) struct OfferPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) attempt: &'a str,
    pub(crate) typed: &'a str,
    pub(crate) providers: &'a [Choice],
    /// What the button for the upstream's own sign-in sends, where that stands beside them.
    pub(crate) guest: Option<&'a str>,
}

impl OfferPage<'_> {
    fn long(&self) -> bool {
        self.providers.len() > LONG
    }

    fn few(&self) -> bool {
        self.providers.len() <= FEW
    }
}

/// Says where the one identity provider is that the rules name, before going there.
#[derive(Debug, Template)]
#[template(path = "continue.html")]
pub(crate) struct ContinuePage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) attempt: &'a str,
    pub(crate) typed: &'a str,
    pub(crate) provider: &'a Choice,
    /// Where people sign in there, if that is known.
    pub(crate) host: Option<&'a str>,
    /// What the button for the upstream's own sign-in sends, where that stands beside it.
    pub(crate) guest: Option<&'a str>,
}
