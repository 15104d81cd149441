//! CPU per sign-in in the gateway, over SAML and over OpenID Connect, beside the bare check of a
//! signature.

use std::time::Duration;

use anyhow::Context as _;
use fakes::openid::OpenIdProvider;
use fakes::people;
use fakes::saml::SamlIdp;
use futures_util::future::try_join_all;

use crate::gateway_front::{self, Arrived, FeedName};
use crate::lab::{HOST, Lab};
use crate::session_hop::start_redis;
use crate::verification;

/// Sign-ins of one measurement.
const SIGN_INS: u32 = 300;
/// Sign-ins at once where there are many: writes that meet share one commit.
const MANY: u32 = 15;
/// Somebody of each protocol.
const PROTOCOLS: [(&str, &str); 2] =
    [("SAML", "ann@acme.example"), ("OpenID Connect", "gil@globex.example")];

/// Measures and gives the tables, in Markdown.
///
/// A sign-in is what begins with the form that the customer sends and ends with the page that was
/// asked for: the answer that leads to the identity provider, what it answers, the calls to it, the
/// session, and that page. The connection and the sign-in page came before.
pub(crate) async fn measure(lab: &Lab) -> anyhow::Result<String> {
    let (globex, acme) = (OpenIdProvider::start(people::globex()), SamlIdp::start(people::acme()));
    globex.set_auto(Some(globex.person("gil")));
    acme.set_auto(Some(acme.person("ann")));
    let (_redis, address, _) = start_redis(lab.folder()).await?;
    let over_redis = format!("redis: {{ url: \"redis://{address}\" }}");
    let authority = std::fs::read_to_string(&lab.certificate.chain)?;
    let mut text = String::from(
        "### sign-ins\n\n| sign-in | store | at once | CPU ms in the gateway: connection and sign-in page | the sign-in itself |\n|---|---|---|---|---|\n",
    );
    for (store, line) in [("embedded", gateway_front::EMBEDDED), ("Redis", &over_redis)] {
        let idps = (&globex, &acme);
        let front = gateway_front::start_over(lab, FeedName::Acceptor, idps, line).await?;
        let base = format!("https://{HOST}:{}", front.address.port());
        for (name, email) in PROTOCOLS {
            for at_once in [1, MANY] {
                let desk = Desk { front: &front, authority: &authority, base: &base, email };
                let Cost { before, itself } = desk.measure(at_once).await.context(name)?;
                let (before, itself) = (ms(before), ms(itself));
                text += &format!("| {name} | {store} | {at_once} | {before} | {itself} |\n");
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

/// CPU time of the gateway for one customer.
struct Cost {
    before: Duration,
    itself: Duration,
}

impl Desk<'_> {
    async fn measure(&self, at_once: u32) -> anyhow::Result<Cost> {
        // The first ones fill caches and pools.
        self.round(at_once).await?;
        let rounds = SIGN_INS / at_once;
        let mut sum = Cost { before: Duration::ZERO, itself: Duration::ZERO };
        for _ in 0..rounds {
            let Cost { before, itself } = self.round(at_once).await?;
            sum = Cost { before: sum.before + before, itself: sum.itself + itself };
        }
        let count = rounds * at_once;
        Ok(Cost { before: sum.before / count, itself: sum.itself / count })
    }

    /// So many customers, who all arrive before the first goes on.
    async fn round(&self, at_once: u32) -> anyhow::Result<Cost> {
        let begin = self.front.running.cpu()?;
        let arrive = || Arrived::at_sign_in(self.authority, self.base, self.email);
        let arrived = try_join_all((0..at_once).map(|_| arrive())).await?;
        let there = self.front.running.cpu()?;
        try_join_all(arrived.into_iter().map(Arrived::go_on)).await?;
        Ok(Cost { before: there - begin, itself: self.front.running.cpu()? - there })
    }
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
