//! A program that this one started, ends, and reads the CPU time of.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A started program; ended, by its process id, when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pid: u32,
}

impl Running {
    /// Starts `command`.
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn();
        let child = child.with_context(|| format!("{:?}", command.as_std().get_program()))?;
        let pid = child.id().ok_or_else(|| anyhow!("it ended at once"))?;
        Ok(Self { child, pid })
    }

    /// Starts `command` and waits for the line of its standard output that begins with `word`;
    /// gives the rest of that line.
    pub(crate) async fn start_and_read(
        command: &mut Command,
        word: &str,
    ) -> anyhow::Result<(Self, String)> {
        let mut running = Self::start(command.stdout(Stdio::piped()))?;
        let output = running.child.stdout.take().ok_or_else(|| anyhow!("no standard output"))?;
        let mut lines = BufReader::new(output).lines();
        let rest = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(rest) = line.strip_prefix(word) {
                    return Ok(rest.trim().to_owned());
                }
            }
            Err(anyhow!("it ended before it said `{word}`"))
        };
        let rest = tokio::time::timeout(Duration::from_secs(30), rest).await??;
        Ok((running, rest))
    }

    /// Memory of the program in KiB.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let line = line.ok_or_else(|| anyhow!("no VmRSS"))?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// CPU time of the threads that are there, of the program and its children, to the nanosecond
    /// (proc(5), schedstat).
    pub(crate) fn cpu_of_threads(&self) -> anyhow::Result<Duration> {
        let mut total = Duration::ZERO;
        for process in self.family()? {
            // A process or thread may end between the listing and the look.
            let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", process.pid)) else {
                continue;
            };
            for thread in threads.flatten() {
                let Ok(read) = std::fs::read_to_string(thread.path().join("schedstat")) else {
                    continue;
                };
                let ran = read.split(' ').next().context("no time in schedstat")?;
                total += Duration::from_nanos(ran.parse()?);
            }
        }
        Ok(total)
    }

    /// CPU time of the program and its children, user and system.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let ticks: u64 = self.family()?.iter().map(|process| process.ticks).sum();
        // Linux counts in hundredths of a second for user space on every architecture.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The program and its children.
    fn family(&self) -> anyhow::Result<Vec<Stat>> {
        let mut family = vec![stat(self.pid)?];
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // A process may end between the listing and the look.
            family.extend(stat(pid).ok().filter(|stat| stat.parent == self.pid));
        }
        Ok(family)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // nginx's workers end only when their master is asked; killing it would leave them.
        let _ = std::process::Command::new("kill").arg(self.pid.to_string()).status();
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

struct Stat {
    pid: u32,
    parent: u32,
    ticks: u64,
}

/// proc(5): fields 4, 14 and 15, counted behind the name, which may hold spaces.
fn stat(pid: u32) -> anyhow::Result<Stat> {
    let text = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))?;
    let (_, rest) = text.rsplit_once(')').ok_or_else(|| anyhow!("no process name"))?;
    let field = |number: usize| {
        let field = rest.split_ascii_whitespace().nth(number - 3);
        field
            .and_then(|field| field.parse::<u64>().ok())
            .ok_or_else(|| anyhow!("no field {number}"))
    };
    Ok(Stat { pid, parent: u32::try_from(field(4)?)?, ticks: field(14)? + field(15)? })
}
