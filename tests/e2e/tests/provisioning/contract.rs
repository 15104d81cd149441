//! Every call that the gateway makes of JSM Cloud, and every answer of the fake, held against
//! Atlassian's own API document by Prism, which stands between them.
//!
//! `./scripts/test contract` runs it with `document=PATH`; without, nothing is checked here.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use domain::Clock as _;
use fakes::http_client::Browser;
use fakes::jsm::{Call, Fault, Operation};
use http::Method;
use outbound::Outbound;
use provisioning::{
    Act, Conduct, Deed, DeskRule, DriftOrder, JsmSite, Order, OrganizationGift, OrganizationRule,
    Reactivation, SyncMode, Whom, probe, rows,
};

use crate::world::{World, ann, identity};

/// What the gateway calls on Cloud. The cloud id and the service account's token come from addresses
/// that the document does not have.
const OPERATIONS: [Operation; 19] = [
    Operation::Myself,
    Operation::MyPermissions,
    Operation::SearchUsers,
    Operation::ReadUser,
    Operation::DeleteUser,
    Operation::CreateCustomer,
    Operation::RevokeCustomer,
    Operation::ReadDesk,
    Operation::ListDeskCustomers,
    Operation::AddDeskCustomers,
    Operation::RemoveDeskCustomers,
    Operation::AddDeskOrganization,
    Operation::ListOrganizations,
    Operation::CreateOrganization,
    Operation::ReadOrganization,
    Operation::DeleteOrganization,
    Operation::ListOrganizationUsers,
    Operation::AddOrganizationUsers,
    Operation::RemoveOrganizationUsers,
];

/// A validating proxy before the fake; it ends when this is dropped.
struct Prism {
    child: Child,
    url: String,
    said: Arc<Mutex<String>>,
}

