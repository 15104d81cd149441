//! Uma has an authenticator app already, and the demo shows what it shows.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use fakes::http_client::{Browser, PageForm};
use fakes::{Authenticator, FakeClock};

use crate::check;
use crate::world::World;

pub(crate) const UMA: &str = "uma@umbrella.example";

/// Seconds for which a code is shown.
const STEP: i64 = 30;

/// Uma's app, and whether its codes may be used now: each counts once.
pub(crate) struct UmasApp {
    app: Authenticator,
    clock: FakeClock,
    last: i64,
}

impl UmasApp {
    /// Signs Uma in for the first time: she sets her app up and keeps her recovery codes.
    pub(crate) async fn enrol(world: &World) -> anyhow::Result<Self> {
        let mut browser = Browser::trusting(&world.authority);
        let page = check::sign_in(&mut browser, world, UMA, UMA).await?;
        let app = Authenticator::of_page(&page.text());
        let app = app.with_context(|| format!("Uma is not asked to enrol: {}", page.text()))?;
        let clock = FakeClock::system();
        let step = clock.now() / STEP;
        let form = PageForm::all(&page).into_iter().next().context("a form for the code")?;
        let shown = browser.submit(&form.with("code", &app.code(step * STEP))).await?;
        let text = shown.text();
        let codes = text.split_once("id=\"codes\">").and_then(|(_, rest)| rest.split('<').next());
        let last = codes.and_then(|codes| codes.split_whitespace().last());
        let end = last.and_then(|code| code.rsplit('-').next());
        let end = end.with_context(|| format!("Uma gets no recovery codes: {text}"))?;
        let form = PageForm::all(&shown).into_iter().next().context("a form for their end")?;
        let done = browser.submit(&form.with("end", end)).await?;
        ensure!(done.url.path().starts_with("/servicedesk/"), "Uma is at {}", done.url);
        Ok(Self { app, clock, last: step })
    }

    /// A code that was not used yet; the gateway takes one of a clock that is half a minute ahead.
    pub(crate) fn code(&mut self) -> String {
        self.last = (self.clock.now() / STEP).max(self.last + 1);
        self.app.code(self.last * STEP)
    }

    /// Prints each code as the app would show it, for ever.
    pub(crate) async fn show(&self) -> io::Result<()> {
        let mut shown = 0;
        loop {
            let step = self.clock.now() / STEP;
            if step != shown {
                shown = step;
                let code = self.app.code(step * STEP);
                let (first, rest) = code.split_at(3);
                writeln!(io::stdout(), "Uma's app shows {first} {rest}")?;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Uma comes again: her code is asked for, and lets her in.
pub(crate) async fn check(world: &World, app: &mut UmasApp) -> anyhow::Result<()> {
    let mut browser = Browser::trusting(&world.authority);
    let page = check::sign_in(&mut browser, world, UMA, UMA).await?;
    ensure!(page.url.path() == "/.vestibule/second-factor", "Uma is at {}", page.url);
    let form = PageForm::all(&page).into_iter().next().context("a form for the code")?;
    let wrong = browser.submit(&form.clone().with("code", "000000")).await?;
    ensure!(wrong.status == 403, "a wrong code is answered with {}", wrong.status);
    let done = browser.submit(&form.with("code", &app.code())).await?;
    ensure!(done.text().contains(UMA), "the page does not know Uma: {}", done.text());
    Ok(())
}
