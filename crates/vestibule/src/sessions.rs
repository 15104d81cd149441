//! `vestibule sessions`: who is signed in, and ending it.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::{IdpName, SiteName};
use gateway::SystemClock;
use gateway::control::{self, Answer, Command, ShownSession, Switch, Whose};

use crate::{asking, check};

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// Show live sessions, the last used first.
    List {
        #[command(flatten)]
        whose: Chosen,
    },
    /// End sessions and sign-ins under way, at every gateway within a second, and cut what they have
    /// open. Shows how many first and asks.
    Revoke {
        #[command(flatten)]
        whose: Chosen,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Seal everything in the store with the sealing key in use, sessions and records alike, so that
    /// former keys can go. `keys activate` and `keys retire` do it by themselves.
    Reseal,
}

/// Whose sessions.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Chosen {
    /// A person: the address of the last sign-in, or IDP/SUBJECT.
    #[arg(long)]
    person: Option<String>,
    /// One browser, by the id that `list` shows.
    #[arg(long)]
    device: Option<String>,
    /// Everybody whom this identity provider signed in.
    #[arg(long)]
    idp: Option<IdpName>,
    /// Everybody to whom the rules gave this organization.
    #[arg(long)]
    organization: Option<String>,
    /// Everybody who signed in from this address or network, such as 192.0.2.0/24.
    #[arg(long)]
    network: Option<String>,
    /// Everybody at this site.
    #[arg(long)]
    site: Option<SiteName>,
    /// Everybody.
    #[arg(long)]
    all: bool,
}

impl Chosen {
    /// The one that is given: clap takes exactly one.
    fn whose(self) -> Whose {
        let Self { person, device, idp, organization, network, site, all: _ } = self;
        let given = [
            person.map(Whose::Person),
            device.map(Whose::Device),
            idp.map(Whose::Idp),
            organization.map(Whose::Organization),
            network.map(Whose::Network),
            site.map(Whose::Site),
        ];
        given.into_iter().flatten().next().unwrap_or(Whose::All)
    }
}

pub(crate) fn sessions(config: &Path, command: SessionsCommand) -> ExitCode {
    let settings = match check::load(config) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let done = match command {
        SessionsCommand::List { whose } => list(&settings, whose.whose()),
        SessionsCommand::Revoke { whose, yes } => {
            revoke(&settings, whose.whose(), Consent::from_flag(yes))
        }
        SessionsCommand::Reseal => reseal(&settings).map(|said| {
            let _ = io::stdout().write_all(said.as_bytes());
        }),
    };
    ended(done)
}

fn ended(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

/// `vestibule idp disable`; with consent, its people's sessions are revoked, too.
pub(crate) fn disable_idp(config: &Path, idp: IdpName, revoking: Option<Consent>) -> ExitCode {
    switch_idp(config, idp, Switch::Off, revoking)
}

/// `vestibule idp enable`.
pub(crate) fn enable_idp(config: &Path, idp: IdpName) -> ExitCode {
    switch_idp(config, idp, Switch::On, None)
}

fn switch_idp(config: &Path, idp: IdpName, to: Switch, revoking: Option<Consent>) -> ExitCode {
    let settings = match check::load(config) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let done = || {
        if !settings.identity_providers.iter().any(|known| known.federation.name == idp) {
            return Err(format!("the file has no identity provider `{idp}`"));
        }
        let word = if to == Switch::On { "enabled" } else { "disabled" };
        match ask(&settings, Command::SwitchIdp { idp: idp.clone(), to })? {
            Answer::Done(said) => drop(writeln!(io::stdout(), "{idp} is {word}; {said}")),
            other => return Err(unexpected(other)),
        }
        // Afterwards, so that nobody comes in between.
        revoking.map_or(Ok(()), |consent| revoke(&settings, Whose::Idp(idp), consent))
    };
    ended(done())
}

fn list(settings: &config::Settings, whose: Whose) -> Result<(), String> {
    let sessions = listed(settings, whose)?;
    let mut out = io::stdout().lock();
    for session in &sessions {
        let _ = writeln!(out, "{}", line(session));
    }
    let _ = writeln!(out, "{}", count(sessions.len()));
    Ok(())
}

/// Whether the operator has said yes already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    Given,
    Asked,
}

impl Consent {
    /// Of `--yes`.
    pub(crate) fn from_flag(yes: bool) -> Self {
        if yes { Self::Given } else { Self::Asked }
    }
}

fn revoke(settings: &config::Settings, whose: Whose, consent: Consent) -> Result<(), String> {
    let found = listed(settings, whose.clone())?.len();
    let _ = writeln!(
        io::stdout(),
        "{} will end, and every sign-in under way that is meant",
        count(found)
    );
    if consent == Consent::Asked && !confirmed()? {
        return Err("nothing was revoked".to_owned());
    }
    match ask(settings, Command::RevokeSessions { whose })? {
        Answer::Revoked { ended, reference } => {
            let _ =
                writeln!(io::stdout(), "revoked: {} found; recorded as {reference}", count(ended));
            Ok(())
        }
        other => Err(unexpected(other)),
    }
}

/// Seals the whole store anew; says what was done.
pub(crate) fn reseal(settings: &config::Settings) -> Result<String, String> {
    match ask(settings, Command::Reseal)? {
        Answer::Resealed { anew, unreadable: 0 } => Ok(format!("{anew} records sealed anew\n")),
        Answer::Resealed { anew, unreadable } => Ok(format!(
            "{anew} records sealed anew; {unreadable} are sealed with keys that are not listed, and are lost\n"
        )),
        other => Err(unexpected(other)),
    }
}

fn confirmed() -> Result<bool, String> {
    if !io::stdin().is_terminal() {
        return Err("nobody is there to ask: add --yes if you mean it".to_owned());
    }
    let _ = write!(io::stdout(), "Revoke? [y/N] ");
    let _ = io::stdout().flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| error.to_string())?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

fn listed(settings: &config::Settings, whose: Whose) -> Result<Vec<ShownSession>, String> {
    match ask(settings, Command::ListSessions { whose })? {
        Answer::Sessions(sessions) => Ok(sessions),
        other => Err(unexpected(other)),
    }
}

/// Asks the running gateway; with none running, the store itself.
fn ask(settings: &config::Settings, command: Command) -> Result<Answer, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        match control::send(&settings.control_socket, &command).await {
            Ok(answer) => Ok(answer),
            Err(error) if nobody_there(&error) => {
                Ok(gateway::sessions_offline(settings, &SystemClock, command).await)
            }
            Err(error) => Err(format!("the gateway did not answer: {error}")),
        }
    })
}

fn nobody_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn unexpected(answer: Answer) -> String {
    match answer {
        Answer::Failed(reason) => reason,
        _ => asking::STRANGE.to_owned(),
    }
}

fn line(session: &ShownSession) -> String {
    let ShownSession { device, site, client, browser, signed_in, last_use, until, .. } = session;
    let who = match (&session.email, &session.person) {
        (Some(email), Some(person)) => format!("{email} ({person})"),
        _ => "a guest".to_owned(),
    };
    format!(
        "{device}  {site}  {who}  {browser}, {client}  signed in {signed_in}, last used {last_use}, until {until}"
    )
}

fn count(sessions: usize) -> String {
    match sessions {
        1 => "1 session".to_owned(),
        many => format!("{many} sessions"),
    }
}
