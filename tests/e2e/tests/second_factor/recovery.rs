//! Without the app: a recovery code, or a reset.

use e2e::sets_session;

use crate::world::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_code_lets_in_once() {
    let scene = scene(&[ACME]).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let lost = ann.open(&format!("{PAGE}?{}&way=lost", page.url.query().unwrap())).await;
    assert!(lost.text().contains("No code at hand?"), "{}", lost.text());
    let path = format!("{PAGE}?{}&way=recovery", page.url.query().unwrap());
    let recovery = ann.open(&path).await;
    let before = scene.traces();
    let wrong = submit(&mut ann, &recovery, &[("recovery", "AAAA-BBBB-CCCC")]).await;
    assert_eq!((wrong.status, sets_session(&wrong)), (403, false));
    assert!(wrong.text().contains("none of your recovery codes"), "{}", wrong.text());
    assert_eq!(scene.traces(), before);
    let code = owner.codes[5].to_ascii_lowercase().replace('-', " ");
    let done = submit(&mut ann, &wrong, &[("recovery", &code)]).await;
    assert_eq!((done.status, location(&done).as_str()), (303, LINK), "{}", done.text());
    assert!(scene.audit_log().contains("\"event\":\"recovery_code_used\""));
    // The same once more.
    let mut other = scene.visitor();
    let page = asked(&scene, &mut other, ANN, LINK).await;
    let again = submit(&mut other, &page, &[("recovery", &owner.codes[5])]).await;
    assert_eq!((again.status, sets_session(&again)), (403, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_mail_nobody_may_ask_for_a_reset() {
    let scene = scene(&[ACME]).await;
    let (owner, _) = enrolled(&scene, ANN, LINK).await;
    let mut ann = scene.visitor();
    let page = asked(&scene, &mut ann, ANN, LINK).await;
    let lost = ann.open(&format!("{PAGE}?{}&way=lost", page.url.query().unwrap())).await;
    assert!(!lost.text().contains("Ask for a reset"), "{}", lost.text());
    let before = scene.traces();
    let refused = submit(&mut ann, &page, &[("reset", "yes")]).await;
    assert_eq!(scene.cause(&before, &refused), "factor-reset-not-offered");
    let done = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert_eq!(location(&done), LINK, "the app still counts");
}
