//! How long a session lives, and where.

use std::time::Duration;

use http::{HeaderMap, header};
use session::{Facts, Secrets, SessionCookie};
use store::fault::Operation;

use crate::world::*;

#[tokio::test]
async fn a_session_is_found_by_its_cookie_with_all_it_holds() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let session = open(&sessions, &cookie, NOW).await.unwrap();
    assert_eq!(session.facts(), &facts());
    let secret = session.secrets().get("upstream cookie").unwrap();
    assert_eq!(secret.expose(), "JSESSIONID=hush-hush");
    let other = world.replica(&[1]);
    assert_eq!(open(&other, &cookie, NOW).await.unwrap().facts(), &facts(), "on another replica");
}

/// attacks.md D1.
#[tokio::test]
async fn d1_every_sign_in_has_a_new_id() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let planted = sign_in(&sessions).await;
    let planted_value = planted.set_cookie();
    let fresh = sign_in(&sessions).await;
    assert_ne!(fresh.set_cookie(), planted_value);
}

/// attacks.md D2: what looks right but was never given out.
#[tokio::test]
async fn d2_a_made_up_cookie_is_no_session() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let made_up = SessionCookie::parse(&[b'A'; 43]).unwrap();
    assert!(open(&sessions, &made_up, NOW).await.is_none());
    // The right id with another key: neither from the store nor from the cache.
    let set = cookie.set_cookie();
    let mut value = set.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
    value.replace_range(30..32, if &value[30..32] == "AA" { "BB" } else { "AA" });
    let other_key = SessionCookie::parse(value.as_bytes()).unwrap();
    assert!(open(&sessions, &other_key, NOW).await.is_none());
    assert!(open(&sessions, &cookie, NOW).await.is_some());
    assert!(sessions.open_cached(&other_key, &site("help"), NOW).is_none());
    assert!(open(&sessions, &other_key, NOW).await.is_none());
}

/// attacks.md D3.
#[tokio::test]
async fn d3_a_cookie_of_one_site_is_nothing_at_another() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    assert!(sessions.open(&cookie, &site("other"), NOW).await.unwrap().is_none());
    assert!(open(&sessions, &cookie, NOW).await.is_some());
    assert!(sessions.open_cached(&cookie, &site("other"), NOW).is_none());
    assert!(sessions.open(&cookie, &site("other"), NOW).await.unwrap().is_none());
}

/// attacks.md D5, through the whole of a request's headers.
#[tokio::test]
async fn d5_two_session_cookies_are_none() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let set = sign_in(&sessions).await.set_cookie();
    let pair = set.to_str().unwrap().split(';').next().unwrap();
    let headers = |text: String| HeaderMap::from_iter([(header::COOKIE, text.parse().unwrap())]);
    assert!(SessionCookie::from_headers(&headers(format!("a=1; {pair}"))).is_some());
    assert!(SessionCookie::from_headers(&headers(format!("{pair}; {pair}"))).is_none());
}

#[tokio::test]
async fn a_session_ends_at_exactly_its_absolute_deadline() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let deadline = NOW.plus(Duration::from_secs(60));
    let facts = Facts { deadline, ..facts() };
    let (cookie, _) = sessions.create(facts, Secrets::default(), NOW).await.unwrap();
    let before = deadline.minus(MILLISECOND);
    let session = open(&sessions, &cookie, before).await.unwrap();
    assert_eq!(session.ends(), deadline);
    assert!(sessions.open_cached(&cookie, &site("help"), before).is_some());
    assert!(sessions.open_cached(&cookie, &site("help"), deadline).is_none());
    assert!(open(&sessions, &cookie, deadline).await.is_none());
    assert!(open(&world.replica(&[1]), &cookie, deadline).await.is_none());
}

#[tokio::test]
async fn an_idle_session_ends_one_interval_after_its_limit() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let end = NOW.plus(IDLE).plus(UNNOTED);
    assert!(open(&sessions, &cookie, end.minus(MILLISECOND)).await.is_some());
    assert!(sessions.open_cached(&cookie, &site("help"), end).is_none());
    assert!(open(&sessions, &cookie, end).await.is_none());
}

#[tokio::test]
async fn a_used_session_lives_on_and_its_use_is_seldom_written() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let session = open(&sessions, &cookie, NOW).await.unwrap();
    sessions.touch(&session, NOW.plus(UNNOTED).minus(MILLISECOND)).await.unwrap();
    assert_eq!(world.store.calls(Operation::ReplaceIf), 0, "not due yet");
    let used = NOW.plus(UNNOTED);
    for _ in 0..5 {
        sessions.touch(&session, used).await.unwrap();
    }
    assert_eq!(world.store.calls(Operation::ReplaceIf), 1, "one write for many uses");
    let end = used.plus(IDLE).plus(UNNOTED);
    assert_eq!(session.ends(), end);
    let other = world.replica(&[1]);
    let seen = open(&other, &cookie, end.minus(MILLISECOND)).await.unwrap();
    assert_eq!(seen.ends(), end, "other replicas share it");
    assert!(seen.secrets().get("upstream cookie").is_some(), "secrets survive the write");
    assert!(open(&other, &cookie, end).await.is_none());
}

#[tokio::test]
async fn a_short_idle_limit_is_written_more_often() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let facts = Facts { idle: Duration::from_secs(100), ..facts() };
    let (_, session) = sessions.create(facts, Secrets::default(), NOW).await.unwrap();
    sessions.touch(&session, NOW.plus(Duration::from_millis(4_999))).await.unwrap();
    assert_eq!(world.store.calls(Operation::ReplaceIf), 0);
    sessions.touch(&session, NOW.plus(Duration::from_secs(5))).await.unwrap();
    assert_eq!(world.store.calls(Operation::ReplaceIf), 1);
}

#[tokio::test]
async fn use_never_moves_the_absolute_deadline() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let (cookie, session) = sessions.create(facts(), Secrets::default(), NOW).await.unwrap();
    let (mut now, end) = (NOW, NOW.plus(ABSOLUTE));
    while now < end {
        sessions.touch(&session, now).await.unwrap();
        now = now.plus(Duration::from_secs(20 * 60));
    }
    assert!(open(&sessions, &cookie, end.minus(MILLISECOND)).await.is_some());
    assert!(open(&sessions, &cookie, end).await.is_none());
}
