//! English.

use domain::Notice;

use super::{
    Circumstances, Letter, Operator, Refused, SignIn, SignOut, Texts, Words, parking,
    second_factor, setting_up,
};
use crate::pages::moment::Moment;

pub(super) const TEXTS: Texts = Texts {
    sign_in: SIGN_IN,
    sign_out: SIGN_OUT,
    operator: OPERATOR,
    account: super::account::EN,
    refused: REFUSED,
    parking: parking::EN,
    second_factor: second_factor::EN,
    setting_up: setting_up::EN,
    moment,
    since: moment,
    since_today: |m| format!("{:02}:{:02} UTC", m.hour, m.minute),
    notice,
};

const SIGN_IN: SignIn = SignIn {
    title: "Sign in",
    title_at: |site| format!("Sign in to {site}"),
    for_request: "You are opening a support request.",
    email: "Work e-mail",
    email_wrong: "Please enter an e-mail address such as name@company.com.",
    go_on: "Continue",
    or_choose: "Or choose your organization",
    last_time: "Last time you used",
    or_another: "Or choose another organization",
    with: |label| format!("Continue with {label}"),
    narrow: "Find your organization",
    none_found: "No organization has that name.",
    choose_how: "Choose how to sign in",
    own: "Use the help center’s own sign-in",
    other_address: "Use another e-mail address",
    leads_to: |label, host| format!("You will sign in at {label} ({host})."),
    not_yours: "Not your company?",
    going_to: |label| format!("On the way to {label}"),
    goes_by_itself: "If nothing happens within a few seconds, press the button.",
    as_whom: |name| format!("Continue as {name}?"),
    unasked: |label, site| {
        format!(
            "{label} wants to sign you in to {site}. Continue only if you have just asked for this yourself."
        )
    },
    instead_of: |name| format!("You are signed in as {name} now; that session will end."),
    rather_not: "Do not sign me in",
};

const SIGN_OUT: SignOut = SignOut {
    title: "Sign out",
    question: |site| format!("Sign out of {site}?"),
    signed_in_as: |name| format!("You are signed in as {name}."),
    stay: "Stay signed in",
    under_way: "Signing you out",
    asking: |label| format!("We are ending your session at {label}, too."),
    done: "You are signed out",
    ended: "Ended",
    untouched: "Not affected",
    still_signed_in: "You are still signed in there",
    no_answer: "Did not answer; you may still be signed in there",
    end_it_there: "End it there",
    shared_computer: "On a shared computer, end the remaining sessions too, or close the browser.",
    again: "Sign in again",
    help_center: "The help center’s own session",
};

const OPERATOR: Operator = Operator {
    test_of: |label| format!("Test of {label}"),
    mapped: "What a sign-in makes of it",
    follows: "What would follow",
    received: "What came",
    nothing_written: "This was a test: nobody was signed in and nothing was written.",
    would_succeed: "A real sign-in would succeed",
    would_fail: "A real sign-in would be refused",
    warnings: "Warnings",
    no_warnings: "None",
    name: "Name",
    value: "Value",
    emergency: "Emergency access",
    admits: |name, until| {
        format!(
            "This link signs in {name} without the identity provider. It works once, until {until}."
        )
    },
    recorded: "Its use is recorded and reported at once.",
    use_it: "Sign in now",
};

const REFUSED: Refused = Refused {
    code: "If you ask for help, give this code:",
    again_in: "We try again in {} seconds.",
    stop: "Do not try again",
    for_your_it: "Text for your own IT department",
    to_your_it: letter,
    subject: "Sign-in to the help center: e-mail address missing",
    copy: "Copy the text",
    copied: "Copied",
    mail: "Send by e-mail",
};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn moment(m: &Moment) -> String {
    format!("{} {} {}, {:02}:{:02} UTC", m.day, m.month_of(MONTHS), m.year, m.hour, m.minute)
}

fn letter(letter: &Letter<'_>) -> String {
    let Letter { site, host, code, moment } = letter;
    format!(
        "Hello,\n\nI cannot sign in to {site} (https://{host}). Our identity provider did not send my e-mail address with its answer. Please release the e-mail address of our accounts to this application.\n\nReference code: {code}\nTime: {moment}\n\nThank you"
    )
}

