//! Sealing keys come and go while people have factors and mail waits.

use e2e::until;
use fakes::smtp::{SmtpMood, SmtpTls};
use gateway::FactorOf;
use gateway::control::{Answer, Command};

use crate::mail;
use crate::world::*;

/// attacks.md D11: a former sealing key goes, and nothing that lay under it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_a_retired_sealing_key_takes_nothing_along() {
    let (mut scene, server) = mail::scene(SmtpTls::None, None).await;
    server.set_mood(SmtpMood::Busy);
    let (owner, mut ann) = enrolled(&scene, ANN, LINK).await;
    for step in ["stage", "activate"] {
        let done = scene.command(&["keys", step, "sealing"]).await;
        assert_eq!(done.code, Some(0), "{done:?}");
        assert_eq!(ask(&mut ann, LINK).await.status, 200, "{step}");
    }
    let mut mia = scene.visitor();
    drop(asked(&scene, &mut mia, "mia@acme.example", LINK).await);
    let resealed = scene.command(&["sessions", "reseal"]).await;
    assert!(resealed.code == Some(0) && !resealed.out.contains("lost"), "{resealed:?}");
    let retired = scene.command(&["keys", "retire", "sealing"]).await;
    assert_eq!(retired.code, Some(0), "{retired:?}");
    assert!(retired.out.starts_with("0 records sealed anew\n"), "{retired:?}");
    scene.restart_gateway().await;
    assert_eq!(ask(&mut ann, LINK).await.status, 200, "her session goes on");
    let of = FactorOf::Email { email: ANN.parse().unwrap(), site: None };
    let Answer::Factor(report) = scene.order(&Command::FactorStatus { of }).await else {
        panic!("she is found by her address")
    };
    assert!(report.enrolled.is_some() && report.recovery_codes == 10);
    let mut again = scene.visitor();
    let page = asked(&scene, &mut again, ANN, LINK).await;
    let done = submit(&mut again, &page, &[("code", &owner.code(&scene))]).await;
    assert_eq!((done.status, location(&done).as_str()), (303, LINK), "{}", done.text());
    server.set_mood(SmtpMood::Takes);
    let mail = until("the mail that waited comes", async || !server.mails().is_empty());
    scene.as_time_passes(mail).await;

    // Without the key that the store was last sealed with there is no start, and a reason.
    scene.stop_gateway().await;
    scene.put_file("sealing", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=\n");
    drop(scene.open_store().await);
    let refused = scene.command(&["run"]).await;
    assert!(refused.code == Some(1) && refused.err.contains("keys.sealing"), "{refused:?}");
}
