//! The pages as a browser gets them, in every language.

use domain::{Language, Notice, ReferenceCode, Timestamp};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use provisioning::Progress;

use super::texts::{Circumstances, texts};
use super::*;

/// Every notice; a new one is added here when `exhaustive` no longer compiles.
const NOTICES: [Notice; 31] = [
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
    Notice::AccountEnded,
    Notice::AccountAsked,
    Notice::AtlassianAccount,
    Notice::SupportUnavailable,
    Notice::TryAgainLater,
    Notice::NotPermitted,
    Notice::NotFound,
    Notice::BadRequest,
    Notice::CookiesNeeded,
    Notice::TooManyTries,
    Notice::FormTooLarge,
    Notice::FormNotKept,
    Notice::ParkedElsewhere,
    Notice::ParkedSent,
    Notice::ParkedUncertain,
    Notice::ParkedOver,
    Notice::ParkedWaits,
];

pub(super) fn frame(language: Language) -> Frame<'static> {
    Frame { site: "Example <Support>", t: texts(language), brand: None, language }
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
        other_way: None,
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

#[test]
fn hours_and_first_days_are_said_as_people_say_them() {
    // One o'clock is singular where the others are plural, on 31 December and on 1 May 2027.
    for (language, time, first) in [
        (Language::Spanish, "la 01:05 (UTC)", "1 de mayo de 2027"),
        (Language::Portuguese, "a 01:05 (UTC)", "1º de maio de 2027"),
        (Language::French, "01:05 (UTC)", "1er mai 2027"),
    ] {
        let frame = frame(language);
        let (one, may) = (Timestamp::from_seconds(1_798_679_100), 1_809_133_200);
        assert_eq!(frame.since(one, one), time);
        let moment = frame.moment(Timestamp::from_seconds(may));
        assert!(moment.starts_with(first), "{moment}");
        let two = frame.since(one.plus(std::time::Duration::from_secs(3600)), one);
        assert!(!two.starts_with("la ") && !two.starts_with("a "), "{two}");
    }
}

#[test]
fn french_has_a_narrow_no_break_space_before_what_needs_one() {
    let t = texts(Language::French);
    let (parking, waiting) = (&t.parking, &t.setting_up);
    for text in [parking.question, parking.lead, waiting.saved, waiting.portals.of(true)] {
        let bare = [" ?", " ;", " :", " !"].iter().any(|mark| text.contains(mark));
        assert!(!bare && text.contains('\u{202f}'), "{text}");
    }
}

