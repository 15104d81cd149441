//! What the walk knows, which step comes next, and how each request is held against the model.

use std::collections::HashMap;
use std::time::Duration;

use domain::Clock;
use e2e::{Scene, SceneOptions, Visitor};
use fakes::Authenticator;
use fakes::http_client::Answer;
use fakes::smtp::{SmtpServer, SmtpTls};
use http::Method;
use url::Url;

use super::dice::Dice;
use super::known::{AtProvider, By, Held, Next, Sent};
use super::model::{Act, Model, RULES, Seen};
use crate::world::{ANN, BOB, PAGE, PORTAL_3, SESSION, enrolled};

pub(super) struct Walk {
    pub(super) scene: Scene,
    _mail: SmtpServer,
    pub(super) dice: Dice,
    pub(super) model: Model,
    pub(super) apps: HashMap<String, Authenticator>,
    /// Recovery codes that were not typed yet.
    pub(super) recovery: HashMap<String, Vec<String>>,
    pub(super) browsers: Vec<Visitor>,
    pub(super) next: [Option<Next>; 2],
    /// Whom each browser is about.
    pub(super) who: [String; 2],
    /// Handles of attempts that were seen, and whose factor some of them ask for.
    pub(super) handles: Vec<String>,
    pub(super) owners: HashMap<String, String>,
    /// Addresses of parked forms.
    pub(super) parked: Vec<String>,
    pub(super) at_provider: Vec<AtProvider>,
    pub(super) held: Vec<Held>,
    pub(super) cookies: Vec<String>,
    pub(super) sent: Vec<Sent>,
    pub(super) told: Vec<String>,
    pub(super) newcomer: String,
    /// Forms that were written and answers that were given so far.
    pub(super) forms: u64,
    pub(super) answers: u64,
}

/// The ordinary scene in which factors can be reset by mail. Few recovery codes: making them is what
/// costs most in a walk.
async fn installation() -> (Scene, SmtpServer) {
    let mail = SmtpServer::start(SmtpTls::None).unwrap();
    let rules: String = RULES.iter().map(|rule| format!("  - {rule}\n")).collect();
    let port = mail.address.port();
    let more = format!(
        "second_factor:\n{rules}factors: {{ recovery_codes: 5, self_service_reset: 1h }}\n\
         mail: {{ server: 127.0.0.1, port: {port}, tls: none, from: no-reply@help.example }}\n"
    );
    (Scene::with(SceneOptions { more, ..SceneOptions::default() }).await, mail)
}

impl Walk {
    /// Ann of Acme and Bob of Globex have an app already.
    pub(super) async fn start(dice: Dice) -> Self {
        let (scene, mail) = installation().await;
        let (mut apps, mut recovery) = (HashMap::new(), HashMap::new());
        for email in [ANN, BOB] {
            let (owner, _) = enrolled(&scene, email, PORTAL_3).await;
            apps.insert(email.to_owned(), owner.app);
            recovery.insert(email.to_owned(), owner.codes);
        }
        scene.clock.advance(Duration::from_secs(60));
        Self {
            scene,
            _mail: mail,
            dice,
            model: Model::default(),
            apps,
            recovery,
            browsers: Vec::new(),
            next: [None, None],
            who: [String::new(), String::new()],
            handles: Vec::new(),
            owners: HashMap::new(),
            parked: Vec::new(),
            at_provider: Vec::new(),
            held: Vec::new(),
            cookies: Vec::new(),
            sent: Vec::new(),
            told: Vec::new(),
            newcomer: String::new(),
            forms: 0,
            answers: 0,
        }
    }

    /// Two browsers, now and then new ones, and somebody who was never here.
    pub(super) async fn begin(&mut self, sequence: u64) {
        if self.browsers.is_empty() || self.dice.one_in(3) {
            self.browsers = (0..2).map(|_| self.scene.visitor()).collect();
            for visitor in &mut self.browsers {
                visitor.browser = visitor.browser.clone().keeping_connections();
            }
            self.who = [String::new(), String::new()];
        }
        self.next = [None, None];
        // Each comes for two hundred sequences: recovery codes are what costs most here.
        self.newcomer = format!("new{}@initech.example", sequence / 200);
        (self.handles, self.at_provider, self.held) = (Vec::new(), Vec::new(), Vec::new());
        (self.owners, self.parked) = (HashMap::new(), Vec::new());
        (self.cookies, self.sent, self.told) = (Vec::new(), Vec::new(), Vec::new());
        self.scene.helpcenter.forget();
        self.scene.jsm.forget_calls();
        if self.dice.one_in(250) {
            self.scene.restart_gateway().await;
        }
    }

    /// The steps of this sequence, in words.
    pub(super) fn told(&self) -> String {
        self.told.join("\n")
    }

    pub(super) async fn step(&mut self) -> Result<(), String> {
        let browser = self.dice.below(2);
        // Half of the steps are what a customer would do; the others are anything.
        if self.dice.one_in(2) {
            return self.go_on(browser).await;
        }
        match self.dice.below(64) {
            0..=14 => self.navigate(browser).await,
            15..=22 => self.wander(browser).await,
            23..=26 => {
                let handle = self.any_handle();
                self.type_address(browser, handle).await
            }
            27..=33 => match self.dice.pick(&self.at_provider).cloned() {
                Some(waiting) => self.answer(browser, waiting).await,
                None => Ok(()),
            },
            34..=41 => {
                let (handle, email) = (self.any_handle(), self.anybody());
                self.code(browser, handle, email).await
            }
            42..=43 => self.recover(browser).await,
            44..=46 => self.keep(browser).await,
            47 if self.dice.one_in(4) => self.change(browser).await,
            47 => Ok(()),
            48..=50 => {
                let parked = self.dice.pick(&self.parked).cloned();
                self.resume(browser, parked.unwrap_or_default()).await
            }
            51..=57 => self.replay(browser).await,
            58..=60 => self.dead_cookie(browser).await,
            _ => self.elsewhere().await,
        }
    }

