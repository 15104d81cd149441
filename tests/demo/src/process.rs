//! The gateway's process, started from the program built beside this one.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::sync::mpsc;

/// How long the gateway may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that happened to the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// It serves.
    Listening,
    /// It is no more.
    Ended,
}

/// A running gateway.
pub(crate) struct Gateway {
    child: Child,
    events: mpsc::Receiver<Event>,
}

impl Gateway {
    /// Starts `vestibule run` with the file in `folder` and waits until it listens.
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join("gateway.log");
        let mut child = command(folder, "run")?.stderr(Stdio::piped()).spawn()?;
        let lines = child.stderr.take().context("the gateway's log is a pipe")?;
        let file = File::options().create(true).append(true).open(&log)?;
        let (sender, events) = mpsc::channel(4);
        std::thread::spawn(move || follow(lines, file, &sender));
        let mut gateway = Self { child, events };
        match tokio::time::timeout(PATIENCE, gateway.next()).await {
            Ok(Event::Listening) => Ok(gateway),
            Ok(Event::Ended) => bail!("the gateway did not start; see {}", log.display()),
            Err(_) => bail!("the gateway does not listen; see {}", log.display()),
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns once it is no more.
    pub(crate) async fn ended(&mut self) {
        while self.next().await != Event::Ended {}
    }

    async fn next(&mut self) -> Event {
        self.events.recv().await.unwrap_or(Event::Ended)
    }
}

impl Drop for Gateway {
    /// Asks it to end and waits; after a while it is killed.
    fn drop(&mut self) {
        let pid = self.pid().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).stderr(Stdio::null()).status();
        let begin = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begin.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies the log to its file; ends with the process.
fn follow(lines: ChildStderr, mut file: File, events: &mpsc::Sender<Event>) {
    for line in BufReader::new(lines).lines().map_while(Result::ok) {
        let _ = writeln!(file, "{line}");
        if line.contains("\"listening\"") {
            let _ = events.blocking_send(Event::Listening);
        }
    }
    let _ = events.blocking_send(Event::Ended);
}

/// `vestibule WORDS --config FOLDER/vestibule.yaml`.
///
/// Where util-linux is there, the kernel ends the gateway should this process be killed.
pub(crate) fn command(folder: &Path, words: &str) -> anyhow::Result<Command> {
    let program = program()?;
    let setpriv = Path::new("/usr/bin/setpriv");
    let mut command = if setpriv.exists() {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "TERM"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(words.split(' ')).arg("--config").arg(folder.join("vestibule.yaml"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    // Ctrl-C in a terminal goes to this process alone, which then ends the gateway in order.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command)
}

/// The gateway's program.
pub(crate) fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let program = own.parent().context("a program is in a folder")?.join("vestibule");
    if !program.exists() {
        bail!("{} is missing; run `cargo build -p vestibule -p demo`", program.display());
    }
    Ok(program)
}
