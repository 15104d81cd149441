//! An identity provider that is down: its people are told soon, and nobody else notices.

use std::time::{Duration, Instant};

use e2e::{Scene, Visitor};
use fakes::http_client::{Answer, PageForm};
use fakes::server::Behaviour;

use crate::stage::passes_honest_answers;

/// Types an address; the answer may be anything.
async fn typed(scene: &Scene, email: &str) -> Answer {
    let mut browser: Visitor = scene.visitor();
    let page = browser.open("/").await;
    let form = PageForm::all(&page).into_iter().next().unwrap().with("email", email);
    browser.step(&form).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n16_people_of_a_black_holed_provider_get_a_dated_notice_and_the_others_their_page() {
    let scene = Scene::start().await;
    passes_honest_answers(&scene).await;
    scene.clock.advance(Duration::from_secs(31));
    for (behaviour, cause) in
        [(Behaviour::BlackHole, "idp-unreachable"), (Behaviour::Unreachable, "idp-answer-broken")]
    {
        scene.globex.behave(behaviour);
        let down_since = domain::Clock::now(&scene.clock);
        let began = Instant::now();
        let before = scene.traces();
        let answer = typed(&scene, "gil@globex.example").await;
        let waited = began.elapsed();
        assert_eq!(scene.cause(&before, &answer), cause);
        // Two and a half seconds are allowed; a busy machine may take twice as long.
        assert!(waited < Duration::from_secs(6), "{waited:?}");
        let record = scene.recorded(&e2e::reference(&answer)).pop().unwrap();
        let domain::AuditEvent::Refused { refusal, .. } = record.event else { panic!() };
        assert_eq!(refusal.since, Some(down_since));
        // Somebody else's provider answers as ever, also while this one is asked again.
        scene.clock.advance(Duration::from_secs(11));
        let asked_again = typed(&scene, "gro@globex.example");
        let others = async {
            let uma = scene.signed_in("uma@umbrella.example").await;
            drop(uma);
            began.elapsed()
        };
        let (answer, _) = tokio::join!(asked_again, others);
        let record = scene.recorded(&e2e::reference(&answer)).pop().unwrap();
        let domain::AuditEvent::Refused { refusal, .. } = record.event else { panic!() };
        assert_eq!(refusal.since, Some(down_since), "the outage is the same");
        scene.globex.behave(Behaviour::Normal);
        scene.clock.advance(Duration::from_secs(11));
        passes_honest_answers(&scene).await;
        scene.clock.advance(Duration::from_secs(31));
    }
}