    /// What happens without a request: time passes, or an operator resets somebody's factor.
    async fn elsewhere(&mut self) -> Result<(), String> {
        if self.dice.one_in(40) {
            return self.reset().await;
        }
        let mut seconds = [1, 30, 61, 899, 900, 1801][self.dice.below(6)];
        // So much lets resets that somebody asked for take place.
        seconds += if self.dice.one_in(40) { 25 * 3600 } else { 0 };
        self.scene.clock.advance(Duration::from_secs(seconds));
        self.told.push(format!("{seconds} seconds pass"));
        Ok(())
    }

    pub(super) fn any_handle(&mut self) -> String {
        self.dice.pick(&self.handles).cloned().unwrap_or_default()
    }

    pub(super) fn anybody(&mut self) -> String {
        [ANN.to_owned(), BOB.to_owned(), self.newcomer.clone()][self.dice.below(3)].clone()
    }

    pub(super) async fn post(
        &mut self,
        browser: usize,
        path: &str,
        fields: &[(&str, &str)],
        act: Act,
    ) -> Result<Answer, String> {
        let url = self.scene.url(&format!("/.vestibule/{path}")).parse().unwrap();
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let sent = Sent { method: Method::POST, url, fields, act, by: By::Navigation };
        self.send(browser, sent).await
    }

    /// What a request proves. Where a first code was right and only recovery codes are left to be
    /// kept, it is that code and nothing typed later: once they were kept in another browser, any
    /// post goes on.
    fn act_of(&self, sent: &Sent) -> Act {
        let posted = sent.method == Method::POST && sent.url.path() == PAGE;
        let handle = sent.fields.iter().find(|(name, _)| posted && name == "attempt");
        let held = handle.and_then(|(_, handle)| self.held.iter().find(|h| h.handle == *handle));
        held.map_or_else(|| sent.act.clone(), Held::kept)
    }

    pub(super) async fn send(&mut self, browser: usize, sent: Sent) -> Result<Answer, String> {
        let now = self.scene.clock.now();
        let act = &self.act_of(&sent);
        let own = sent.url.as_str().starts_with(&self.scene.url("/"));
        let base = self.scene.url("");
        let visitor = &mut self.browsers[browser];
        // As a page of the site would send it, but for what an identity provider sends.
        visitor.browser.origin = if own { base } else { "null".to_owned() };
        let before = visitor.cookie(SESSION).map(str::to_owned);
        let answer = match sent.by {
            By::Navigation => {
                visitor.browser.step(sent.method.clone(), &sent.url, &sent.fields).await.unwrap()
            }
            By::Script => {
                let headers = [("accept", "application/json"), ("sec-fetch-mode", "cors")];
                visitor.ask(sent.method.clone(), target_of(&sent.url), &headers, "").await
            }
        };
        let after = visitor.cookie(SESSION).map(str::to_owned);
        let binding = visitor.cookie("__Host-vestibule-browser").map(str::to_owned);
        let (method, target) = (&sent.method, target_of(&sent.url));
        let status = answer.status;
        self.told.push(format!("{now} browser {browser}: {method} {target} {act:?} -> {status}"));
        self.cookies.extend(before.clone());
        let (upstream, jsm_calls) =
            (self.scene.helpcenter.requests(), self.scene.jsm.calls().len());
        self.scene.helpcenter.forget();
        self.scene.jsm.forget_calls();
        let judged = self.model.judge(&Seen {
            act,
            asked: target,
            way: answer.header("location"),
            cookies: (before, after),
            asks_end: answer.status == 200 && answer.text().contains("name=\"end\""),
            browser: binding,
            upstream: &upstream,
            jsm_calls,
            now,
        });
        self.learn(browser, act, &answer);
        self.sent.push(sent);
        judged.map(|()| answer)
    }

    /// Handles in an answer, and what it asks of the customer.
    fn learn(&mut self, browser: usize, act: &Act, answer: &Answer) {
        let location = answer.header("location").unwrap_or_default();
        let text = format!("{location} {}", answer.text());
        for mark in ["attempt=", "name=\"attempt\" value=\""] {
            for rest in text.split(mark).skip(1) {
                let of_handle = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
                let handle: String = rest.chars().take_while(of_handle).collect();
                if handle.len() == 22 && !self.handles.contains(&handle) {
                    self.handles.push(handle);
                }
            }
        }
        if location.starts_with("/.vestibule/resume/") {
            if !self.parked.iter().any(|parked| parked == location) {
                self.parked.push(location.to_owned());
            }
            self.next[browser] = Some(Next::Resume(location.to_owned()));
        }
        let Some((page, handle)) = location.split_once("?attempt=") else { return };
        self.next[browser] = match page {
            PAGE => {
                let cookie = self.browsers[browser].cookie(SESSION);
                let of_session = || cookie.and_then(|cookie| self.model.owner_of(cookie));
                let owner = match act {
                    Act::Answered { email, .. } => Some(email.clone()),
                    _ => of_session(),
                };
                self.owners.extend(owner.map(|owner| (handle.to_owned(), owner)));
                Some(Next::Factor(handle.to_owned()))
            }
            "/.vestibule/sign-in" => Some(Next::Type(handle.to_owned())),
            _ => return,
        };
    }
}

/// Path and query of a URL.
fn target_of(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}
