//! The steps of the walk.

use std::collections::HashMap;
use std::time::Duration;

use domain::{Clock, Timestamp};
use e2e::{Scene, Visitor};
use fakes::http_client::Answer;
use fakes::{Authenticator, Person, saml};
use http::Method;
use url::Url;

use super::dice::Dice;
use super::model::{Act, Model, PATHS, RULES};
use crate::world::*;

/// A request that can be made again.
#[derive(Debug, Clone)]
struct Sent {
    method: Method,
    url: Url,
    fields: Vec<(String, String)>,
    act: Act,
}

/// Somebody who is to answer at an identity provider.
#[derive(Debug, Clone)]
struct AtProvider {
    email: String,
    url: String,
    browser: usize,
    since: Timestamp,
}

/// What an honest customer would do next in a browser.
#[derive(Debug, Clone)]
enum Next {
    Type(String),
    Answer(AtProvider),
    Factor(String),
    Keep,
}

pub(super) struct Walk {
    scene: Scene,
    dice: Dice,
    pub(super) model: Model,
    apps: HashMap<String, Authenticator>,
    browsers: Vec<Visitor>,
    next: [Option<Next>; 2],
    /// Whom each browser is about.
    who: [String; 2],
    /// Handles of attempts that were seen.
    handles: Vec<String>,
    at_provider: Vec<AtProvider>,
    /// Attempts in which a first code was right: whose, when, and the end of a recovery code.
    held: Vec<(String, String, Timestamp, String)>,
    cookies: Vec<String>,
    sent: Vec<Sent>,
    told: Vec<String>,
    newcomer: String,
}

impl Walk {
    /// Ann of Acme and Bob of Globex have an app already.
    pub(super) async fn start(dice: Dice) -> Self {
        let scene = scene(&RULES).await;
        let mut apps = HashMap::new();
        for email in [ANN, BOB] {
            let (owner, _) = enrolled(&scene, email, PORTAL_3).await;
            apps.insert(email.to_owned(), owner.app);
        }
        scene.clock.advance(Duration::from_secs(60));
        Self {
            scene,
            dice,
            model: Model::default(),
            apps,
            browsers: Vec::new(),
            next: [None, None],
            who: [String::new(), String::new()],
            handles: Vec::new(),
            at_provider: Vec::new(),
            held: Vec::new(),
            cookies: Vec::new(),
            sent: Vec::new(),
            told: Vec::new(),
            newcomer: String::new(),
        }
    }

    /// Two new browsers, and somebody who was never here.
    pub(super) async fn begin(&mut self, sequence: u64) {
        self.browsers = (0..2).map(|_| self.scene.visitor()).collect();
        for visitor in &mut self.browsers {
            visitor.browser = visitor.browser.clone().keeping_connections();
        }
        (self.next, self.who) = ([None, None], [String::new(), String::new()]);
        // Each comes for twenty sequences: making recovery codes is what costs most here.
        self.newcomer = format!("new{}@initech.example", sequence / 20);
        (self.handles, self.at_provider, self.held) = (Vec::new(), Vec::new(), Vec::new());
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
        match self.dice.below(16) {
            0..=3 => self.navigate(browser).await,
            4..=5 => self.wander(browser).await,
            6 => {
                let handle = self.dice.pick(&self.handles).cloned().unwrap_or_default();
                self.type_address(browser, handle).await
            }
            7..=8 => match self.dice.pick(&self.at_provider).cloned() {
                Some(waiting) => self.answer(browser, waiting).await,
                None => Ok(()),
            },
            9..=10 => {
                let handle = self.dice.pick(&self.handles).cloned().unwrap_or_default();
                let mut emails: Vec<_> = self.apps.keys().cloned().collect();
                emails.sort();
                let email = emails[self.dice.below(emails.len())].clone();
                self.code(browser, handle, email).await
            }
            11 => self.keep(browser).await,
            12..=13 => self.replay(browser).await,
            14 => self.dead_cookie(browser).await,
            _ => {
                let seconds = [1, 30, 61, 899, 900, 1801][self.dice.below(6)];
                self.scene.clock.advance(Duration::from_secs(seconds));
                self.told.push(format!("{seconds} seconds pass"));
                Ok(())
            }
        }
    }

    /// What a customer would do next.
    async fn go_on(&mut self, browser: usize) -> Result<(), String> {
        match self.next[browser].clone() {
            None => self.navigate(browser).await,
            Some(Next::Type(handle)) => self.type_address(browser, handle).await,
            Some(Next::Answer(waiting)) => self.answer(browser, waiting).await,
            Some(Next::Keep) => self.keep(browser).await,
            Some(Next::Factor(handle)) => {
                let email = self.who[browser].clone();
                if !self.apps.contains_key(&email) {
                    return self.enrol(browser, handle).await;
                }
                self.scene.clock.advance(Duration::from_secs(30));
                self.code(browser, handle, email).await
            }
        }
    }

