//! `vestibule explain EMAIL`: which way somebody signs in, and why, from the file alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use config::{IdentityProvider, Settings, Site};
use domain::{Clock, EmailAddress, HostName, IdpName, ReturnPath, Timestamp};
use gateway::SystemClock;
use policy::{
    Arrival, Fallback, Ground, Judgement, Miss, Mode, Outcome, Question, Route, Said, Silence,
};

use crate::{USAGE, check};

mod provisioning;
mod second_factor;

/// What is asked.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// The address, as it would be typed.
    email: EmailAddress,
    /// The identity provider that a link names (`?idp=`).
    #[arg(long)]
    idp: Option<IdpName>,
    /// A group of the person; may be given several times.
    #[arg(long)]
    group: Vec<String>,
    /// A claim of the person, as NAME=VALUE; may be given several times.
    #[arg(long, value_parser = claim)]
    claim: Vec<(String, String)>,
    /// Id of the portal on the way to which the person is.
    #[arg(long, conflicts_with = "path")]
    portal: Option<String>,
    /// Host name of the help center; without it, the first site's.
    #[arg(long)]
    host: Option<HostName>,
    /// Path that is asked for, such as /servicedesk/customer/portal/3.
    #[arg(long, value_parser = path)]
    path: Option<ReturnPath>,
    /// Address from which the person comes; without it, any network may be meant.
    #[arg(long)]
    network: Option<IpAddr>,
    /// The day, such as 2027-01-31; without it, now.
    #[arg(long, value_parser = day)]
    at: Option<Timestamp>,
}

fn path(text: &str) -> Result<ReturnPath, String> {
    ReturnPath::parse(text).map_err(|error| error.to_string())
}

fn claim(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn day(text: &str) -> Result<Timestamp, String> {
    config::start_of_day(text).ok_or_else(|| "write a day such as 2027-01-31".to_owned())
}

pub(crate) fn explain(file: &Path, asked: &Asked) -> ExitCode {
    let settings = match check::load(file) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let Some((site, host)) = place(&settings, asked.host.as_ref()) else {
        let _ = writeln!(std::io::stderr(), "explain: no site has that host");
        return ExitCode::from(USAGE);
    };
    if let Some(idp) = asked.idp.as_ref().filter(|idp| provider(&settings, idp).is_none()) {
        let _ = writeln!(std::io::stderr(), "explain: no identity provider is named `{idp}`");
        return ExitCode::from(USAGE);
    }
    let portal = asked.portal.clone().or_else(|| asked.path.as_ref().and_then(ReturnPath::portal));
    let hint = asked.path.as_ref().and_then(|path| path.query_field("idp")?.parse().ok());
    let hint = asked.idp.clone().or(hint.filter(|idp| provider(&settings, idp).is_some()));
    let question = Question {
        email: Some(&asked.email),
        site: &site.name,
        host,
        portal: portal.as_deref(),
        hint: hint.as_ref(),
        remembered: None,
        linked: None,
        now: asked.at.unwrap_or_else(|| SystemClock.now()),
    };
    let route = settings.sign_in.route(&question);
    let said = settings.sign_in.explain(&question);
    let mut text = head(&question, &asked.group);
    text += &grounds(&said, &route);
    let idp = signs_in(&settings, asked, &route);
    let (end, works) = ending(&settings, &question, &route, idp.as_ref());
    text += &end;
    text += &second_factor::explain(&settings, site, asked, idp.as_ref());
    text += &provisioning::explain(&settings, site, asked, idp);
    let _ = std::io::stdout().write_all(text.as_bytes());
    if works { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn place<'a>(settings: &'a Settings, host: Option<&HostName>) -> Option<(&'a Site, &'a HostName)> {
    let site = match host {
        None => settings.sites.first(),
        Some(host) => settings.sites.iter().find(|site| site.hosts.contains(host)),
    }?;
    // Other hosts redirect to the first before anybody signs in.
    Some((site, site.hosts.first()?))
}

fn provider<'a>(settings: &'a Settings, name: &IdpName) -> Option<&'a IdentityProvider> {
    settings.identity_providers.iter().find(|idp| idp.federation.name == *name)
}

