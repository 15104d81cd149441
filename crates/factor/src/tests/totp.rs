//! Codes: RFC 6238, the edges of a step, one use in the cluster, enrolment.

use std::sync::Arc;
use std::time::Duration;

use domain::{FactorKind, Timestamp};
use store::{FaultyStore, fault};

use super::*;
use crate::{Algorithm, Digits, FactorError};

/// RFC 6238 Appendix B: the secrets are those of its reference code, as long as the hash.
#[test]
fn rfc_6238_vectors_hold() {
    let vectors = [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ];
    for (seconds, sha1, sha256, sha512) in vectors {
        let now = Timestamp::from_seconds(seconds);
        for (algorithm, length, code) in [
            (Algorithm::Sha1, 20, sha1),
            (Algorithm::Sha256, 32, sha256),
            (Algorithm::Sha512, 64, sha512),
        ] {
            let secret: Vec<u8> = b"1234567890".iter().copied().cycle().take(length).collect();
            let key = Key::of(algorithm, Digits::Eight, secret.clone());
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(key.step_of(code, now), Some(step), "{algorithm:?} {seconds}");
            let six = Key::of(algorithm, Digits::Six, secret);
            assert_eq!(six.step_of(&code[2..], now), Some(step));
            assert_eq!(six.step_of(code, now), None, "eight digits where six are wanted");
            assert_eq!(key.step_of(&code[2..], now), None, "six digits where eight are wanted");
        }
    }
}

#[test]
fn a_code_of_another_hash_is_no_code() {
    let secret = vec![9; 64];
    let keys = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]
        .map(|algorithm| Key::of(algorithm, Digits::Eight, secret.clone()));
    for (made_by, key) in keys.iter().enumerate() {
        for (read_by, other) in keys.iter().enumerate() {
            let step = other.step_of(&key.code(NOW), NOW);
            assert_eq!(step.is_some(), made_by == read_by, "{made_by} {read_by}");
        }
    }
}

#[test]
fn a_code_counts_one_step_before_and_after_and_not_a_second_longer() {
    let key = Key::of(Algorithm::Sha1, Digits::Six, vec![3; 20]);
    let code = key.code(NOW);
    let second = Duration::from_secs(1);
    let step = key.step_of(&code, NOW);
    assert!(step.is_some());
    for good in [NOW.minus(STEP), NOW, NOW.plus(STEP + STEP).minus(second)] {
        assert_eq!(key.step_of(&code, good), step, "{good}");
    }
    for bad in [NOW.minus(STEP + second), NOW.plus(STEP + STEP)] {
        assert_eq!(key.step_of(&code, bad), None, "{bad}");
    }
}

#[test]
fn what_is_no_code_is_never_one() {
    let key = Key::of(Algorithm::Sha1, Digits::Six, vec![3; 20]);
    let code = key.code(NOW);
    let (left, right) = code.split_at(3);
    assert!(key.step_of(&format!(" {left} {right}\n"), NOW).is_some(), "as apps show it");
    for bad in ["", "0", "00000a", "٠١٢٣٤٥", "-12345", "1e5000", &format!("{code}0"), &code[1..]]
    {
        assert_eq!(key.step_of(bad, NOW), None, "{bad:?}");
    }
    assert_eq!(key.step_of(&code, Timestamp::from_seconds(-1)), None);
}

#[tokio::test]
async fn a_secret_counts_only_after_a_code_of_it() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    assert_eq!(factors.status(&ann, NOW).await.unwrap().totp, None);
    let enrolment = factors.begin_enrolment(&ann, "Help", "ann", home(), NOW).await.unwrap();
    assert_eq!(factors.status(&ann, NOW).await.unwrap().totp, None);
    let app = App::of(enrolment.otpauth_url.expose());
    let early = factors.check_code(&ann, &app.code(NOW), home(), NOW).await;
    assert!(matches!(early, Err(FactorError::NotEnrolled)));
    let wrong = factors.confirm_enrolment(&ann, "000000", home(), NOW).await;
    assert!(matches!(wrong, Err(FactorError::Wrong { server_time: NOW })), "{wrong:?}");
    assert_eq!(factors.status(&ann, NOW).await.unwrap().totp, None);
    factors.confirm_enrolment(&ann, &app.code(NOW), home(), NOW).await.unwrap();
    let status = factors.status(&ann, NOW).await.unwrap();
    assert_eq!((status.totp, status.recovery_codes_left), (Some(NOW), 10));
    let replayed = factors.check_code(&ann, &app.code(NOW), home(), NOW).await;
    assert!(matches!(replayed, Err(FactorError::UsedAlready)), "the confirming code is used up");
    let then = NOW.plus(STEP);
    let passed = factors.check_code(&ann, &app.code(then), home(), then).await.unwrap();
    assert_eq!((passed.kind, passed.at), (FactorKind::Totp, then));
}

