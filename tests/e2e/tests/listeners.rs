//! Names, certificates and ports: who is answered where.

use e2e::{Scene, SceneOptions, Wire, until};
use fakes::http_client;
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042?x=1&y=%20";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_host_of_the_site_redirects_to_the_canonical_one() {
    let scene = Scene::start().await;
    let mut visitor = scene.visitor();
    for path in [LINK, "/", "/.vestibule/sign-in?attempt=x", "//evil.example/"] {
        let url = scene.url(path).replace("help.localhost", "support.localhost");
        let answer = visitor.follow(&url).await;
        if path.starts_with("//") {
            assert_eq!(answer.status, 400);
            continue;
        }
        assert_eq!(
            (answer.status, answer.header("location")),
            (308, Some(scene.url(path).as_str()))
        );
    }
    assert_eq!(scene.helpcenter.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e8_a_request_names_one_host_in_one_way() {
    let scene = Scene::start().await;
    let ask = async |target: &str, hosts: &[&str]| {
        let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        let head = format!(
            "GET {target} HTTP/1.1\r\n{hosts}Accept: text/html\r\nConnection: close\r\n\r\n"
        );
        Wire::ask(&scene, &head).await
    };
    let port = scene.port;
    let own = format!("help.localhost:{port}");
    for host in ["help.localhost", "HELP.LocalHost", "help.localhost.", &own, "help.localhost:1"] {
        let reply = ask("/", &[host]).await;
        assert_eq!(reply.status, 302, "{host}: {}", reply.head);
        let location = reply.header("location").expect("a redirect");
        assert!(location.starts_with("/.vestibule/sign-in?attempt="), "{location}");
    }
    assert_eq!(ask(&format!("https://{own}/"), &[&own]).await.status, 302);
    for host in [
        "evil.example",
        "127.0.0.1",
        "localhost",
        "help.localhost.evil.example",
        "xhelp.localhost",
        "*.localhost",
    ] {
        let reply = ask("/", &[host]).await;
        assert!([421, 400].contains(&reply.status), "{host}: {}", reply.head);
    }
    assert_eq!(ask("/", &["evil.example"]).await.status, 421);
    for (target, hosts) in [
        ("/", vec![]),
        ("/", vec!["help.localhost", "help.localhost"]),
        ("/", vec!["help.localhost", "evil.example"]),
        ("/", vec!["evil.example", "help.localhost"]),
        ("/", vec!["help.localhost, evil.example"]),
        ("/", vec!["user@help.localhost"]),
        ("/", vec!["help.localhost/evil"]),
        ("/", vec!["help.localhost:443:443"]),
        ("/", vec!["help.localhost:port"]),
        ("/", vec![""]),
        ("https://evil.example/", vec!["help.localhost"]),
        ("https://help.localhost/", vec!["evil.example"]),
        ("https://user@help.localhost/", vec!["help.localhost"]),
    ] {
        let reply = ask(target, &hosts).await;
        assert_eq!(reply.status, 400, "{target} {hosts:?}: {}", reply.head);
        assert_eq!(reply.header("location"), None);
    }
    assert_eq!(scene.helpcenter.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e9_probes_are_answered_on_their_own_listener_alone() {
    let mut scene = Scene::start().await;
    let operations = scene.gateway.as_ref().expect("a gateway").operations;
    for (path, status) in [
        ("/livez", 200),
        ("/readyz", 200),
        ("/", 404),
        ("/metrics/x", 404),
        (LINK, 404),
        ("/.vestibule/session", 404),
    ] {
        let answer =
            http_client::get(&format!("http://{operations}{path}")).await.expect("an answer");
        assert_eq!(answer.status, status, "{path}");
    }
    let mut visitor = scene.visitor();
    for path in ["/livez", "/readyz"] {
        let headers = [("user-agent", "kube-probe/1.31"), ("accept", "*/*")];
        assert_eq!(visitor.ask(Method::GET, path, &headers, "").await.status, 401, "{path}");
    }
    assert_eq!(scene.helpcenter.connections(), 0);

    scene.stop_gateway().await;
    let store =
        std::sync::Arc::new(store::FaultyStore::new(std::sync::Arc::new(scene.open_store().await)));
    scene.start_gateway_over(store.clone());
    let operations = scene.gateway.as_ref().expect("a gateway").operations;
    let ask = async |path: &str| {
        http_client::get(&format!("http://{operations}{path}")).await.expect("an answer").status
    };
    store.fail_all(store::fault::Fault::Unavailable);
    assert_eq!((ask("/livez").await, ask("/readyz").await), (200, 503));
    store.heal();
    assert_eq!(ask("/readyz").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_redirects_to_https_and_does_nothing_else() {
    let scene = Scene::with(SceneOptions {
        instead: vec![("workers: 2 }", "workers: 2, http: \"127.0.0.1:0\" }".to_owned())],
        ..SceneOptions::default()
    })
    .await;
    let plain = scene.gateway.as_ref().and_then(|gateway| gateway.http).expect("a plain listener");
    let ask = async |host: &str, path: &str| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(plain).await.expect("a connection");
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: __Host-vestibule=x\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer.to_lowercase()
    };
    for (host, path) in
        [("help.localhost", LINK), ("HELP.localhost:80", "/"), ("support.localhost", LINK)]
    {
        let answer = ask(host, path).await;
        let location = format!("location: {}\r\n", scene.url(path)).to_lowercase();
        assert!(answer.starts_with("http/1.1 308") && answer.contains(&location), "{answer}");
        assert!(!answer.contains("set-cookie"), "{answer}");
    }
    for (host, path) in [("evil.example", "/"), ("help.localhost", "//evil.example/"), ("", "/")] {
        let answer = ask(host, path).await;
        assert!(answer.starts_with("http/1.1 4") && !answer.contains("location:"), "{answer}");
    }
    assert_eq!(scene.helpcenter.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_chosen_by_name_and_reread_when_they_change() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let put = |scene: &Scene, name: &str, hosts: &[&str]| {
        let fresh = scene.authority.issue(hosts);
        scene.put_file(&format!("{name}.pem"), &fresh.chain_pem);
        scene.put_file(&format!("{name}.key"), &fresh.key_pem);
    };
    put(&scene, "help", &["help.localhost"]);
    put(&scene, "second", &["support.localhost"]);
    let first = "{ chain: help.pem, key: { file: help.key } }";
    scene.edit(first, &format!("{first}, {{ chain: second.pem, key: {{ file: second.key }} }}"));
    drop(scene.open_store().await);
    scene.start_gateway();

    let (help, support) =
        (served(&scene, "help.localhost").await, served(&scene, "support.localhost").await);
    assert!(help.is_some() && support.is_some() && help != support);
    assert_eq!(served(&scene, "other.localhost").await, None, "no certificate has this name");

    put(&scene, "second", &["support.localhost"]);
    until("the new certificate is served", async || {
        let now = served(&scene, "support.localhost").await;
        now.is_some() && now != support
    })
    .await;
    assert_eq!(served(&scene, "help.localhost").await, help);
    scene.until_audited(1, &["certificates_reloaded"]).await;

    // Half a pair changes nothing: the old ones stay in use.
    scene.put_file("help.key", "no key");
    let support = served(&scene, "support.localhost").await;
    put(&scene, "second", &["support.localhost"]);
    scene.put_file("help.pem", &scene.authority.issue(&["help.localhost"]).chain_pem);
    assert_eq!(served(&scene, "help.localhost").await, help);
    put(&scene, "help", &["help.localhost"]);
    until("both new certificates are served", async || {
        served(&scene, "help.localhost").await != help
            && served(&scene, "support.localhost").await != support
    })
    .await;
}

/// The certificate that is served for a name; `None` when it is made for another.
async fn served(scene: &Scene, host: &str) -> Option<Vec<u8>> {
    let wire = Wire::connect(scene, host, &[]).await.ok()?;
    let certificates = wire.stream.get_ref().1.peer_certificates()?;
    certificates.first().map(|leaf| leaf.to_vec())
}

/// Invariant 6: with the PROXY protocol the balancer says who has connected, and nobody else does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_the_proxy_protocol_the_client_is_whom_the_balancer_names() {
    let mut scene = Scene::start().await;
    scene.edit(
        "workers: 2 }",
        "workers: 2, proxy_protocol: required, trusted_proxies: [127.0.0.1] }",
    );
    scene.restart_gateway().await;
    let access = || std::fs::read_to_string(scene.folder.path().join("data/access.jsonl")).unwrap();
    let line = b"PROXY TCP4 203.0.113.9 127.0.0.1 40000 443\r\n";
    let mut wire = Wire::connect_behind(&scene, line, "help.localhost", &[]).await.unwrap();
    let request = format!(
        "GET /announced HTTP/1.1\r\nHost: help.localhost:{}\r\nX-Forwarded-For: 198.51.100.1\r\n\
         Accept: text/html\r\nConnection: close\r\n\r\n",
        scene.port
    );
    wire.stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = wire.stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    until("it is in the access log", async || access().contains("/announced")).await;
    assert!(access().contains("203.0.113.9") && !access().contains("198.51.100.1"));
    assert!(Wire::connect(&scene, "help.localhost", &[]).await.is_err(), "nothing without it");
    scene.edit("trusted_proxies: [127.0.0.1]", "trusted_proxies: [192.0.2.0/24]");
    scene.restart_gateway().await;
    let stranger = Wire::connect_behind(&scene, line, "help.localhost", &[]).await;
    assert!(stranger.is_err(), "nothing from a stranger");
}
