//! What customers and an operator do on purpose.

use std::time::Duration;

use domain::Clock;
use fakes::http_client::Answer;
use fakes::{Authenticator, Person, saml};
use gateway::FactorOf;
use gateway::control::{self, Command};
use http::Method;
use url::Url;

use super::known::{AtProvider, By, Held, Next, Sent};
use super::model::Act;
use super::steps::Walk;
use crate::world::*;

/// How long an identity provider takes a request.
const PATIENCE: Duration = Duration::from_secs(290);

impl Walk {
    /// What a customer would do next.
    pub(super) async fn go_on(&mut self, browser: usize) -> Result<(), String> {
        match self.next[browser].take() {
            None if self.dice.one_in(4) => self.sign_out(browser).await,
            None => self.navigate(browser).await,
            Some(Next::Type(handle)) => self.type_address(browser, handle).await,
            Some(Next::Answer(waiting)) => self.answer(browser, waiting).await,
            Some(Next::Keep) => self.keep(browser).await,
            Some(Next::Resume(path)) => self.resume(browser, path).await,
            Some(Next::Factor(handle)) => {
                let email = self.owners.get(&handle).cloned().unwrap_or_default();
                // Often the page is opened first: the browser may be trusted, or the factor
                // was reset.
                if !self.apps.contains_key(&email) || self.dice.one_in(2) {
                    return self.open_factor(browser, handle, email).await;
                }
                self.scene.clock.advance(Duration::from_secs(30));
                self.code(browser, handle, email).await
            }
        }
    }

    /// Signed out by the page for it.
    async fn sign_out(&mut self, browser: usize) -> Result<(), String> {
        self.post(browser, "sign-out", &[], Act::Nothing).await.map(drop)
    }

    /// An address is typed on the sign-in page of some attempt, or of none.
    pub(super) async fn type_address(
        &mut self,
        browser: usize,
        handle: String,
    ) -> Result<(), String> {
        let same = Some(self.who[browser].clone()).filter(|who| !who.is_empty());
        let anybody = self.anybody();
        // Mostly whoever was there before.
        let email = same.filter(|_| !self.dice.one_in(3)).unwrap_or(anybody);
        let fields = [("attempt", handle.as_str()), ("email", &email)];
        let answer = self.post(browser, "sign-in", &fields, Act::Nothing).await?;
        // An unknown handle leads to the front page.
        let location = answer.header("location").unwrap_or_default().to_owned();
        let own = location.starts_with('/') || location.starts_with(&self.scene.url(""));
        if answer.status == 303 && !own {
            let since = self.scene.clock.now();
            let waiting = AtProvider { email, url: location, browser, since };
            self.at_provider.push(waiting.clone());
            self.next[browser] = Some(Next::Answer(waiting));
        }
        Ok(())
    }

    /// Somebody answers honestly, and mostly in the browser that asked.
    pub(super) async fn answer(&mut self, other: usize, waiting: AtProvider) -> Result<(), String> {
        let now = self.scene.clock.now();
        self.at_provider.retain(|waiting| now.since(waiting.since) < PATIENCE);
        let AtProvider { email, url, browser, since } = waiting;
        self.next[browser] = None;
        if now.since(since) >= PATIENCE {
            return Ok(());
        }
        let browser = if self.dice.one_in(8) { other } else { browser };
        let person = Person::new("Some Body", &email);
        self.answers += 1;
        let act = Act::Answered { email: email.clone(), number: self.answers };
        let by_saml = |idp: &saml::SamlIdp| {
            let form = idp.respond(&url, &person, saml::Answer::default());
            Sent {
                method: Method::POST,
                url: form.action.parse().unwrap(),
                fields: form.fields.clone(),
                act: act.clone(),
                by: By::Navigation,
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
                Sent { method: Method::GET, url: back, fields: vec![], act, by: By::Navigation }
            }
        };
        self.who[browser] = email;
        self.send(browser, sent).await.map(drop)
    }

    /// Somebody's right code on some attempt.
    pub(super) async fn code(
        &mut self,
        browser: usize,
        handle: String,
        email: String,
    ) -> Result<(), String> {
        self.next[browser] = None;
        let now = self.scene.clock.now();
        let Some(app) = self.apps.get(&email) else { return Ok(()) };
        let code = app.code(now.as_seconds());
        let trust = self.dice.one_in(2);
        let step = now.as_seconds().div_euclid(30);
        let act = Act::Code { email: email.clone(), step, trust };
        let mut fields = vec![("attempt", handle.as_str()), ("code", &code)];
        fields.extend(trust.then_some(("trust", "yes")));
        let answer = self.post(browser, "second-factor", &fields, act).await?;
        // Codes that were renewed and never kept.
        let codes = self.recovery.get(&email).and_then(|codes| codes.last());
        if let Some(code) = codes.filter(|_| answer.text().contains("name=\"end\"")) {
            let end = code.rsplit('-').next().unwrap_or_default().to_owned();
            self.held.push(Held { handle, email, at: now, end });
            self.next[browser] = Some(Next::Keep);
        }
        Ok(())
    }

