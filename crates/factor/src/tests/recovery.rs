//! Recovery codes: shown once, used once, renewed.

use std::sync::Arc;

use domain::FactorKind;

use super::*;
use crate::FactorError;

#[tokio::test]
async fn ten_codes_are_good_once_each_and_few_left_is_said() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    let none = factors.check_recovery(&ann, "0000-0000-0000", home(), NOW).await;
    assert!(matches!(none, Err(FactorError::NotEnrolled)));
    let (_, codes) = enrol(&factors, &ann).await;
    let codes: Vec<Secret<String>> = codes.iter().collect();
    assert_eq!(codes.len(), 10);
    for (used, code) in codes.iter().take(7).enumerate() {
        let typed = code.expose().to_lowercase().replace('-', " ");
        let typed = typed.replace('0', "o").replace('1', "l");
        let passed = factors.check_recovery(&ann, &typed, home(), NOW).await.unwrap();
        assert_eq!(passed.kind, FactorKind::RecoveryCode);
        let status = factors.status(&ann, NOW).await.unwrap();
        assert_eq!(status.recovery_codes_left, 9 - used);
        assert_eq!(status.recovery_codes_low, 9 - used <= 3);
    }
    let again = factors.check_recovery(&ann, codes[0].expose(), home(), NOW).await;
    assert!(matches!(again, Err(FactorError::UsedAlready)));
    for wrong in ["", "0000-0000-0000", "ABCD", &codes[8].expose()[1..]] {
        let wrong = factors.check_recovery(&ann, wrong, at("10.1.1.1", 9), NOW).await;
        assert!(matches!(wrong, Err(FactorError::Wrong { .. } | FactorError::TooMany { .. })));
    }
    factors.check_recovery(&ann, codes[9].expose(), home(), NOW).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_recovery_code_is_used_once_under_a_race() {
    let store = memory();
    let replicas = [Arc::new(replica(&store)), Arc::new(replica(&store))];
    let ann = person("ann");
    let (_, codes) = enrol(&replicas[0], &ann).await;
    let code = codes.iter().next().unwrap();
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let (factors, ann, code) = (Arc::clone(&replicas[n % 2]), ann.clone(), code.clone());
            let client: IpAddr = format!("10.0.{n}.1").parse().unwrap();
            tokio::spawn(
                async move { factors.check_recovery(&ann, code.expose(), client, NOW).await },
            )
        })
        .collect();
    let mut passed = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(_) => passed += 1,
            Err(FactorError::UsedAlready) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(passed, 1);
    assert_eq!(replicas[0].status(&ann, NOW).await.unwrap().recovery_codes_left, 9);
}

#[tokio::test]
async fn renewal_kills_the_old_codes() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    assert!(matches!(factors.renew_recovery_codes(&ann, NOW).await, Err(FactorError::NotEnrolled)));
    let (_, old) = enrol(&factors, &ann).await;
    let new = factors.renew_recovery_codes(&ann, NOW).await.unwrap();
    let old = old.iter().next().unwrap();
    let dead = factors.check_recovery(&ann, old.expose(), home(), NOW).await;
    assert!(matches!(dead, Err(FactorError::Wrong { .. })));
    let new = new.iter().next().unwrap();
    factors.check_recovery(&ann, new.expose(), home(), NOW).await.unwrap();
}

#[tokio::test]
async fn who_types_the_end_of_a_code_has_kept_them() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    let (_, codes) = enrol(&factors, &ann).await;
    let code = codes.iter().nth(4).unwrap();
    let end = code.expose().rsplit('-').next().unwrap();
    for wrong in ["", &end[1..], &code.expose()[..4], "UUUU"] {
        assert!(!factors.confirm_recovery_codes(&ann, wrong, NOW).await.unwrap(), "{wrong}");
    }
    assert!(!factors.status(&ann, NOW).await.unwrap().recovery_codes_confirmed);
    assert!(factors.confirm_recovery_codes(&ann, end, NOW).await.unwrap());
    assert!(factors.status(&ann, NOW).await.unwrap().recovery_codes_confirmed);
    assert!(factors.confirm_recovery_codes(&ann, "once is enough", NOW).await.unwrap());
    let bob = person("bob");
    let (_, codes) = enrol(&factors, &bob).await;
    let code = codes.iter().next().unwrap().expose().to_lowercase();
    let spaced = format!(" {} ", code.rsplit('-').next().unwrap());
    assert!(factors.confirm_recovery_codes(&bob, &spaced, NOW).await.unwrap());
}