impl Drop for Prism {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prism {
    async fn before(document: &str, upstream: &str) -> Self {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../contract/node_modules/@stoplight/prism-cli/dist/index.js");
        let port = redis_lab::free_port().to_string();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "node"]).arg(tool);
        command.args(["proxy", "--errors", "-h", "127.0.0.1", "-p", &port, document, upstream]);
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.expect("setpriv, of util-linux");
        let out = BufReader::new(child.stdout.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let prism = Self { child, url: format!("http://127.0.0.1:{port}"), said };
        e2e::until("Prism listens", async || prism.said().contains("is listening")).await;
        prism
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// What broke the contract so far.
    fn violations(&self) -> Vec<String> {
        let said = self.said();
        said.lines()
            .filter(|line| line.contains("Request terminated with error"))
            .map(str::to_owned)
            .collect()
    }
}

/// Every operation once, and the refusals that a customer can meet.
async fn walk(world: &mut World) {
    let outbound = || Outbound::new(&[]).unwrap();
    for finding in probe(&world.settings, outbound(), Arc::new(world.clock.clone())).await {
        assert_eq!(finding.lacks, None, "{}", finding.about);
    }
    let known = world.jsm.add_organization("By number");
    let gives = OrganizationGift::WithId(known);
    world.settings.organizations.push(OrganizationRule { whom: Whom::default(), gives });
    world.settings.conduct = Conduct { sync: SyncMode::Mirror, reactivation: Reactivation::Never };
    world.sign_in(&ann()).await.unwrap();
    world.assert_one_complete_customer();
    let (drift, _) = world.provisioner().drift(DriftOrder::Act, world.clock.now()).await.unwrap();
    assert_eq!(drift, []);

    // The rules take back what they gave.
    world.settings.organizations.clear();
    world.settings.desks = vec![DeskRule { join: vec!["1".to_owned()], ..DeskRule::default() }];
    world.sign_in(&ann()).await.unwrap();
    assert!(world.jsm.organization_members("Acme").is_empty());
    assert!(world.jsm.desk_members("3").is_empty());

    let text = "email,name,organizations,desks\nbob@acme.example,Bob,File,1\n";
    let (order, rows) = (Order::of(text.as_bytes()), rows(text).unwrap());
    let provisioner = world.provisioner();
    for act in [Act::Plan, Act::Apply, Act::Undo] {
        for outcome in provisioner.bulk_rows(&order, act, rows.clone()).await {
            assert_eq!(outcome.failed, None, "{act:?}");
        }
    }
    provisioner.bulk_end_undo(&order, &["File".to_owned()]).await.unwrap();
    assert_eq!(world.jsm.customers().len(), 1);

    world.clock.advance(std::time::Duration::from_secs(400 * 24 * 60 * 60));
    let ended = world.end_dormant(&world.provisioner()).await;
    assert!(matches!(&ended[..], [(Deed::Ended, _)]), "{ended:?}");
    assert_eq!(world.refused(&ann()).await, "jsm-account-revoked");

    refusals(world).await;
}

/// 400, 403, 404 and 409 in Atlassian's shapes.
async fn refusals(world: &mut World) {
    let someone = |name: &str| identity("acme", name, &format!("{name}@acme.example"));
    // 409: the account is there, and no search finds it.
    let gone = world.jsm.add_customer("gone@acme.example", "Gone");
    world.jsm.revoke(&gone);
    assert_eq!(world.refused(&someone("gone")).await, "jsm-account-invisible");
    // 400: some id is unknown yet.
    world.jsm.lag_accounts(1);
    world.sign_in(&someone("new")).await.unwrap();
    world.jsm.lag_accounts(0);
    // 404, as for a desk that an administrator removed.
    world.settings.desks.push(DeskRule { join: vec!["99".to_owned()], ..DeskRule::default() });
    assert_eq!(world.refused(&someone("lost")).await, "jsm-desk-unknown");
    world.settings.desks.pop();
    // 403.
    world.jsm.deny(Operation::CreateCustomer);
    assert_eq!(world.refused(&someone("barred")).await, "jsm-right-missing");
    world.jsm.recover();
}

/// What was called, with ids left out, and how often.
fn table(calls: &[Call]) -> BTreeMap<String, usize> {
    let id = |part: &str| part.contains(':') || part.starts_with(|c: char| c.is_ascii_digit());
    let mut table = BTreeMap::new();
    for call in calls {
        // The `3` of `/rest/api/3` is no id.
        let (root, rest) = call.path.split_at(call.path.len().min("/rest/api/3".len()));
        let parts = rest.split('/').map(|part| if id(part) { "{id}" } else { part });
        let path = format!("{} {root}{}", call.method, parts.collect::<Vec<_>>().join("/"));
        *table.entry(path).or_default() += 1;
    }
    table
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_on_cloud_passes_the_contract_both_ways() {
    let document = std::env::args().find_map(|a| Some(a.strip_prefix("document=")?.to_owned()));
    let Some(document) = document else {
        println!("not checked here: `./scripts/test contract` says where Atlassian's document is");
        return;
    };
    let mut world = World::new().await;
    let prism = Prism::before(&document, &world.jsm.url).await;
    let JsmSite::Cloud(site) = &mut world.settings.site else { panic!("a Cloud site") };
    site.site = prism.url.parse().unwrap();
    walk(&mut world).await;
    assert_eq!(prism.violations(), [""; 0]);

    let calls = world.jsm.calls();
    println!("operations on Cloud, each request and each answer valid:");
    for (operation, count) in table(&calls) {
        println!("  {operation} ({count})");
    }
    for operation in OPERATIONS {
        assert!(calls.iter().any(|call| call.operation == Some(operation)), "{operation:?}");
    }
    let listed = |call: &Call| call.operation.is_some_and(|called| OPERATIONS.contains(&called));
    assert!(calls.iter().all(listed), "an operation is missing in this test's list");

    // The proxy does look: a wrong request does not pass, and neither does a wrong answer.
    let url = format!("{}/rest/servicedeskapi/customer", prism.url).parse().unwrap();
    let headers = [("content-type", "application/json"), ("authorization", "Basic Ym90OnRva2Vu")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let body = Bytes::from_static(b"{\"mail\":\"ann@acme.example\"}");
    let wrong = Browser::default().request(Method::POST, url, headers, body).await.unwrap();
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    world.jsm.fail_all(Fault::StrangeJson);
    let carol = identity("acme", "carol", "carol@acme.example");
    assert_eq!(world.refused(&carol).await, "jsm-failing");
    assert!(prism.violations().len() >= 2, "{}", prism.said());
}
