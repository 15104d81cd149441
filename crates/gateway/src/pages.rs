//! The gateway's own pages: rendered here, in the browser's language, and whole without script.

mod account;
mod brand;
mod choosing;
mod frame;
mod moment;
mod operator;
mod outcome;
mod parked;
mod refused;
mod second_factor;
mod setting_up;
mod texts;
mod theme;

use askama::Template;
use bytes::Bytes;
use domain::{Language, Timestamp};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::body::Body;

pub(crate) use account::{
    AccountPage, DeviceLine, NewAppPage, NewCodesPage, SecondStep, SignInLine, TrustedLine,
};
pub(crate) use brand::Brand;
pub(crate) use choosing::{Choice, ContinuePage, Mistake, OfferPage, SignInPage};
pub(crate) use frame::Frame;
pub(crate) use operator::{BreakGlassPage, Section, TestResultPage, Verdict};
pub(crate) use outcome::{ConfirmPage, Errand, PostPage, SessionEnd, SignedOutPage};
pub(crate) use parked::{ResumePage, SignedInPage};
pub(crate) use refused::{Fallback, Refused, refused};
pub(crate) use second_factor::{
    ChallengePage, CodesPage, EnrolmentPage, FactorMistake, LostPage, RecoveryPage,
};
pub(crate) use setting_up::SettingUpPage;

/// A moment for people, outside of a page.
pub(crate) fn moment_text(language: Language, timestamp: Timestamp) -> String {
    (texts::texts(language).moment)(&moment::Moment::of(timestamp))
}

/// Asks before ending the session.
#[derive(Debug, Template)]
#[template(path = "sign-out.html")]
pub(crate) struct SignOutPage<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) name: Option<&'a str>,
}

/// A page with the headers that every page of ours carries; `language` is that of its frame.
pub(crate) fn html(status: StatusCode, language: Language, page: &impl Template) -> Response<Body> {
    // Rendering writes into a string; the only error is a template's own, and ours have none.
    let text = page.render().unwrap_or_default();
    let mut response = Response::new(Body::Own(Full::new(Bytes::from(text))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie, Accept-Language"));
    secure(&mut response);
    response
}

/// No script but ours, no frame, no cache, no outside request. A form of ours ends at an identity
/// provider by redirect, and browsers apply `form-action` to redirects too: hence https, and
/// loopback for a provider on the same machine.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self' https: http://localhost:* http://*.localhost:* http://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'";

/// Adds the headers that every answer of ours carries (attacks.md E26).
pub(crate) fn secure(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "Cookie"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests;
