//! Each kind of credential, against a fake that takes it only where Atlassian does.

use std::sync::Arc;

use domain::Secret;
use fakes::jsm::{CLIENT_ID, CLIENT_SECRET, CLOUD_ID, PASSWORD, SCOPED_TOKEN, USER};
use outbound::Outbound;
use provisioning::{CloudCredential, DataCenterCredential, JsmSite, probe};

use crate::world::{World, ann};

/// A customer comes about, and the probe finds nothing missing.
async fn works(world: &World) {
    world.sign_in(&ann()).await.unwrap();
    world.assert_one_complete_customer();
    let outbound = Outbound::new(&[]).unwrap();
    for finding in probe(&world.settings, outbound, Arc::new(world.clock.clone())).await {
        assert_eq!(finding.lacks, None, "{}", finding.about);
    }
}

async fn cloud(credential: CloudCredential) -> World {
    let mut world = World::new().await;
    let JsmSite::Cloud(site) = &mut world.settings.site else { panic!("a Cloud site") };
    site.credential = credential;
    world
}

fn scoped() -> CloudCredential {
    let token = Secret::new(SCOPED_TOKEN.to_owned());
    CloudCredential::Scoped { email: "bot@example.com".to_owned(), token }
}

fn service(world: &World, secret: &str) -> CloudCredential {
    CloudCredential::Service {
        client_id: CLIENT_ID.to_owned(),
        client_secret: Secret::new(secret.to_owned()),
        token_url: format!("{}/oauth/token", world.jsm.url).parse().unwrap(),
    }
}

fn paths(world: &World, path: &str) -> usize {
    world.jsm.calls().iter().filter(|call| call.path == path).count()
}

#[tokio::test]
async fn a_scoped_token_calls_by_the_cloud_id_which_is_asked_once() {
    let world = cloud(scoped()).await;
    let provisioner = world.provisioner();
    let proof = crate::world::proof();
    let now = domain::Clock::now(&world.clock);
    provisioner.provision(&proof, &ann(), now).await.unwrap();
    world.assert_one_complete_customer();
    assert_eq!(paths(&world, "/_edge/tenant_info"), 1);
    let calls = world.jsm.calls();
    assert!(calls.iter().all(|call| call.by_gate || call.path == "/_edge/tenant_info"));
    works(&world).await;
}

#[tokio::test]
async fn a_cloud_id_in_the_file_is_not_asked_for() {
    let mut world = cloud(scoped()).await;
    let JsmSite::Cloud(site) = &mut world.settings.site else { panic!("a Cloud site") };
    site.cloud_id = Some(CLOUD_ID.to_owned());
    works(&world).await;
    assert_eq!(paths(&world, "/_edge/tenant_info"), 0);
}

#[tokio::test]
async fn a_scoped_token_that_is_taken_for_a_classic_one_is_refused_by_name() {
    let token = Secret::new(SCOPED_TOKEN.to_owned());
    let world =
        cloud(CloudCredential::Classic { email: "bot@example.com".to_owned(), token }).await;
    assert_eq!(world.refused(&ann()).await, "jsm-credential-refused");
}

#[tokio::test]
async fn a_service_account_gets_a_token_and_a_new_one_in_time() {
    let mut world = World::new().await;
    let credential = service(&world, CLIENT_SECRET);
    let JsmSite::Cloud(site) = &mut world.settings.site else { panic!("a Cloud site") };
    site.credential = credential;
    let provisioner = world.provisioner();
    let now = || domain::Clock::now(&world.clock);
    provisioner.provision(&crate::world::proof(), &ann(), now()).await.unwrap();
    world.assert_one_complete_customer();
    assert_eq!(paths(&world, "/oauth/token"), 1);
    world.clock.advance(std::time::Duration::from_secs(3600));
    let bob = crate::world::identity("acme", "bob", "bob@acme.example");
    provisioner.provision(&crate::world::proof_of(&bob), &bob, now()).await.unwrap();
    assert_eq!(paths(&world, "/oauth/token"), 2, "before the first one ended");
    assert_eq!(world.jsm.customers().len(), 2);
}

#[tokio::test]
async fn a_service_account_with_a_wrong_secret_is_refused_by_name() {
    let mut world = World::new().await;
    let credential = service(&world, "guessed");
    let JsmSite::Cloud(site) = &mut world.settings.site else { panic!("a Cloud site") };
    site.credential = credential;
    assert_eq!(world.refused(&ann()).await, "jsm-credential-refused");
    assert!(world.jsm.customers().is_empty());
}

#[tokio::test]
async fn data_center_takes_a_password_too() {
    let mut world = World::data_center().await;
    let JsmSite::DataCenter(site) = &mut world.settings.site else { panic!("a Data Center") };
    let credential = |password: &str| DataCenterCredential::Password {
        user: USER.to_owned(),
        password: Secret::new(password.to_owned()),
    };
    site.credential = credential("guessed");
    let mut wrong = world;
    assert_eq!(wrong.refused(&ann()).await, "jsm-credential-refused");
    let JsmSite::DataCenter(site) = &mut wrong.settings.site else { panic!("a Data Center") };
    site.credential = credential(PASSWORD);
    // The sign-in that failed waits in the outbox and goes on.
    works(&wrong).await;
}
