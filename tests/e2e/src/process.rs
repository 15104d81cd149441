//! The real `vestibule` program on a scene's file.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Scene;
use crate::operator::until;

/// `vestibule run` in a process of its own; killed when dropped.
pub struct Vestibule {
    child: Child,
    log: PathBuf,
    /// Where probes are answered.
    pub operations: SocketAddr,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it printed to standard error.
    pub err: String,
}

impl Vestibule {
    /// Starts `vestibule run` with this log filter and waits until it listens.
    pub async fn run(scene: &Scene, filter: &str) -> Self {
        Self::run_file(&scene.file_path(), scene.folder.path().join("stderr.log"), filter).await
    }

    /// The same with another file and another log.
    pub async fn run_file(config: &Path, log: PathBuf, filter: &str) -> Self {
        let file = File::options().create(true).append(true).open(&log).expect("a log file");
        let before = std::fs::read_to_string(&log).expect("the log").len();
        let mut command = command(config, &["run"]);
        let child = command.env("RUST_LOG", filter).stdout(Stdio::null()).stderr(file).spawn();
        let mut vestibule = Self {
            child: child.expect("it starts"),
            log,
            operations: SocketAddr::from(([0; 4], 0)),
        };
        let mut found = None;
        until("vestibule listens", async || {
            let ended = vestibule.child.try_wait().expect("a child");
            assert!(ended.is_none(), "vestibule ended: {}", vestibule.log());
            found = vestibule.log().get(before..).and_then(operations_address);
            found.is_some()
        })
        .await;
        vestibule.operations = found.expect("just found");
        vestibule
    }

    /// All that it and its predecessors logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log")
    }

    /// Most memory that it ever held, in KiB.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Ends it with SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("a running process");
        self.child.wait().expect("its end");
    }

    /// Sends SIGTERM and returns at once.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("the program kill").success());
    }

    /// Waits for its end; gives the exit code.
    pub async fn end(&mut self) -> Option<i32> {
        let mut ended = None;
        until("vestibule ended", async || {
            ended = self.child.try_wait().expect("a child");
            ended.is_some()
        })
        .await;
        ended.and_then(|status| status.code())
    }
}

impl Drop for Vestibule {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that goes on.
#[derive(Debug)]
pub struct Begun(Child);

impl Begun {
    /// Ends it with SIGKILL.
    pub fn kill(mut self) {
        assert!(self.0.try_wait().expect("a child").is_none(), "it has ended before");
        self.0.kill().expect("a running process");
        self.0.wait().expect("its end");
    }
}

impl Scene {
    /// Begins a command of the operator on the scene's file.
    pub fn begin(&self, arguments: &[&str]) -> Begun {
        let mut command = command(&self.file_path(), arguments);
        Begun(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"))
    }

    /// Runs a command of the operator on the scene's file.
    pub async fn command(&self, arguments: &[&str]) -> Finished {
        self.command_on(&self.file_path(), arguments).await
    }

    /// Runs a command of the operator on another file.
    pub async fn command_on(&self, file: &Path, arguments: &[&str]) -> Finished {
        let mut command = command(file, arguments);
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.expect("no panic").expect("it starts");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Finished {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

fn command(file: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).arg("--config").arg(file);
    command
}

/// The program as cargo built it beside this test.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let folder = own.parent().and_then(Path::parent).expect("target/PROFILE/deps");
    let program = folder.join("vestibule");
    assert!(
        program.exists(),
        "{} is missing: run `cargo build -p vestibule` first",
        program.display()
    );
    program
}

fn operations_address(log: &str) -> Option<SocketAddr> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut fields = lines.filter_map(|line| line.get("fields").cloned());
    let said = |fields: &serde_json::Value, name| fields.get(name)?.as_str().map(str::to_owned);
    let listening = fields.find(|f| said(f, "message").as_deref() == Some("listening"))?;
    said(&listening, "operations")?.parse().ok()
}