#[tokio::test]
async fn two_tabs_end_with_one_secret_and_two_browsers_never_share_one() {
    let store = memory();
    let (one, other, ann) = (replica(&store), replica(&store), person("ann"));
    let (mine, theirs) = (at("192.0.2.10", 1), at("192.0.2.10", 2));
    let begin = async |factors: &Factors, client: Client| {
        let begun = factors.begin_enrolment(&ann, "Help", "ann", client, NOW).await.unwrap();
        secret_in(begun.otpauth_url.expose())
    };
    let (tab, other_tab) = tokio::join!(begin(&one, mine), begin(&other, mine));
    assert_eq!(tab, other_tab);
    // Who knows the password at the identity provider looks first and hopes that the owner enrols.
    assert_ne!(begin(&one, theirs).await, tab);
    let app = App::of(&format!("secret={tab}"));
    let foreign = one.confirm_enrolment(&ann, &app.code(NOW), theirs, NOW).await;
    assert!(matches!(foreign, Err(FactorError::Wrong { .. })));
    one.confirm_enrolment(&ann, &app.code(NOW), mine, NOW).await.unwrap();
    let then = NOW.plus(STEP);
    let late = other.confirm_enrolment(&ann, &app.code(then), mine, then).await;
    assert!(matches!(late, Err(FactorError::AlreadyEnrolled)), "{late:?}");
    let again = one.begin_enrolment(&ann, "Help", "ann", mine, then).await;
    assert!(matches!(again, Err(FactorError::AlreadyEnrolled)));
    one.check_code(&ann, &app.code(then), mine, then).await.unwrap();
}

#[tokio::test]
async fn a_replacement_takes_the_place_only_when_confirmed() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    let none = factors.begin_replacement(&ann, "Help", "ann", home(), NOW).await;
    assert!(matches!(none, Err(FactorError::NotEnrolled)));
    let (old, _) = enrol(&factors, &ann).await;
    let begun = factors.begin_replacement(&ann, "Help", "ann", home(), NOW).await.unwrap();
    let new = App::of(begun.otpauth_url.expose());
    let then = NOW.plus(STEP);
    factors.check_code(&ann, &old.code(then), home(), then).await.unwrap();
    factors.confirm_enrolment(&ann, &new.code(then), home(), then).await.unwrap();
    let later = then.plus(STEP);
    let dead = factors.check_code(&ann, &old.code(later), home(), later).await;
    assert!(matches!(dead, Err(FactorError::Wrong { .. })));
    factors.check_code(&ann, &new.code(later), home(), later).await.unwrap();
}

#[tokio::test]
async fn what_apps_are_given_says_everything_that_they_need() {
    let store = memory();
    let settings = FactorSettings {
        algorithm: Algorithm::Sha256,
        digits: Digits::Eight,
        ..FactorSettings::default()
    };
    let factors = Factors::new(store, sealer(), settings);
    let enrolment = factors
        .begin_enrolment(&person("ann"), "Help: Center", "ann@acme.example", home(), NOW)
        .await
        .unwrap();
    let url = enrolment.otpauth_url.expose();
    assert!(url.starts_with("otpauth://totp/"), "{url}");
    for part in ["issuer=Help", "algorithm=SHA256", "digits=8", "ann%40acme.example"] {
        assert!(url.contains(part), "{part} in {url}");
    }
    let text = enrolment.key_text.expose();
    assert!(text.split(' ').all(|group| (1..=4).contains(&group.len())), "{text}");
    assert_eq!(text.replace(' ', ""), secret_in(url));
    let svg = enrolment.qr_svg.expose();
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>") && !svg.contains("http://e"));
}