/// Whether an identity provider may speak for an address (invariant 3).
fn speaks(idp: &IdentityProvider, email: &EmailAddress) -> bool {
    let domain = email.domain();
    idp.federation.domains.iter().any(|own| own.matches(&domain))
}

/// By whom the person is signed in: by whom the rules name; where they name nobody, as was said, or by
/// whom may speak for the address.
fn signs_in(settings: &Settings, asked: &Asked, route: &Route) -> Option<IdpName> {
    if let Outcome::Use { idp, mode, .. } = &route.outcome
        && *mode != Mode::Off
    {
        return Some(idp.clone());
    }
    let said = asked.idp.as_ref().and_then(|said| provider(settings, said));
    let said = said.filter(|said| speaks(said, &asked.email)).map(|said| &said.federation.name);
    said.or_else(|| settings.sign_in.speaker(&asked.email)).cloned()
}

// Writing into a string does not fail: the results of `write!` below are dropped.

fn head(question: &Question<'_>, groups: &[String]) -> String {
    let email = question.email.map(EmailAddress::as_str).unwrap_or_default();
    let mut text = format!("{email} at {} ({})", question.site, question.host);
    if let Some(portal) = question.portal {
        let _ = write!(text, ", portal {portal}");
    }
    let _ = writeln!(text, ", {}", question.now);
    if !groups.is_empty() {
        let _ = writeln!(text, "groups: {} (no rule of sign_in reads them)", groups.join(", "));
    }
    text.push('\n');
    text
}

fn grounds(said: &[(Ground, Said)], route: &Route) -> String {
    let mut text = String::new();
    for (ground, said) in said {
        let mark = if *ground == route.ground { "=>" } else { "  " };
        let _ = writeln!(text, "{mark} {:<11} {}", ground.as_str(), answer(*ground, said));
    }
    text
}

fn answer(ground: Ground, said: &Said) -> String {
    match said {
        Ok((outcome, Some(line))) => format!("line {line}: {}", way(outcome)),
        Ok((outcome, None)) => way(outcome),
        Err(Silence::CannotSpeak(idp)) => format!("`{idp}` may not speak for this address"),
        Err(Silence::AgainstRule(line)) => {
            format!("line {line} has something else for this address")
        }
        Err(Silence::Missed(missed)) => {
            let each = missed.iter().map(|(line, miss)| format!("line {line}: {}", why(*miss)));
            each.collect::<Vec<_>>().join("; ")
        }
        Err(Silence::Nothing) => match ground {
            Ground::Remembered => {
                "nothing (what a browser remembers is not in the file)".to_owned()
            }
            Ground::Linked => "nothing (who is linked is not in the file)".to_owned(),
            _ => "nothing".to_owned(),
        },
    }
}

fn why(miss: Miss) -> String {
    match miss {
        Miss::OtherPlace => "for another site, host or portal".to_owned(),
        Miss::OtherPeople => "for other people".to_owned(),
        Miss::NotYet(from) => format!("begins at {from}"),
        Miss::Over(until) => format!("ended at {until}"),
        Miss::OutsideShare(share) => format!("this address is not among its {share}"),
        Miss::ReportOnly => "only reports".to_owned(),
    }
}

fn way(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Use { idp, mode, fallback } => {
            let how = match mode {
                Mode::Off => return format!("`{idp}` is off: the help center's own sign-in"),
                Mode::Optional => "offered beside the help center's own sign-in",
                Mode::Preferred => "first choice beside the help center's own sign-in",
                Mode::Required => "the only way",
            };
            let left = match fallback {
                None => String::new(),
                Some(Fallback::UpstreamLogin) => {
                    "; while it does not answer, the help center's own sign-in".to_owned()
                }
                Some(Fallback::Idp(other)) => format!("; while it does not answer, `{other}`"),
            };
            format!("sign in at `{idp}`, {how}{left}")
        }
        Outcome::UpstreamLogin => "the help center's own sign-in, as a guest".to_owned(),
        Outcome::Choose => "choose among the identity providers".to_owned(),
        Outcome::Deny => "refused".to_owned(),
    }
}

