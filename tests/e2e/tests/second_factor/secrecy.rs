//! What no log says, at any level.

use e2e::{Place, Scene, SceneOptions, Vestibule};
use fakes::http_client::PageForm;
use fakes::{Authenticator, FakeClock};

use crate::world::*;

/// Whether a number stands in a text by itself, and not within another or behind a point, as
/// fractions of seconds do.
fn has_number(text: &str, number: &str) -> bool {
    text.match_indices(number).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + number.len()..].chars().next();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '.');
        !part(before) && !after.is_some_and(|c| c.is_ascii_digit())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d16_no_secret_and_no_code_of_a_factor_is_in_any_log_at_any_level() {
    let more = format!("second_factor:\n  - {ACME}\n");
    let options = SceneOptions { more, gateway: Place::Process, ..SceneOptions::default() };
    let scene = Scene::with(options).await;
    let mut vestibule = Vestibule::run(&scene, "trace").await;
    let clock = FakeClock::system();
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let shown = page.text();
    let (_, key) = shown.split_once("id=\"key\">").expect("a key");
    let key = key.split('<').next().unwrap().to_owned();
    let app = Authenticator::of_page(&shown).expect("a key");
    let first = app.code(clock.now());
    let codes_page = submit(&mut ann, &page, &[("code", &first)]).await;
    let codes = codes_of(&codes_page);
    assert_eq!(codes.len(), 10, "{}", codes_page.text());
    let end = codes[0].rsplit('-').next().unwrap();
    let done = submit(&mut ann, &codes_page, &[("end", end)]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    // Wrong, used, right; by a recovery code; changes on the account page.
    let mut other = scene.visitor();
    let page = asked(&scene, &mut other, ANN, LINK).await;
    submit(&mut other, &page, &[("code", "918273")]).await;
    submit(&mut other, &page, &[("code", &first)]).await;
    let next = app.code(clock.now() + 30);
    submit(&mut other, &page, &[("code", &next)]).await;
    let mut third = scene.visitor();
    let page = asked(&scene, &mut third, ANN, LINK).await;
    submit(&mut third, &page, &[("recovery", "WRNG-WRNG-WRNG")]).await;
    let done = submit(&mut third, &page, &[("recovery", &codes[1])]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let account = third.open("/.vestibule/account").await;
    let forms = PageForm::all(&account).into_iter();
    let change = forms.last().expect("a form");
    let fields = vec![("do".to_owned(), "codes".to_owned()), ("code".to_owned(), codes[2].clone())];
    let renewed = third.step(&PageForm { fields, ..change }).await;
    let mut secrets = codes;
    secrets.extend(codes_of(&renewed));
    assert!(secrets.len() == 20, "{}", renewed.text());
    secrets.extend(secrets.clone().iter().map(|code| code.replace('-', "")));
    secrets.extend([key.replace(' ', ""), key, "WRNG-WRNG".to_owned()]);
    for visitor in [&ann, &other, &third] {
        for name in [SESSION, "__Host-vestibule-browser"] {
            secrets.extend(visitor.cookie(name).map(str::to_owned));
        }
    }
    vestibule.terminate();
    vestibule.end().await;
    let log = vestibule.log();
    assert!(log.contains("\"DEBUG\"") && log.contains("second factor passed"), "{log}");
    for (name, text) in [("the log", &log), ("the audit log", &scene.audit_log())] {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} is in {name}");
        }
        for code in [first.as_str(), &next, "918273"] {
            assert!(!has_number(text, code), "{code} is in {name}");
        }
    }
}