#[tokio::test]
async fn beside_trying_again_stands_another_way() {
    for (language, text) in [
        (Language::English, "Choose another way"),
        (Language::German, "Anderen Weg wählen"),
        (Language::French, "Choisir un autre moyen"),
        (Language::Spanish, "Elegir otra forma"),
        (Language::Portuguese, "Escolher outra forma"),
    ] {
        let mut notice = refusal(language, Notice::ProviderUnreachable);
        notice.other_way = Some("/.vestibule/sign-in?attempt=a&choose=1".to_owned());
        let page = text_of(refused(StatusCode::SERVICE_UNAVAILABLE, notice)).await;
        let (_, link) = page.split_once("<p class=\"aside\"><a href=\"").expect("a link");
        assert!(link.starts_with("/.vestibule/sign-in?attempt=a&#38;choose=1\""), "{link}");
        assert!(link.contains(&format!(">{text}</a>")), "{link}");
    }
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

#[test]
fn a_form_that_sends_itself_has_a_button_and_its_fields() {
    let fields = [("SAMLRequest", "PHg+".to_owned()), ("RelayState", "\"><b>".to_owned())];
    let mut page = PostPage {
        frame: frame(Language::German),
        errand: Errand::SignOut,
        provider: "Acme",
        action: "https://idp.example/slo?a=1&b=2",
        fields: &fields,
    };
    let text = page.render().unwrap();
    assert!(text.contains("action=\"https://idp.example/slo?a=1&#38;b=2\""), "{text}");
    assert!(text.contains("<h1>Sie werden abgemeldet</h1>") && text.contains(">Weiter</button>"));
    assert!(text.contains("name=\"RelayState\" value=\"&#34;&#62;&#60;b&#62;\""), "{text}");
    page.errand = Errand::SignIn;
    assert!(page.render().unwrap().contains("<h1>Weiter zu Acme</h1>"));
}

#[test]
fn a_sign_in_that_began_elsewhere_names_who_it_would_be() {
    let page = ConfirmPage {
        frame: frame(Language::English),
        provider: "Acme",
        name: "Ann Archer",
        address: "ann@acme.example",
        instead_of: Some("Bob Baker"),
        action: "/.vestibule/sign-in",
        fields: &[("attempt", "a".to_owned())],
    };
    let text = page.render().unwrap();
    assert!(text.contains("Continue as Ann Archer?") && text.contains("ann@acme.example"));
    assert!(text.contains("You are signed in as Bob Baker now"), "{text}");
}

#[test]
fn the_page_after_signing_out_says_of_each_session_whether_it_ended() {
    let link = Some("https://idp.example/me".to_owned());
    let mut page = SignedOutPage {
        frame: frame(Language::English),
        help_center: Some(SessionEnd::Untouched),
        provider: Some(("Acme", SessionEnd::Ended)),
    };
    let text = page.render().unwrap();
    assert_eq!(text.matches(">Ended<").count(), 2, "{text}");
    assert!(text.contains("Not affected") && !text.contains("shared computer"), "{text}");
    page.provider = Some(("Acme", SessionEnd::StillSignedIn { link: link.clone() }));
    let text = page.render().unwrap();
    assert!(text.contains("still signed in there") && text.contains("shared computer"), "{text}");
    assert!(text.contains("href=\"https://idp.example/me\""), "{text}");
    page.provider = Some(("Acme", SessionEnd::NoAnswer { link }));
    assert!(page.render().unwrap().contains("Did not answer"));
}

#[test]
fn pages_of_operators_show_what_they_are_given() {
    let rows = vec![("mail".to_owned(), "a…@acme.example <1>".to_owned())];
    let sections = [Section { title: "Received".to_owned(), rows }];
    let refused = |explanation: &str| Verdict::Refused {
        explanation: explanation.to_owned(),
        remedy: "mend it".to_owned(),
    };
    for (verdict, says) in
        [(Verdict::Succeeds, "would succeed"), (refused("no address"), "no address")]
    {
        let page = TestResultPage {
            frame: frame(Language::English),
            provider: "Acme",
            verdict,
            sections: &sections,
            warnings: &["signed with SHA-1".to_owned()],
            again: "/.vestibule/test/x",
        };
        let text = page.render().unwrap();
        assert!(text.contains(says) && text.contains("signed with SHA-1"), "{text}");
        assert!(text.contains("a…@acme.example &#60;1&#62;"), "{text}");
        let again = text.contains("href=\"/.vestibule/test/x\">Try again</a>");
        assert_eq!(again, says == "no address", "{text}");
    }
    let page = BreakGlassPage {
        frame: frame(Language::French),
        name: "Ann Archer",
        until: "22 novembre 2026 à 13:58 (UTC)",
        action: "/.vestibule/break-glass/x",
        fields: &[],
    };
    assert!(page.render().unwrap().contains("Ann Archer"));
}

fn choices(count: usize) -> Vec<Choice> {
    let choice = |n| Choice { name: format!("idp-{n}"), label: format!("Firma {n}"), logo: None };
    (0..count).map(choice).collect()
}

fn sign_in(providers: usize, last: Option<Choice>) -> String {
    let page = SignInPage {
        frame: frame(Language::German),
        attempt: "a",
        typed: "",
        mistake: None,
        for_request: true,
        news: None,
        last,
        providers: choices(providers),
    };
    page.render().unwrap()
}

fn setting_up(language: Language, done: Progress) -> String {
    let page = SettingUpPage {
        frame: frame(language),
        outage: false,
        done,
        again: "/.vestibule/setting-up?attempt=a",
        seconds: 2,
        reference: ReferenceCode::from_random([7; 8]),
    };
    page.render().unwrap()
}

#[test]
fn steps_of_an_account_are_said_in_the_number_and_gender_of_each() {
    let all = Progress { account: true, organizations: true, desks: true };
    for (language, lines) in [
        (Language::English, ["Your account: ready", "Your organization: ready", "portals: ready"]),
        (Language::German, ["Ihr Konto: fertig", "Organisation: fertig", "portale: fertig"]),
        (
            Language::French,
            ["compte\u{202f}: prêt ", "organisation\u{202f}: prête ", "assistance\u{202f}: prêts "],
        ),
        (Language::Spanish, ["cuenta: lista ", "organización: lista ", "de soporte: listos "]),
        (Language::Portuguese, ["conta: pronta ", "organização: pronta ", "suporte: prontos "]),
    ] {
        let text = setting_up(language, all);
        assert!(lines.iter().all(|line| text.contains(line)), "{language}: {text}");
        assert_eq!(text.matches('✓').count(), 3, "{text}");
        assert_eq!(setting_up(language, Progress::default()).matches('✓').count(), 0);
    }
}

#[test]
fn a_page_that_waits_reloads_itself_only_without_script() {
    let text = setting_up(Language::English, Progress::default());
    let (_, without_script) = text.split_once("<noscript>").unwrap();
    let (without_script, rest) = without_script.split_once("</noscript>").unwrap();
    assert!(
        without_script.contains("http-equiv=\"refresh\" content=\"30; url=/.vestibule/setting-up?")
    );
    assert_eq!(text.matches("http-equiv").count(), 1, "{text}");
    // What the script reads.
    assert!(rest.contains(
        "<div role=\"status\" data-again=\"/.vestibule/setting-up?attempt=a\" data-seconds=\"2\">"
    ));
    let script = "<script type=\"module\" src=\"/.vestibule/assets/setting-up.js\"></script>";
    assert!(text.contains(script), "{text}");
}

#[test]
fn a_chooser_grows_from_whole_sentences_to_a_list_that_is_narrowed() {
    let (few, more, long) = (sign_in(4, None), sign_in(12, None), sign_in(40, None));
    assert!(few.contains(">Weiter mit Firma 3<") && !few.contains("aria-label="), "{few}");
    for text in [&more, &long] {
        assert!(text.contains("aria-label=\"Weiter mit Firma 3\"") && text.contains(">Firma 3<"));
    }
    assert!(!more.contains("id=\"narrow\"") && long.contains("id=\"narrow\""));
    assert!(long.len() < 50_000 && few.contains("Sie öffnen eine Supportanfrage."));
    assert!(sign_in(0, None).find("id=\"chooser\"").is_none());
}

#[test]
fn the_last_choice_comes_first_and_has_the_focus() {
    let [last] = <[Choice; 1]>::try_from(choices(1)).unwrap();
    let text = sign_in(3, Some(last));
    let place = |part: &str| text.find(part).unwrap();
    assert!(place("Zuletzt verwendet") < place("id=\"email\""), "{text}");
    assert!(place("id=\"email\"") < place("Oder wählen Sie eine andere Organisation"));
    let (before, _) = text.split_once(" autofocus").unwrap();
    assert!(before.ends_with("value=\"idp-0\" class=\"choice\""), "{before}");
}

#[test]
fn a_page_before_leaving_names_the_host() {
    let page = ContinuePage {
        frame: frame(Language::English),
        attempt: "a",
        typed: "ann@acme.example",
        provider: &choices(1)[0],
        host: Some("acme.okta.com"),
        guest: None,
    };
    let text = page.render().unwrap();
    assert!(text.contains("You will sign in at Firma 0 (acme.okta.com)."), "{text}");
    assert!(text.contains("Not your company?") && !text.contains("name=\"guest\""), "{text}");
    // Whoever is not theirs sees the sign-in page, whatever place or link say.
    assert!(text.contains("href=\"/.vestibule/sign-in?attempt=a&amp;choose=1\""), "{text}");
    let text = ContinuePage { typed: "", guest: Some("unsaid"), ..page }.render().unwrap();
    assert!(text.contains("name=\"guest\" value=\"unsaid\""), "{text}");
}

#[test]
fn a_page_before_sending_says_what_goes_where() {
    for language in Language::ALL {
        let frame = frame(language);
        let size = frame.t.parking.size_of(20_971_520);
        let page = ResumePage {
            frame,
            path: "/servicedesk/<b>/create",
            size: &size,
            times: ("22 November", "23 November"),
            action: "/.vestibule/resume/x",
        };
        let text = page.render().unwrap();
        assert_eq!(text.matches("<h1>").count(), 1);
        assert!(text.contains("/servicedesk/&#60;b&#62;/create") && text.contains("21 M"));
        assert!(text.contains("Example &#60;Support&#62;") && text.contains("23 November"));
        assert!(text.contains("name=\"do\" value=\"send\""), "{text}");
        let page = SignedInPage { frame };
        assert!(page.render().unwrap().contains(frame.t.parking.signed_in.0));
    }
    assert_eq!(texts(Language::French).parking.size_of(1), "1 ko");
}

#[test]
fn what_could_not_be_kept_is_left_in_its_tab() {
    for (notice, beside) in
        [(Notice::FormTooLarge, true), (Notice::FormNotKept, true), (Notice::ParkedSent, false)]
    {
        let page = refused(StatusCode::OK, refusal(Language::English, notice));
        let Body::Own(body) = page.into_body() else { panic!("a page of ours") };
        let text = format!("{body:?}");
        assert_eq!(text.contains("_blank"), beside, "{notice:?}");
    }
}
