//! `vestibule store init`, `backup` and `restore`, on both kinds of store.

use e2e::{Place, Scene, SceneOptions, Vestibule};
use redis_lab::Server;

use crate::{LINK, ask};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_records_are_backed_up_while_the_gateway_runs_and_restored() {
    let options = SceneOptions { gateway: Place::Process, ..SceneOptions::default() };
    let scene = Scene::with(options).await;
    let gateway = Vestibule::run(&scene, "info").await;
    scene.signed_in("ann@acme.example").await;
    let file = scene.folder.path().join("backup-1");
    let file = file.to_str().unwrap();
    let done = scene.command(&["backup", file]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("records"), "{done:?}");
    assert_eq!(scene.command(&["backup", file]).await.code, Some(1), "never over another one");
    let again = scene.command(&["store", "init"]).await;
    assert!(again.code == Some(0) && again.out.contains("already"), "{again:?}");
    gateway.kill();

    let records = scene.folder.path().join("data/vestibule.redb");
    std::fs::remove_file(&records).unwrap();
    let refused = scene.command(&["run"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("vestibule restore FILE"), "{refused:?}");
    let restored = scene.command(&["restore", file]).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let _gateway = Vestibule::run(&scene, "info").await;
    scene.signed_in("ann@acme.example").await;
    let refused = scene.command(&["restore", file]).await;
    assert!(refused.code == Some(1) && refused.err.contains("--replace"), "{refused:?}");
    for order in ["init", "backup", "restore"] {
        let recorded = format!("\"order\":\"{order}\"");
        assert!(scene.audit_log().contains(&recorded), "{order} is on record");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_redis_is_used_after_store_init_and_a_lost_one_after_restore() {
    let redis = Server::start();
    let options = SceneOptions {
        gateway: Place::Process,
        instead: vec![("store: { embedded: { path: data } }", redis.line())],
        ..SceneOptions::default()
    };
    let scene = Scene::with(options).await;
    let refused = scene.command(&["run"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("vestibule store init"), "{refused:?}");
    let made = scene.command(&["store", "init"]).await;
    assert!(made.code == Some(0) && made.out.contains("store.id"), "{made:?}");
    let gateway = Vestibule::run(&scene, "info").await;
    let mut visitor = scene.visitor();
    scene.sign_in(&mut visitor, "ann@acme.example", LINK).await;
    assert_eq!(ask(&mut visitor).await.status, 200);
    let file = scene.folder.path().join("backup-1");
    let file = file.to_str().unwrap();
    let done = scene.command(&["backup", file]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    gateway.kill();
    redis.cli(&["FLUSHALL"]);
    assert_eq!(scene.command(&["run"]).await.code, Some(1));
    let restored = scene.command(&["restore", file]).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let _gateway = Vestibule::run(&scene, "info").await;
    assert_eq!(ask(&mut visitor).await.status, 302, "sessions are not records");
    scene.signed_in("ann@acme.example").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_online_names_what_would_lose_records() {
    let redis = Server::start();
    let options = SceneOptions {
        gateway: Place::Process,
        instead: vec![("store: { embedded: { path: data } }", redis.line())],
        ..SceneOptions::default()
    };
    let scene = Scene::with(options).await;
    let empty = scene.command(&["check", "--online"]).await;
    assert!(empty.code == Some(1) && empty.err.contains("vestibule store init"), "{empty:?}");
    let made = scene.command(&["store", "init"]).await;
    let (_, id) = made.out.split_once("the id ").unwrap();
    let id = id.split(';').next().unwrap();
    let unsaid = scene.command(&["check", "--online"]).await;
    assert!(unsaid.code == Some(1) && unsaid.err.contains(&format!("id: {id}")), "{unsaid:?}");
    scene.edit("store: { redis:", &format!("store: {{ id: {id}, redis:"));
    let good = scene.command(&["check", "--online"]).await;
    assert_eq!(good.code, Some(0), "{good:?}");
    for (setting, bad, good) in [
        ("appendonly", "no", "yes"),
        ("appendfsync", "no", "everysec"),
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
    ] {
        redis.cli(&["CONFIG", "SET", setting, bad]);
        let found = scene.command(&["check", "--online"]).await;
        assert!(found.code == Some(1) && found.err.contains(setting), "{found:?}");
        redis.cli(&["CONFIG", "SET", setting, good]);
    }
    redis.cli(&["ACL", "SETUSER", redis_lab::USER, "-hscan"]);
    let found = scene.command(&["check", "--online"]).await;
    assert!(found.code == Some(1) && found.err.contains("hscan"), "{found:?}");
}
