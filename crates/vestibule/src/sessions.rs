//! `vestibule sessions`: who is signed in, and ending it.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use config::Settings;
use domain::{IdpName, SiteName};
use gateway::SystemClock;
use gateway::control::{Answer, Command, ShownSession, Switch, Whose};

use crate::{asking, check, storage};

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

/// Why an order was not carried out.
enum Failure {
    /// No gateway runs, and there is no store yet: in words.
    NoStore(String),
    /// In words.
    Refused(String),
    /// Printed already.
    Printed(ExitCode),
}

impl From<ExitCode> for Failure {
    fn from(printed: ExitCode) -> Self {
        Self::Printed(printed)
    }
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Refused(reason)
    }
}

pub(crate) fn sessions(config: &Path, command: SessionsCommand) -> ExitCode {
    ended(match command {
        SessionsCommand::List { whose } => list(config, whose.whose()),
        SessionsCommand::Revoke { whose, yes } => {
            revoke(config, whose.whose(), Consent::from_flag(yes))
        }
        SessionsCommand::Reseal => {
            ask(config, Command::Reseal).and_then(|answer| Ok(resealed(answer)?)).map(|said| {
                let _ = io::stdout().write_all(said.as_bytes());
            })
        }
    })
}

fn ended(done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::NoStore(said) | Failure::Refused(said)) => asking::fail(&said),
        Err(Failure::Printed(code)) => code,
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
    let done = || {
        let word = if to == Switch::On { "enabled" } else { "disabled" };
        match ask(config, Command::SwitchIdp { idp: idp.clone(), to })? {
            Answer::Done(said) => drop(writeln!(io::stdout(), "{idp} is {word}; {said}")),
            _ => return Err(strange().into()),
        }
        // Afterwards, so that nobody comes in between.
        revoking.map_or(Ok(()), |consent| revoke(config, Whose::Idp(idp), consent))
    };
    ended(done())
}

fn list(config: &Path, whose: Whose) -> Result<(), Failure> {
    let sessions = match listed(config, whose) {
        Err(Failure::NoStore(said)) => {
            let _ = writeln!(io::stderr(), "{said}");
            Vec::new()
        }
        other => other?,
    };
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

fn revoke(config: &Path, whose: Whose, consent: Consent) -> Result<(), Failure> {
    let found = listed(config, whose.clone())?.len();
    let _ = writeln!(
        io::stdout(),
        "{} will end, and every sign-in under way that is meant",
        count(found)
    );
    if consent == Consent::Asked && !confirmed()? {
        return Err("nothing was revoked".to_owned().into());
    }
    match ask(config, Command::RevokeSessions { whose })? {
        Answer::Revoked { ended, reference } => {
            let _ =
                writeln!(io::stdout(), "revoked: {} found; recorded as {reference}", count(ended));
            Ok(())
        }
        _ => Err(strange().into()),
    }
}

/// Seals the whole store anew, where the whole file was read; says what was done.
pub(crate) fn reseal(settings: &Settings) -> Result<String, String> {
    let command = Command::Reseal;
    if let Some(answer) = running(&settings.control_socket, &command)? {
        return resealed(answer);
    }
    match storage::none_yet(settings) {
        Some(said) => Err(said),
        None => resealed(offline(settings, command)?),
    }
}

fn resealed(answer: Answer) -> Result<String, String> {
    match answer {
        Answer::Resealed { anew, unreadable: 0 } => Ok(format!("{anew} records sealed anew\n")),
        Answer::Resealed { anew, unreadable } => Ok(format!(
            "{anew} records sealed anew; {unreadable} are sealed with keys that are not listed, and are lost\n"
        )),
        _ => Err(strange()),
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

fn listed(config: &Path, whose: Whose) -> Result<Vec<ShownSession>, Failure> {
    match ask(config, Command::ListSessions { whose })? {
        Answer::Sessions(sessions) => Ok(sessions),
        _ => Err(strange().into()),
    }
}

/// Asks the running gateway; with none running, the store itself, for which the whole file counts.
fn ask(config: &Path, command: Command) -> Result<Answer, Failure> {
    let socket = asking::known(asking::excerpt(config)?.control_socket())?;
    if let Some(answer) = running(&socket, &command)? {
        return Ok(answer);
    }
    let settings = check::load(config)?;
    match storage::none_yet(&settings) {
        Some(said) => Err(Failure::NoStore(said)),
        None => Ok(offline(&settings, command)?),
    }
}

/// The running gateway's answer; none when none runs.
fn running(socket: &Path, command: &Command) -> Result<Option<Answer>, String> {
    match asking::send_to(socket, command) {
        Ok(answer) => done(answer).map(Some),
        Err(error) if nobody_there(&error) => Ok(None),
        Err(error) => Err(format!("the gateway did not answer: {error}")),
    }
}

/// The answer of the store itself, which is there.
fn offline(settings: &Settings, command: Command) -> Result<Answer, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    done(runtime.block_on(gateway::sessions_offline(settings, &SystemClock, command)))
}

fn done(answer: Answer) -> Result<Answer, String> {
    match answer {
        Answer::Failed(reason) => Err(reason),
        answer => Ok(answer),
    }
}

fn nobody_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn strange() -> String {
    asking::STRANGE.to_owned()
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
