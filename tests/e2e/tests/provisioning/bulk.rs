//! Customers from a file: planned, applied, cut off, applied again, taken back.

use std::collections::BTreeMap;

use fakes::jsm::{Fault, JsmCloud, Operation};
use provisioning::{Act, AddressPattern, Order, Row, rows};

use crate::world::{World, identity};

const ROWS: usize = 5_000;

pub(crate) fn file(rows: usize) -> String {
    let mut text = "email,name,organizations,desks\n".to_owned();
    for n in 0..rows {
        let organizations = format!("Team {};Everybody", n % 50);
        text += &format!("c{n}@acme.example,Customer {n},{organizations},{}\n", 1 + 2 * (n % 2));
    }
    text
}

/// Who is where, by address.
pub(crate) fn state(jsm: &JsmCloud) -> BTreeMap<String, Vec<String>> {
    let mut state = BTreeMap::new();
    for customer in jsm.customers() {
        let mut places = Vec::new();
        for organization in jsm.organizations() {
            if organization.members.contains(&customer.id) {
                places.push(organization.name.clone());
            }
        }
        places.extend(
            ["1", "3"]
                .map(|desk| format!("{desk} {}", jsm.desk_members(desk).contains(&customer.id))),
        );
        state.insert(customer.email, places);
    }
    for organization in jsm.organizations() {
        state.insert(format!("organization {}", organization.name), vec![]);
    }
    state
}

async fn all(world: &World, order: &Order, act: Act, rows: &[Row]) -> usize {
    let provisioner = world.provisioner();
    let mut changed = 0;
    for some in rows.chunks(200) {
        for outcome in provisioner.bulk_rows(order, act, some.to_vec()).await {
            assert_eq!(outcome.failed, None, "line {}", outcome.line);
            changed += usize::from(!outcome.done.is_empty());
        }
    }
    changed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s27_a_file_of_5000_rows_is_planned_applied_resumed_and_taken_back_exactly() {
    let world = World::new().await;
    let (text, before) = (file(ROWS), {
        // Somebody is there before, in one of the places that the file wants.
        let old = world.jsm.add_customer("c7@acme.example", "Here before");
        let team = world.jsm.add_organization("Team 7");
        world.jsm.put_in_organization(&team, &old);
        world.jsm.put_on_desk("3", &old);
        state(&world.jsm)
    });
    let (order, rows) = (Order::of(text.as_bytes()), rows(&text).unwrap());
    assert_eq!(rows.len(), ROWS);
    assert_eq!(all(&world, &order, Act::Plan, &rows[..400]).await, 400);
    assert_eq!(state(&world.jsm), before, "planning changes nothing");

    // Killed in the middle: some rows are done, some are under way, the rest is untouched.
    let provisioner = world.provisioner();
    let begun = rows[..2_000].to_vec();
    let cut = {
        let (p, o) = (provisioner.clone(), order.clone());
        tokio::spawn(async move { p.bulk_rows(&o, Act::Apply, begun).await })
    };
    while world.jsm.count(Operation::CreateCustomer) < 700 {
        tokio::task::yield_now().await;
    }
    cut.abort();
    let _ = cut.await;
    world.clock.advance(std::time::Duration::from_secs(30));
    world.jsm.fail_next(Operation::CreateCustomer, Fault::Throttled(9));
    all(&world, &order, Act::Apply, &rows).await;
    assert_eq!(world.jsm.customers().len(), ROWS);
    assert_eq!(world.jsm.organization_members("Everybody").len(), ROWS);
    assert_eq!(world.jsm.organization_members("Team 7").len(), ROWS / 50);
    assert_eq!(world.jsm.desk_members("1").len() + world.jsm.desk_members("3").len(), ROWS);

    let writes = |world: &World| {
        let calls = world.jsm.calls();
        calls.iter().filter(|call| call.method != http::Method::GET).count()
    };
    world.jsm.forget_calls();
    assert_eq!(all(&world, &order, Act::Apply, &rows).await, 0, "the second run is a no-op");
    assert_eq!(writes(&world), 0);

    all(&world, &order, Act::Undo, &rows).await;
    let mut names: Vec<String> = rows.iter().flat_map(|row| row.organizations.clone()).collect();
    names.sort();
    names.dedup();
    world.provisioner().bulk_end_undo(&order, &names).await.unwrap();
    assert_eq!(state(&world.jsm), before);
}

#[tokio::test]
async fn a_customer_of_a_file_who_has_signed_in_since_is_kept() {
    let world = World::new().await;
    let text = "email,name,organizations\nann@acme.example,Ann,Acme;File\n";
    let (order, rows) = (Order::of(text.as_bytes()), rows(text).unwrap());
    all(&world, &order, Act::Apply, &rows).await;
    let account = world.jsm.customers()[0].id.clone();
    let ann = identity("acme", "ann", "ann@acme.example");
    assert_eq!(world.sign_in(&ann).await.unwrap().account.0, account);
    all(&world, &order, Act::Undo, &rows).await;
    assert_eq!(world.jsm.customers().len(), 1);
    assert_eq!(world.jsm.organization_members("Acme").len(), 1, "a rule wants it, too");
    assert!(world.jsm.organization_members("File").is_empty());
    assert_eq!(world.jsm.count(Operation::DeleteUser), 0);
}

#[tokio::test]
async fn a_plan_refuses_what_applying_it_would() {
    let mut world = World::new().await;
    world.settings.blocked = vec![AddressPattern::Address("c0@acme.example".parse().unwrap())];
    let text = file(2);
    let (order, rows) = (Order::of(text.as_bytes()), rows(&text).unwrap());
    for act in [Act::Plan, Act::Apply] {
        let outcomes = world.provisioner().bulk_rows(&order, act, rows.clone()).await;
        let failed: Vec<_> = outcomes.iter().map(|outcome| outcome.failed.as_deref()).collect();
        assert!(matches!(failed[..], [Some(why), None] if why.starts_with("address-blocked")));
    }
}
