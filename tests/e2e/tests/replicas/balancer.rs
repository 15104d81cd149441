//! Two processes behind the balancer that `deploy/` ships.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use e2e::{Scene, until};
use http::Method;
use redis_lab::free_port;

use crate::processes::Processes;
use crate::{LINK, ask};

/// As it is shipped; only names and places are those of the test.
const SHIPPED: &str = include_str!("../../../../deploy/haproxy.cfg");

struct Balancer(Child);

impl Drop for Balancer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn file(scene: &Scene, processes: &Processes) -> PathBuf {
    let certificate = scene.authority.issue(&["help.localhost"]);
    scene.put_file("balancer.pem", &format!("{}{}", certificate.chain_pem, certificate.key_pem));
    scene.put_file("ca.pem", &scene.authority.certificate_pem());
    let folder = scene.folder.path().display();
    let (ports, operations) = (processes.ports, processes.operations);
    let mut text = SHIPPED.to_owned();
    for (shipped, here) in [
        // As many descriptors as a test may have.
        ("maxconn 20000", "maxconn 200".to_owned()),
        ("bind :443", format!("bind 127.0.0.1:{}", scene.port)),
        ("bind :80", format!("bind 127.0.0.1:{}", free_port())),
        ("/etc/vestibule/tls/balancer.pem", format!("{folder}/balancer.pem")),
        ("/etc/vestibule/tls/ca.pem", format!("{folder}/ca.pem")),
        ("server a a:8443", format!("server a 127.0.0.1:{} port {}", ports[0], operations[0])),
        ("server b b:8443", format!("server b 127.0.0.1:{} port {}", ports[1], operations[1])),
    ] {
        assert_eq!(text.matches(shipped).count(), 1, "{shipped}");
        text = text.replace(shipped, &here);
    }
    scene.put_file("haproxy.cfg", &text);
    scene.folder.path().join("haproxy.cfg")
}

fn haproxy(file: &Path, more: &[&str]) -> Command {
    // Debian has it where only root looks.
    let places = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/usr/bin/haproxy"];
    let program = places.into_iter().find(|place| Path::new(place).exists());
    let mut command = Command::new(program.unwrap_or("haproxy"));
    command.args(more).arg("-f").arg(file).stdout(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_the_shipped_balancer_nobody_notices_which_replica_answers_or_that_one_is_gone() {
    let (scene, _redis, mut processes) = Processes::start_alone().await;
    let file = file(&scene, &processes);
    let judged = haproxy(&file, &["-c"]).output().expect("haproxy; ./scripts/install test");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    let _balancer = Balancer(haproxy(&file, &["-db"]).stderr(Stdio::null()).spawn().unwrap());
    until("it finds a replica that is ready", async || {
        let asked = scene.visitor().browser.open(&scene.url("/.vestibule/session")).await;
        asked.is_ok_and(|answer| answer.status < 500)
    })
    .await;
    let mut ann = scene.visitor();
    let answer = scene.sign_in(&mut ann, "ann@acme.example", LINK).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    for _ in 0..4 {
        assert_eq!(ask(&mut ann).await.status, 200);
    }
    // What a customer says of their own address is not believed.
    let lied = [("x-forwarded-for", "203.0.113.9"), ("accept", "text/html")];
    assert_eq!(ann.ask(Method::GET, LINK, &lied, "").await.status, 200);
    for number in [0, 1] {
        processes.end(number);
        for _ in 0..6 {
            assert_eq!(ask(&mut ann).await.status, 200, "without replica {number}");
        }
        processes.run_again(&scene, number).await;
        until("it is asked again", async || {
            let log = scene.folder.path().join(format!("data/{number}-access.jsonl"));
            let before = std::fs::read_to_string(&log).unwrap_or_default().len();
            assert_eq!(ask(&mut ann).await.status, 200);
            assert_eq!(ask(&mut ann).await.status, 200);
            std::fs::read_to_string(&log).unwrap_or_default().len() > before
        })
        .await;
    }
    let used = [0, 1].map(|number| {
        let log = scene.folder.path().join(format!("data/{number}-access.jsonl"));
        std::fs::read_to_string(log).unwrap()
    });
    assert!(used.iter().all(|log| log.contains("SUP-1042")), "both answered");
    assert!(!used.concat().contains("203.0.113.9"));
}
