//! Notices by mail: who is told what, and that nobody waits for it.

use std::time::Duration;

use domain::{Clock, PersonKey};
use e2e::{Scene, SceneOptions};
use fakes::TestAuthority;
use fakes::http_client::Answer;
use fakes::smtp::{Mail, SmtpMood, SmtpServer, SmtpTls};
use gateway::control::Command;
use gateway::{FactorOf, control};

use crate::world::*;

const HOUR: Duration = Duration::from_secs(3600);

/// A scene with a rule for everybody of Acme, and a mail server.
pub(crate) async fn scene(tls: SmtpTls, authority: Option<&TestAuthority>) -> (Scene, SmtpServer) {
    let word = match tls {
        SmtpTls::None => "none",
        SmtpTls::StartTls(_) => "starttls",
        SmtpTls::Implicit(_) => "implicit",
    };
    let server = SmtpServer::start(tls).unwrap();
    let port = server.address.port();
    let host = if word == "none" { "127.0.0.1" } else { "localhost" };
    let folder = tempfile::tempdir().unwrap();
    let trust = authority.map_or_else(String::new, |authority| {
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, authority.certificate_pem()).unwrap();
        format!("outbound: {{ certificate_authorities: {{ file: {} }} }}\n", file.display())
    });
    let more = format!(
        "second_factor:\n  - {ACME}\nfactors: {{ self_service_reset: 24h }}\n\
         mail: {{ server: {host}, port: {port}, tls: {word}, from: no-reply@help.example, user: vestibule, password: {{ file: token }} }}\n{trust}"
    );
    let options = SceneOptions { more, ..SceneOptions::default() };
    (Scene::with(options).await, server)
}

