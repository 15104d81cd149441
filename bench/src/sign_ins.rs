//! CPU per sign-in in the gateway, over SAML and over OpenID Connect, beside the same sign-ins at
//! Apache and the bare check of a signature.

use std::time::Duration;

use anyhow::Context as _;
use fakes::openid::OpenIdProvider;
use fakes::people;
use fakes::saml::SamlIdp;
use futures_util::future::try_join_all;

use crate::apache::{self, Module};
use crate::gateway_front::{self, Customer, FeedName};
use crate::lab::{HOST, Lab};
use crate::process::Running;
use crate::session_hop::start_redis;
use crate::sign_in_rate::{self, Rate};
use crate::verification;
use crate::yardstick::Yardstick;

/// Sign-ins of one measurement.
const SIGN_INS: u32 = 900;
/// Sign-ins at once: what meets shares wake-ups and the store's commits.
const AT_ONCE: [u32; 3] = [1, 15, 60];
/// Customers who sign in as fast as it goes, and their sign-ins.
const CUSTOMERS: u32 = 64;
const SIGN_INS_AS_FAST: u32 = 4500;
/// Of these the sign-ins at Apache, which take it a hundred times as long.
const AT_APACHE: u32 = 15;
/// Sign-ins at Apache.
const SIGN_INS_AT_APACHE: u32 = 75;
/// Somebody of each protocol.
const PROTOCOLS: [(&str, &str); 2] =
    [("SAML", "ann@acme.example"), ("OpenID Connect", "gil@globex.example")];
const HEAD: &str = "### sign-ins\n
CPU ms, of the median round

| sign-in | at | at once | connection and sign-in page | form, sent to the provider | answer, calls, session | sign-in: form and answer | the page | sign-in, in GETs of nginx |
|---|---|---|---|---|---|---|---|---|
";
const HEAD_AS_FAST: &str = "### sign-ins as fast as they go\n
Kept connections; all until there is a session: the page that was asked for, the sign-in page, its form, the answer

| sign-in | at | customers | CPU ms each | a second and core | a second here | in GETs of nginx |
|---|---|---|---|---|---|---|
";

/// Measures and gives the tables, in Markdown.
pub(crate) async fn measure(lab: &Lab) -> anyhow::Result<String> {
    let (globex, acme) = (OpenIdProvider::start(people::globex()), SamlIdp::start(people::acme()));
    globex.set_auto(Some(globex.person("gil")));
    acme.set_auto(Some(acme.person("ann")));
    let (_redis, address, _) = start_redis(lab.folder()).await?;
    let over_redis = format!("redis: {{ url: \"redis://{address}\" }}");
    let mut tables = Tables {
        lab,
        yardstick: Yardstick::start(lab).await?,
        authority: std::fs::read_to_string(&lab.certificate.chain)?,
        steps: HEAD.to_owned(),
        as_fast: HEAD_AS_FAST.to_owned(),
        ratios: String::new(),
        ours: Vec::new(),
    };
    for (store, line) in [("embedded", gateway_front::EMBEDDED), ("Redis", &over_redis)] {
        let idps = (&globex, &acme);
        let front = gateway_front::start_over(lab, FeedName::Acceptor, idps, line).await?;
        let at = format!("the gateway, {store}");
        tables.gateway((&front.running, front.address.port()), &at).await?;
    }
    for (who, module) in
        PROTOCOLS.into_iter().zip([Module::Mellon(&acme), Module::OpenIdc(&globex)])
    {
        tables.apache(who, module).await?;
    }
    let Tables { steps, as_fast, ratios, .. } = tables;
    let bare = verification::table(lab.folder())?;
    Ok(format!("{steps}{ratios}\n{as_fast}\n{bare}"))
}

/// What is measured, as far as it has come.
struct Tables<'a> {
    lab: &'a Lab,
    yardstick: Yardstick,
    authority: String,
    steps: String,
    as_fast: String,
    ratios: String,
    /// The gateway's rows that Apache's are held against.
    ours: Vec<(&'static str, Costs)>,
}

