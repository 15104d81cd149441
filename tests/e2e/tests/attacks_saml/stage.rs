//! The scene of the attacks, how an answer is carried, and the honest answers beside them.

use std::fmt::Debug;
use std::ops::Deref;
use std::time::Duration;

use domain::Clock as _;
use e2e::{MovedClock, Scene, SceneOptions, Visitor};
use fakes::people::{self, Person};
use fakes::saml::{Answer, Flaw, Form, IdpOptions, KeyKind, SamlIdp, Sign};
use fakes::{FakeClock, http_client};

/// The page that everybody wants.
pub(crate) const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042?x=1";

/// Where the ordinary file names the metadata of Initech.
const INITECH: &str = "initech.example], saml: { metadata: { url: \"";

/// An ordinary scene whose Initech signs with ECDSA.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    /// Initech, ECDSA on P-256.
    pub(crate) elliptic: SamlIdp,
    elliptic_clock: FakeClock,
}

impl Deref for Stage {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

/// An identity provider for Initech's people, at the time at which every scene begins.
pub(crate) fn another_initech(key: KeyKind) -> SamlIdp {
    initech_at(key, MovedClock::new().peers())
}

fn initech_at(key: KeyKind, clock: FakeClock) -> SamlIdp {
    let options = IdpOptions { key, clock, ..IdpOptions::of(people::initech()) };
    SamlIdp::start_with(options).unwrap()
}

/// A scene in which this identity provider takes Initech's place.
pub(crate) async fn with_initech(idp: &SamlIdp) -> Scene {
    let place = format!("{INITECH}{}\" }} }} }} #", idp.metadata_url);
    Scene::with(SceneOptions { instead: vec![(INITECH, place)], ..SceneOptions::default() }).await
}

impl Stage {
    pub(crate) async fn start() -> Self {
        let elliptic_clock = MovedClock::new().peers();
        let elliptic = initech_at(KeyKind::P256, elliptic_clock.clone());
        Self { scene: with_initech(&elliptic).await, elliptic, elliptic_clock }
    }

    /// Moves everybody's time on.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.elliptic_clock.set(self.clock.now().as_seconds());
    }

    /// How the gateway answers when Ann brings this answer of Acme in a fresh browser.
    pub(crate) async fn carried(&self, answer: impl Into<Answer>) -> http_client::Answer {
        let ann = self.acme.person("ann");
        let (mut browser, form) = self.brought(&self.acme, &ann, answer).await;
        browser.post_response(&form).await
    }

    /// A fresh browser and what it is about to carry from `idp` to the gateway.
    pub(crate) async fn brought(
        &self,
        idp: &SamlIdp,
        person: &Person,
        answer: impl Into<Answer>,
    ) -> (Visitor, Form) {
        brought(&self.scene, idp, person, answer).await
    }

    /// The cause for which Ann is refused with this answer of Acme.
    pub(crate) async fn cause_of(&self, answer: impl Into<Answer>) -> String {
        let before = self.traces();
        self.cause(&before, &self.carried(answer).await)
    }

    /// The cause for which a form is refused.
    pub(crate) async fn cause_of_form(&self, browser: &mut Visitor, form: &Form) -> String {
        let before = self.traces();
        self.cause(&before, &browser.post_response(form).await)
    }

    /// Each flaw is refused for exactly its cause, and honest answers pass beside it.
    pub(crate) async fn refuses(&self, table: &[(Flaw, &str)]) {
        let mut found = Vec::new();
        for (flaw, _) in table {
            let before = self.traces();
            let answer = self.carried(*flaw).await;
            assert!(answer.status >= 400, "{flaw:?} is answered with {}", answer.status);
            found.push((*flaw, self.cause(&before, &answer)));
        }
        assert_each(&found, table);
        self.passes_honest_answers().await;
    }

    /// Each change is refused for exactly its cause, and honest answers pass beside it.
    pub(crate) async fn refuses_changes(&self, table: Vec<(&str, Answer, &str)>) {
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        for (name, answer, cause) in table {
            let before = self.traces();
            let answer = self.carried(answer).await;
            assert!(answer.status >= 400, "`{name}` is answered with {}", answer.status);
            found.push((name, self.cause(&before, &answer)));
            expected.push((name, cause));
        }
        assert_each(&found, &expected);
        self.passes_honest_answers().await;
    }

    /// Assertion, response or both signed, with RSA and with ECDSA.
    pub(crate) async fn passes_honest_answers(&self) {
        for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
            self.passes(sign).await;
            let ida = self.elliptic.person("ida");
            let (mut browser, form) = self.brought(&self.elliptic, &ida, sign).await;
            enters(&mut browser, &form, &ida).await;
        }
    }

    /// Ann gets in with this answer, as Ann.
    pub(crate) async fn passes(&self, answer: impl Into<Answer>) {
        let ann = self.acme.person("ann");
        let (mut browser, form) = self.brought(&self.acme, &ann, answer).await;
        enters(&mut browser, &form, &ann).await;
    }
}

/// A fresh browser and what it is about to carry from `idp` to the gateway.
pub(crate) async fn brought(
    scene: &Scene,
    idp: &SamlIdp,
    person: &Person,
    answer: impl Into<Answer>,
) -> (Visitor, Form) {
    let mut browser = scene.visitor();
    let slug = person.email.split_once('@').unwrap().1;
    let url = browser.begin(LINK, &format!("somebody@{slug}")).await;
    let form = idp.respond(&url, person, answer);
    (browser, form)
}

/// The form is taken, and the page shows the person.
pub(crate) async fn enters(browser: &mut Visitor, form: &Form, person: &Person) {
    let answer = browser.post_response(form).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(LINK)), "{}", answer.text());
    assert!(e2e::sets_session(&answer));
    let page = browser.open(LINK).await.text();
    assert!(page.contains(&person.name) && page.contains(&person.email), "{page}");
}

fn assert_each<T: Debug + PartialEq>(found: &[(T, String)], expected: &[(T, &str)]) {
    let wrong: Vec<_> =
        found.iter().zip(expected).filter(|(found, expected)| found.1 != expected.1).collect();
    assert!(wrong.is_empty(), "refused for another cause than expected: {wrong:#?}");
}

/// The value of the first attribute of this name; enough for the fakes' text.
pub(crate) fn attribute(xml: &str, name: &str) -> String {
    let after = xml.split(&format!(" {name}=\"")).nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

/// The first `<name …>…</name>`; enough for the fakes' text.
pub(crate) fn element(xml: &str, name: &str) -> String {
    let start = xml.find(&format!("<{name}")).unwrap();
    let end = format!("</{name}>");
    let length = xml[start..].find(&end).unwrap() + end.len();
    xml[start..start + length].to_owned()
}