    /// Opens the page that asks somebody for a factor, and sets an app up if it offers one.
    async fn open_factor(
        &mut self,
        browser: usize,
        handle: String,
        email: String,
    ) -> Result<(), String> {
        let url: Url = self.scene.url(&format!("{PAGE}?attempt={handle}")).parse().unwrap();
        let act = Act::Opened { email: email.clone(), handle: handle.clone() };
        let sent = Sent { method: Method::GET, url, fields: vec![], act, by: By::Navigation };
        let page = self.send(browser, sent).await?;
        let now = self.scene.clock.now();
        let Some(app) = Authenticator::of_page(&page.text()) else {
            self.next[browser] = (page.status == 200).then_some(Next::Factor(handle));
            return Ok(());
        };
        let code = app.code(now.as_seconds());
        let fields = [("attempt", handle.as_str()), ("code", &code)];
        let shown = self.post(browser, "second-factor", &fields, Act::Nothing).await?;
        let Some(end) = self.note_codes(&email, &shown) else { return Ok(()) };
        self.apps.insert(email.clone(), app);
        self.held.push(Held { handle, email, at: now, end });
        self.next[browser] = Some(Next::Keep);
        Ok(())
    }

    /// Takes down the recovery codes of a page; gives the end of one.
    fn note_codes(&mut self, email: &str, page: &Answer) -> Option<String> {
        let codes = codes_of(page);
        let end = codes.last()?.rsplit('-').next().unwrap_or_default().to_owned();
        self.recovery.insert(email.to_owned(), codes);
        Some(end)
    }

    /// The end of a recovery code.
    pub(super) async fn keep(&mut self, browser: usize) -> Result<(), String> {
        let Some(held) = self.dice.pick(&self.held).cloned() else { return Ok(()) };
        self.next[browser] = None;
        let fields = [("attempt", held.handle.as_str()), ("end", &held.end)];
        self.post(browser, "second-factor", &fields, held.kept()).await.map(drop)
    }

    /// One of somebody's recovery codes on some attempt; none is typed a second time but by replay.
    pub(super) async fn recover(&mut self, browser: usize) -> Result<(), String> {
        let (handle, anybody) = (self.any_handle(), self.anybody());
        let email = self.owners.get(&handle).cloned().unwrap_or(anybody);
        let Some(code) = self.recovery.get_mut(&email).and_then(Vec::pop) else { return Ok(()) };
        let act = Act::Recovery { email, code: code.clone() };
        let fields = [("attempt", handle.as_str()), ("recovery", &code)];
        self.post(browser, "second-factor", &fields, act).await.map(drop)
    }

    /// New recovery codes, another app, or a reset that is not wanted, on the account page.
    pub(super) async fn change(&mut self, browser: usize) -> Result<(), String> {
        let email = self.who[browser].clone();
        self.scene.clock.advance(Duration::from_secs(30));
        let now = self.scene.clock.now().as_seconds();
        let Some(code) = self.apps.get(&email).map(|app| app.code(now)) else { return Ok(()) };
        let wish = ["codes", "app", "keep"][self.dice.below(3)];
        let fields = [("do", wish), ("code", &code)];
        let shown = self.post(browser, "account", &fields, Act::Nothing).await?;
        if self.note_codes(&email, &shown).is_some() {
            return Ok(());
        }
        let Some(app) = Authenticator::of_page(&shown.text()) else { return Ok(()) };
        let code = app.code(now);
        let fields = [("do", "confirm"), ("code", &code)];
        let shown = self.post(browser, "account", &fields, Act::Nothing).await?;
        if self.note_codes(&email, &shown).is_some() {
            self.apps.insert(email, app);
        }
        Ok(())
    }

    /// The page of a parked form, and the word to send or to delete it.
    pub(super) async fn resume(&mut self, browser: usize, path: String) -> Result<(), String> {
        if path.is_empty() {
            return Ok(());
        }
        // The factor that was passed for it may be too old by now.
        if self.dice.one_in(3) {
            self.scene.clock.advance(Duration::from_secs(901));
        }
        let url: Url = self.scene.url(&path).parse().unwrap();
        let wish = if self.dice.one_in(6) { "delete" } else { "send" };
        let method = if self.dice.one_in(4) { Method::GET } else { Method::POST };
        let fields = vec![("do".to_owned(), wish.to_owned())];
        let sent = Sent { method, url, fields, act: Act::Nothing, by: By::Navigation };
        self.send(browser, sent).await.map(drop)
    }

    /// An operator resets somebody's factor.
    pub(super) async fn reset(&mut self) -> Result<(), String> {
        let email = self.anybody();
        let of = FactorOf::Email { email: email.parse().unwrap(), site: None };
        let order = Command::FactorReset { of, reason: "the walk".to_owned() };
        self.scene.clock.advance(Duration::from_secs(1));
        let now = self.scene.clock.now();
        // Who never came has nothing.
        if matches!(self.scene.order(&order).await, control::Answer::FactorReset(_)) {
            self.told.push(format!("{now} an operator resets {email}"));
            self.model.reset(&email, now);
            self.apps.remove(&email);
            self.recovery.remove(&email);
        }
        self.scene.clock.advance(Duration::from_secs(1));
        Ok(())
    }
}
