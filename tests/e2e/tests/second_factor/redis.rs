//! Two real gateways over one Redis: what was used at one is dead at the other, and what somebody
//! finds who can read the Redis or the file.

use std::time::Duration;

use domain::Clock;
use e2e::{Replicas, Scene, SceneOptions, Visitor, sets_session};
use fakes::Authenticator;
use fakes::http_client::Answer;
use tokio::task::JoinSet;

use crate::world::*;

async fn replicas() -> Replicas {
    let more = format!("second_factor:\n  - {ACME}\n");
    let options = SceneOptions { more, ..SceneOptions::default() };
    Replicas::with(options, |redis| redis.line()).await
}

/// Browsers that stand on the page that asks Ann for a code.
async fn tabs(scene: &Scene, count: usize) -> Vec<(Visitor, Answer)> {
    let mut tabs = Vec::new();
    for _ in 0..count {
        let mut visitor = scene.visitor();
        let page = asked(scene, &mut visitor, ANN, LINK).await;
        tabs.push((visitor, page));
    }
    tabs
}

/// attacks.md D14: codes of the app and recovery codes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_a_code_used_at_one_replica_is_refused_at_the_other() {
    let replicas = replicas().await;
    let scene = &replicas.scene;
    let (owner, _) = enrolled(scene, ANN, LINK).await;
    for (first, second) in [(0, 1), (1, 0)] {
        let recovery = owner.codes[first].clone();
        for (field, code) in [("code", owner.code(scene)), ("recovery", recovery)] {
            let mut both = tabs(scene, 2).await;
            replicas.only(first);
            let (visitor, page) = &mut both[0];
            let done = submit(visitor, page, &[(field, &code)]).await;
            assert!(done.status == 303 && sets_session(&done), "{field}: {}", done.text());
            replicas.only(second);
            let (visitor, page) = &mut both[1];
            let replayed = submit(visitor, page, &[(field, &code)]).await;
            assert!(replayed.status == 403 && !sets_session(&replayed), "{field}");
            assert!(replayed.text().contains("was used before"), "{field}: {}", replayed.text());
            let done = submit(visitor, page, &[("code", &owner.code(scene))]).await;
            assert!(sets_session(&done), "a new one passes: {}", done.text());
            replicas.in_turn();
        }
    }
}

/// Of twenty posts at once, each at a replica by itself, one opens a session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_of_many_posts_of_one_code_at_two_replicas_one_wins() {
    let replicas = replicas().await;
    let scene = &replicas.scene;
    let (owner, _) = enrolled(scene, ANN, LINK).await;
    for (field, code) in [("code", None), ("recovery", Some(owner.codes[5].clone()))] {
        let tabs = tabs(scene, 20).await;
        let code = code.unwrap_or_else(|| owner.code(scene));
        let mut posts = JoinSet::new();
        for (mut visitor, page) in tabs {
            let code = code.clone();
            posts.spawn(async move { submit(&mut visitor, &page, &[(field, &code)]).await });
        }
        let answers = posts.join_all().await;
        let sessions = answers.iter().filter(|answer| sets_session(answer)).count();
        assert_eq!(sessions, 1, "{field}");
        scene.clock.advance(Duration::from_secs(24 * 3600));
    }
}

/// Guesses at both replicas count together.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_two_replicas_are_counted_together() {
    let replicas = replicas().await;
    let scene = &replicas.scene;
    enrolled(scene, ANN, LINK).await;
    let mut stranger = scene.visitor();
    let page = asked(scene, &mut stranger, ANN, LINK).await;
    let mut looked_at = 0;
    for number in [0, 1].into_iter().cycle().take(12) {
        replicas.only(number);
        let answer = submit(&mut stranger, &page, &[("code", "000000")]).await;
        looked_at += usize::from(answer.status == 403);
        assert!([403, 429].contains(&answer.status), "{}", answer.text());
    }
    assert_eq!(looked_at, 4);
}

/// Every writing in which Ann's secret and recovery codes could show.
async fn planted(scene: &Scene) -> Vec<String> {
    let mut ann = scene.visitor();
    let page = asked(scene, &mut ann, ANN, LINK).await;
    let text = page.text();
    let key = text.split_once("id=\"key\">").unwrap().1.split('<').next().unwrap().to_owned();
    let app = Authenticator::of_page(&text).unwrap();
    let code = app.code(scene.clock.now().as_seconds());
    let shown = submit(&mut ann, &page, &[("code", &code)]).await;
    let mut planted = codes_of(&shown);
    assert_eq!(planted.len(), 10, "{}", shown.text());
    let end = planted[0].rsplit('-').next().unwrap().to_owned();
    assert_eq!(submit(&mut ann, &shown, &[("end", &end)]).await.status, 303);
    // An enrolment and a sign-in under way, and guesses.
    let mut bob = scene.visitor();
    let page = asked(scene, &mut bob, "bea@acme.example", LINK).await;
    let text = page.text();
    let pending = text.split_once("id=\"key\">").unwrap().1.split('<').next().unwrap().to_owned();
    let mut second = scene.visitor();
    let page = asked(scene, &mut second, ANN, LINK).await;
    submit(&mut second, &page, &[("code", "000000")]).await;
    planted.extend(planted.clone().iter().map(|code| code.replace('-', "")));
    for key in [key, pending] {
        let base32 = key.replace(' ', "");
        let bytes = bytes_of(&base32);
        planted.push(bytes.iter().map(|byte| format!("{byte:02x}")).collect());
        planted.extend([key, base32]);
    }
    planted
}

/// RFC 4648 §6.
fn bytes_of(base32: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String =
        base32.chars().map(|c| format!("{:05b}", alphabet.find(c).unwrap())).collect();
    let bytes = bits.as_bytes().chunks_exact(8).map(|bits| std::str::from_utf8(bits).unwrap());
    bytes.map(|bits| u8::from_str_radix(bits, 2).unwrap()).collect()
}

fn holds(dump: &[u8], text: &[u8]) -> bool {
    dump.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text))
}

/// Nothing that was planted is in a dump, neither as text nor as the bytes that it stands for.
fn assert_hidden(dump: &[u8], planted: &[String]) {
    assert_eq!(planted.len(), 26);
    for secret in planted {
        assert!(!holds(dump, secret.as_bytes()), "{secret}");
        let base32 = secret.len() == 32
            && secret.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if base32 {
            assert!(!holds(dump, &bytes_of(secret)), "{secret} as bytes");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_redis_yields_no_secret_and_no_code_of_a_factor() {
    let replicas = replicas().await;
    let planted = planted(&replicas.scene).await;
    let mut dump = Vec::new();
    for key in replicas.redis.cli(&["KEYS", "*"]).lines() {
        dump.extend(key.as_bytes());
        for command in [&["GET", key][..], &["HGETALL", key]] {
            dump.extend(replicas.redis.bytes(command));
        }
    }
    assert!(holds(&dump, b"factor/") && holds(&dump, b"factor-guesses/"), "the search works");
    assert_hidden(&dump, &planted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_the_file_yields_no_secret_and_no_code_of_a_factor() {
    let mut scene = scene(&[ACME]).await;
    let planted = planted(&scene).await;
    scene.stop_gateway().await;
    let folder = scene.folder.path().join("data");
    let mut dump = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            dump.extend(std::fs::read(path).unwrap());
        }
    }
    assert!(holds(&dump, b"factor/") && holds(&dump, b"factor-guesses/"), "the search works");
    assert_hidden(&dump, &planted);
}
