//! CPU per sign-in in the gateway, over SAML and over OpenID Connect, beside the bare check of a
//! signature.

use std::time::Duration;

use anyhow::Context as _;
use fakes::openid::OpenIdProvider;
use fakes::people;
use fakes::saml::SamlIdp;
use futures_util::future::try_join_all;

use crate::gateway_front::{self, Customer, FeedName};
use crate::lab::{HOST, Lab};
use crate::session_hop::start_redis;
use crate::verification;

/// Sign-ins of one measurement.
const SIGN_INS: u32 = 900;
/// Sign-ins at once: what meets shares wake-ups and the store's commits.
const AT_ONCE: [u32; 3] = [1, 15, 60];
/// Somebody of each protocol.
const PROTOCOLS: [(&str, &str); 2] =
    [("SAML", "ann@acme.example"), ("OpenID Connect", "gil@globex.example")];
const HEAD: &str = "### sign-ins\n
CPU ms in the gateway, of the median round

| sign-in | store | at once | connection and sign-in page | form, sent to the provider | answer, calls, session | sign-in: form and answer | the page |
|---|---|---|---|---|---|---|---|
";

/// Measures and gives the tables, in Markdown.
pub(crate) async fn measure(lab: &Lab) -> anyhow::Result<String> {
    let (globex, acme) = (OpenIdProvider::start(people::globex()), SamlIdp::start(people::acme()));
    globex.set_auto(Some(globex.person("gil")));
    acme.set_auto(Some(acme.person("ann")));
    let (_redis, address, _) = start_redis(lab.folder()).await?;
    let over_redis = format!("redis: {{ url: \"redis://{address}\" }}");
    let authority = std::fs::read_to_string(&lab.certificate.chain)?;
    let mut text = HEAD.to_owned();
    for (store, line) in [("embedded", gateway_front::EMBEDDED), ("Redis", &over_redis)] {
        let idps = (&globex, &acme);
        let front = gateway_front::start_over(lab, FeedName::Acceptor, idps, line).await?;
        let base = format!("https://{HOST}:{}", front.address.port());
        for (name, email) in PROTOCOLS {
            for at_once in AT_ONCE {
                let desk = Desk { front: &front, authority: &authority, base: &base, email };
                let cost = desk.measure(at_once).await.context(name)?;
                text += &format!("| {name} | {store} | {at_once} | {cost}\n");
            }
        }
    }
    text += &verification::table(lab.folder())?;
    Ok(text)
}

/// Where somebody signs in.
struct Desk<'a> {
    front: &'a gateway_front::Gateway,
    authority: &'a str,
    base: &'a str,
    email: &'a str,
}

/// CPU time of the gateway in one round, by what the browsers send.
struct Cost {
    sign_in_page: Duration,
    to_provider: Duration,
    back: Duration,
    page: Duration,
}

impl Desk<'_> {
    /// The columns of one row: of each the median round's part for one customer.
    async fn measure(&self, at_once: u32) -> anyhow::Result<String> {
        // The first ones fill caches and pools.
        self.round(at_once).await?;
        let mut rounds = Vec::new();
        for _ in 0..SIGN_INS / at_once {
            rounds.push(self.round(at_once).await?);
        }
        let columns: [fn(&Cost) -> Duration; 5] = [
            |cost| cost.sign_in_page,
            |cost| cost.to_provider,
            |cost| cost.back,
            |cost| cost.to_provider + cost.back,
            |cost| cost.page,
        ];
        let of_one = |column: fn(&Cost) -> Duration| {
            let mut times: Vec<_> = rounds.iter().map(column).collect();
            times.sort_unstable();
            let median = times.get(times.len() / 2).copied().unwrap_or_default();
            format!("{} |", ms(median / at_once))
        };
        Ok(columns.map(of_one).join(" "))
    }

    /// So many customers; the next step begins when all have done one.
    async fn round(&self, at_once: u32) -> anyhow::Result<Cost> {
        let mut clock = CpuClock { front: self.front, read: self.front.running.cpu_of_threads()? };
        let arrive = || Customer::at_sign_in(self.authority, self.base, self.email);
        let mut customers = try_join_all((0..at_once).map(|_| arrive())).await?;
        let sign_in_page = clock.lap()?;
        try_join_all(customers.iter_mut().map(Customer::go_to_provider)).await?;
        let to_provider = clock.lap()?;
        try_join_all(customers.iter_mut().map(Customer::sign_in_there)).await?;
        // What a provider is asked meanwhile belongs to nobody.
        clock.lap()?;
        try_join_all(customers.iter_mut().map(Customer::come_back)).await?;
        let back = clock.lap()?;
        try_join_all(customers.iter_mut().map(Customer::see_the_page)).await?;
        let page = clock.lap()?;
        Ok(Cost { sign_in_page, to_provider, back, page })
    }
}

/// The CPU time of the gateway, read step by step.
struct CpuClock<'a> {
    front: &'a gateway_front::Gateway,
    read: Duration,
}

impl CpuClock<'_> {
    fn lap(&mut self) -> anyhow::Result<Duration> {
        let last = std::mem::replace(&mut self.read, self.front.running.cpu_of_threads()?);
        // A thread that ended takes its time along.
        Ok(self.read.saturating_sub(last))
    }
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
