//! Texts of the pages for the second factor.

mod de;
mod en;
mod es;
mod fr;
mod pt_br;

pub(super) use de::SECOND_FACTOR as DE;
pub(super) use en::SECOND_FACTOR as EN;
pub(super) use es::SECOND_FACTOR as ES;
pub(super) use fr::SECOND_FACTOR as FR;
pub(super) use pt_br::SECOND_FACTOR as PT_BR;

/// Challenge, enrolment, recovery.
#[derive(Debug)]
pub(crate) struct SecondFactor {
    /// Title of the challenge.
    pub(crate) title: &'static str,
    /// Who asks and why, when somebody signs in: site.
    pub(crate) at_sign_in: fn(&str) -> String,
    /// The same before a page opens: site.
    pub(crate) at_page: fn(&str) -> String,
    /// What to do: the account as the app shows it.
    pub(crate) open_app: fn(&str) -> String,
    /// Label of the field.
    pub(crate) code: &'static str,
    pub(crate) confirm: &'static str,
    /// Checkbox: number of days.
    pub(crate) trust: fn(u64) -> String,
    /// Link to what else helps.
    pub(crate) no_code: &'static str,
    /// Before our time.
    pub(crate) wrong: &'static str,
    pub(crate) wrong_recovery: &'static str,
    pub(crate) used: &'static str,
    /// How long to wait: minutes and seconds.
    pub(crate) too_many: fn(&str) -> String,
    /// Title of the enrolment.
    pub(crate) protect: &'static str,
    pub(crate) scan: &'static str,
    /// Text in the place of the picture.
    pub(crate) picture: &'static str,
    /// Link on a phone.
    pub(crate) open_in_app: &'static str,
    pub(crate) by_hand: &'static str,
    pub(crate) copy: &'static str,
    pub(crate) copied: &'static str,
    /// Label of the code that the app shows once it is set up.
    pub(crate) first_code: &'static str,
    pub(crate) later: &'static str,
    /// Title of the recovery codes.
    pub(crate) codes: &'static str,
    pub(crate) codes_why: &'static str,
    pub(crate) download: &'static str,
    pub(crate) print: &'static str,
    /// Label of the field for the end of one.
    pub(crate) end: &'static str,
    pub(crate) end_wrong: &'static str,
    /// After the page with the codes was left.
    pub(crate) codes_gone: &'static str,
    pub(crate) new_codes: &'static str,
    /// Title of the recovery.
    pub(crate) recovery: &'static str,
    pub(crate) recovery_why: &'static str,
    pub(crate) recovery_code: &'static str,
    pub(crate) lost: &'static str,
    pub(crate) lost_why: &'static str,
    /// What a reset does, and when: hours.
    pub(crate) reset_why: fn(u64) -> String,
    pub(crate) reset: &'static str,
    /// Title once a reset was asked for.
    pub(crate) reset_waits: &'static str,
    /// When it takes place.
    pub(crate) reset_due: fn(&str) -> String,
    pub(crate) back: &'static str,
}
