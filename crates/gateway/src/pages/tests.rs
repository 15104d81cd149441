//! The pages as a browser gets them, in every language.

use domain::{Language, Notice, ReferenceCode, Timestamp};
use http::{StatusCode, header};
use http_body_util::BodyExt;

use super::texts::{Circumstances, texts};
use super::*;

/// Every notice; a new one is added here when `exhaustive` no longer compiles.
const NOTICES: [Notice; 20] = [
    Notice::ProviderDenied,
    Notice::ProviderUnreachable,
    Notice::AnswerNotAccepted,
    Notice::AddressMissing,
    Notice::AddressNotAllowed,
    Notice::StartAgain,
    Notice::AnswerUsed,
    Notice::TookTooLong,
    Notice::OtherBrowser,
    Notice::ClockWrong,
    Notice::ProviderNotInUse,
    Notice::LinkOver,
    Notice::AccountLinkedElsewhere,
    Notice::AccountUnusable,
    Notice::SupportUnavailable,
    Notice::TryAgainLater,
    Notice::NotPermitted,
    Notice::NotFound,
    Notice::BadRequest,
    Notice::CookiesNeeded,
];

pub(super) fn frame(language: Language) -> Frame<'static> {
    Frame { site: "Example <Support>", t: texts(language), language }
}

pub(super) async fn text_of(response: Response<Body>) -> String {
    let Body::Own(body) = response.into_body() else { panic!("a page of ours") };
    #[expect(clippy::disallowed_methods, reason = "a page of ours")]
    let whole = body.collect().await.unwrap().to_bytes();
    String::from_utf8(whole.to_vec()).unwrap()
}

fn refusal(language: Language, notice: Notice) -> Refused<'static> {
    Refused {
        frame: frame(language),
        notice,
        provider: Some("Acme"),
        since: Some(Timestamp::from_seconds(1_798_700_000)),
        again: Some("/.vestibule/sign-in?attempt=a".to_owned()),
        fallback: None,
        host: "help.example.com",
        reference: ReferenceCode::from_random([7; 8]),
        time: Timestamp::from_seconds(1_798_700_100),
    }
}

#[tokio::test]
async fn every_notice_is_said_in_every_language() {
    for notice in NOTICES {
        let mut headlines = Vec::new();
        for language in Language::ALL {
            let circumstances = Circumstances { provider: None, since: None };
            let words = (texts(language).notice)(notice, &circumstances);
            assert!(words.advice.ends_with('.'), "{language}: {}", words.advice);
            assert!(!words.headline.ends_with('.'), "{language}: {}", words.headline);
            let page = text_of(refused(StatusCode::FORBIDDEN, refusal(language, notice))).await;
            assert!(page.contains(&format!("<html lang=\"{language}\">")), "{page}");
            assert!(page.len() < 50_000 && page.contains("Example &#60;Support&#62;"), "{page}");
            headlines.push(words.headline);
        }
        headlines.sort();
        headlines.dedup();
        assert_eq!(headlines.len(), Language::ALL.len(), "{notice:?}: {headlines:?}");
    }
}

#[tokio::test]
async fn an_identity_provider_that_does_not_answer_is_named_with_the_time() {
    for (language, headline) in [
        (Language::English, "Acme has not answered since 06:53 UTC"),
        (Language::German, "Acme antwortet seit 06:53 Uhr (UTC) nicht"),
        (Language::French, "Acme ne répond plus depuis 06:53 (UTC)"),
        (Language::Spanish, "Acme no responde desde las 06:53 (UTC)"),
        (Language::Portuguese, "Acme não responde desde as 06:53 (UTC)"),
    ] {
        let page = refusal(language, Notice::ProviderUnreachable);
        let page = text_of(refused(StatusCode::SERVICE_UNAVAILABLE, page)).await;
        assert!(page.contains(headline) && page.contains("data-retries"), "{page}");
    }
    let mut of_yesterday = refusal(Language::German, Notice::ProviderUnreachable);
    of_yesterday.since = Some(Timestamp::from_seconds(1_798_600_000));
    let page = text_of(refused(StatusCode::SERVICE_UNAVAILABLE, of_yesterday)).await;
    assert!(page.contains("seit dem 30. Dezember 2026, 03:06 Uhr (UTC) nicht"), "{page}");
}

#[tokio::test]
async fn the_text_for_ones_own_it_names_site_code_and_time() {
    for language in Language::ALL {
        let page =
            text_of(refused(StatusCode::FORBIDDEN, refusal(language, Notice::AddressMissing)));
        let page = page.await;
        let (_, letter) = page.split_once("readonly>").unwrap();
        let (letter, rest) = letter.split_once("</textarea>").unwrap();
        for part in ["https://help.example.com", "2026", "Example &#60;Support&#62;"] {
            assert!(letter.contains(part), "{language}: {letter}");
        }
        let code = ReferenceCode::from_random([7; 8]).to_string();
        assert!(letter.contains(&code) && rest.contains("href=\"mailto:?subject="), "{page}");
    }
}

#[tokio::test]
async fn the_fallback_of_a_rule_is_offered_as_a_form() {
    let mut down = refusal(Language::French, Notice::ProviderUnreachable);
    let fields = vec![("attempt", "a".to_owned()), ("idp", "globex".to_owned())];
    down.fallback = Some(Fallback { label: Some("Globex".to_owned()), fields });
    let page = text_of(refused(StatusCode::SERVICE_UNAVAILABLE, down)).await;
    assert!(page.contains("Continuer avec Globex"), "{page}");
    assert!(page.contains("<input type=\"hidden\" name=\"idp\" value=\"globex\">"), "{page}");
}

#[test]
fn a_page_says_its_language_and_that_it_depends_on_the_browser() {
    let page = SignOutPage { frame: frame(Language::Portuguese), name: Some("Ann") };
    let response = html(StatusCode::OK, Language::Portuguese, &page);
    assert_eq!(response.headers()[header::CONTENT_LANGUAGE], "pt-BR");
    assert_eq!(response.headers()[header::VARY], "Cookie, Accept-Language");
}
