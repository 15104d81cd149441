//! Every text of our pages, once for each language. A language that lacks one does not compile.

mod account;
mod de;
mod en;
mod es;
mod fr;
mod parking;
mod pt_br;
mod second_factor;
mod setting_up;

use account::Account;
use domain::{Language, Notice};

use second_factor::SecondFactor;
pub(crate) use setting_up::SettingUp;

use super::moment::Moment;
pub(crate) use parking::Parking;

/// The texts of one language.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) sign_in: SignIn,
    pub(crate) sign_out: SignOut,
    pub(crate) operator: Operator,
    pub(crate) account: Account,
    pub(crate) refused: Refused,
    pub(crate) parking: Parking,
    pub(crate) second_factor: SecondFactor,
    pub(crate) setting_up: SettingUp,
    /// A moment for people, with its zone.
    pub(crate) moment: fn(&Moment) -> String,
    /// The same as it follows "since".
    pub(crate) since: fn(&Moment) -> String,
    /// The same on its own day.
    pub(crate) since_today: fn(&Moment) -> String,
    /// What a notice says.
    pub(crate) notice: fn(Notice, &Circumstances<'_>) -> Words,
}

/// From the sign-in page to the identity provider and back.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) title: &'static str,
    /// To a site.
    pub(crate) title_at: fn(&str) -> String,
    /// Said when a page of a portal was asked for.
    pub(crate) for_request: &'static str,
    pub(crate) email: &'static str,
    pub(crate) email_wrong: &'static str,
    pub(crate) go_on: &'static str,
    /// Above the chooser.
    pub(crate) or_choose: &'static str,
    /// Above the identity provider of the last time.
    pub(crate) last_time: &'static str,
    /// Above all others.
    pub(crate) or_another: &'static str,
    /// With an identity provider.
    pub(crate) with: fn(&str) -> String,
    /// Label of the field that narrows the chooser.
    pub(crate) narrow: &'static str,
    pub(crate) none_found: &'static str,
    pub(crate) choose_how: &'static str,
    /// The upstream's own sign-in.
    pub(crate) own: &'static str,
    pub(crate) other_address: &'static str,
    /// Where the browser goes: label and host.
    pub(crate) leads_to: fn(&str, &str) -> String,
    pub(crate) not_yours: &'static str,
    /// Title of a page that sends itself on: label.
    pub(crate) going_to: fn(&str) -> String,
    pub(crate) goes_by_itself: &'static str,
    /// Title of the question before a sign-in that the identity provider began: name.
    pub(crate) as_whom: fn(&str) -> String,
    /// Its explanation: label and site.
    pub(crate) unasked: fn(&str, &str) -> String,
    /// That somebody else is signed in and would be signed out: name.
    pub(crate) instead_of: fn(&str) -> String,
    pub(crate) rather_not: &'static str,
}

/// Signing out.
#[derive(Debug)]
pub(crate) struct SignOut {
    pub(crate) title: &'static str,
    /// Of a site.
    pub(crate) question: fn(&str) -> String,
    pub(crate) signed_in_as: fn(&str) -> String,
    pub(crate) stay: &'static str,
    /// Title while the identity provider is asked.
    pub(crate) under_way: &'static str,
    /// Label of the identity provider that is asked.
    pub(crate) asking: fn(&str) -> String,
    pub(crate) done: &'static str,
    pub(crate) ended: &'static str,
    pub(crate) untouched: &'static str,
    pub(crate) still_signed_in: &'static str,
    pub(crate) no_answer: &'static str,
    pub(crate) end_it_there: &'static str,
    /// Said when something may go on.
    pub(crate) shared_computer: &'static str,
    pub(crate) again: &'static str,
    /// The help center's own session.
    pub(crate) help_center: &'static str,
}

/// Pages that an operator hands out.
#[derive(Debug)]
pub(crate) struct Operator {
    /// Title of a tested sign-in: label.
    pub(crate) test_of: fn(&str) -> String,
    pub(crate) mapped: &'static str,
    /// Above what a sign-in would demand, and do in JSM.
    pub(crate) follows: &'static str,
    pub(crate) received: &'static str,
    pub(crate) nothing_written: &'static str,
    pub(crate) would_succeed: &'static str,
    pub(crate) would_fail: &'static str,
    pub(crate) warnings: &'static str,
    pub(crate) no_warnings: &'static str,
    pub(crate) name: &'static str,
    pub(crate) value: &'static str,
    pub(crate) emergency: &'static str,
    /// Whom a break-glass link admits, and until when.
    pub(crate) admits: fn(&str, &str) -> String,
    pub(crate) recorded: &'static str,
    pub(crate) use_it: &'static str,
}

/// The page of a refusal.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Before the reference code.
    pub(crate) code: &'static str,
    /// `{}` is a number of seconds.
    pub(crate) again_in: &'static str,
    pub(crate) stop: &'static str,
    /// Label of the text for the customer's own IT department.
    pub(crate) for_your_it: &'static str,
    /// That text.
    pub(crate) to_your_it: fn(&Letter<'_>) -> String,
    pub(crate) subject: &'static str,
    pub(crate) copy: &'static str,
    pub(crate) copied: &'static str,
    pub(crate) mail: &'static str,
}

/// What the text for the customer's own IT department names.
#[derive(Debug)]
pub(crate) struct Letter<'a> {
    pub(crate) site: &'a str,
    pub(crate) host: &'a str,
    pub(crate) code: &'a str,
    pub(crate) moment: &'a str,
}

/// What a notice can name.
#[derive(Debug)]
pub(crate) struct Circumstances<'a> {
    /// Label of the identity provider.
    pub(crate) provider: Option<&'a str>,
    /// Since when.
    pub(crate) since: Option<&'a str>,
}

/// What a notice says: what happened, what to do now, and the text of the one link.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) headline: String,
    pub(crate) advice: String,
    pub(crate) link: Option<&'static str>,
}

impl Words {
    fn new(
        headline: impl Into<String>,
        advice: impl Into<String>,
        link: Option<&'static str>,
    ) -> Self {
        Self { headline: headline.into(), advice: advice.into(), link }
    }
}

/// The texts of a language.
pub(crate) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &en::TEXTS,
        Language::German => &de::TEXTS,
        Language::French => &fr::TEXTS,
        Language::Spanish => &es::TEXTS,
        Language::Portuguese => &pt_br::TEXTS,
    }
}
