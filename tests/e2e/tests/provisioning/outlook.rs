//! What a sign-in would do in JSM, and that the sign-in then does just that.

use std::time::Duration;

use domain::{Clock as _, Identity, ProfileField};
use fakes::jsm::Operation;
use provisioning::{Account, AddressPattern, Outlook, Reactivation, SyncMode};

use crate::world::{World, ann, identity};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The outlook, which calls nothing; or the cause of a refusal.
async fn outlook(world: &World, who: &Identity) -> Result<Outlook, String> {
    let calls = world.jsm.calls().len();
    let found = world.provisioner().outlook(who, world.clock.now()).await;
    assert_eq!(world.jsm.calls().len(), calls, "an outlook calls JSM");
    found.map_err(|error| error.refusal().cause)
}

/// The same, and that the sign-in after it is refused or does the same.
async fn kept(world: &World, who: &Identity) -> Result<Outlook, String> {
    let found = outlook(world, who).await;
    let done = world.sign_in(who).await.map_err(|error| error.refusal().cause);
    assert_eq!(found.as_ref().err(), done.as_ref().err());
    let after = outlook(world, who).await;
    if let Ok(after) = &after {
        let nothing = (Account::Known, after.operations.is_empty(), after.changes.is_empty());
        assert_eq!(nothing, (after.account, true, true), "the sign-in left something: {after:?}");
    }
    found
}

fn operations(outlook: &Outlook) -> Vec<String> {
    outlook.operations.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_new_customer_is_made_and_known_from_then_on() {
    let world = World::new().await;
    let new = kept(&world, &ann()).await.unwrap();
    assert_eq!(new.account, Account::New);
    let expected = [
        "join service desk 1 by desks[0]",
        "join service desk 3 by desks[1]",
        "join organization Acme by organizations[0]",
    ];
    assert_eq!(operations(&new), expected);
    assert_eq!(kept(&world, &ann()).await.unwrap().account, Account::Known);
}

#[tokio::test]
async fn another_persons_address_is_refused_before_and_after() {
    let mut world = World::new().await;
    world.sign_in(&ann()).await.unwrap();
    let second = identity("globex", "ann", "ann@acme.example");
    assert_eq!(kept(&world, &second).await.unwrap_err(), "account-linked-elsewhere");
    // Somebody known whose address is another's by now.
    let bob = identity("acme", "bob", "bob@acme.example");
    world.sign_in(&bob).await.unwrap();
    let renamed = identity("acme", "bob", "ann@acme.example");
    assert_eq!(outlook(&world, &renamed).await.unwrap_err(), "account-linked-elsewhere");
    // The operator says that they are one customer.
    world.settings.links = vec![vec![ann().person, second.person.clone()]];
    assert_eq!(kept(&world, &second).await.unwrap().account, Account::OnRecord);
    let blocked = AddressPattern::Address("ann@acme.example".parse().unwrap());
    world.settings.blocked = vec![blocked];
    assert_eq!(kept(&world, &ann()).await.unwrap_err(), "address-blocked");
}

#[tokio::test]
async fn name_and_address_are_written_where_jsm_takes_them() {
    for (world, expected) in [
        (World::new().await, vec![]),
        (World::data_center().await, vec![ProfileField::Name, ProfileField::Address]),
    ] {
        world.sign_in(&ann()).await.unwrap();
        let renamed = identity("acme", "ann", "ann.lee@acme.example");
        let renamed = Identity { display_name: "Ann Archer".to_owned(), ..renamed };
        let found = kept(&world, &renamed).await.unwrap();
        assert_eq!((found.account, found.changes), (Account::Known, expected));
    }
}

#[tokio::test]
async fn what_no_rule_gives_any_more_is_left_if_nobody_else_holds_it() {
    let mut world = World::new().await;
    let second = identity("globex", "a.lee", "a.lee@acme.example");
    world.settings.conduct.sync = SyncMode::Mirror;
    world.settings.links = vec![vec![ann().person, second.person.clone()]];
    world.sign_in(&ann()).await.unwrap();
    world.sign_in(&second).await.unwrap();
    world.settings.organizations.clear();
    // The second person still holds them: only the ledger changes.
    assert_eq!(operations(&kept(&world, &ann()).await.unwrap()), [""; 0]);
    assert_eq!(world.jsm.count(Operation::RemoveOrganizationUsers), 0);
    let left = kept(&world, &second).await.unwrap();
    assert_eq!(
        operations(&left),
        [
            "leave service desk 3, granted by desks[1]",
            "leave organization Acme, granted by organizations[0]",
        ]
    );
    world.settings.conduct.sync = SyncMode::Off;
    assert!(kept(&world, &ann()).await.unwrap().left_alone);
}

#[tokio::test]
async fn whoever_was_away_long_or_was_ended_is_looked_at() {
    let mut world = World::data_center().await;
    world.settings.conduct.reactivation = Reactivation::UnlessBlocked;
    world.sign_in(&ann()).await.unwrap();
    world.clock.advance(8 * DAY);
    assert_eq!(kept(&world, &ann()).await.unwrap().account, Account::Away);
    world.clock.advance(400 * DAY);
    world.end_dormant(&world.provisioner()).await;
    assert_eq!(outlook(&world, &ann()).await.unwrap().account, Account::Ended);
    assert_eq!(kept(&world, &ann()).await.unwrap().account, Account::Ended);
}