/// What follows from the decision, and whether somebody gets in that way; `idp` is who would sign the
/// person in.
fn ending(
    settings: &Settings,
    question: &Question<'_>,
    route: &Route,
    idp: Option<&IdpName>,
) -> (String, bool) {
    let line = route.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let mut text =
        format!("\ndecided by {}{line}: {}\n", route.ground.as_str(), way(&route.outcome));
    if let Some(would) = &route.would {
        let line = would.line.map(|line| format!(", line {line}")).unwrap_or_default();
        let ground = would.ground.as_str();
        let _ = writeln!(
            text,
            "with the rules that only report: decided by {ground}{line}: {}",
            way(&would.outcome)
        );
    }
    let speaker = question.email.and_then(|email| settings.sign_in.speaker(email));
    let domain = question.email.map(|email| email.domain().to_string()).unwrap_or_default();
    let _ = match speaker {
        Some(idp) => writeln!(text, "for {domain} speaks `{idp}`"),
        None => writeln!(text, "for {domain} no identity provider in use may speak"),
    };
    match &route.outcome {
        Outcome::Deny => (text, false),
        Outcome::Use { idp, mode, .. } if *mode != Mode::Off => {
            let (proved, admitted) = proved(settings, question, Some(idp));
            let (needs, works) = needs(settings, question, idp);
            (text + &proved + &needs, (works && admitted) || *mode != Mode::Required)
        }
        Outcome::Choose => {
            let (proved, admitted) = proved(settings, question, idp);
            (text + &proved, admitted)
        }
        Outcome::Use { .. } | Outcome::UpstreamLogin => (text, true),
    }
}

/// What the rules say once `idp` has proved the address, by the very function that a sign-in uses, and
/// whether it goes on; nothing where `idp` cannot prove it.
fn proved(settings: &Settings, question: &Question<'_>, idp: Option<&IdpName>) -> (String, bool) {
    let idp = idp.and_then(|idp| provider(settings, idp));
    let Some((idp, email)) = idp.zip(question.email).filter(|(idp, email)| speaks(idp, email))
    else {
        return (String::new(), false);
    };
    let arrival = Arrival {
        idp: &idp.federation.name,
        email,
        site: question.site,
        host: question.host,
        portal: question.portal,
        instead_of: None,
        now: question.now,
    };
    let Judgement { route, verdict } = settings.sign_in.admit(&arrival);
    let line = route.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let ground = route.ground.as_str();
    let said = match &verdict {
        Ok(()) => "let in".to_owned(),
        Err(error) => format!("refused: {error}"),
    };
    let text = format!("with the proved address: decided by {ground}{line}: {said}\n");
    (text, verdict.is_ok())
}

/// What the identity provider must send, and whether it may sign this person in at all.
fn needs(settings: &Settings, question: &Question<'_>, name: &IdpName) -> (String, bool) {
    let Some(idp) = provider(settings, name) else { return (String::new(), false) };
    let own: Vec<_> = idp.federation.domains.iter().map(ToString::to_string).collect();
    let mut text = String::new();
    let mut works = idp.federation.enabled;
    if !works {
        let _ = writeln!(text, "`{name}` is not enabled: it signs nobody in");
    }
    let at = |sites: &Vec<domain::SiteName>| sites.contains(question.site);
    if !idp.sites.as_ref().is_none_or(at) {
        let _ = writeln!(text, "`{name}` signs nobody in at this site");
        works = false;
    }
    if !question.email.is_some_and(|email| speaks(idp, email)) {
        let _ = writeln!(
            text,
            "`{name}` may speak for {} only: the sign-in ends with a refusal",
            own.join(", ")
        );
        works = false;
    }
    let claims = &idp.claims;
    let shown = |rule: Option<String>, none: &str| rule.unwrap_or_else(|| none.to_owned());
    let subject = shown(claims.subject.as_ref().map(ToString::to_string), "NameID or sub");
    let person = shown(claims.name.as_ref().map(ToString::to_string), "not read");
    let groups = shown(claims.groups.as_ref().map(ToString::to_string), "not read");
    let _ = write!(
        text,
        "\nneeded from `{name}`\n   subject     {subject}\n   email       {}, one address within {}\n   name        {person}, else the address\n   groups      {groups}, else unknown\n",
        claims.email,
        own.join(", ")
    );
    (text, works)
}