/// D13: whoever it is by name, the counter is the person's.
#[tokio::test]
async fn d13_no_other_writing_of_a_name_gives_more_guesses() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("Ann"));
    enrol(&factors, &ann).await;
    let away: IpAddr = "198.51.100.7".parse().unwrap();
    let mut looked_at = 0;
    for guess in 0..100 {
        let client = if guess % 2 == 0 { "198.51.100.7" } else { "::ffff:198.51.100.7" };
        let client: IpAddr = client.parse().unwrap();
        let guess = factors.check_code(&ann, "000000", client, NOW).await;
        looked_at += usize::from(matches!(guess, Err(FactorError::Wrong { .. })));
    }
    assert_eq!(looked_at, 4, "an address written otherwise is the same");
    // Another subject is another person, whatever the address: nothing is enrolled there.
    for alias in ["ann", "ANN", "Ann ", "ann@acme.example"] {
        let alias = factors.check_code(&person(alias), "000000", away, NOW).await;
        assert!(matches!(alias, Err(FactorError::NotEnrolled)));
    }
    let mut other_idp = person("Ann");
    other_idp.idp = "globex".parse().unwrap();
    let other = factors.check_code(&other_idp, "000000", away, NOW).await;
    assert!(matches!(other, Err(FactorError::NotEnrolled)));
}

/// D14: two replicas, fifty at once, one code.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d14_a_code_is_used_once_on_all_replicas_together() {
    let store = memory();
    let replicas = [Arc::new(replica(&store)), Arc::new(replica(&store))];
    let ann = person("ann");
    let (app, _) = enrol(&replicas[0], &ann).await;
    let then = NOW.plus(STEP);
    let tries: Vec<_> = (0..50)
        .map(|n| {
            let (factors, ann, code) = (Arc::clone(&replicas[n % 2]), ann.clone(), app.code(then));
            // Each in a browser and network of its own: no limit interferes.
            let client: IpAddr = format!("10.0.{n}.1").parse().unwrap();
            tokio::spawn(async move { factors.check_code(&ann, &code, client, then).await })
        })
        .collect();
    let mut passed = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(_) => passed += 1,
            Err(FactorError::UsedAlready | FactorError::TooMany { .. }) => {}
            Err(FactorError::Store(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(passed, 1);
    let before = replicas[1].check_code(&ann, &app.code(NOW), home(), then).await;
    assert!(matches!(before, Err(FactorError::UsedAlready)), "an earlier step counts no more");
    let next = then.plus(STEP);
    replicas[1].check_code(&ann, &app.code(next), home(), next).await.unwrap();
}

#[tokio::test]
async fn d14_a_store_that_does_not_answer_lets_nobody_pass() {
    let inner = memory();
    let faulty = Arc::new(FaultyStore::new(Arc::clone(&inner)));
    let store: Arc<dyn Store> = faulty.clone();
    let (factors, ann) = (replica(&store), person("ann"));
    let (app, _) = enrol(&factors, &ann).await;
    let then = NOW.plus(STEP);
    for operation in [fault::Operation::Get, fault::Operation::ReplaceIf] {
        faulty.fail(operation, fault::Fault::Unavailable);
        let outcome = factors.check_code(&ann, &app.code(then), home(), then).await;
        assert!(matches!(outcome, Err(FactorError::Store(_))), "{operation:?}");
        faulty.heal();
    }
    factors.check_code(&ann, &app.code(then), home(), then).await.unwrap();
    // The write happened, its answer was lost: the code is used up, and nobody passed.
    let later = then.plus(STEP);
    faulty.fail(fault::Operation::ReplaceIf, fault::Fault::LostAnswer);
    factors.check_code(&ann, &app.code(later), home(), later).await.unwrap_err();
    faulty.heal();
    let again = factors.check_code(&ann, &app.code(later), home(), later).await;
    assert!(matches!(again, Err(FactorError::UsedAlready)));
    let next = later.plus(STEP);
    factors.check_code(&ann, &app.code(next), home(), next).await.unwrap();
}
