use base64::Engine as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Fault, JsmCloud, Operation, Privacy};

const OWN: &str = "/rest/servicedeskapi";

/// Status, head and body of one call over a connection of its own.
async fn raw(
    fake: &JsmCloud,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> (u16, String) {
    let host = fake.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    (status, answer)
}

async fn call(fake: &JsmCloud, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, text) = raw(fake, method, path, &authorization(fake), &body).await;
    let payload = text.split_once("\r\n\r\n").map(|(_, b)| b).unwrap_or_default();
    (status, serde_json::from_str(payload).unwrap_or(Value::Null))
}

fn authorization(fake: &JsmCloud) -> String {
    let pair = format!("{}:{}", fake.email, fake.token);
    format!("authorization: Basic {}\r\n", base64::engine::general_purpose::STANDARD.encode(pair))
}

#[tokio::test]
async fn a_created_customer_is_found_joins_desks_and_organizations() {
    let fake = JsmCloud::start().await;
    let ann = json!({"email": "ann+x@acme.example", "displayName": "Ann"});
    let path = format!("{OWN}/customer?strictConflictStatusCode=true");
    let (status, made) = call(&fake, "POST", &path, ann.clone()).await;
    let id = made["accountId"].as_str().unwrap().to_owned();
    assert!(status == 201 && id.starts_with("qm:"));
    assert_eq!(call(&fake, "POST", &path, ann.clone()).await.0, 409);
    assert_eq!(call(&fake, "POST", &format!("{OWN}/customer"), ann).await.0, 400);

    let search = "/rest/api/3/user/search?query=ann%2Bx%40acme.example";
    let (_, found) = call(&fake, "GET", search, Value::Null).await;
    assert_eq!(found[0]["accountType"], "customer");
    assert_eq!(found[0]["emailAddress"], "ann+x@acme.example");

    let body = json!({"accountIds": [id, "qm:nobody"]});
    assert_eq!(call(&fake, "POST", &format!("{OWN}/servicedesk/SUP/customer"), body).await.0, 400);
    assert_eq!(
        fake.desk_members("1"),
        std::slice::from_ref(&id),
        "valid ids are added all the same"
    );
    let (_, acme) =
        call(&fake, "POST", &format!("{OWN}/organization"), json!({"name": "Acme"})).await;
    let number: u64 = acme["id"].as_str().unwrap().parse().unwrap();
    let members = format!("{OWN}/organization/{number}/user");
    assert_eq!(call(&fake, "POST", &members, json!({"accountIds": [id]})).await.0, 204);
    let desk = format!("{OWN}/servicedesk/1/organization");
    assert_eq!(call(&fake, "POST", &desk, json!({"organizationId": number})).await.0, 204);
    assert_eq!(fake.organization_members("Acme"), [id]);
    assert_eq!(fake.desk_organizations("1"), ["Acme"]);
}

#[tokio::test]
async fn pages_are_capped_and_the_last_one_says_so() {
    let fake = JsmCloud::start().await;
    for number in 0..120 {
        fake.add_organization(&format!("Organization {number}"));
    }
    let (mut start, mut sizes) = (0, Vec::new());
    loop {
        let path = format!("{OWN}/organization?start={start}&limit=1000");
        let (_, page) = call(&fake, "GET", &path, Value::Null).await;
        let size = page["size"].as_u64().unwrap();
        sizes.push(size);
        start += size;
        if page["isLastPage"] == true {
            break;
        }
    }
    assert_eq!(sizes, [50, 50, 20]);
}

#[tokio::test]
async fn searches_miss_revoked_and_fresh_accounts_and_hide_addresses() {
    let fake = JsmCloud::start().await;
    let revoked = fake.add_customer("bob@acme.example", "Bob");
    fake.revoke(&revoked);
    fake.add_atlassian_account("cy@acme.example", Privacy::Hidden);
    fake.lag_index(1);
    fake.add_customer("dee@acme.example", "Dee");
    let find = async |name: &str| {
        let path = format!("/rest/api/3/user/search?query={name}%40acme.example");
        call(&fake, "GET", &path, Value::Null).await.1
    };
    assert_eq!(find("bob").await, json!([]));
    let hidden = find("cy").await;
    assert_eq!(hidden[0]["accountType"], "atlassian");
    assert!(hidden[0].get("emailAddress").is_none());
    assert_eq!(find("dee").await, json!([]));
    assert_eq!(find("dee").await[0]["displayName"], "Dee");
}

#[tokio::test]
async fn calls_that_the_real_site_refuses_are_refused() {
    let fake = JsmCloud::start().await;
    let (path, body) = (format!("{OWN}/customer"), r#"{"email":"a@b.example","displayName":"A"}"#);
    assert_eq!(raw(&fake, "POST", &path, "", body).await.0, 401);
    for header in ["origin: https://evil.example", "referer: https://x/", "cookie: a=b"] {
        let headers = format!("{}{header}\r\n", authorization(&fake));
        let (status, text) = raw(&fake, "POST", &path, &headers, body).await;
        assert!(status == 403 && text.contains("XSRF check failed"));
    }
    let customers = format!("{OWN}/servicedesk/1/customer");
    assert_eq!(call(&fake, "GET", &customers, Value::Null).await.0, 412);
    let opted_in = format!("{}X-ExperimentalApi: opt-in\r\n", authorization(&fake));
    assert_eq!(raw(&fake, "GET", &customers, &opted_in, "").await.0, 200);
    assert_eq!(call(&fake, "PATCH", &customers, Value::Null).await.0, 404);
    fake.deny(Operation::CreateCustomer);
    assert_eq!(call(&fake, "POST", &path, json!({"email": "a@b.example"})).await.0, 403);
    assert!(fake.customers().is_empty());
}

#[tokio::test]
async fn ordered_faults_happen_once_and_in_order() {
    let fake = JsmCloud::start().await;
    fake.fail_next(Operation::Myself, Fault::Throttled(7));
    fake.fail_next(Operation::Myself, Fault::SignInPage);
    fake.fail_next(Operation::CreateCustomer, Fault::CutAfterwards);
    let (status, text) = raw(&fake, "GET", "/rest/api/3/myself", &authorization(&fake), "").await;
    assert!(status == 429 && text.contains("retry-after: 7") && text.contains("jira-burst-based"));
    let (status, text) = raw(&fake, "GET", "/rest/api/3/myself", "", "").await;
    assert!(status == 200 && text.contains("text/html"));
    let (status, me) = call(&fake, "GET", "/rest/api/3/myself", Value::Null).await;
    assert!(status == 200 && me["accountId"] == "557058:the-bot");
    let body = json!({"email": "a@b.example", "displayName": "A"});
    let (_, answer) = call(&fake, "POST", &format!("{OWN}/customer"), body).await;
    assert_eq!(answer, Value::Null, "the answer breaks off");
    assert_eq!(fake.customers().len(), 1, "the work was done");
    assert_eq!(fake.count(Operation::Myself), 3);
}