    /// A proxied page, as a navigation or by a script.
    async fn navigate(&mut self, browser: usize) -> Result<(), String> {
        let (path, _) = PATHS[self.dice.below(PATHS.len())];
        let url = self.scene.url(path).parse().unwrap();
        let method = if self.dice.one_in(8) { Method::POST } else { Method::GET };
        let sent = Sent { method, url, fields: vec![], act: Act::Nothing };
        let answer = self.send(browser, sent).await?;
        self.learn(browser, &answer);
        Ok(())
    }

    /// Some address of ours, with some handle.
    async fn wander(&mut self, browser: usize) -> Result<(), String> {
        let paths = [
            "second-factor",
            "second-factor?way=lost&",
            "second-factor?way=recovery&",
            "sign-in",
            "sign-in/acme",
            "sign-in/globex",
            "confirm",
            "session",
            "sign-out",
            "account",
            "saml/acme/acs",
            "oidc/globex/callback",
            "resume/x",
            "jwks.json",
            "test/x",
            "break-glass/x",
        ];
        let path = paths[self.dice.below(paths.len())];
        let handle = self.dice.pick(&self.handles).cloned().unwrap_or_default();
        let glue = if path.contains('?') { "" } else { "?" };
        let url = self.scene.url(&format!("/.vestibule/{path}{glue}attempt={handle}"));
        let post = self.dice.one_in(4);
        let fields = match self.dice.below(5) {
            0 => vec![("later", "yes")],
            1 => vec![("reset", "yes")],
            2 => vec![("renew", "yes")],
            3 => vec![("end", "ABCD")],
            _ => vec![("code", "000000"), ("trust", "yes")],
        };
        let mut fields: Vec<_> =
            fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        fields.push(("attempt".to_owned(), handle));
        let method = if post { Method::POST } else { Method::GET };
        let sent = Sent { method, url: url.parse().unwrap(), fields, act: Act::Nothing };
        let answer = self.send(browser, sent).await?;
        self.learn(browser, &answer);
        Ok(())
    }

    /// An address is typed on the sign-in page of some attempt, or of none.
    async fn type_address(&mut self, browser: usize, handle: String) -> Result<(), String> {
        let emails = [ANN.to_owned(), BOB.to_owned(), self.newcomer.clone()];
        let email = emails[self.dice.below(3)].clone();
        let answer = self
            .post(browser, "sign-in", &[("attempt", &handle), ("email", &email)], Act::Nothing)
            .await?;
        self.learn(browser, &answer);
        // An unknown handle leads to the front page.
        let location = answer.header("location").unwrap_or_default().to_owned();
        if answer.status == 303
            && !location.starts_with('/')
            && !location.starts_with(&self.scene.url(""))
        {
            let since = self.scene.clock.now();
            let waiting = AtProvider { email, url: location, browser, since };
            self.at_provider.push(waiting.clone());
            self.next[browser] = Some(Next::Answer(waiting));
        }
        Ok(())
    }

    /// Somebody answers honestly, and mostly in the browser that asked; an identity provider takes no
    /// request that is older than five minutes.
    async fn answer(&mut self, other: usize, waiting: AtProvider) -> Result<(), String> {
        let now = self.scene.clock.now();
        self.at_provider.retain(|waiting| now.since(waiting.since) < Duration::from_secs(290));
        let AtProvider { email, url, browser, since } = waiting;
        self.next[browser] = None;
        if now.since(since) >= Duration::from_secs(290) {
            return Ok(());
        }
        let browser = if self.dice.one_in(8) { other } else { browser };
        let person = Person::new("Some Body", &email);
        let act = Act::Answered { email: email.clone() };
        let by_saml = |idp: &saml::SamlIdp| {
            let form = idp.respond(&url, &person, saml::Answer::default());
            Sent {
                method: Method::POST,
                url: form.action.parse().unwrap(),
                fields: form.fields.clone(),
                act: act.clone(),
            }
        };
        let sent = match email.rsplit('@').next() {
            Some("acme.example") => by_saml(&self.scene.acme),
            Some("initech.example") => by_saml(&self.scene.initech),
            _ => {
                let honest = fakes::openid::OidcAnswer::default();
                let Ok(back) = self.scene.globex.authorize(&url, &person, honest) else {
                    return Ok(());
                };
                Sent { method: Method::GET, url: back, fields: vec![], act }
            }
        };
        self.who[browser] = email;
        let answer = self.send(browser, sent).await?;
        self.learn(browser, &answer);
        Ok(())
    }

