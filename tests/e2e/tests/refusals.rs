//! Who has no session is stopped here, and nobody is sent elsewhere.
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]

use e2e::{Scene, Visitor, Wire, open_websocket, reference};
use http::Method;
use url::Url;

/// Addresses of a help center, those of its interfaces and attachments among them.
const PATHS: [&str; 50] = [
    "/",
    "/servicedesk",
    "/servicedesk/",
    "/servicedesk/customer",
    "/servicedesk/customer/portals",
    "/servicedesk/customer/portal/1",
    "/servicedesk/customer/portal/1/",
    "/servicedesk/customer/portal/1/SUP-1042",
    "/servicedesk/customer/portal/1/SUP-1042?x=1",
    "/servicedesk/customer/portal/1/SUP-1042/unsubscribe?jwt=x",
    "/servicedesk/customer/portal/1/create",
    "/servicedesk/customer/portal/1/create/10",
    "/servicedesk/customer/portal/1/group/2/create/10",
    "/servicedesk/customer/portal/3",
    "/servicedesk/customer/user/requests",
    "/servicedesk/customer/user/requests?page=1&reporter=all",
    "/servicedesk/customer/user/approvals",
    "/servicedesk/customer/user/profile",
    "/servicedesk/customer/user/login",
    "/servicedesk/customer/user/signup",
    "/servicedesk/customer/user/forgotpassword",
    "/servicedesk/customer/kb/view/1234",
    "/servicedesk/customer/article/1234",
    "/servicedesk/customershim/secure/attachment/10001/log.txt",
    "/servicedesk/agent/queues",
    "/servicedesk/rest/1/customer/models",
    "/rest/servicedeskapi/request",
    "/rest/servicedeskapi/request/SUP-1042",
    "/rest/servicedeskapi/request/SUP-1042/comment",
    "/rest/servicedeskapi/request/SUP-1042/attachment",
    "/rest/servicedeskapi/servicedesk/1/customer",
    "/rest/servicedeskapi/organization",
    "/rest/api/2/issue/SUP-1042",
    "/rest/api/3/search?jql=project%3DSUP",
    "/rest/api/2/user?username=admin",
    "/rest/auth/1/session",
    "/secure/attachment/10001/log.txt",
    "/secure/Dashboard.jspa",
    "/secure/admin/ViewApplicationProperties.jspa",
    "/attachment/1048576",
    "/plugins/servlet/samlconsumer",
    "/plugins/servlet/oauth/authorize",
    "/s/abc/_/download/batch/app.js",
    "/download/resources/x.js",
    "/browse/SUP-1042",
    "/login.jsp",
    "/favicon.ico",
    "/robots.txt",
    "/.well-known/openid-configuration",
    "/ws",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e20_nothing_of_the_upstream_is_reached_without_a_session() {
    let scene = Scene::start().await;
    let mut visitor = scene.visitor();
    let page = ("accept", "text/html,*/*;q=0.8");
    let form = ("content-type", "application/x-www-form-urlencoded");
    for path in PATHS {
        for (method, headers, status) in [
            (Method::GET, &[page][..], 302),
            (Method::HEAD, &[page], 302),
            (Method::GET, &[], 401),
            (Method::GET, &[page, ("sec-fetch-mode", "cors")], 401),
            (Method::POST, &[page, form], 303),
            (Method::POST, &[("content-type", "application/json")], 401),
            (Method::PUT, &[page], 401),
            (Method::DELETE, &[], 401),
            (Method::OPTIONS, &[("origin", "https://evil.example")], 401),
        ] {
            let answer = visitor.ask(method.clone(), path, headers, "summary=x").await;
            assert_eq!(answer.status, status, "{method} {path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{method} {path}");
            assert_eq!(answer.header("location").is_some(), status < 400, "{method} {path}");
        }
        assert!(open_websocket(&scene, path, &[]).await.is_err(), "{path}");
    }
    assert_eq!(scene.helpcenter.connections(), 0);
    assert_eq!(scene.jsm.calls().len(), 0);
    // The control: with a session the same addresses arrive.
    let mut ann = scene.signed_in("ann@acme.example").await;
    for path in PATHS {
        ann.ask(Method::GET, path, &[page], "").await;
    }
    assert_eq!(scene.helpcenter.requests().len(), PATHS.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_is_told_where_to_sign_in_and_never_redirected() {
    let scene = Scene::start().await;
    let mut visitor = scene.visitor();
    let json = [("accept", "application/json"), ("x-requested-with", "XMLHttpRequest")];
    let before = scene.traces();
    let answer = visitor.ask(Method::POST, "/rest/servicedeskapi/request", &json, "{}").await;
    assert_eq!((answer.status, answer.header("location")), (401, None));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let text = answer.text();
    assert!(text.contains("\"error\":\"sign_in_required\""), "{text}");
    assert!(text.contains("\"sign_in\":\"/.vestibule/sign-in"), "{text}");
    assert_eq!(reference(&answer).len(), 9);
    assert_eq!(scene.cause(&before, &answer), "sign-in-required");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_was_posted_too_late_leads_to_the_sign_in_and_back() {
    let scene = Scene::start().await;
    let mut ann = scene.visitor();
    let path = "/servicedesk/customer/portal/1/create";
    let headers = [("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")];
    let answer = ann.ask(Method::POST, path, &headers, "summary=x").await;
    assert_eq!(answer.status, 303);
    let sign_in = answer.location().expect("the sign-in page").to_string();
    let page = ann.browser.open(&sign_in).await.expect("a page");
    let at_acme = ann.type_address(&page, "ann@acme.example").await;
    let answer = scene.come_back(&mut ann, "ann@acme.example", &at_acme).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(path)));
}

/// Ways to write another site, for whoever redirects without looking.
fn payloads() -> Vec<String> {
    let hosts = [
        "evil.example",
        "help.localhost@evil.example",
        "help.localhost.evil.example",
        "evil.example%00.help.localhost",
    ];
    let leads = [
        "//",
        "///",
        "////",
        "/\\",
        "\\/",
        "\\\\",
        "/\\/",
        "//\\",
        "https://",
        "https:/",
        "https:",
        "HtTpS://",
        "http:\\\\",
        "/%2f",
        "/%5c",
        "/%09/",
        "/%0d%0a/",
        "/./",
        "/.//",
        "/..//",
        "/x/..//",
        "/;//",
        "/%2e%2e//",
        "/%252f",
        "//%0d%0aLocation:",
        "/?//",
        "@",
        "/@",
        "\u{fe68}\u{fe68}",
        "/\u{ff0f}",
    ];
    let mut all: Vec<String> =
        leads.iter().flat_map(|lead| hosts.map(|host| format!("{lead}{host}"))).collect();
    all.extend(
        [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "//evil%E3%80%82example",
            "//[::ffff:7f00:1]",
            "//0x7f000001",
            "//2130706433",
            "/%0aSet-Cookie:a=b",
            "/%0d%0aSet-Cookie:%20a=b",
            "/a?b=c#//evil.example",
            "#//evil.example",
            "?//evil.example",
            "/ /evil.example",
            "/\t/evil.example",
            ".evil.example",
            "/.vestibule/sign-in?attempt=//evil.example",
        ]
        .map(str::to_owned),
    );
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e10_no_address_leads_to_another_site() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let payloads = payloads();
    assert!(payloads.len() > 60);
    let mut kept = 0;
    for payload in &payloads {
        // As the address itself, to the byte; followed up by somebody who has signed in by then.
        let reply = Wire::get(&scene, payload, "Accept: text/html\r\n").await;
        let Some(location) = reply.header("location") else {
            // Our own pages show themselves and lead nowhere.
            let own = reply.status == 200 && payload.starts_with("/.vestibule/");
            assert!(own || [0, 400, 404, 421].contains(&reply.status), "{payload}: {}", reply.head);
            continue;
        };
        assert!(location.starts_with("/.vestibule/sign-in?attempt="), "{payload}: {location}");
        let answer = ann.follow(&scene.url(location)).await;
        stays(&scene, payload, answer.header("location").expect("a redirect"));
        kept += 1;
    }
    assert!(kept > 5, "some are ordinary addresses: {kept}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e10_no_parameter_leads_to_another_site() {
    let scene = Scene::start().await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let mut stranger = scene.visitor();
    let page = stranger.open("/").await;
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for payload in &payloads() {
        let value = encode(payload);
        for name in ["attempt", "return", "RelayState", "fragment", "url", "next"] {
            let answer =
                ann.follow(&scene.url(&format!("/.vestibule/sign-in?{name}={value}"))).await;
            assert_eq!(
                (answer.status, answer.header("location")),
                (302, Some("/")),
                "{name}={payload}"
            );
        }
        for name in ["attempt", "fragment"] {
            let form = ann.form(&page).with(name, payload).with("email", "ann@acme.example");
            ann.browser.origin = scene.url("");
            let answer = ann.step(&form).await;
            assert_eq!(answer.status, 303, "{name}={payload}: {}", answer.text());
            stays(&scene, payload, answer.header("location").expect("a redirect"));
        }
        let answer = carry(&scene, &mut stranger, payload).await;
        assert_eq!(answer, (403, None), "RelayState={payload}");
    }
}

/// A SAML answer with this RelayState: status and `Location`.
async fn carry(scene: &Scene, visitor: &mut Visitor, relay_state: &str) -> (u16, Option<String>) {
    let action = scene.url("/.vestibule/saml/acme/acs");
    let fields = [("SAMLResponse", "PHg+"), ("RelayState", relay_state)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let answer = visitor.post_response(&fakes::saml::Form { action, fields }).await;
    (answer.status, answer.header("location").map(str::to_owned))
}

/// Asserts that a browser that follows `location` stays at the help center, however it reads it.
fn stays(scene: &Scene, payload: &str, location: &str) {
    let base: Url = scene.url("/").parse().expect("a URL");
    let joined = base.join(location).expect("a URL");
    assert_eq!(joined.origin(), base.origin(), "{payload}: {location}");
    let second = location.chars().nth(1);
    assert!(
        location.starts_with('/') && !matches!(second, Some('/' | '\\')),
        "{payload}: {location}"
    );
    assert!(location.bytes().all(|byte| (0x21..0x7f).contains(&byte)), "{payload}: {location}");
}
