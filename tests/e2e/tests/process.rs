//! The real program: signals, exit codes, what it keeps and what it never says.
#![expect(clippy::expect_used, reason = "what is missing fails its test")]

use std::os::unix::fs::PermissionsExt;

use e2e::{Place, Scene, SceneOptions, Vestibule, Visitor, Wire, open_websocket, until};
use fakes::http_client;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042?x=1";
const MIB: usize = 1024 * 1024;

/// A scene whose gateway is the program itself.
async fn scene() -> Scene {
    Scene::with(SceneOptions { gateway: Place::Process, ..SceneOptions::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_stay_signed_in_when_the_program_is_killed() {
    let scene = scene().await;
    let first = Vestibule::run(&scene, "info").await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    let mut gil = scene.signed_in("gil@globex.example").await;
    let mut bob = scene.visitor();
    let at_acme = bob.begin(LINK, "bob@acme.example").await;
    first.kill();
    // The socket file is a leftover now, and no reason not to start.
    let _second = Vestibule::run(&scene, "info").await;
    for (visitor, email) in [(&mut ann, "ann@acme.example"), (&mut gil, "gil@globex.example")] {
        let page = visitor.open(LINK).await;
        assert!(page.status == 200 && page.text().contains(email), "{}", page.text());
    }
    let answer = scene.come_back(&mut bob, "bob@acme.example", &at_acme).await;
    assert_eq!(answer.header("location"), Some(LINK), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_running_requests_end_and_exits_with_0() {
    let scene = scene().await;
    let mut vestibule = Vestibule::run(&scene, "info").await;
    let ann = scene.signed_in("ann@acme.example").await;
    let socket = scene.folder.path().join("data/control.sock");
    let mode = std::fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // An upload under way: its head and half of its body have arrived upstream.
    let mut wire = Wire::connect(&scene, "help.localhost", &[]).await.expect("a connection");
    let head = upload_head(&scene, &ann.cookies(), 2 * MIB);
    wire.stream.write_all(head.as_bytes()).await.expect("sent");
    wire.stream.write_all(&vec![1; MIB]).await.expect("sent");
    wire.stream.flush().await.expect("sent");
    until("half of it is upstream", async || {
        scene.helpcenter.requests().last().is_some_and(|r| r.body_bytes() == MIB as u64)
    })
    .await;
    vestibule.terminate();
    until("nobody else is let in", async || {
        let probe = http_client::get(&format!("http://{}/readyz", vestibule.operations)).await;
        probe.is_ok_and(|answer| answer.status == 503)
    })
    .await;
    wire.stream.write_all(&vec![1; MIB]).await.expect("still taken");
    let mut answer = String::new();
    wire.stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"bytes\":2097152"), "{answer}");
    assert_eq!(vestibule.end().await, Some(0), "{}", vestibule.log());
    assert!(!socket.exists(), "the control socket is gone");
    assert!(scene.audit_log().contains("gateway_stopped"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_pass_with_constant_memory() {
    const SIZE: usize = 200 * MIB;
    let scene = scene().await;
    let vestibule = Vestibule::run(&scene, "info").await;
    let mut ann = scene.signed_in("ann@acme.example").await;
    assert_eq!(ann.open("/attachment/1048576").await.body.len(), MIB);
    let before = vestibule.peak_memory();

    let mut wire = Wire::connect(&scene, "help.localhost", &[]).await.expect("a connection");
    let host = format!("help.localhost:{}", scene.port);
    let head = format!(
        "GET /attachment/{SIZE} HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\nConnection: close\r\n\r\n",
        ann.cookies()
    );
    wire.stream.write_all(head.as_bytes()).await.expect("sent");
    let mut piece = vec![0; 256 * 1024];
    let mut received = 0;
    loop {
        let count = wire.stream.read(&mut piece).await.expect("a whole download");
        if count == 0 {
            break;
        }
        received += count;
    }
    assert!((SIZE..SIZE + 4096).contains(&received), "{received}");

    let mut wire = Wire::connect(&scene, "help.localhost", &[]).await.expect("a connection");
    wire.stream
        .write_all(upload_head(&scene, &ann.cookies(), SIZE).as_bytes())
        .await
        .expect("sent");
    for _ in 0..SIZE / MIB {
        wire.stream.write_all(&vec![1; MIB]).await.expect("sent");
    }
    // What did not fit into the socket waits in the TLS connection, and reading does not send it.
    wire.stream.flush().await.expect("sent");
    let mut answer = String::new();
    wire.stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.contains(&format!("\"bytes\":{SIZE}")), "{answer}");

    let grown = vestibule.peak_memory().saturating_sub(before);
    assert!(grown < 40 * 1024, "{grown} KiB more after two times 200 MiB");
}

fn upload_head(scene: &Scene, cookies: &str, bytes: usize) -> String {
    let host = format!("help.localhost:{}", scene.port);
    format!(
        "POST /upload HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n"
    )
}

/// What must not be in a log: what it is, and its text.
type Planted = (&'static str, String);

/// Ann signs in and her browser repeats the answer; notes what nobody may read.
async fn sign_in_over_saml(scene: &Scene, secrets: &mut Vec<Planted>) -> Visitor {
    let mut ann = scene.visitor();
    let at_acme = ann.begin(LINK, "ann@acme.example").await;
    let form =
        scene.acme.respond(&at_acme, &scene.acme.person("ann"), fakes::saml::Answer::default());
    secrets.push((
        "a SAML response",
        form.field("SAMLResponse").expect("a response")[..80].to_owned(),
    ));
    let xml = form.xml();
    let digest = xml.split("DigestValue>").nth(1).expect("a digest");
    secrets.push(("a digest of an assertion", digest.split('<').next().expect("it").to_owned()));
    assert_eq!(ann.post_response(&form).await.status, 303);
    ann.open(LINK).await;
    ann.post_response(&form).await;
    ann
}

/// Gil signs in, his browser repeats the answer, and brings one with a wrong code.
async fn sign_in_over_openid(scene: &Scene, secrets: &mut Vec<Planted>) -> Visitor {
    let mut gil = scene.visitor();
    let at_globex = gil.begin(LINK, "gil@globex.example").await;
    let honest = fakes::openid::OidcAnswer::default();
    let back =
        scene.globex.authorize(&at_globex, &scene.globex.person("gil"), honest).expect("a code");
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    secrets.push(("a code", code));
    assert_eq!(gil.follow(back.as_str()).await.status, 303);
    gil.follow(back.as_str()).await;
    let wrong = back.as_str().replace("code=", "code=planted-wrong-code-");
    secrets.push(("a wrong code", "planted-wrong-code-".to_owned()));
    gil.follow(&wrong).await;
    gil
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d16_no_secret_is_in_any_log_at_any_level() {
    let scene = scene().await;
    let mut vestibule = Vestibule::run(&scene, "trace").await;
    let mut secrets: Vec<Planted> = vec![
        ("the API token", scene.jsm.token.clone()),
        ("a client secret", scene.globex.client_secret.clone()),
        ("the sealing key", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY".to_owned()),
    ];
    let ann = sign_in_over_saml(&scene, &mut secrets).await;
    let gil = sign_in_over_openid(&scene, &mut secrets).await;
    for visitor in [&ann, &gil] {
        for name in ["__Host-vestibule", "__Host-vestibule-browser"] {
            secrets.push((name, visitor.cookie(name).expect("a cookie").to_owned()));
        }
    }
    let planted = "planted-cookie-of-somebody";
    for path in [LINK, "/echo", "/.vestibule/session", "/.vestibule/nothing"] {
        let cookies = format!(
            "Cookie: {}; x={planted}\r\nAuthorization: Bearer planted-token\r\n",
            gil.cookies()
        );
        Wire::get(&scene, path, &cookies).await;
    }
    let cookies = gil.cookies();
    drop(
        open_websocket(
            &scene,
            "/ws",
            &[("cookie", &cookies), ("authorization", "Bearer planted-token")],
        )
        .await,
    );
    secrets
        .extend([("a cookie", planted.to_owned()), ("a bearer token", "planted-token".to_owned())]);
    for request in scene.helpcenter.requests() {
        let told = request
            .values("x-vestibule-assertion")
            .into_iter()
            .map(|jwt| ("an assertion", jwt.to_owned()));
        secrets.extend(told);
    }
    vestibule.terminate();
    vestibule.end().await;

    let log = vestibule.log();
    assert!(
        log.contains("\"DEBUG\"") && log.contains("sign-in succeeded"),
        "the log is written at all levels"
    );
    let access = std::fs::read_to_string(scene.folder.path().join("data/access.jsonl"))
        .expect("an access log");
    assert!(access.lines().count() > 10);
    for (name, text) in
        [("the log", &log), ("the audit log", &scene.audit_log()), ("the access log", &access)]
    {
        for (what, secret) in &secrets {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(line, None, "{what} is in {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_says_all_that_is_wrong_and_exits_with_78() {
    let scene = scene().await;
    let good = scene.command(&["check"]).await;
    assert_eq!(good.code, Some(0), "{}", good.err);
    assert!(good.out.contains("good: 1 sites, 4 identity providers"), "{}", good.out);

    scene.edit("session: asserted", "sessions: asserted");
    scene.edit("idle: 30m", "idle: soon");
    scene.edit(
        "{ domain: initech.example, use: initech }",
        "{ domain: initech.example, use: initek }",
    );
    let bad = scene.command(&["check"]).await;
    assert_eq!(bad.code, Some(78), "{}", bad.err);
    for piece in ["`sessions`", "session", "soon", "initek", "initech"] {
        assert!(bad.err.contains(piece), "{piece} in: {}", bad.err);
    }
    // The program that serves says the same and serves nothing.
    let run = scene.command(&["run"]).await;
    assert_eq!((run.code, run.err), (Some(78), bad.err));
    std::fs::remove_file(scene.file_path()).expect("the file");
    assert_eq!(scene.command(&["check"]).await.code, Some(78));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_written_wrongly_exits_with_64() {
    let scene = scene().await;
    for arguments in [&["nothing"][..], &["check", "--nothing"], &["why"], &["why", "no code"], &[]]
    {
        let finished = scene.command(arguments).await;
        assert_eq!(finished.code, Some(64), "{arguments:?}: {}", finished.err);
        assert!(!finished.err.is_empty(), "{arguments:?}");
    }
    let help = scene.command(&["--help"]).await;
    assert!(help.code == Some(0) && help.out.contains("why"), "{}", help.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_gateway_in_the_same_folder_does_not_start() {
    let scene = scene().await;
    let first = Vestibule::run(&scene, "info").await;
    let second = scene.command(&["run"]).await;
    assert_eq!(second.code, Some(1));
    assert!(second.err.contains("another program may listen there"), "{}", second.err);
    let mut visitor = scene.visitor();
    assert_eq!(visitor.ask(Method::GET, "/.vestibule/session", &[], "").await.status, 200);
    first.kill();
}

/// The operator's shell lacks a variable that the gateway was started with, and the file is
/// half-way through an edit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_to_a_running_gateway_read_where_it_answers_and_no_more_of_the_file() {
    let scene = scene().await;
    let gateway = Vestibule::run(&scene, "info").await;
    scene.signed_in("ann@acme.example").await;
    scene.edit("token: { file: token }", "token: { env: NOT_SET_IN_THIS_SHELL }");
    scene.edit("idle: 30m", "idle: soon");
    let checked = scene.command(&["check"]).await;
    assert!(checked.code == Some(78) && checked.err.contains("NOT_SET_IN_THIS_SHELL"));
    let backup = scene.folder.path().join("backup-1");
    for (arguments, said) in [
        (&["sessions", "list", "--all"][..], "1 session\n"),
        (&["provisioning", "queue"], "support: "),
        (&["factor", "status", "ann@acme.example"], "authenticator app: none"),
        (&["break-glass", "ann@acme.example"], "https://help.localhost"),
        (&["idp", "test", "acme"], "https://help.localhost"),
        (&["idp", "disable", "acme"], "acme is disabled"),
        (&["idp", "enable", "acme"], "acme is enabled"),
        (&["customers", "dormant"], "customers stay away"),
        (&["backup", backup.to_str().expect("UTF-8")], "records"),
        (&["sessions", "revoke", "--all", "--yes"], "revoked: 1 session found"),
    ] {
        let done = scene.command(arguments).await;
        assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.err);
        assert!(done.out.contains(said) && done.err.is_empty(), "{arguments:?}: {done:?}");
    }
    let why = scene.command(&["why", "2222-2222"]).await;
    assert!(why.code == Some(1) && why.err.contains("nothing is recorded"), "{why:?}");
    gateway.kill();

    // What is left to do here takes the whole file; the audit log is read without it.
    for arguments in [&["sessions", "list", "--all"][..], &["idp", "disable", "acme"]] {
        let refused = scene.command(arguments).await;
        assert_eq!(refused.code, Some(78), "{refused:?}");
        assert!(refused.err.contains("NOT_SET_IN_THIS_SHELL") && refused.err.contains("soon"));
    }
    let why = scene.command(&["why", "2222-2222"]).await;
    assert!(why.code == Some(1) && why.err.contains("nothing is recorded"), "{why:?}");
    scene.edit("control: { socket: data/control.sock }", "control: data/control.sock");
    let refused = scene.command(&["why", "2222-2222"]).await;
    assert!(refused.code == Some(78) && refused.err.contains("write { socket: PATH }"));
    scene.edit("control: data/control.sock", "control: [");
    let refused = scene.command(&["sessions", "list", "--all"]).await;
    assert!(refused.code == Some(78) && refused.err.contains("not YAML"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_makes_a_store_by_the_way() {
    let scene = scene().await;
    let (folder, backup) = (scene.folder.path().join("data"), scene.folder.path().join("backup-1"));
    let backup = backup.to_str().expect("UTF-8");
    let said = format!("no store is at {} yet: the gateway makes it", folder.display());
    assert!(!folder.exists());
    for empty in [false, true] {
        if empty {
            std::fs::create_dir(&folder).expect("a folder");
        }
        for (arguments, code) in [
            (&["sessions", "list", "--all"][..], 0),
            (&["sessions", "revoke", "--all", "--yes"], 1),
            (&["sessions", "reseal"], 1),
            (&["idp", "disable", "acme"], 1),
            (&["idp", "enable", "acme"], 1),
            (&["keys", "retire", "sealing"], 1),
            (&["backup", backup], 1),
        ] {
            let done = scene.command(arguments).await;
            assert_eq!(done.code, Some(code), "{arguments:?}: {done:?}");
            assert!(done.err.contains(&said), "{arguments:?}: {done:?}");
            assert_eq!(done.out, if code == 0 { "0 sessions\n" } else { "" }, "{arguments:?}");
        }
        let left = std::fs::read_dir(&folder).map(Iterator::count).unwrap_or_default();
        assert!(left == 0 && folder.exists() == empty, "something was made");
    }
    let gateway = Vestibule::run(&scene, "info").await;
    gateway.kill();
    let listed = scene.command(&["sessions", "list", "--all"]).await;
    assert_eq!((listed.code, listed.err), (Some(0), String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_opened_is_named_once() {
    let scene = scene().await;
    scene.put_file("file", "");
    scene.edit("embedded: { path: data }", "embedded: { path: file/data }");
    let refused = scene.command(&["run"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for piece in ["store.embedded.path: ", "cannot be opened; check", "Not a directory"] {
        assert_eq!(refused.err.matches(piece).count(), 1, "{piece} in: {}", refused.err);
    }
}
