//! Twenty sign-ins a second while an identity provider changes its keys, and while another one does
//! not answer at all.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use fakes::openid::OpenIdProvider;
use fakes::people;
use fakes::saml::SamlIdp;
use fakes::server::Behaviour;
use tokio::task::JoinSet;

use crate::gateway_front::{self, FeedName};
use crate::lab::{HOST, Lab};

const ACME: &str = "ann@acme.example";
const GLOBEX: &str = "gil@globex.example";
/// Between the beginnings of two sign-ins.
const PACE: Duration = Duration::from_millis(50);
/// How long each phase lasts.
const PHASE: Duration = Duration::from_secs(15);
/// When in its phase something happens.
const EVENT: Duration = Duration::from_secs(5);

/// One sign-in: when it began after the event, how long it took, whether the page came.
struct SignIn {
    after: f64,
    took: Duration,
    succeeded: bool,
}

/// Measures and gives the table, in Markdown.
pub(crate) async fn measure(lab: &Lab) -> anyhow::Result<String> {
    let (globex, acme) = (OpenIdProvider::start(people::globex()), SamlIdp::start(people::acme()));
    globex.set_auto(Some(globex.person("gil")));
    acme.set_auto(Some(acme.person("ann")));
    let front = gateway_front::start_with(lab, FeedName::Acceptor, &globex, &acme).await?;
    let desk = Desk {
        authority: std::fs::read_to_string(&lab.certificate.chain)?,
        base: format!("https://{HOST}:{}", front.address.port()),
    };
    let mut text = String::from(
        "### 20 sign-ins a second\n\n| while | sign-ins | failed | last failure, s after | p50 ms | p99 ms |\n|---|---|---|---|---|---|\n",
    );
    let quiet = || {};
    text += &row("nothing happens (SAML)", &desk.phase(ACME, quiet).await);
    text += &row("nothing happens (OpenID Connect)", &desk.phase(GLOBEX, quiet).await);
    // The gateway learns of the staged key by the first answer that it signs.
    let staged = || {
        acme.stage_key();
        acme.activate_key();
    };
    text += &row("the SAML key changes, both published", &desk.phase(ACME, staged).await);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let changed = || acme.rotate_key();
    text +=
        &row("the SAML key changes, only the new one published", &desk.phase(ACME, changed).await);
    let staged = || {
        globex.stage_key();
        globex.activate_key();
    };
    let before = globex.key_calls();
    text += &row("the OpenID key changes, both published", &desk.phase(GLOBEX, staged).await);
    let fetches = globex.key_calls() - before;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = globex.key_calls();
    let changed = || globex.rotate_key();
    text += &row(
        "the OpenID key changes, only the new one published",
        &desk.phase(GLOBEX, changed).await,
    );
    let more = globex.key_calls() - before;
    let silent = || acme.behave(Behaviour::BlackHole);
    text +=
        &row("another provider is a black hole", &desk.phase_beside(GLOBEX, ACME, silent).await);
    let notice = desk.notice(ACME).await?;
    text += &format!(
        "\nFetches of the OpenID keys: {fetches} with both published, {more} with the new one only.\nThe black hole's people read the notice after {:.2} s.\n",
        notice.as_secs_f64()
    );
    Ok(text)
}

/// Where people sign in.
#[derive(Clone)]
struct Desk {
    authority: String,
    base: String,
}

impl Desk {
    /// Sign-ins at the pace, with an event among them.
    async fn phase(&self, email: &'static str, event: impl Fn()) -> Vec<SignIn> {
        self.phase_beside(email, "", event).await
    }

    /// The same, while somebody else tries each half second where it does not work.
    async fn phase_beside(
        &self,
        email: &'static str,
        beside: &'static str,
        event: impl Fn(),
    ) -> Vec<SignIn> {
        let mut under_way = JoinSet::new();
        let mut others = JoinSet::new();
        let mut ticks = tokio::time::interval(PACE);
        let begin = Instant::now();
        let (mut happened, mut number) = (None, 0_u32);
        while begin.elapsed() < PHASE {
            ticks.tick().await;
            if happened.is_none() && begin.elapsed() >= EVENT {
                event();
                happened = Some(Instant::now());
            }
            let began = Instant::now();
            let after = happened.map_or(-1.0, |at| began.duration_since(at).as_secs_f64());
            let desk = self.clone();
            under_way.spawn(async move {
                let entered = gateway_front::sign_in(&desk.authority, &desk.base, email).await;
                SignIn { after, took: began.elapsed(), succeeded: entered.is_ok() }
            });
            number += 1;
            if !beside.is_empty() && happened.is_some() && number.is_multiple_of(10) {
                let desk = self.clone();
                others.spawn(async move { desk.notice(beside).await.is_ok() });
            }
        }
        others.join_all().await;
        under_way.join_all().await
    }

    /// How long it takes until somebody whose provider does not answer reads so.
    async fn notice(&self, email: &str) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let outcome = gateway_front::sign_in(&self.authority, &self.base, email).await;
        outcome.err().context("the provider that does not answer signed somebody in")?;
        Ok(begin.elapsed())
    }
}

fn row(what: &str, sign_ins: &[SignIn]) -> String {
    let failed = sign_ins.iter().filter(|s| !s.succeeded);
    let last = failed.clone().map(|s| s.after).fold(f64::NAN, f64::max);
    let mut took: Vec<f64> = sign_ins.iter().map(|s| s.took.as_secs_f64() * 1000.0).collect();
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or(f64::NAN);
    let last = if last.is_nan() { "none".to_owned() } else { format!("{last:.2}") };
    let (all, failed) = (sign_ins.len(), failed.count());
    format!("| {what} | {all} | {failed} | {last} | {:.1} | {:.1} |\n", at(50), at(99))
}