impl Tables<'_> {
    async fn gateway(&mut self, place: (&Running, u16), at: &str) -> anyhow::Result<()> {
        for (name, email) in PROTOCOLS {
            let desk = Desk::new(place, &self.authority, email);
            for at_once in AT_ONCE {
                let get = self.yardstick.read().await?;
                let costs = desk.measure(SIGN_INS, at_once).await.context(name)?;
                self.steps += &row(name, at, at_once, &costs, get);
                if at_once == AT_APACHE {
                    self.ours.push((name, costs));
                }
            }
            let get = self.yardstick.read().await?;
            let rate = sign_in_rate::measure(&desk, SIGN_INS_AS_FAST, CUSTOMERS).await;
            self.as_fast += &rate_row(name, at, CUSTOMERS, rate.context(name)?, get);
        }
        Ok(())
    }

    async fn apache(
        &mut self,
        (name, email): (&'static str, &str),
        module: Module<'_>,
    ) -> anyhow::Result<()> {
        if !module.is_installed() {
            let module = module.name();
            self.ratios += &format!("\nApache with {module} is not installed: not compared.\n");
            return Ok(());
        }
        let at = format!("Apache, {}", module.name());
        let (apache, get) = (apache::start(self.lab, module).await?, self.yardstick.read().await?);
        let desk = Desk::new((&apache.running, apache.address.port()), &self.authority, email);
        let costs = desk.measure(SIGN_INS_AT_APACHE, AT_APACHE).await.context(name)?;
        self.steps += &row(name, &at, AT_APACHE, &costs, get);
        for (_, own) in self.ours.iter().filter(|(whose, _)| *whose == name) {
            let [answer, all] = [answer, all].map(|part| times(part(&costs), part(own)));
            let module = module.name();
            self.ratios += &format!(
                "\n{name}, {AT_APACHE} at once: 1/{answer:.1} of {module} for the answer, 1/{all:.1} for all until there is a session.\n",
            );
        }
        let rate = sign_in_rate::measure(&desk, SIGN_INS_AT_APACHE, AT_APACHE).await;
        self.as_fast += &rate_row(name, &at, AT_APACHE, rate.context(name)?, get);
        Ok(())
    }
}

fn row(name: &str, place: &str, at_once: u32, costs: &Costs, get: Duration) -> String {
    let [.., sign_in, _] = costs;
    let gets = times(*sign_in, get);
    format!("| {name} | {place} | {at_once} | {} | {gets:.0} |\n", costs.map(ms).join(" | "))
}

fn rate_row(name: &str, place: &str, customers: u32, rate: Rate, get: Duration) -> String {
    let [a_core, here] = [rate.cpu, rate.pace].map(|each| 1.0 / each.as_secs_f64());
    let (cpu, gets) = (ms(rate.cpu), times(rate.cpu, get));
    format!("| {name} | {place} | {customers} | {cpu} | {a_core:.0} | {here:.0} | {gets:.0} |\n")
}

/// The columns of a row.
type Costs = [Duration; 5];

fn answer([_, _, answer, _, _]: &Costs) -> Duration {
    *answer
}

fn all([arrival, _, _, sign_in, _]: &Costs) -> Duration {
    *arrival + *sign_in
}

fn times(theirs: Duration, ours: Duration) -> f64 {
    theirs.as_secs_f64() / ours.as_secs_f64()
}

/// Where somebody signs in.
pub(crate) struct Desk<'a> {
    pub(crate) running: &'a Running,
    pub(crate) authority: &'a str,
    pub(crate) base: String,
    pub(crate) email: &'a str,
}

/// CPU time of the front in one round, by what the browsers send.
struct Cost {
    sign_in_page: Duration,
    to_provider: Duration,
    back: Duration,
    page: Duration,
}

impl<'a> Desk<'a> {
    fn new((running, port): (&'a Running, u16), authority: &'a str, email: &'a str) -> Self {
        Self { running, authority, base: format!("https://{HOST}:{port}"), email }
    }

    /// Of each column the median round's part for one customer.
    async fn measure(&self, sign_ins: u32, at_once: u32) -> anyhow::Result<Costs> {
        // The first ones fill caches and pools.
        self.round(at_once).await?;
        let mut rounds = Vec::new();
        for _ in 0..sign_ins / at_once {
            rounds.push(self.round(at_once).await?);
        }
        let columns: [fn(&Cost) -> Duration; 5] = [
            |cost| cost.sign_in_page,
            |cost| cost.to_provider,
            |cost| cost.back,
            |cost| cost.to_provider + cost.back,
            |cost| cost.page,
        ];
        Ok(columns.map(|column| {
            let mut times: Vec<_> = rounds.iter().map(column).collect();
            times.sort_unstable();
            times.get(times.len() / 2).copied().unwrap_or_default() / at_once
        }))
    }

    /// So many customers; the next step begins when all have done one.
    async fn round(&self, at_once: u32) -> anyhow::Result<Cost> {
        let mut clock = CpuClock::start(self.running)?;
        let arrive = || Customer::at_sign_in(self.authority, &self.base, self.email);
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

/// The CPU time of the front, read step by step.
pub(crate) struct CpuClock<'a> {
    running: &'a Running,
    read: Duration,
}

impl<'a> CpuClock<'a> {
    pub(crate) fn start(running: &'a Running) -> anyhow::Result<Self> {
        Ok(Self { running, read: running.cpu_of_threads()? })
    }

    /// What it took since the last time.
    pub(crate) fn lap(&mut self) -> anyhow::Result<Duration> {
        let last = std::mem::replace(&mut self.read, self.running.cpu_of_threads()?);
        // A thread that ended takes its time along.
        Ok(self.read.saturating_sub(last))
    }
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
