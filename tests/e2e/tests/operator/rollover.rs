//! Our own keys, rolled over while people sign in.

use std::time::Duration;

use e2e::{Scene, until};
use gateway::control::{Answer, Command};

use crate::expiring::{NEAR, said, with_hooli};

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";

/// Runs one step of `vestibule keys` beside the running gateway.
pub(crate) async fn step(scene: &Scene, word: &str, kind: &str) {
    let done = scene.command(&["keys", word, kind]).await;
    assert_eq!(done.code, Some(0), "keys {word} {kind}: {}", done.err);
    assert!(done.out.contains("has taken it over"), "{}", done.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_assertions_survive_a_rollover_of_our_keys() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    for kind in ["sealing", "assertion"] {
        for word in ["stage", "activate"] {
            step(&scene, word, kind).await;
            let page = ann.open(LINK).await;
            assert!(page.text().contains("Signed in as Ann"), "{word} {kind}: {}", page.text());
            drop(scene.signed_in("gil@globex.example").await);
        }
    }
    step(&scene, "retire", "assertion").await;
    // Signed again after a minute, by the new key, which the help center reads from our key set.
    scene.clock.advance(Duration::from_secs(90));
    let page = ann.open(LINK).await;
    assert!(page.text().contains("Signed in as Ann"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_cannot_be_used_change_nothing() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let good = std::fs::read_to_string(scene.folder.path().join("sealing")).unwrap();
    scene.put_file("sealing", "not a key\n");
    assert!(matches!(scene.order(&Command::ReloadKeys).await, Answer::Failed(_)));
    assert!(ann.open(LINK).await.text().contains("Signed in as Ann"));
    scene.put_file("sealing", &good);
    assert!(matches!(scene.order(&Command::ReloadKeys).await, Answer::Keys { sealing: 1, .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_the_running_gateway_refuses_leaves_the_files_as_they_were() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let (at, good) = (scene.folder.path(), scene.file_path());
    let (active, next) = (at.join("sealing"), at.join("sealing.next"));
    let before = std::fs::read(&active).unwrap();
    // The command reads a good file, the gateway one that is half-edited.
    let copy = at.join("copy.yaml");
    std::fs::copy(good, &copy).unwrap();
    scene.edit("sites:\n", "sites: [half-edited\n");
    let refused = async |word| {
        let done = scene.command_on(&copy, &["keys", word, "sealing"]).await;
        assert_eq!(done.code, Some(1), "keys {word}: {}", done.out);
        assert!(done.err.contains("the running gateway refused"), "{}", done.err);
    };
    refused("stage").await;
    assert!(!next.exists(), "a key that nobody accepts stays");
    scene.edit("sites: [half-edited\n", "sites:\n");
    step(&scene, "stage", "sealing").await;
    let staged = std::fs::read(&next).unwrap();
    scene.edit("sites:\n", "sites: [half-edited\n");
    refused("activate").await;
    assert_eq!((std::fs::read(&active).unwrap(), std::fs::read(&next).unwrap()), (before, staged));
    assert!(!at.join("sealing.old").exists());
    scene.edit("sites: [half-edited\n", "sites:\n");
    step(&scene, "activate", "sealing").await;
    scene.edit("sites:\n", "sites: [half-edited\n");
    refused("retire").await;
    assert!(at.join("sealing.old").exists(), "the key that may still be in use is gone");
    scene.edit("sites: [half-edited\n", "sites:\n");
    step(&scene, "retire", "sealing").await;
    assert!(ann.open(LINK).await.text().contains("Signed in as Ann"), "the session was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_key_files_are_seen_within_a_minute() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let read = |name: &str| std::fs::read_to_string(scene.folder.path().join(name)).unwrap();
    let old = read("sealing");
    scene.put_file("sealing.old", &old);
    scene.put_file("sealing", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=\n");
    let reloaded = async || {
        scene.clock.advance(Duration::from_secs(20));
        scene.audit_log().contains("keys_reloaded")
    };
    until("the change is seen", reloaded).await;
    assert!(ann.open(LINK).await.text().contains("Signed in as Ann"), "the session was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_files_that_change_while_the_operators_file_is_half_edited_are_taken_over_later() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let scene = with_hooli(NEAR).await;
    until("a first round has begun", async || said(&scene) == 1).await;
    let old = std::fs::read_to_string(scene.folder.path().join("sealing")).unwrap();
    scene.edit("sites:\n", "sites: [half-edited\n");
    scene.put_file("sealing.old", &old);
    scene.put_file("sealing", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=\n");
    // A round looks at keys after it has said what it says each day: when it says it again, the look
    // before has met both changes.
    for day in 2..=3 {
        scene.clock.advance(DAY);
        until("another round has begun", async || said(&scene) == day).await;
    }
    assert!(!scene.audit_log().contains("keys_reloaded"), "the file cannot be read");
    scene.edit("sites: [half-edited\n", "sites:\n");
    let reloaded = async || {
        scene.clock.advance(Duration::from_secs(20));
        scene.audit_log().contains("keys_reloaded")
    };
    until("the keys are taken over", reloaded).await;
}
