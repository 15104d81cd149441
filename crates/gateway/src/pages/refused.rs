//! The page of a refusal: what happened, what to do now, and the code.

use askama::Template;
use domain::{Notice, ReferenceCode, Timestamp};
use http::{Response, StatusCode};

use super::Frame;
use super::texts::{Circumstances, Letter};
use crate::body::Body;

/// Everything that a refusal page shows.
#[derive(Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) frame: Frame<'a>,
    /// What the customer is told.
    pub(crate) notice: Notice,
    /// Label of the identity provider that it concerns.
    pub(crate) provider: Option<&'a str>,
    /// Since when it is so.
    pub(crate) since: Option<Timestamp>,
    /// Where to try again; the front page without it.
    pub(crate) again: Option<String>,
    /// Another way in that a rule leaves.
    pub(crate) fallback: Option<Fallback>,
    /// Where another way can be chosen, beside trying again.
    pub(crate) other_way: Option<String>,
    /// The host that was asked.
    pub(crate) host: &'a str,
    /// The code.
    pub(crate) reference: ReferenceCode,
    /// When.
    pub(crate) time: Timestamp,
}

/// Another way in that a rule leaves while an identity provider does not answer: a form toward the
/// sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fallback {
    /// Label of the other identity provider; `None`: the upstream's own sign-in.
    pub(crate) label: Option<String>,
    /// Fields that the form carries, such as `attempt` and `idp`.
    pub(crate) fields: Vec<(&'static str, String)>,
}

#[derive(Debug, Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    frame: Frame<'a>,
    headline: String,
    advice: String,
    link: Option<Link>,
    /// The link is followed by itself after a while.
    retries: bool,
    fallback: Option<Fallback>,
    /// Address and text of a link.
    other_way: Option<(String, &'static str)>,
    letter: Option<String>,
    reference: ReferenceCode,
    time: Timestamp,
    /// The same for people.
    shown_time: String,
}

#[derive(Debug)]
struct Link {
    /// Beside this page: behind it lies what would be lost.
    beside: bool,
    href: String,
    text: &'static str,
}

impl RefusedPage<'_> {
    /// The ready text as a mail of the customer's own.
    fn mailto(&self, letter: &str) -> String {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        // RFC 6068 §5: lines end with CRLF.
        let body = encode(&letter.replace('\n', "\r\n"));
        format!("mailto:?subject={}&body={body}", encode(self.frame.t.refused.subject))
    }
}

/// A refusal page.
pub(crate) fn refused(status: StatusCode, refused: Refused<'_>) -> Response<Body> {
    let Refused { frame, notice, time, .. } = refused;
    let since = refused.since.map(|since| frame.since(since, time));
    let circumstances = Circumstances { provider: refused.provider, since: since.as_deref() };
    let words = (frame.t.notice)(notice, &circumstances);
    let shown_time = frame.moment(time);
    let code = refused.reference.to_string();
    let letter = || {
        let (host, moment) = (refused.host, shown_time.as_str());
        (frame.t.refused.to_your_it)(&Letter { site: frame.site, host, code: &code, moment })
    };
    let letter = (notice == Notice::AddressMissing).then(letter);
    // Said as the notice says it whose one link it is.
    let elsewhere = (frame.t.notice)(Notice::ProviderNotInUse, &circumstances).link;
    let again = refused.again;
    // Only what will be answered anew is asked for again by itself.
    let retries = notice == Notice::ProviderUnreachable && again.is_some();
    let beside = matches!(notice, Notice::FormTooLarge | Notice::FormNotKept);
    let href = again.unwrap_or_else(|| "/".to_owned());
    let page = RefusedPage {
        frame,
        headline: words.headline,
        advice: words.advice,
        link: words.link.map(|text| Link { beside, href, text }),
        retries,
        fallback: refused.fallback,
        other_way: refused.other_way.zip(elsewhere),
        letter,
        reference: refused.reference,
        time,
        shown_time,
    };
    super::html(status, frame.language, &page)
}
