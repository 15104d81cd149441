//! The gateway's own pages: rendered here, without script except to keep the fragment.

mod notice;

use askama::Template;
use bytes::Bytes;
use domain::{Notice, ReferenceCode, Timestamp};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::body::Body;

/// One identity provider on a page.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// Its name in URLs and forms.
    pub(crate) name: String,
    /// Its name for people.
    pub(crate) label: String,
}

/// E-mail first, chooser beside it.
#[derive(Debug, Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) site: &'a str,
    pub(crate) attempt: &'a str,
    pub(crate) typed: &'a str,
    pub(crate) problem: Option<&'a str>,
    pub(crate) providers: &'a [Choice],
}

/// The ways that the rules leave to an address.
#[derive(Debug, Template)]
#[template(path = "offer.html")]
pub(crate) struct OfferPage<'a> {
    pub(crate) site: &'a str,
    pub(crate) attempt: &'a str,
    pub(crate) typed: &'a str,
    pub(crate) providers: &'a [Choice],
    pub(crate) guest: bool,
}

/// Asks before ending the session.
#[derive(Debug, Template)]
#[template(path = "sign-out.html")]
pub(crate) struct SignOutPage<'a> {
    pub(crate) site: &'a str,
    pub(crate) name: Option<&'a str>,
}

/// Says what ended and what did not.
#[derive(Debug, Template)]
#[template(path = "signed-out.html")]
pub(crate) struct SignedOutPage<'a> {
    pub(crate) site: &'a str,
    pub(crate) provider: Option<&'a str>,
}

#[derive(Debug, Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    site: &'a str,
    headline: String,
    advice: String,
    link: Option<Link>,
    reference: ReferenceCode,
    time: Timestamp,
    /// The same for people.
    shown_time: String,
}

#[derive(Debug)]
struct Link {
    href: String,
    text: &'static str,
}

/// Everything that a refusal page shows.
#[derive(Debug)]
pub(crate) struct Refused<'a> {
    /// Name of the site for people.
    pub(crate) site: &'a str,
    /// What the customer is told.
    pub(crate) notice: Notice,
    /// Label of the identity provider that it concerns.
    pub(crate) provider: Option<&'a str>,
    /// Where to try again; the front page without it.
    pub(crate) again: Option<String>,
    /// The code.
    pub(crate) reference: ReferenceCode,
    /// When.
    pub(crate) time: Timestamp,
}

/// A refusal page.
pub(crate) fn refused(status: StatusCode, refused: Refused<'_>) -> Response<Body> {
    let provider = refused.provider.unwrap_or("Your identity provider");
    let text = notice::text(refused.notice, provider);
    let link =
        text.link.map(|text| Link { href: refused.again.unwrap_or_else(|| "/".to_owned()), text });
    let page = RefusedPage {
        site: refused.site,
        headline: text.headline,
        advice: text.advice,
        link,
        reference: refused.reference,
        time: refused.time,
        shown_time: refused.time.to_string().replace('T', " ").replace('Z', " UTC"),
    };
    html(status, &page)
}

/// A page with the headers that every page of ours carries.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Response<Body> {
    // Rendering writes into a string; the only error is a template's own, and ours have none.
    let text = page.render().unwrap_or_default();
    let mut response = Response::new(Body::Own(Full::new(Bytes::from(text))));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
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
