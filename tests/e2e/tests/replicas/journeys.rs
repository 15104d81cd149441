//! Every step of a journey on another replica than the one before.

use std::time::{Duration, Instant};

use e2e::{Replicas, until};

use crate::{LINK, ask, known_to_both};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_passes_with_each_step_on_the_other_replica() {
    let replicas = Replicas::start().await;
    for first in [0, 1] {
        for email in [
            "ann@acme.example",
            "ivy@initech.example",
            "gil@globex.example",
            "uma@umbrella.example",
        ] {
            let mut visitor = replicas.scene.visitor();
            // One request alone moves the turn on.
            replicas.only(first);
            replicas.in_turn();
            if first == 1 {
                replicas.scene.visitor().open("/.vestibule/session").await;
            }
            let answer = replicas.scene.sign_in(&mut visitor, email, LINK).await;
            assert_eq!(answer.status, 303, "{email}: {}", answer.text());
            assert!(answer.location().unwrap().as_str().ends_with(LINK), "{email}");
            assert!(known_to_both(&replicas, &mut visitor).await, "{email}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_tabs_each_land_on_their_own_page() {
    let replicas = Replicas::start().await;
    let mut visitor = replicas.scene.visitor();
    let mut tabs = Vec::new();
    for number in 0..40 {
        let path = format!("/servicedesk/customer/portal/1/SUP-{number}");
        tabs.push((visitor.begin(&path, "ann@acme.example").await, path));
    }
    for (at_acme, path) in tabs {
        let answer = replicas.scene.come_back(&mut visitor, "ann@acme.example", &at_acme).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
        assert!(answer.location().unwrap().as_str().ends_with(&path), "{path}");
        assert!(visitor.cookies().len() < 4096, "{}", visitor.cookies().len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_who_signs_out_at_one_replica_is_out_at_the_other() {
    let replicas = Replicas::start().await;
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let mut visitor = replicas.scene.signed_in("ann@acme.example").await;
        assert!(known_to_both(&replicas, &mut visitor).await);
        let mut other = replicas.scene.visitor();
        other.browser.clone_from(&visitor.browser);
        replicas.only(0);
        let page = visitor.open("/.vestibule/sign-out").await;
        visitor.step(&visitor.form(&page)).await;
        replicas.only(1);
        let begun = Instant::now();
        until("the other replica lets nobody in", async || ask(&mut other).await.status != 200)
            .await;
        longest = longest.max(begun.elapsed());
    }
    println!("sign-out at the other replica: at the latest after {longest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_ends_takes_no_session_and_no_sign_in_along() {
    let mut replicas = Replicas::start().await;
    let mut signed_in = replicas.scene.signed_in("ann@acme.example").await;
    for number in [0, 1, 0, 1] {
        let mut under_way = replicas.scene.visitor();
        replicas.only(number);
        let at_acme = under_way.begin(LINK, "bob@acme.example").await;
        replicas.stop_replica(number).await;
        assert_eq!(ask(&mut signed_in).await.status, 200, "without replica {number}");
        let answer = replicas.scene.come_back(&mut under_way, "bob@acme.example", &at_acme).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        replicas.start_replica(number).unwrap();
        assert!(known_to_both(&replicas, &mut under_way).await);
    }
}
