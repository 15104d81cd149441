//! What an order to revoke ends: sessions, sign-ins under way, and only those that are meant.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use e2e::{Scene, reference, until};
use fakes::http_client::Connections;
use gateway::control::{Answer, Command, Whose};
use http::Method;

use crate::replicas::Pair;
use crate::{LINK, SECOND, SESSION};

fn whose() -> [(Whose, &'static str); 7] {
    [
        (Whose::Person("ann@acme.example".to_owned()), "person ann@acme.example"),
        (Whose::Person(String::new()), "the same by her key"),
        (Whose::Idp("acme".parse().unwrap()), "idp acme"),
        (Whose::Organization("Acme".to_owned()), "organization Acme"),
        (Whose::Network("127.0.0.0/8".to_owned()), "network 127.0.0.0/8"),
        (Whose::Site("help".parse().unwrap()), "site help"),
        (Whose::All, "all"),
    ]
}

/// attacks.md D7, N07: every kind of revocation holds on the other replica, over connections that
/// are kept alive; who is not meant goes on, and who signs in afterwards is let in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_a_revocation_on_one_replica_holds_on_the_other() {
    let pair = Pair::start().await;
    let bob = pair.scene.signed_in("bob@globex.example").await;
    let keep = Connections::default();
    for (order, name) in whose() {
        let ann = pair.scene.signed_in("ann@acme.example").await;
        let (hers, his) = (ann.cookie(SESSION).unwrap(), bob.cookie(SESSION).unwrap());
        assert_eq!(pair.ask(&keep, pair.there(), hers).await.status, 200, "{name}");
        pair.scene.clock.advance(SECOND);
        let listed = |whose| Command::ListSessions { whose };
        let by_address = listed(Whose::Person("ann@acme.example".to_owned()));
        let Answer::Sessions(shown) = pair.scene.order(&by_address).await else { panic!("{name}") };
        let [session] = shown.as_slice() else { panic!("{name}: {shown:?}") };
        assert_eq!(session.client.to_string(), "127.0.0.1");
        let order = match order {
            Whose::Person(text) if text.is_empty() => {
                Whose::Person(session.person.as_ref().unwrap().to_string())
            }
            other => other,
        };
        let spares_bob = !matches!(order, Whose::Network(_) | Whose::Site(_) | Whose::All);
        let Answer::Revoked { ended, reference } = pair.revoke(order).await else {
            panic!("{name}")
        };
        assert!(ended >= 1, "{name}");
        let recorded = pair.scene.recorded(&reference.to_string());
        assert_eq!(recorded.len(), 1, "{name}: it is on record");
        until("she is out there", async || pair.ask(&keep, pair.there(), hers).await.status == 302)
            .await;
        assert_eq!(pair.ask(&keep, pair.scene.port, hers).await.status, 302, "{name}");
        if spares_bob {
            assert_eq!(pair.ask(&keep, pair.there(), his).await.status, 200, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_one_device_of_a_person_ends_alone() {
    let pair = Pair::start().await;
    let (desk, phone) = (
        pair.scene.signed_in("ann@acme.example").await,
        pair.scene.signed_in("ann@acme.example").await,
    );
    pair.scene.clock.advance(SECOND);
    let all = Command::ListSessions { whose: Whose::All };
    let Answer::Sessions(shown) = pair.scene.order(&all).await else { panic!() };
    assert_eq!(shown.len(), 2);
    let revoked = pair.revoke(Whose::Device(shown[0].device.clone())).await;
    assert!(matches!(revoked, Answer::Revoked { ended: 1, .. }), "{revoked:?}");
    let keep = Connections::default();
    let statuses = async || {
        let mut statuses = Vec::new();
        for browser in [&desk, &phone] {
            let cookie = browser.cookie(SESSION).unwrap();
            statuses.push(pair.ask(&keep, pair.there(), cookie).await.status);
        }
        statuses.sort_unstable();
        statuses
    };
    until("one of two is out", async || statuses().await == [200, 302]).await;
    for wrong in [
        Whose::Device("phone".to_owned()),
        Whose::Network("10.0.0.0/99".to_owned()),
        Whose::Person("zoe@acme.example".to_owned()),
        Whose::Idp("nope".parse().unwrap()),
        Whose::Site("nowhere".parse().unwrap()),
    ] {
        assert!(matches!(pair.revoke(wrong).await, Answer::Failed(_)));
    }
    assert_eq!(statuses().await, [200, 302]);
}

/// Invariant 12: who was on the way through the identity provider does not come in by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_a_sign_in_under_way_ends_with_the_revocation() {
    let scene = Scene::start().await;
    drop(scene.signed_in("ann@acme.example").await);
    for whose in [
        Whose::Person("ann@acme.example".to_owned()),
        Whose::Idp("acme".parse().unwrap()),
        Whose::All,
    ] {
        let mut ann = scene.visitor();
        let at_acme = ann.begin(LINK, "ann@acme.example").await;
        scene.clock.advance(SECOND);
        let before = scene.traces();
        let revoked = scene.order(&Command::RevokeSessions { whose }).await;
        assert!(matches!(revoked, Answer::Revoked { .. }), "{revoked:?}");
        let answer = scene.come_back(&mut ann, "ann@acme.example", &at_acme).await;
        assert_eq!(scene.cause(&before, &answer), "sign-in-revoked");
        assert_eq!(scene.recorded(&reference(&answer)).len(), 1);
        // Whoever begins now is let in, and to the page that was asked for.
        let again = scene.sign_in(&mut ann, "ann@acme.example", LINK).await;
        assert_eq!(again.status, 303, "{}", again.text());
        assert_eq!(ann.ask(Method::GET, LINK, &[], "").await.status, 200);
    }
}

/// The commands as an operator types them, with the gateway running and without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_listed_and_revoked_from_the_command_line() {
    let mut scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let mut bob = scene.signed_in("bob@globex.example").await;
    let listed = scene.command(&["sessions", "list", "--all"]).await;
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    assert!(
        listed.out.contains("ann@acme.example (acme/") && listed.out.ends_with("2 sessions\n"),
        "{}",
        listed.out
    );
    let asked = scene.command(&["sessions", "revoke", "--idp", "acme"]).await;
    assert_eq!(asked.code, Some(1), "nobody said yes");
    assert!(asked.out.contains("1 session will end"), "{}", asked.out);
    scene.clock.advance(SECOND);
    assert_eq!(ann.ask(Method::GET, LINK, &[], "").await.status, 200);
    let revoked = scene.command(&["sessions", "revoke", "--idp", "acme", "--yes"]).await;
    assert_eq!(revoked.code, Some(0), "{}", revoked.err);
    assert!(revoked.out.contains("revoked: 1 session found; recorded as "), "{}", revoked.out);
    assert_eq!(ann.ask(Method::GET, LINK, &[], "").await.status, 401);
    assert_eq!(bob.ask(Method::GET, LINK, &[], "").await.status, 200);
    for usage in [&["sessions", "list"][..], &["sessions", "revoke", "--all", "--idp", "acme"]] {
        assert_eq!(scene.command(usage).await.code, Some(64));
    }
    // Without a gateway the store itself is asked; the program reads the system's clock.
    scene.stop_gateway().await;
    drop(scene.open_store().await);
    let offline = scene.command(&["sessions", "revoke", "--site", "help", "--yes"]).await;
    assert_eq!(offline.code, Some(0), "{}", offline.err);
    scene.start_gateway();
    assert_eq!(bob.ask(Method::GET, LINK, &[], "").await.status, 401);
}
