//! What every test here needs: rules, people with an app, and their way through the pages.

use std::time::Duration;

use domain::Clock;
use e2e::{Scene, SceneOptions, Visitor};
use fakes::Authenticator;
use fakes::http_client::{Answer, PageForm};
use http::Method;

pub(crate) const ANN: &str = "ann@acme.example";
pub(crate) const BOB: &str = "bob@globex.example";
pub(crate) const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";
pub(crate) const PORTAL_3: &str = "/servicedesk/customer/portal/3";
pub(crate) const PAGE: &str = "/.vestibule/second-factor";
pub(crate) const SESSION: &str = "__Host-vestibule";

/// Everybody of Acme, wherever they go.
pub(crate) const ACME: &str = "{ idp: acme, require: totp }";
/// Everybody in portal 3, at most a quarter of an hour ago.
pub(crate) const PORTAL: &str = "{ portal: \"3\", require: totp, fresh: 15m }";

/// The ordinary scene with these rules.
pub(crate) async fn scene(rules: &[&str]) -> Scene {
    scene_with(rules, Vec::new()).await
}

pub(crate) async fn scene_with(rules: &[&str], instead: Vec<(&'static str, String)>) -> Scene {
    let lines: String = rules.iter().map(|rule| format!("  - {rule}\n")).collect();
    let more = format!("second_factor:\n{lines}");
    Scene::with(SceneOptions { instead, more, ..SceneOptions::default() }).await
}

/// A person with an app and ten recovery codes.
pub(crate) struct Owner {
    pub(crate) app: Authenticator,
    pub(crate) codes: Vec<String>,
}

impl Owner {
    /// The code of the next thirty seconds: time goes on so that none is used twice.
    pub(crate) fn code(&self, scene: &Scene) -> String {
        scene.clock.advance(Duration::from_secs(30));
        self.app.code(scene.clock.now().as_seconds())
    }
}

/// From a page to the page that asks for the second factor, signed out before.
pub(crate) async fn asked(scene: &Scene, visitor: &mut Visitor, email: &str, path: &str) -> Answer {
    let answer = scene.sign_in(visitor, email, path).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = answer.header("location").unwrap().to_owned();
    assert!(page.starts_with(&format!("{PAGE}?attempt=")), "{page}");
    visitor.open(&page).await
}

/// Enrols somebody who is asked to, up to the redirect to where they were going.
pub(crate) async fn enrol(scene: &Scene, visitor: &mut Visitor, page: &Answer) -> (Owner, Answer) {
    let app = Authenticator::of_page(&page.text()).expect("a key on the page");
    let code = app.code(scene.clock.now().as_seconds());
    let shown = visitor.step(&visitor.form(page).with("code", &code)).await;
    let codes = codes_of(&shown);
    assert!(codes.len() >= 5, "{}", shown.text());
    let end = codes[3].rsplit('-').next().unwrap();
    let done = visitor.step(&visitor.form(&shown).with("end", end)).await;
    (Owner { app, codes }, done)
}

/// A person who has enrolled, in a browser of its own that is signed in.
pub(crate) async fn enrolled(scene: &Scene, email: &str, path: &str) -> (Owner, Visitor) {
    let mut visitor = scene.visitor();
    let page = asked(scene, &mut visitor, email, path).await;
    let (owner, done) = enrol(scene, &mut visitor, &page).await;
    assert_eq!((done.status, done.header("location")), (303, Some(path)), "{}", done.text());
    (owner, visitor)
}

/// Recovery codes as a page shows them.
pub(crate) fn codes_of(page: &Answer) -> Vec<String> {
    let text = page.text();
    let shown = text.split_once("id=\"codes\">").map_or("", |(_, rest)| rest);
    let shown = shown.split("</pre>").next().unwrap_or_default();
    shown.split_whitespace().map(str::to_owned).collect()
}

/// Types something on a page for the second factor.
pub(crate) async fn submit(
    visitor: &mut Visitor,
    page: &Answer,
    fields: &[(&str, &str)],
) -> Answer {
    let form = PageForm::all(page).into_iter().next().expect("a form");
    let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
    visitor.step(&form).await
}

/// Asks for a page as a navigation, without following a redirect.
pub(crate) async fn ask(visitor: &mut Visitor, path: &str) -> Answer {
    visitor.ask(Method::GET, path, &[("accept", "text/html")], "").await
}

/// Asks as a script does.
pub(crate) async fn fetch(visitor: &mut Visitor, path: &str) -> Answer {
    let headers = [("accept", "application/json"), ("sec-fetch-mode", "cors")];
    visitor.ask(Method::GET, path, &headers, "").await
}

/// Where an answer sends the browser.
pub(crate) fn location(answer: &Answer) -> String {
    answer.header("location").unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
}
