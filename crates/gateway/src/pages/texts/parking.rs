//! What is said around forms that wait until their customer has signed in again.

use domain::Notice;

use super::Words;

mod tables;

pub(super) use tables::{DE, EN, ES, FR, PT_BR};

/// Headline, advice and the text of the one link.
type Said = (&'static str, &'static str, &'static str);

/// Around forms that wait until their customer has signed in again.
#[derive(Debug)]
pub(crate) struct Parking {
    /// Heading of the page that asks.
    pub(crate) question: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) to: &'static str,
    pub(crate) size: &'static str,
    /// Units of a size: a thousand bytes, a million.
    pub(crate) units: (&'static str, &'static str),
    pub(crate) written: &'static str,
    pub(crate) kept_until: &'static str,
    pub(crate) send: &'static str,
    pub(crate) delete: &'static str,
    /// On the sign-in page, when a form is kept.
    pub(crate) kept: &'static str,
    /// The same, when it is not.
    pub(crate) unsent: &'static str,
    /// Heading and text of the window in which somebody signed in beside a page.
    pub(crate) signed_in: (&'static str, &'static str),
    too_large: Said,
    not_kept: Said,
    elsewhere: Said,
    sent: Said,
    uncertain: Said,
    over: Said,
    waits: Said,
}

impl Parking {
    /// What a notice about parked requests says.
    pub(super) fn words(&self, notice: Notice) -> Words {
        let (headline, advice, link) = match notice {
            Notice::FormTooLarge => self.too_large,
            Notice::FormNotKept => self.not_kept,
            Notice::ParkedElsewhere => self.elsewhere,
            Notice::ParkedSent => self.sent,
            Notice::ParkedUncertain => self.uncertain,
            Notice::ParkedWaits => self.waits,
            _ => self.over,
        };
        Words::new(headline, advice, Some(link))
    }

    /// A size for people, rounded up.
    pub(crate) fn size_of(&self, bytes: u64) -> String {
        let (thousands, millions) = self.units;
        if bytes < 1_000_000 {
            return format!("{} {thousands}", bytes.div_ceil(1000).max(1));
        }
        format!("{} {millions}", bytes.div_ceil(1_000_000))
    }
}
