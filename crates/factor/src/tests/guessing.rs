//! Guessing limits: attackers wait, owners do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use domain::{AuditEvent, Timestamp};

use super::*;
use crate::FactorError;

const SECOND: Duration = Duration::from_secs(1);
/// Where the attacker sits: a hundred networks.
const ADDRESSES: usize = 100;

/// Guesses from a hundred addresses at once, each once a second of virtual time: how many were
/// looked at, how many succeeded, and when it ended.
async fn attack(
    factors: &Arc<Factors>,
    person: &PersonKey,
    each: usize,
) -> (usize, usize, Timestamp) {
    let (looked_at, right) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let latest = Arc::new(AtomicI64::new(NOW.as_millis()));
    let attackers: Vec<_> = (0..ADDRESSES)
        .map(|n| {
            let (factors, person) = (Arc::clone(factors), person.clone());
            let (looked_at, right) = (Arc::clone(&looked_at), Arc::clone(&right));
            let latest = Arc::clone(&latest);
            let client = at(&format!("203.{n}.113.5"), 100);
            tokio::spawn(async move {
                for guess in 0..each {
                    let now = NOW.plus(SECOND * u32::try_from(guess).unwrap());
                    latest.fetch_max(now.as_millis(), Ordering::Relaxed);
                    let code = format!("{:06}", (n + guess * ADDRESSES) % 1_000_000);
                    match factors.check_code(&person, &code, client, now).await {
                        Ok(_) => drop(right.fetch_add(1, Ordering::Relaxed)),
                        Err(FactorError::TooMany { wait }) => assert!(wait > Duration::ZERO),
                        Err(FactorError::Wrong { .. }) => {
                            looked_at.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    for attacker in attackers {
        attacker.await.unwrap();
    }
    let end = Timestamp::from_millis(latest.load(Ordering::Relaxed));
    (looked_at.load(Ordering::Relaxed), right.load(Ordering::Relaxed), end)
}

async fn nobody_gets_in_but_the_owner(each: usize) {
    let store = memory();
    let factors = Arc::new(replica(&store));
    let ann = person("ann");
    let (app, _) = enrol(&factors, &ann).await;
    let mut alarms = factors.alarms();
    let (looked_at, right, end) = attack(&factors, &ann, each).await;
    println!("{} guesses, {looked_at} looked at, {right} right", each * ADDRESSES);
    assert_eq!(right, 0);
    // Three codes of a million are right: 600 guesses find one in 0.2 % of such attacks.
    assert!(looked_at <= 600, "{looked_at}");
    // However many guess at once, the tenth is told of, and just once.
    let told: Vec<_> = std::iter::from_fn(|| alarms.try_recv().ok()).collect();
    let tenth = |told: &&AuditEvent| matches!(told, AuditEvent::FactorGuessing { guesses: 10, .. });
    assert_eq!(told.iter().filter(tenth).count(), 1, "{told:?}");
    // The owner, while it goes on: at home, in the attacker's network with the own browser, and
    // from a place nobody knows, where a code is mistyped first.
    let now = end;
    let stranger = factors.check_code(&ann, "000000", at("203.7.113.5", 100), now).await;
    assert!(matches!(stranger, Err(FactorError::TooMany { .. })), "{stranger:?}");
    factors.check_code(&ann, &app.code(now), home(), now).await.unwrap();
    let now = now.plus(STEP);
    let abroad = at("198.51.100.99", 7);
    let typo = factors.check_code(&ann, "000000", abroad, now).await;
    assert!(matches!(typo, Err(FactorError::Wrong { .. })), "{typo:?}");
    factors.check_code(&ann, &app.code(now), abroad, now).await.unwrap();
    let now = now.plus(STEP);
    let beside = at("203.7.113.5", 7);
    factors.check_code(&ann, &app.code(now), beside, now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_from_a_hundred_addresses_find_nothing_and_hold_up_nobody() {
    let guesses = std::option_env!("VESTIBULE_LONG").map_or(200, |_| 10_000);
    nobody_gets_in_but_the_owner(guesses).await;
}

#[tokio::test]
async fn one_network_waits_longer_each_time_and_never_for_ever() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    let (app, _) = enrol(&factors, &ann).await;
    let client = at("198.51.100.1", 3);
    let (mut now, mut waits) = (NOW, Vec::new());
    for _ in 0..14 {
        match factors.check_code(&ann, "000000", client, now).await {
            Err(FactorError::Wrong { .. }) => waits.push(0),
            Err(FactorError::TooMany { wait }) => {
                waits.push(wait.as_secs());
                now = now.plus(wait);
                let looked_at = factors.check_code(&ann, "000000", client, now).await;
                assert!(matches!(looked_at, Err(FactorError::Wrong { .. })));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waits[..8], [0, 0, 0, 0, 5, 10, 20, 40], "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 15 * 60), "{waits:?}");
    let later = now.plus(Duration::from_secs(15 * 60));
    factors.check_code(&ann, &app.code(later), client, later).await.unwrap();
    let next = later.plus(STEP);
    let typo = factors.check_code(&ann, "000000", client, next).await;
    assert!(matches!(typo, Err(FactorError::Wrong { .. })), "a right code ends the waiting");
    factors.check_code(&ann, &app.code(next), client, next).await.unwrap();
}

#[tokio::test]
async fn waiting_for_a_code_leaves_recovery_codes_open() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    let (_, codes) = enrol(&factors, &ann).await;
    let client = at("198.51.100.1", 3);
    while !matches!(
        factors.check_code(&ann, "000000", client, NOW).await,
        Err(FactorError::TooMany { .. })
    ) {}
    let code = codes.iter().next().unwrap();
    factors.check_recovery(&ann, code.expose(), client, NOW).await.unwrap();
}

#[tokio::test]
async fn one_address_that_tries_many_people_waits_too() {
    let store = memory();
    let factors = replica(&store);
    let spray = at("198.51.100.1", 3);
    let mut looked_at = 0;
    for n in 0..20 {
        let victim = person(&format!("victim-{n}"));
        let begun = factors.begin_enrolment(&victim, "Help", "v", home(), NOW).await.unwrap();
        let app = App::of(begun.otpauth_url.expose());
        factors.confirm_enrolment(&victim, &app.code(NOW), home(), NOW).await.unwrap();
        for _ in 0..4 {
            let guess = factors.check_code(&victim, "000000", spray, NOW).await;
            looked_at += usize::from(matches!(guess, Err(FactorError::Wrong { .. })));
        }
    }
    // Two of each person's are let through as a newcomer's; the address's own are used up.
    assert!((40..=72).contains(&looked_at), "{looked_at}");
    let owner = person("victim-0");
    let at_home = factors.check_code(&owner, "000000", home(), NOW).await;
    assert!(
        matches!(at_home, Err(FactorError::Wrong { .. })),
        "the owner at home waits for nobody"
    );
}

/// A colleague who knows the owner's password sits in a network that is the owner's.
#[tokio::test]
async fn guesses_in_the_owners_own_network_are_told_too() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    enrol(&factors, &ann).await;
    let mut alarms = factors.alarms();
    let beside = at("192.0.2.77", 9);
    let (mut now, mut looked_at) = (NOW, 0);
    while looked_at < 20 {
        match factors.check_code(&ann, "000000", beside, now).await {
            Err(FactorError::Wrong { .. }) => looked_at += 1,
            Err(FactorError::TooMany { wait }) => now = now.plus(wait),
            other => panic!("{other:?}"),
        }
    }
    for told in [10, 20] {
        let alarm = alarms.try_recv().unwrap();
        let AuditEvent::FactorGuessing { guesses, network, .. } = alarm else { panic!() };
        assert_eq!((guesses, network.as_str()), (told, "192.0.2.0/24"));
    }
    assert!(alarms.try_recv().is_err());
}
