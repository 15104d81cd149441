//! N05: the identity provider changes its key while people sign in.

use std::time::Duration;

use e2e::{Scene, until};
use fakes::saml::Answer;
use futures_util::future::join_all;

use crate::stage::LINK;

/// Twenty people who are at the identity provider at once; how many of their answers are taken.
async fn twenty_sign_ins(scene: &Scene, in_the_middle: impl Fn()) -> usize {
    let browsers = join_all((0..20).map(|_| async {
        let mut visitor = scene.visitor();
        let at_acme = visitor.begin(LINK, "ann@acme.example").await;
        (visitor, at_acme)
    }))
    .await;
    let ann = scene.acme.person("ann");
    let answers = browsers.into_iter().enumerate().map(|(number, (mut visitor, at_acme))| {
        if number == 10 {
            in_the_middle();
        }
        let form = scene.acme.respond(&at_acme, &ann, Answer::default());
        async move { visitor.post_response(&form).await.status }
    });
    let answers: Vec<_> = answers.collect();
    join_all(answers).await.into_iter().filter(|status| *status == 303).count()
}

async fn metadata_is_read_again(scene: &Scene) {
    let before = scene.audit_log().matches("metadata_refreshed").count();
    scene.clock.advance(Duration::from_secs(70 * 60));
    let read = async || scene.audit_log().matches("metadata_refreshed").count() > before;
    until("the metadata is read again", read).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n05_a_key_that_rolls_over_with_overlap_costs_no_sign_in() {
    let scene = Scene::start().await;
    assert_eq!(twenty_sign_ins(&scene, || {}).await, 20);
    scene.acme.stage_key();
    metadata_is_read_again(&scene).await;
    assert_eq!(twenty_sign_ins(&scene, || scene.acme.activate_key()).await, 20);
    assert_eq!(twenty_sign_ins(&scene, || scene.acme.retire_keys()).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n05_a_key_that_changes_without_overlap_is_fetched_at_once() {
    let scene = Scene::start().await;
    assert_eq!(twenty_sign_ins(&scene, || {}).await, 20);
    let entered = twenty_sign_ins(&scene, || scene.acme.rotate_key()).await;
    // What was signed with the old key while the new one arrived may be lost; nothing after it is.
    assert!(entered >= 10, "{entered}");
    assert_eq!(twenty_sign_ins(&scene, || {}).await, 20);
    // Again within the minute: refused without a fetch, and well after it.
    scene.acme.rotate_key();
    assert_eq!(twenty_sign_ins(&scene, || {}).await, 0);
    scene.clock.advance(Duration::from_secs(60));
    assert_eq!(twenty_sign_ins(&scene, || {}).await, 20);
}