    /// Somebody's right code on some attempt.
    async fn code(&mut self, browser: usize, handle: String, email: String) -> Result<(), String> {
        let now = self.scene.clock.now().as_seconds();
        let code = self.apps[&email].code(now);
        self.next[browser] = None;
        let act = Act::Code { email, step: now.div_euclid(30) };
        let answer = self
            .post(browser, "second-factor", &[("attempt", &handle), ("code", &code)], act)
            .await?;
        self.learn(browser, &answer);
        Ok(())
    }

    /// Opens the page of some attempt, and sets an app up if it offers one.
    async fn enrol(&mut self, browser: usize, handle: String) -> Result<(), String> {
        self.next[browser] = None;
        let url: Url = self.scene.url(&format!("{PAGE}?attempt={handle}")).parse().unwrap();
        let sent = Sent { method: Method::GET, url, fields: vec![], act: Act::Nothing };
        let page = self.send(browser, sent).await?;
        let Some(app) = Authenticator::of_page(&page.text()) else { return Ok(()) };
        let now = self.scene.clock.now();
        let code = app.code(now.as_seconds());
        let shown = self
            .post(browser, "second-factor", &[("attempt", &handle), ("code", &code)], Act::Nothing)
            .await?;
        let Some(last) = codes_of(&shown).pop() else { return Ok(()) };
        let end = last.rsplit('-').next().unwrap_or_default().to_owned();
        self.apps.insert(self.newcomer.clone(), app);
        self.held.push((handle, self.newcomer.clone(), now, end));
        self.next[browser] = Some(Next::Keep);
        Ok(())
    }

    /// The end of a recovery code.
    async fn keep(&mut self, browser: usize) -> Result<(), String> {
        let Some((handle, email, at, end)) = self.dice.pick(&self.held).cloned() else {
            return Ok(());
        };
        self.next[browser] = None;
        let act = Act::Kept { email, at };
        self.post(browser, "second-factor", &[("attempt", &handle), ("end", &end)], act).await?;
        Ok(())
    }

    /// Back, a reload, a stale tab: some request once more, in either browser.
    async fn replay(&mut self, browser: usize) -> Result<(), String> {
        let place = self.dice.below(self.sent.len());
        let Some(sent) = self.sent.get(place).cloned() else { return Ok(()) };
        self.told.push("once more:".to_owned());
        self.send(browser, sent).await.map(|_| ())
    }

    /// A cookie of before.
    async fn dead_cookie(&mut self, browser: usize) -> Result<(), String> {
        let place = self.dice.below(self.cookies.len());
        let Some(old) = self.cookies.get(place).cloned() else { return Ok(()) };
        let now = self.browsers[browser].cookie(SESSION).map(str::to_owned);
        self.told.push("with an older cookie:".to_owned());
        self.browsers[browser].set_cookie(SESSION, &old);
        self.navigate(browser).await?;
        self.browsers[browser].set_cookie(SESSION, &now.unwrap_or(old));
        Ok(())
    }

    async fn post(
        &mut self,
        browser: usize,
        path: &str,
        fields: &[(&str, &str)],
        act: Act,
    ) -> Result<Answer, String> {
        let url = self.scene.url(&format!("/.vestibule/{path}")).parse().unwrap();
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.send(browser, Sent { method: Method::POST, url, fields, act }).await
    }

    async fn send(&mut self, browser: usize, sent: Sent) -> Result<Answer, String> {
        let now = self.scene.clock.now();
        let visitor = &mut self.browsers[browser];
        // As a page of the site would send it, but for what an identity provider sends.
        let own = sent.url.as_str().starts_with(&self.scene.url("/"));
        visitor.browser.origin = if own { self.scene.url("") } else { "null".to_owned() };
        let before = visitor.cookie(SESSION).map(str::to_owned);
        let answer =
            visitor.browser.step(sent.method.clone(), &sent.url, &sent.fields).await.unwrap();
        let after = visitor.cookie(SESSION).map(str::to_owned);
        self.told.push(format!(
            "{now} browser {browser}: {} {} {:?} {:?} -> {}",
            sent.method,
            sent.url.path(),
            sent.url.query(),
            sent.act,
            answer.status
        ));
        self.cookies.extend(before.clone());
        let seen = self.scene.helpcenter.requests();
        let calls = self.scene.jsm.calls().len();
        self.scene.helpcenter.forget();
        self.scene.jsm.forget_calls();
        let way = answer.header("location");
        let judged = self.model.judge((&sent.act, way), (before, after), (&seen, calls), now);
        self.sent.push(sent);
        judged.map(|()| answer)
    }

    /// Handles in an answer, and what it asks of the customer.
    fn learn(&mut self, browser: usize, answer: &Answer) {
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
        let Some((page, handle)) = location.split_once("?attempt=") else { return };
        self.next[browser] = match page {
            PAGE => Some(Next::Factor(handle.to_owned())),
            "/.vestibule/sign-in" => Some(Next::Type(handle.to_owned())),
            _ => return,
        };
    }
}
