//! The scene of the attacks, how an answer is carried, and the honest answer beside them.

use std::fmt::Debug;

use e2e::{Scene, Visitor};
use fakes::openid::{OidcAnswer, OpenIdProvider};
use fakes::people::Person;
use url::Url;

/// The page that everybody wants.
pub(crate) const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042?x=1";

/// A fresh browser and the callback to which the provider sends it.
pub(crate) async fn brought(
    scene: &Scene,
    provider: &OpenIdProvider,
    person: &Person,
    answer: impl Into<OidcAnswer>,
) -> (Visitor, Url) {
    let mut browser = scene.visitor();
    let url = browser.begin(LINK, &person.email).await;
    let callback = provider.authorize(&url, person, answer).unwrap();
    (browser, callback)
}

/// The cause for which the gateway refuses a callback in this browser.
pub(crate) async fn cause_of_callback(
    scene: &Scene,
    browser: &mut Visitor,
    callback: &Url,
) -> String {
    let before = scene.traces();
    let answer = browser.follow(callback.as_str()).await;
    assert!(answer.status >= 400, "answered with {}", answer.status);
    scene.cause(&before, &answer)
}

/// The cause for which Gil of Globex is refused with this answer.
pub(crate) async fn cause_of(scene: &Scene, answer: impl Into<OidcAnswer>) -> String {
    let gil = scene.globex.person("gil");
    let (mut browser, callback) = brought(scene, &scene.globex, &gil, answer).await;
    cause_of_callback(scene, &mut browser, &callback).await
}

/// Each answer is refused for exactly its cause, and honest answers pass beside it.
pub(crate) async fn refuses<A: Into<OidcAnswer> + Debug + Clone>(
    scene: &Scene,
    table: Vec<(A, &str)>,
) {
    let mut wrong = Vec::new();
    for (answer, expected) in table {
        let found = cause_of(scene, answer.clone()).await;
        if found != expected {
            wrong.push((answer, found, expected));
        }
    }
    assert!(wrong.is_empty(), "refused for another cause than expected: {wrong:#?}");
    passes_honest_answers(scene).await;
}

/// Gil of Globex and Uma of Umbrella get in.
pub(crate) async fn passes_honest_answers(scene: &Scene) {
    let (gil, uma) = (scene.globex.person("gil"), scene.umbrella.person("uma"));
    for (provider, person) in [(&scene.globex, &gil), (&scene.umbrella, &uma)] {
        let (mut browser, callback) = brought(scene, provider, person, OidcAnswer::default()).await;
        enters(&mut browser, &callback, person).await;
    }
}

/// The callback is taken, and the page shows the person.
pub(crate) async fn enters(browser: &mut Visitor, callback: &Url, person: &Person) {
    let answer = browser.follow(callback.as_str()).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(LINK)), "{}", answer.text());
    assert!(e2e::sets_session(&answer));
    let page = browser.open(LINK).await.text();
    assert!(page.contains(&person.name) && page.contains(&person.email), "{page}");
}

/// The callback with one parameter replaced.
pub(crate) fn with_parameter(callback: &Url, name: &str, value: &str) -> Url {
    let mut changed = without_parameter(callback, name);
    changed.query_pairs_mut().append_pair(name, value);
    changed
}

/// The callback without one parameter.
pub(crate) fn without_parameter(callback: &Url, name: &str) -> Url {
    let mut changed = callback.clone();
    let kept = callback.query_pairs().filter(|(known, _)| known != name);
    changed.query_pairs_mut().clear().extend_pairs(kept);
    changed
}

/// The value of a parameter.
pub(crate) fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
}

/// The scene with more settings in the `oidc` section of Globex, as `, key: value`.
pub(crate) async fn asking_globex(scene: &mut Scene, more: &str) {
    let place = "client_secret: { file: globex }";
    scene.restart_with(&[(place, &format!("{place}{more}"))]).await;
}
