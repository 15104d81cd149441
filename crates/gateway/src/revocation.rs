//! Operators' orders about sessions: who is signed in, and ending it.
//!
//! They are carried out by the running gateway, or over the opened store when none runs; a mark
//! reaches every other gateway over the same store within a second.

use std::net::IpAddr;
use std::sync::Arc;

use audit::{AuditLog, Record};
use config::Settings;
use domain::{
    AuditEvent, Clock, EmailAddress, IdpName, PersonKey, ReferenceCode, SiteName, Timestamp,
};
use serde::{Deserialize, Serialize};
use session::{Listed, Mark, Sealer, Sessions, Vault, Who};

use crate::control::{Answer, Command};
use crate::gateway::Gateway;
use crate::people::People;
use crate::storage::{self, Storage};
use crate::switched_off::Turn;
use crate::{control, random, reseal, switched_off};

/// Whose sessions an order is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// A person: the address of the last sign-in, or `IDP/SUBJECT`.
    Person(String),
    /// One browser, as lists call it.
    Device(String),
    /// Everybody whom an identity provider signed in.
    Idp(IdpName),
    /// Everybody to whom the rules gave an organization.
    Organization(String),
    /// Everybody who signed in from an address or network (`192.0.2.0/24`).
    Network(String),
    /// Everybody at a site.
    Site(SiteName),
    /// Everybody.
    All,
}

/// A session as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownSession {
    /// What to call it, in a revocation too.
    pub device: String,
    /// Where.
    pub site: SiteName,
    /// Who; `None`: a guest.
    pub person: Option<PersonKey>,
    /// The address by which JSM knows the customer.
    pub email: Option<String>,
    /// From where the customer signed in.
    pub client: IpAddr,
    /// The browser in words.
    pub browser: String,
    /// When the customer signed in.
    pub signed_in: Timestamp,
    /// When the session was last used, to a minute.
    pub last_use: Timestamp,
    /// When it ends at the latest.
    pub until: Timestamp,
}

/// What orders are carried out with.
pub(crate) struct Desk<'a> {
    sessions: &'a Sessions,
    people: &'a People,
    sites: Vec<SiteName>,
    idps: Vec<IdpName>,
    audit: &'a AuditLog,
    now: Timestamp,
}

impl<'a> Desk<'a> {
    /// The running gateway's.
    pub(crate) fn of(gateway: &'a Gateway) -> Self {
        let mut sites: Vec<SiteName> =
            gateway.sites.values().map(|site| site.settings.name.clone()).collect();
        sites.sort();
        sites.dedup();
        let idps = gateway.providers.iter().map(|(idp, _)| idp.clone()).collect();
        let now = gateway.clock.now();
        let Gateway { sessions, people, audit, .. } = gateway;
        Self { sessions, people, sites, idps, audit, now }
    }

    /// The marks that are meant. An address may have signed in by several identity providers, one
    /// at each site.
    async fn marks(&self, whose: &Whose) -> Result<Vec<Mark>, String> {
        Ok(vec![match whose {
            Whose::Person(text) => return self.people_called(text).await,
            Whose::Device(text) => Mark::Device(text.parse().map_err(say)?),
            Whose::Idp(idp) => Mark::Idp(idp.clone()),
            Whose::Organization(name) => Mark::Organization(name.clone()),
            Whose::Network(text) => Mark::Network(network(text)?),
            Whose::Site(site) => Mark::Site(site.clone()),
            Whose::All => Mark::All,
        }])
    }

    async fn people_called(&self, text: &str) -> Result<Vec<Mark>, String> {
        if let Some((idp, subject)) = text.split_once('/') {
            let idp = idp.parse().map_err(say)?;
            let subject = subject.parse().map_err(say)?;
            return Ok(vec![Mark::Person(PersonKey { idp, subject })]);
        }
        let email: EmailAddress = text.parse().map_err(say)?;
        let mut marks = Vec::new();
        for site in &self.sites {
            let known = self.people.find(site, &email, self.now).await.map_err(say)?;
            let mark = known.map(|known| Mark::Person(known.identity.person));
            marks.extend(mark.filter(|mark| !marks.contains(mark)));
        }
        if marks.is_empty() {
            return Err(format!(
                "nobody has signed in as {email}; if you know the subject, write IDP/SUBJECT"
            ));
        }
        Ok(marks)
    }

    async fn list(&self, marks: &[Mark]) -> Result<Vec<Listed>, String> {
        let mut listed = Vec::new();
        for mark in marks {
            listed.extend(self.sessions.list_of(mark, self.now).await.map_err(say)?);
        }
        Ok(listed)
    }

    /// A misspelt name must not read as success. What is no longer in the file may have sessions.
    fn require_known(&self, whose: &Whose) -> Result<(), String> {
        let (known, what, name) = match whose {
            Whose::Idp(idp) => (self.idps.contains(idp), "identity provider", idp.as_str()),
            Whose::Site(site) => (self.sites.contains(site), "site", site.as_str()),
            _ => return Ok(()),
        };
        let unknown = || format!("the file has no {what} `{name}`, and no session is of it");
        known.then_some(()).ok_or_else(unknown)
    }

