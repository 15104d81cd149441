//! `vestibule why` where neither a gateway nor its audit log can be asked.

use e2e::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_says_who_did_not_answer_and_which_file_could_not_be_read() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    drop(scene.open_store().await);
    let folder = scene.folder.path().join("data");
    std::fs::remove_file(folder.join("audit.jsonl")).unwrap();
    let why = scene.command(&["why", "2222-2222"]).await;
    assert_eq!(why.code, Some(1));
    let (socket, log) = (folder.join("control.sock"), folder.join("audit.jsonl"));
    for part in [
        format!("no gateway answers on {}", socket.display()),
        format!("{} cannot be read", log.display()),
        "as its user or root".to_owned(),
        "--config".to_owned(),
    ] {
        assert!(why.err.contains(&part), "{part} is not in: {}", why.err);
    }
}