fn notice(notice: Notice, circumstances: &Circumstances<'_>) -> Words {
    let who = circumstances.provider.unwrap_or("Your company’s sign-in");
    let whom = circumstances.provider.unwrap_or("your company’s sign-in");
    let again = Some("Try again");
    let other_way = Some("Choose another way");
    let kept = "We keep the page that you asked for.";
    match notice {
        Notice::ProviderDenied => Words::new(
            format!("{who} did not let you in"),
            "The sign-in there was cancelled or refused. You can try again or choose another way.",
            again,
        ),
        Notice::ProviderUnreachable => Words::new(
            match circumstances.since {
                Some(since) => format!("{who} has not answered since {since}"),
                None => format!("{who} does not answer"),
            },
            format!("The sign-in there is not available at the moment. {kept}"),
            Some("Try again now"),
        ),
        Notice::AnswerNotAccepted => Words::new(
            format!("{who} sent an answer that could not be accepted"),
            format!(
                "We could not confirm that the answer is meant for you. Please try again; if it happens again, give the code below to whoever looks after {whom}."
            ),
            again,
        ),
        Notice::AddressMissing => Words::new(
            format!("{who} did not send us your e-mail address"),
            "Without it we cannot tell which account is yours. Your own IT department can change that: please send them the text below.",
            again,
        ),
        Notice::AddressNotAllowed => Words::new(
            format!("This address cannot be used with {whom}"),
            "Please choose the sign-in that belongs to your e-mail address.",
            other_way,
        ),
        Notice::StartAgain => Words::new(
            "This sign-in is no longer known",
            "It was finished already, or was begun too long ago. Please start again.",
            Some("Start again"),
        ),
        Notice::AnswerUsed => Words::new(
            "This sign-in was already used",
            format!("Each answer of {whom} counts once; going back shows an old one. {kept}"),
            Some("Start again"),
        ),
        Notice::TookTooLong => Words::new(
            "This sign-in took too long",
            format!("For your safety it must be finished within 30 minutes. {kept}"),
            Some("Start again"),
        ),
        Notice::OtherBrowser => Words::new(
            "This sign-in was begun in another browser",
            "A sign-in has to be finished in the browser in which it began. You can start again in this one.",
            Some("Start again here"),
        ),
        Notice::ClockWrong => Words::new(
            "Two clocks do not agree",
            format!(
                "The clock of {whom} and ours differ too much, so that we cannot accept the answer. Please try again in a minute; if it happens again, give the code below to whoever looks after {whom}."
            ),
            again,
        ),
        Notice::ProviderNotInUse => Words::new(
            format!("{who} is not used for signing in here"),
            "It was switched off for this help center. Please choose another way to sign in.",
            other_way,
        ),
        Notice::LinkOver => Words::new(
            "This link is no longer good",
            "It works once and for a short time. Please ask for a new one.",
            None,
        ),
        Notice::AccountLinkedElsewhere => Words::new(
            "This address already belongs to another sign-in",
            "Please sign in the way you did before, or ask support to join the two.",
            other_way,
        ),
        Notice::AccountUnusable => Words::new(
            "Your support account cannot be used",
            "It was ended, or belongs to another kind of sign-in. Please ask support.",
            again,
        ),
        Notice::AccountEnded => Words::new(
            "Your access was ended",
            "Somebody who looks after this help center has to open your account again. Please ask your contact there.",
            None,
        ),
        Notice::AccountAsked => Words::new(
            "Your access was ended",
            "We have asked the people who look after this help center to open your account again. Please try again later, or ask your contact there.",
            again,
        ),
        Notice::AtlassianAccount => Words::new(
            "Use Atlassian’s sign-in for this address",
            "This address belongs to an Atlassian account. Please sign in with that account at Atlassian.",
            Some("Go to Atlassian’s sign-in"),
        ),
        Notice::SupportUnavailable => Words::new(
            "The support portal does not answer",
            format!("{kept} Please try again in a minute."),
            again,
        ),
        Notice::TryAgainLater => Words::new(
            "Please try again in a moment",
            "Something on our side does not answer right now. If you were signed in, you still are.",
            again,
        ),
        Notice::NotPermitted => Words::new(
            "You may not sign in here",
            "This address is not admitted to the help center. If you think that is wrong, please ask your contact there.",
            Some("Use another address"),
        ),
        Notice::NotFound => Words::new(
            "There is nothing here",
            "The address is wrong or no longer in use.",
            Some("Go to the help center"),
        ),
        Notice::BadRequest => Words::new(
            "That request could not be understood",
            "Please go back to the help center and try again from there.",
            Some("Go to the help center"),
        ),
        Notice::TooManyTries => Words::new(
            "Too many addresses in a short time",
            "Many addresses were entered from your network. Please wait a minute and try again.",
            again,
        ),
        Notice::CookiesNeeded => Words::new(
            "Your browser did not keep our cookie",
            "Signing in needs one cookie. Please allow cookies for this site, or open the link outside of private mode, and try again.",
            again,
        ),
        Notice::FormTooLarge
        | Notice::FormNotKept
        | Notice::ParkedElsewhere
        | Notice::ParkedSent
        | Notice::ParkedUncertain
        | Notice::ParkedOver
        | Notice::ParkedWaits => parking::EN.words(notice),
    }
}