    /// Recorded first: what an order does must be in the audit log.
    async fn revoke(&self, whose: &Whose) -> Result<(usize, ReferenceCode), String> {
        let marks = self.marks(whose).await?;
        let found = self.list(&marks).await?.len();
        if found == 0 {
            self.require_known(whose)?;
        }
        let reference = random::reference();
        let event = AuditEvent::SessionsRevoked { whose: in_words(whose), found };
        tracing::warn!(%reference, found, "sessions are revoked by order");
        let record = Record::new(self.now, reference, None, event);
        self.audit.record(&record).await.map_err(say)?;
        let mut ended = 0;
        for mark in &marks {
            ended += self.sessions.revoke(mark, self.now).await.map_err(say)?;
        }
        Ok((ended, reference))
    }
}

/// Carries out an order about sessions; anything else is none.
pub(crate) async fn order(desk: &Desk<'_>, command: Command) -> Answer {
    match command {
        Command::ListSessions { whose } => match desk.marks(&whose).await {
            Ok(marks) => desk.list(&marks).await.map_or_else(Answer::Failed, |listed| {
                Answer::Sessions(listed.into_iter().map(shown).collect())
            }),
            Err(reason) => Answer::Failed(reason),
        },
        Command::RevokeSessions { whose } => desk
            .revoke(&whose)
            .await
            .map_or_else(Answer::Failed, |(ended, reference)| Answer::Revoked { ended, reference }),
        _ => Answer::Failed("that is no order about sessions".to_owned()),
    }
}

/// The same over the store of a gateway that does not run.
pub async fn offline(settings: &Settings, clock: &dyn Clock, command: Command) -> Answer {
    let opened = async {
        let storage = Storage::from(settings);
        let store = storage::open_ours(&storage, clock.now()).await.map_err(say)?;
        let sealer = Arc::new(Sealer::new(&settings.keys.sealing).map_err(say)?);
        sealer.adopt_names(&*store, clock.now()).await.map_err(say)?;
        let audit = AuditLog::open(&settings.audit_file).map_err(say)?;
        Ok::<_, String>((store, sealer, audit))
    };
    let (store, sealer, audit) = match opened.await {
        Ok(opened) => opened,
        Err(reason) => return Answer::Failed(reason),
    };
    match command {
        Command::Reseal => {
            let done = reseal::by_order(&sealer, &store, &audit, clock.now());
            return control::resealed(done.await);
        }
        Command::SwitchIdp { idp, to } => {
            let mut named = settings.identity_providers.iter().map(|idp| &idp.federation.name);
            let turn = Turn { idp: &idp, known: named.any(|name| *name == idp), to };
            let done = switched_off::switch(&*store, &audit, turn, clock.now());
            return control::switched(done.await);
        }
        _ => {}
    }
    let sites: Vec<SiteName> = settings.sites.iter().map(|site| site.name.clone()).collect();
    let idps = settings.identity_providers.iter().map(|idp| idp.federation.name.clone()).collect();
    let sessions = Sessions::new(Arc::clone(&store), Arc::clone(&sealer)).of_sites(sites.clone());
    let people = People::new(Vault::new(store, sealer));
    let (sessions, people, audit) = (&sessions, &people, &audit);
    order(&Desk { sessions, people, sites, idps, audit, now: clock.now() }, command).await
}

fn shown(listed: Listed) -> ShownSession {
    let Listed { device, facts, last_use } = listed;
    let browser = facts.browser();
    let (person, email) = match facts.who {
        Who::Person(customer) => {
            let identity = customer.identity;
            (Some(identity.person), Some(identity.email.to_string()))
        }
        Who::Guest => (None, None),
    };
    ShownSession {
        device: device.to_string(),
        site: facts.site,
        person,
        email,
        client: facts.client,
        browser,
        signed_in: facts.created,
        last_use,
        until: facts.deadline,
    }
}

/// An address alone is a network of one.
fn network(text: &str) -> Result<ipnet::IpNet, String> {
    let one = text.parse::<IpAddr>().map(ipnet::IpNet::from);
    one.or_else(|_| text.parse())
        .map_err(|_| format!("`{text}` is neither an address nor a network such as 192.0.2.0/24"))
}

fn in_words(whose: &Whose) -> String {
    match whose {
        Whose::Person(text) => format!("person {text}"),
        Whose::Device(device) => format!("device {device}"),
        Whose::Idp(idp) => format!("idp {idp}"),
        Whose::Organization(name) => format!("organization {name}"),
        Whose::Network(network) => format!("network {network}"),
        Whose::Site(site) => format!("site {site}"),
        Whose::All => "all".to_owned(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "shape of map_err")]
fn say(error: impl ToString) -> String {
    error.to_string()
}
