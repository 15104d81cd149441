//! What a refused customer reads: what happened, and what to do now.

use domain::Notice;

/// Headline, advice, and the text of the one link.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) headline: String,
    pub(super) advice: String,
    pub(super) link: Option<&'static str>,
}

/// The text of a notice; `provider` is the identity provider's label.
pub(super) fn text(notice: Notice, provider: &str) -> Text {
    let again = Some("Try again");
    let (headline, advice, link) = match notice {
        Notice::ProviderDenied => (
            format!("{provider} did not let you in"),
            "The sign-in there was cancelled or refused. You can try again or choose another way.".to_owned(),
            again,
        ),
        Notice::ProviderUnreachable => (
            format!("{provider}’s sign-in does not answer"),
            "We keep the page that you asked for. Please try again in a minute.".to_owned(),
            again,
        ),
        Notice::AnswerNotAccepted => (
            format!("{provider}’s answer could not be accepted"),
            format!("We could not confirm that the answer is meant for you. Please try again; if it happens again, give the code below to whoever looks after {provider}’s sign-in."),
            again,
        ),
        Notice::AddressMissing => (
            format!("{provider}’s answer lacked your e-mail address"),
            "Please send the code below to your own IT department: your account there must release its e-mail address to this help center.".to_owned(),
            again,
        ),
        Notice::AddressNotAllowed => (
            format!("This address cannot be used with {provider}"),
            "Please choose the sign-in that belongs to your e-mail address.".to_owned(),
            Some("Choose another way"),
        ),
        Notice::StartAgain => (
            "Please start again".to_owned(),
            "This sign-in was already used, took too long, or was begun in another browser or window.".to_owned(),
            again,
        ),
        Notice::AnswerUsed => (
            "This sign-in was already used".to_owned(),
            "Going back shows an old answer. Please start again; we keep the page that you asked for.".to_owned(),
            again,
        ),
        Notice::TookTooLong => (
            "This sign-in took too long".to_owned(),
            "Please start again; we keep the page that you asked for.".to_owned(),
            again,
        ),
        Notice::OtherBrowser => (
            "This sign-in was begun in another browser".to_owned(),
            "Please start again in this browser.".to_owned(),
            again,
        ),
        Notice::ClockWrong => (
            format!("{provider}’s clock and ours do not agree"),
            format!("Please try again in a minute; if it happens again, give the code below to whoever looks after {provider}’s sign-in."),
            again,
        ),
        Notice::ProviderNotInUse => (
            format!("{provider} is not used for signing in here"),
            "Please choose another way to sign in.".to_owned(),
            Some("Choose another way"),
        ),
        Notice::LinkOver => (
            "This link is no longer good".to_owned(),
            "It works once and for a short time. Please ask for a new one.".to_owned(),
            None,
        ),
        Notice::AccountLinkedElsewhere => (
            "This address already belongs to another sign-in".to_owned(),
            "Please sign in the way you did before, or ask support to join the two.".to_owned(),
            Some("Choose another way"),
        ),
        Notice::AccountUnusable => (
            "Your support account cannot be used".to_owned(),
            "It was ended, or belongs to another kind of sign-in. Please ask support.".to_owned(),
            again,
        ),
        Notice::SupportUnavailable => (
            "The support portal does not answer".to_owned(),
            "We keep the page that you asked for. Please try again in a minute.".to_owned(),
            again,
        ),
        Notice::TryAgainLater => (
            "Please try again in a moment".to_owned(),
            "Something on our side does not answer right now. You stay signed in.".to_owned(),
            again,
        ),
        Notice::NotPermitted => (
            "You may not sign in here".to_owned(),
            "This address is not admitted to the help center. If you think that is wrong, please ask your contact there.".to_owned(),
            Some("Use another address"),
        ),
        Notice::NotFound => (
            "There is nothing here".to_owned(),
            "The address is wrong or no longer in use.".to_owned(),
            Some("Go to the help center"),
        ),
        Notice::BadRequest => (
            "That request could not be understood".to_owned(),
            "Please go back to the help center and try again from there.".to_owned(),
            Some("Go to the help center"),
        ),
        Notice::CookiesNeeded => (
            "Your browser did not keep our cookie".to_owned(),
            "Signing in needs cookies. Please allow them for this site, or open the link outside of private mode, and try again.".to_owned(),
            again,
        ),
    };
    Text { headline, advice, link }
}