/// The mails once there are so many.
async fn arrived(server: &SmtpServer, count: usize) -> Vec<Mail> {
    for _ in 0..1000 {
        let mails = server.mails();
        if mails.len() >= count {
            return mails;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{count} mails expected: {:?}", server.mails());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_are_told_what_happens_to_their_factor() {
    let (scene, server) = scene(SmtpTls::None, None).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let mails = arrived(&server, 1).await;
    assert_eq!((mails[0].to.as_str(), mails[0].from.as_str()), (ANN, "no-reply@help.example"));
    assert!(mails[0].data.contains("an authenticator app was set up"), "{}", mails[0].data);
    assert!(mails[0].data.contains("Auto-Submitted: auto-generated"));
    assert!(mails[0].credentials.is_some(), "signed in to the mail server");
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    submit(&mut ann, &page, &[("recovery", &owner.codes[0])]).await;
    let mails = arrived(&server, 2).await;
    assert!(mails[1].data.contains("9 are left"), "{}", mails[1].data);
    // A reset that somebody asks for, and that takes place.
    let mut stranger = scene.visitor();
    let page = asked(&scene, &mut stranger, ANN, LINK).await;
    let waits = submit(&mut stranger, &page, &[("reset", "yes")]).await;
    assert_eq!(waits.status, 200, "{}", waits.text());
    let mails = arrived(&server, 3).await;
    assert!(mails[2].data.contains("somebody asked to reset"), "{}", mails[2].data);
    for _ in 0..25 {
        scene.clock.advance(HOUR);
    }
    let mails = arrived(&server, 4).await;
    assert!(mails[3].data.contains("your second step was reset"), "{}", mails[3].data);
    let whole = mails.iter().map(|mail| mail.data.as_str()).collect::<String>();
    assert!(owner.codes.iter().all(|code| !whole.contains(code.as_str())), "no code in a mail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_away_holds_up_nobody_and_gets_it_later() {
    gets_it_later(SmtpMood::Busy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_does_not_know_us_any_more_gets_it_once_it_does() {
    gets_it_later(SmtpMood::Estranged).await;
}

async fn gets_it_later(mood: SmtpMood) {
    let (scene, server) = scene(SmtpTls::None, None).await;
    server.set_mood(mood);
    let (_, mut ann) = enrolled(&scene, ANN, LINK).await;
    assert_eq!(ask(&mut ann, LINK).await.status, 200, "signed in all the same");
    for _ in 0..1000 {
        if server.connections() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.mails(), []);
    server.set_mood(SmtpMood::Takes);
    let arrive = async { arrived(&server, 1).await };
    let mails = scene.as_time_passes(arrive).await;
    assert_eq!(mails.len(), 1, "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_crosses_the_network_encrypted_and_only_to_whom_the_certificate_names() {
    let authority = TestAuthority::new();
    let good = || authority.issue(&["localhost"]);
    for tls in [SmtpTls::StartTls(good()), SmtpTls::Implicit(good())] {
        let (scene, server) = scene(tls, Some(&authority)).await;
        enrolled(&scene, ANN, LINK).await;
        assert!(arrived(&server, 1).await[0].encrypted);
    }
    // A server with a certificate for another name, or one that offers no encryption at all.
    let other = SmtpTls::StartTls(authority.issue(&["other.localhost"]));
    let (scene, server) = scene(other, Some(&authority)).await;
    enrolled(&scene, ANN, LINK).await;
    for _ in 0..1000 {
        if server.connections() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.mails(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_resets_and_the_next_enrolment_needs_a_new_sign_in() {
    let (scene, server) = scene(SmtpTls::None, None).await;
    let (owner, mut ann) = enrolled(&scene, ANN, LINK).await;
    arrived(&server, 1).await;
    let of = FactorOf::Email { email: ANN.parse().unwrap(), site: None };
    let status = scene.order(&Command::FactorStatus { of: of.clone() }).await;
    let control::Answer::Factor(report) = status else { panic!("{status:?}") };
    assert!(report.enrolled.is_some());
    assert_eq!(report.recovery_codes, 10);
    let refused =
        scene.order(&Command::FactorReset { of: of.clone(), reason: " ".to_owned() }).await;
    assert!(matches!(refused, control::Answer::Failed(_)), "a reason is needed");
    // Somebody who knows the password waits at the page for the code.
    let mut waiting = scene.visitor();
    let page = asked(&scene, &mut waiting, ANN, LINK).await;
    scene.clock.advance(Duration::from_secs(1));
    let reason = "ticket 4711".to_owned();
    let reset = scene.order(&Command::FactorReset { of, reason }).await;
    let control::Answer::FactorReset(reset) = reset else { panic!("{reset:?}") };
    assert_eq!((reset.enrolled, reset.sessions), (true, 1));
    let nobody =
        FactorOf::Person(PersonKey { idp: "nope".parse().unwrap(), ..reset.person.clone() });
    let subject = "id-nobody".parse().unwrap();
    let unknown = FactorOf::Person(PersonKey { subject, ..reset.person });
    let reason = "a misspelt name".to_owned();
    let refused = scene.order(&Command::FactorReset { of: nobody, reason: reason.clone() }).await;
    assert!(
        matches!(&refused, control::Answer::Failed(said) if said.contains("`nope`")),
        "{refused:?}"
    );
    let other = scene.order(&Command::FactorReset { of: unknown, reason }).await;
    assert!(matches!(&other, control::Answer::FactorReset(reset) if !reset.enrolled), "{other:?}");
    assert_ne!(ask(&mut ann, LINK).await.status, 200, "the session has ended");
    assert!(scene.audit_log().contains("ticket 4711"));
    let mails = arrived(&server, 2).await;
    assert!(mails[1].data.contains("your second step was reset"));
    // The page that waited enrols nobody.
    let again = waiting.open(&format!("{PAGE}?{}", page.url.query().unwrap())).await;
    assert!(fakes::Authenticator::of_page(&again.text()).is_none(), "no secret: {}", again.text());
    // A new sign-in does, and the old secret and codes are dead.
    scene.clock.advance(Duration::from_secs(60));
    let mut anew = scene.visitor();
    let page = asked(&scene, &mut anew, ANN, LINK).await;
    let (new, done) = enrol(&scene, &mut anew, &page).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let mut later = scene.visitor();
    let page = asked(&scene, &mut later, ANN, LINK).await;
    for old in [("code", owner.code(&scene)), ("recovery", owner.codes[1].clone())] {
        let refused: Answer = submit(&mut later, &page, &[(old.0, &old.1)]).await;
        assert_eq!(refused.status, 403, "{}", old.0);
    }
    let code = new.app.code(scene.clock.now().as_seconds());
    let done = submit(&mut later, &page, &[("code", &code)]).await;
    assert_eq!(done.status, 303);
}
