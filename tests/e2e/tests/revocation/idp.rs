//! An identity provider that must sign nobody in any more.

use e2e::{Replicas, sets_session};
use fakes::saml;
use http::Method;

use crate::LINK;

/// Disabled at one replica it is disabled at both, for sign-ins under way, too; its people's
/// sessions end where that is ordered, and others notice nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_a_disabled_identity_provider_signs_nobody_in_at_any_replica() {
    let replicas = Replicas::start().await;
    let scene = &replicas.scene;
    let (mut ann, mut gil) =
        (scene.signed_in("ann@acme.example").await, scene.signed_in("gil@globex.example").await);
    let mut under_way = scene.visitor();
    let at_acme = under_way.begin(LINK, "bob@acme.example").await;
    let text = std::fs::read_to_string(scene.file_path()).expect("the file");
    scene.put_file("replica.yaml", &text.replace("data/control.sock", "data/0-control.sock"));
    let file = scene.folder.path().join("replica.yaml");
    let command = async |words: &[&str]| {
        let done = scene.command_on(&file, words).await;
        assert_eq!(done.code, Some(0), "{words:?}: {done:?}");
        done.out
    };
    let said = command(&["idp", "disable", "acme"]).await;
    let code = said.trim().rsplit(' ').next().expect("a code").to_owned();
    assert!(replicas.audit_log().contains(&code), "{said}");
    let status = async |visitor: &mut e2e::Visitor| {
        visitor.ask(Method::GET, LINK, &[("accept", "text/html")], "").await.status
    };
    for number in [0, 1] {
        replicas.only(number);
        assert_eq!(status(&mut ann).await, 200, "sessions go on");
        let mut other = scene.visitor();
        let refused = other.open("/.vestibule/sign-in/acme").await;
        assert_eq!(replicas.cause(&refused), "idp-disabled");
    }
    let person = fakes::Person::new("Bob Tester", "bob@acme.example");
    let form = scene.acme.respond(&at_acme, &person, saml::Answer::default());
    let refused = under_way.post_response(&form).await;
    assert!(!sets_session(&refused));
    assert_eq!(replicas.cause(&refused), "idp-disabled");

    scene.clock.advance(crate::SECOND);
    let said = command(&["idp", "disable", "acme", "--revoke", "--yes"]).await;
    assert!(said.contains("revoked: 1 session found"), "{said}");
    for number in [0, 1] {
        replicas.only(number);
        e2e::until("her session has ended", async || status(&mut ann).await == 302).await;
        assert_eq!(status(&mut gil).await, 200, "others notice nothing");
    }
    scene.clock.advance(crate::SECOND);
    command(&["idp", "enable", "acme"]).await;
    scene.signed_in("ann@acme.example").await;
    let unknown = scene.command_on(&file, &["idp", "disable", "acne"]).await;
    assert!(unknown.code == Some(1) && unknown.err.contains("acne"), "{unknown:?}");
}
