//! What is left of sessions that have ended, and sessions under a new id.

use std::sync::Arc;
use std::time::Duration;

use session::{CreateError, Facts, Opened, Secrets, SessionCookie, Sessions, Who, Whose};
use store::fault::{Fault, Operation};
use tokio::task::JoinSet;

use crate::world::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn look(sessions: &Sessions, cookie: &SessionCookie, now: domain::Timestamp) -> &'static str {
    match sessions.open_or_ended(cookie, &site("help"), now).await.unwrap() {
        Opened::Live(_) => "live",
        Opened::Ended(person) => {
            assert_eq!(person.to_string(), "acme/subject-4711");
            "ended"
        }
        Opened::None => "none",
    }
}

#[tokio::test]
async fn an_idle_session_leaves_whose_it_was_for_a_day_at_most() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let end = NOW.plus(IDLE).plus(UNNOTED);
    assert_eq!(look(&sessions, &cookie, end.minus(MILLISECOND)).await, "live");
    assert_eq!(look(&sessions, &cookie, end).await, "ended");
    assert_eq!(look(&sessions, &cookie, end.plus(DAY).minus(MILLISECOND)).await, "ended");
    assert_eq!(look(&sessions, &cookie, end.plus(DAY)).await, "none");
    let other = sessions.open_or_ended(&cookie, &site("other"), end).await.unwrap();
    assert!(matches!(other, Opened::None), "another site learns nothing");
    assert!(open(&sessions, &cookie, end).await.is_none());
}

#[tokio::test]
async fn a_long_session_leaves_it_for_half_a_day_at_least() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let facts = Facts { deadline: NOW.plus(3 * DAY), ..facts() };
    let (cookie, session) = sessions.create(facts, Secrets::default(), NOW).await.unwrap();
    let mut now = NOW;
    while now < NOW.plus(3 * DAY) {
        sessions.touch(&session, now).await.unwrap();
        now = now.plus(IDLE / 2);
    }
    assert_eq!(look(&sessions, &cookie, NOW.plus(3 * DAY)).await, "ended");
    assert_eq!(
        look(&sessions, &cookie, NOW.plus(3 * DAY + DAY / 2).minus(MILLISECOND)).await,
        "ended"
    );
    assert_eq!(look(&sessions, &cookie, NOW.plus(4 * DAY)).await, "none");
    let writes = world.store.calls(Operation::Put);
    assert!(writes < 10, "{writes} tombstones were written for one session");
}

#[tokio::test]
async fn sign_out_and_revocation_leave_it_for_a_day() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let (first, second) = (sign_in(&sessions).await, sign_in(&sessions).await);
    let session = open(&sessions, &first, NOW).await.unwrap();
    sessions.end(&session, NOW).await.unwrap();
    let acme = "acme".parse().unwrap();
    assert_eq!(sessions.end_where(Whose::Idp(&acme), |_| true, NOW).await.unwrap(), 1);
    for cookie in [first, second] {
        assert_eq!(look(&sessions, &cookie, NOW).await, "ended");
        assert_eq!(look(&sessions, &cookie, NOW.plus(DAY).minus(MILLISECOND)).await, "ended");
        assert_eq!(look(&sessions, &cookie, NOW.plus(DAY)).await, "none");
    }
}

#[tokio::test]
async fn guests_strangers_and_other_keys_leave_and_find_nothing() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let guest = Facts { who: Who::Guest, ..facts() };
    let (cookie, session) = sessions.create(guest, Secrets::default(), NOW).await.unwrap();
    sessions.end(&session, NOW).await.unwrap();
    assert_eq!(look(&sessions, &cookie, NOW).await, "none");
    let made_up = SessionCookie::parse(&[b'A'; 43]).unwrap();
    assert_eq!(look(&sessions, &made_up, NOW).await, "none");
    let mine = sign_in(&sessions).await;
    let later = NOW.plus(IDLE).plus(UNNOTED);
    assert_eq!(look(&world.replica(&[2, 1]), &mine, later).await, "ended", "after a rotation");
    assert_eq!(look(&world.replica(&[2]), &mine, later).await, "none");
    world.store.fail(Operation::Get, Fault::Unavailable);
    assert!(sessions.open_or_ended(&mine, &site("help"), later).await.is_err());
}

/// attacks.md D1: a new id at step-up.
#[tokio::test]
async fn d1_a_renewed_session_has_a_new_id_and_the_old_one_is_dead() {
    let world = World::new();
    let (here, there) = (world.listening().await, world.listening().await);
    let old = sign_in(&here).await;
    settle().await;
    open(&there, &old, NOW).await.unwrap();
    let session = open(&here, &old, NOW).await.unwrap();
    let later = NOW.plus(UNNOTED);
    let change = |facts: &mut Facts| facts.device = "changed".to_owned();
    let (new, renewed) = here.renew(&session, change, later).await.unwrap();
    settle().await;
    assert_ne!(new.set_cookie(), old.set_cookie());
    for sessions in [&here, &there] {
        assert_eq!(look(sessions, &old, later).await, "ended");
        let found = open(sessions, &new, later).await.unwrap();
        assert_eq!(found.facts(), &Facts { device: "changed".to_owned(), ..facts() });
        assert_eq!(found.device(), session.device(), "lists call it the same");
        assert!(found.secrets().get("upstream cookie").is_some());
    }
    assert_eq!(renewed.ends(), later.plus(IDLE).plus(UNNOTED), "use counts");
}

#[tokio::test]
async fn of_twenty_renewals_one_goes_on_and_an_ended_session_is_never_brought_back() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let session = open(&sessions, &cookie, NOW).await.unwrap();
    let mut renewals = JoinSet::new();
    for _ in 0..20 {
        let (sessions, session) = (Arc::clone(&sessions), Arc::clone(&session));
        renewals.spawn(async move { sessions.renew(&session, |_| (), NOW).await });
    }
    let renewed: Vec<_> = renewals.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = renewed.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert!(lost.into_iter().all(|lost| matches!(lost, Err(CreateError::Revoked))));
    let (_, session) = won.into_iter().next().unwrap().unwrap();
    sessions.end(&session, NOW).await.unwrap();
    let again = sessions.renew(&session, |_| (), NOW).await;
    assert!(matches!(again, Err(CreateError::Revoked)));
}

#[tokio::test]
async fn a_list_has_the_live_sessions_the_last_used_first() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let (_, first) = sessions.create(facts(), secrets(), NOW).await.unwrap();
    let later = NOW.plus(UNNOTED);
    let (_, second) = sessions.create(facts(), secrets(), later).await.unwrap();
    let Who::Person(customer) = facts().who else { panic!("a person") };
    let person = customer.identity.person;
    let whose = Whose::Person(&person);
    let devices = |listed: Vec<session::Listed>| -> Vec<_> {
        listed.into_iter().map(|one| one.device).collect()
    };
    let listed = sessions.list(whose, later).await.unwrap();
    assert_eq!(listed[0].last_use, later);
    assert_eq!(listed[1].facts, facts());
    assert_eq!(devices(listed), [second.device(), first.device()]);
    let first_over = NOW.plus(IDLE).plus(UNNOTED);
    assert_eq!(devices(sessions.list(whose, first_over).await.unwrap()), [second.device()]);
    let other = "globex".parse().unwrap();
    assert_eq!(sessions.list(Whose::Idp(&other), NOW).await.unwrap(), []);
}
