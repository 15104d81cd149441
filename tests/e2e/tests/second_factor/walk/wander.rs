//! What nobody would do on purpose: any address, any field, old requests and old cookies.

use http::Method;

use super::known::{By, Sent};
use super::model::{Act, PATHS};
use super::steps::Walk;
use crate::world::*;

/// All of our own addresses, under the prefix. Where one takes a query, it has begun.
const OWN: [&str; 28] = [
    "second-factor?",
    "second-factor?way=lost&",
    "second-factor?way=recovery&",
    "sign-in?",
    "sign-in/acme?",
    "sign-in/globex?",
    "sign-in/initech?",
    "sign-in/nobody?",
    "setting-up?",
    "confirm?",
    "session?",
    "sign-out?",
    "account?",
    "account?done=yes&",
    "saml/acme/acs?",
    "saml/acme/metadata?",
    "saml/acme/slo?",
    "saml/initech/acs?",
    "oidc/globex/callback?",
    "oidc/globex/callback?error=access_denied&state=",
    "oidc/globex/backchannel-logout?",
    "oidc/globex/frontchannel-logout?",
    "resume/x?",
    "jwks.json?",
    "test/x?",
    "break-glass/x?",
    "assets/style.css?",
    "?",
];

/// Fields that some form of ours has.
const FIELDS: [&[(&str, &str)]; 14] = [
    &[("later", "yes")],
    &[("reset", "yes")],
    &[("renew", "yes")],
    &[("end", "ABCD")],
    &[("code", "000000"), ("trust", "yes")],
    &[("recovery", "AAAA-AAAA-AAAA")],
    &[("do", "codes"), ("code", "000000")],
    &[("do", "app")],
    &[("do", "confirm"), ("code", "000000")],
    &[("do", "kept"), ("end", "ABCD")],
    &[("do", "keep")],
    &[("do", "send")],
    &[("forget", "000000000000")],
    &[("device", "AAAAAAAAAAAAAAAAAAAAAA")],
];

impl Walk {
    /// A proxied page, as a navigation or by a script; forms carry a mark.
    pub(super) async fn navigate(&mut self, browser: usize) -> Result<(), String> {
        let (path, _) = PATHS[self.dice.below(PATHS.len())];
        let by = if self.dice.one_in(6) { By::Script } else { By::Navigation };
        let method = if self.dice.one_in(4) { Method::POST } else { Method::GET };
        let mut url = self.scene.url(path);
        if method == Method::POST {
            self.forms += 1;
            url = format!("{url}?form={}", self.forms);
        }
        let fields = vec![("summary".to_owned(), "It broke".to_owned())];
        let sent = Sent { method, url: url.parse().unwrap(), fields, act: Act::Nothing, by };
        self.send(browser, sent).await.map(drop)
    }

    /// Some address of ours, with some handle.
    pub(super) async fn wander(&mut self, browser: usize) -> Result<(), String> {
        let path = OWN[self.dice.below(OWN.len())];
        let handle = self.any_handle();
        let url = self.scene.url(&format!("/.vestibule/{path}attempt={handle}"));
        let method =
            [Method::GET, Method::GET, Method::POST, Method::HEAD][self.dice.below(4)].clone();
        let mut fields: Vec<_> = FIELDS[self.dice.below(FIELDS.len())]
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        // Trusted browsers pass here.
        let opens = path == OWN[0] && method == Method::GET;
        let owner = self.owners.get(&handle).filter(|_| opens).cloned();
        let opened = |email| Act::Opened { email, handle: handle.clone() };
        let act = owner.map_or(Act::Nothing, opened);
        fields.push(("attempt".to_owned(), handle));
        let sent = Sent { method, url: url.parse().unwrap(), fields, act, by: By::Navigation };
        self.send(browser, sent).await.map(drop)
    }

    /// Back, a reload, a stale tab: some request once more, in either browser.
    pub(super) async fn replay(&mut self, browser: usize) -> Result<(), String> {
        let place = self.dice.below(self.sent.len());
        let Some(sent) = self.sent.get(place).cloned() else { return Ok(()) };
        self.told.push("once more:".to_owned());
        self.send(browser, sent).await.map(drop)
    }

    /// A cookie of before.
    pub(super) async fn dead_cookie(&mut self, browser: usize) -> Result<(), String> {
        let place = self.dice.below(self.cookies.len());
        let Some(old) = self.cookies.get(place).cloned() else { return Ok(()) };
        let now = self.browsers[browser].cookie(SESSION).map(str::to_owned);
        self.told.push("with an older cookie:".to_owned());
        self.browsers[browser].set_cookie(SESSION, &old);
        self.navigate(browser).await?;
        self.browsers[browser].set_cookie(SESSION, &now.unwrap_or(old));
        Ok(())
    }
}
